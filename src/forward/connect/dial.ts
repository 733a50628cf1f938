/**
 * One new connection to an upstream: TCP, TLS, and our own word on the certificate. Nothing is ever resumed
 * outwards: a resumed session skips a changed trust store and the check of the name.
 */
import { X509Certificate } from 'node:crypto'
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net'
import {
  connect as connectTls,
  TLSSocket,
  type PeerCertificate,
  type SecureContext,
} from 'node:tls'
import { fail, ok, unreachable, type Result } from '../../kernel/types.ts'
import { dialFailure, IdentityError } from './dial-failure.ts'
import { NO_ANSWER, type UpstreamFailure } from '../upstream-failure.ts'
import { presentedList } from './pins.ts'
import type { OwnPathCheck } from './own-path-check.ts'
import { nameMismatch } from './server-name.ts'
import type { ServerSettings, UpstreamSettings, UpstreamTls } from '../settings.ts'
import { loggedCertificate } from './shown-certificate.ts'
import { strictTlsFailures, type UntrustedServer } from './untrusted.ts'
import { libraryVerdict, verifyServer } from './verify-server.ts'

/** Everything about a server that does not change between two connections. */
export interface DialPlan {
  readonly settings: UpstreamSettings
  readonly server: ServerSettings
  /** `undefined` for plain HTTP. */
  readonly context: SecureContext | undefined
  /** `undefined` for plain HTTP. */
  readonly checkPath: OwnPathCheck | undefined
  /** Asks for the addresses of the server's name, as `dns.lookup` does. */
  readonly lookup: LookupFunction
  /** Called once per connection that verification would have refused. */
  readonly onUntrusted: (facts: UntrustedServer) => void
}

/** What a connection is for. */
export interface DialOptions {
  readonly alpn: readonly string[]
  /** Whether one direction may end before the other. */
  readonly halfOpen: boolean
  /** Octets ahead of our TLS handshake, in the clear. */
  readonly preamble: Buffer | undefined
}

const HTTP_OPTIONS: DialOptions = { alpn: ['http/1.1'], halfOpen: false, preamble: undefined }

/** Told once, never at once, how dialling ended; `shown` is the leaf that the server presented. */
export type DialCallback = (
  result: Result<Socket, UpstreamFailure>,
  shown: X509Certificate | undefined,
) => void

/** A connection that may carry requests, or why there is none. */
export function dial(plan: DialPlan, done: DialCallback, options = HTTP_OPTIONS): void {
  const { limits } = plan.settings
  let open = true
  let leaf: X509Certificate | undefined
  let limitFailure = beforeLookup(plan)
  const sockets: Socket[] = []
  const settle = (result: Result<Socket, UpstreamFailure>): void => {
    if (!open) return
    open = false
    clearTimeout(deadline)
    for (const socket of sockets) {
      socket.off('error', failed)
      // A socket without a listener would take the process with it.
      socket.on('error', ignore)
      if (!result.ok) socket.destroy()
    }
    done(result, leaf)
  }
  const failed = (error: Error): void => {
    const failure = dialFailure(error, plan.server.hostname)
    if (failure.kind !== 'tls-untrusted') return settle(fail(failure))
    const { kind, code } = failure
    settle(fail({ kind, ...libraryVerdict(code, leaf, plan.checkPath) }))
  }
  const deadline = setTimeout(() => settle(fail(limitFailure)), limits.connect)
  const track = (socket: Socket, event: 'connect' | 'secureConnect', then: () => void): void => {
    sockets.push(socket)
    socket.once('error', failed)
    socket.once('lookup', () => {
      limitFailure = afterLookup(plan)
    })
    socket.once(event, then)
  }
  const connect = (underlying: Socket | undefined): void => {
    const socket = openSocket(plan, options, underlying)
    // Node's event before it verifies, undocumented: a socket that is refused has forgotten the chain by its error.
    if (socket instanceof TLSSocket) {
      socket.prependOnceListener('secure', () => {
        leaf = socket.getPeerX509Certificate()
      })
    }
    track(socket, plan.context === undefined ? 'connect' : 'secureConnect', () => {
      const refusal =
        socket instanceof TLSSocket ? verificationFailure(plan, socket, leaf) : undefined
      settle(refusal === undefined ? ok(socket) : fail(refusal))
    })
  }
  const { preamble } = options
  if (preamble === undefined || plan.context === undefined) {
    connect(undefined)
    return
  }
  const underlying = connectTcp(transportOf(plan, options))
  track(underlying, 'connect', () => {
    underlying.write(preamble, (error) => {
      if (open && (error === undefined || error === null)) connect(underlying)
    })
  })
}

/** What it is called that the time for a connection ends before the runtime has told of an address. */
export const beforeLookup = (plan: DialPlan): UpstreamFailure =>
  isIP(plan.server.hostname) === 0
    ? { kind: 'dns', hostname: plan.server.hostname, code: NO_ANSWER }
    : afterLookup(plan)

/** What it is called once the runtime has. */
export const afterLookup = ({ settings }: DialPlan): UpstreamFailure => ({
  kind: 'connect-timeout',
  limit: settings.limits.connect,
})

/** What the TLS library does not look at, or was told not to refuse; what is allowed is reported. */
function verificationFailure(
  plan: DialPlan,
  socket: TLSSocket,
  leaf: X509Certificate | undefined,
): UpstreamFailure | undefined {
  const { tls } = plan.settings
  if (tls === undefined) return undefined
  if (leaf === undefined) {
    // Without Allow and Log the TLS library has judged that already.
    return tls.strict && tls.allowAndLog
      ? { kind: 'tls-untrusted', why: 'other', code: 'no-certificate' }
      : undefined
  }
  const demands = { tls, wanted: wantedName(plan), checkPath: plan.checkPath }
  const { faults, refusal } = verifyServer(demands, socket, leaf)
  if (refusal !== undefined) return refusal
  if (strictTlsFailures(faults).length > 0) {
    plan.onUntrusted({
      ...faults,
      upstream: plan.settings.name,
      server: plan.server.name,
      because: tls.strict ? 'allow-and-log' : 'strict-off',
      chain: presentedList(leaf).map(loggedCertificate),
    })
  }
  return undefined
}

/** Begins to connect; the TLS library refuses what strict TLS refuses, unless some of it may be allowed. */
export function openSocket(plan: DialPlan, options = HTTP_OPTIONS, underlying?: Socket): Socket {
  const { settings, context } = plan
  const { tls } = settings
  const transport = transportOf(plan, options)
  if (context === undefined || tls === undefined) return connectTcp(transport)
  return connectTls({
    ...transport,
    ...(underlying === undefined ? {} : { socket: underlying }),
    secureContext: context,
    servername: serverName(tls.sni, wantedName(plan)),
    ...(options.alpn.length === 0 ? {} : { ALPNProtocols: [...options.alpn] }),
    // Allow and Log looks at what is wrong, and so has to look after the handshake.
    rejectUnauthorized: tls.strict && !tls.allowAndLog,
    checkServerIdentity: (_, certificate) => identityError(certificate, wantedName(plan)),
  })
}

const transportOf = ({ server, lookup }: DialPlan, { halfOpen }: DialOptions) => ({
  host: server.hostname,
  port: server.port,
  lookup,
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: KEEP_ALIVE_MS,
  allowHalfOpen: halfOpen,
})

/** The name or address that the certificate must carry. */
export const wantedName = ({ settings, server }: Pick<DialPlan, 'settings' | 'server'>): string =>
  settings.tls?.hostname ?? server.hostname

/** The SNI to send; an empty name sends none. An address is never sent (RFC 6066 §3). */
export function serverName(sni: UpstreamTls['sni'], hostname: string): string {
  switch (sni.kind) {
    case 'off':
      return ''
    case 'on':
      return isIP(hostname) === 0 ? hostname : ''
    case 'name':
      return sni.name
    default:
      return unreachable(sni)
  }
}

/** Returned, never thrown: Node does not catch here, and one odd certificate would end the process. */
function identityError(certificate: PeerCertificate, wanted: string): Error | undefined {
  try {
    const mismatch = nameMismatch(new X509Certificate(certificate.raw), wanted)
    return mismatch === undefined ? undefined : new IdentityError(mismatch)
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

const ignore = (): void => {}

/** Idle connections die silently in NAT tables and firewalls, which forget after some five minutes. */
const KEEP_ALIVE_MS = 60_000
