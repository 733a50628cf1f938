/**
 * One attempt to connect to an upstream: TCP, TLS, and our own word on the certificate. Nothing is ever resumed outwards: a
 * resumed session skips a changed trust store and the check of the name.
 */
import { X509Certificate } from 'node:crypto'
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import {
  connect as connectTls,
  TLSSocket,
  type PeerCertificate,
  type SecureContext,
} from 'node:tls'
import { fail, ok, unreachable, type Result } from '../../kernel/types.ts'
import { dialFailure, IdentityError } from './dial-failure.ts'
import { NO_ANSWER, type UpstreamFailure } from '../upstream-failure.ts'
import type { HandedPaths } from './handed-paths.ts'
import type { OwnPathCheck } from './own-path-check.ts'
import { nameMismatch } from './server-name.ts'
import type { ServerSettings, UpstreamSettings, UpstreamTls } from '../settings.ts'
import { loggedChain } from './shown-certificate.ts'
import { strictTlsFailures, type UntrustedServer } from './untrusted.ts'
import { chainObjection, libraryVerdict, verifyServer } from './verify-server.ts'

/** Everything about a server that does not change between two connections. */
export interface DialPlan {
  readonly settings: UpstreamSettings
  readonly server: ServerSettings
  /** `undefined` for plain HTTP. */
  readonly context: SecureContext | undefined
  /** `undefined` for plain HTTP. */
  readonly checkPath: OwnPathCheck | undefined
  /** `undefined` for plain HTTP. */
  readonly handedPaths: HandedPaths | undefined
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

export const HTTP_OPTIONS: DialOptions = {
  alpn: ['http/1.1'],
  halfOpen: false,
  preamble: undefined,
}

/** An `Attempt` is how one ended. */
export interface Attempt {
  readonly result: Result<Socket, UpstreamFailure>
  /** What the server presented as its own certificate. */
  readonly leaf: X509Certificate | undefined
  /** The code of what the TLS library holds against the chain, also where the settings allow it. */
  readonly objection: string | undefined
  /** What strict TLS would have said of a connection that may be used. */
  readonly allowed: UntrustedServer | undefined
}

/** An attempt under way. */
export interface RunningAttempt {
  /** What it is called that the time for a connection ends now. */
  limitFailure(): UpstreamFailure
  /** Nothing is told any more. */
  abandon(): void
}

/** Begins; `ended` is told once, and never at once. */
export function attempt(
  plan: DialPlan,
  options: DialOptions,
  ended: (attempt: Attempt) => void,
): RunningAttempt {
  let open = true
  let limitFailure = beforeLookup(plan)
  let leaf: X509Certificate | undefined
  const sockets: Socket[] = []
  const finish = (keep: boolean): void => {
    open = false
    for (const socket of sockets) {
      socket.off('error', failed)
      // A socket without a listener would take the process with it.
      socket.on('error', ignore)
      if (!keep) socket.destroy()
    }
  }
  const settle = (result: Result<Socket, UpstreamFailure>, facts: Facts = NO_FACTS): void => {
    if (!open) return
    finish(result.ok)
    ended({ result, leaf, ...facts })
  }
  const failed = (error: Error): void => {
    const failure = dialFailure(error, plan.server.hostname)
    if (failure.kind !== 'tls-untrusted') return settle(fail(failure))
    const { kind, code } = failure
    const verdict = libraryVerdict(code, leaf, plan.checkPath)
    settle(fail({ kind, ...verdict }), { ...NO_FACTS, objection: code })
  }
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
      if (!(socket instanceof TLSSocket)) return settle(ok(socket))
      const { refusal, ...facts } = verified(plan, socket, leaf)
      settle(refusal === undefined ? ok(socket) : fail(refusal), facts)
    })
  }
  const { preamble } = options
  if (preamble === undefined || plan.context === undefined) connect(undefined)
  else {
    const underlying = connectTcp(transportOf(plan, options))
    track(underlying, 'connect', () => {
      underlying.write(preamble, (error) => {
        if (open && (error === undefined || error === null)) connect(underlying)
      })
    })
  }
  return { limitFailure: () => limitFailure, abandon: () => finish(false) }
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

type Facts = Pick<Attempt, 'allowed' | 'objection'>
const NO_FACTS: Facts = { allowed: undefined, objection: undefined }

/** What the TLS library does not look at, or was told not to refuse; what is allowed is to be reported. */
function verified(
  plan: DialPlan,
  socket: TLSSocket,
  leaf: X509Certificate | undefined,
): Facts & { readonly refusal: UpstreamFailure | undefined } {
  const { tls } = plan.settings
  if (tls === undefined) return { ...NO_FACTS, refusal: undefined }
  if (leaf === undefined) {
    // Without Allow and Log the TLS library has judged that already.
    return {
      ...NO_FACTS,
      refusal:
        tls.strict && tls.allowAndLog
          ? { kind: 'tls-untrusted', why: 'other', code: 'no-certificate' }
          : undefined,
    }
  }
  const objection = chainObjection(socket)
  const demands = { tls, wanted: wantedName(plan), checkPath: plan.checkPath }
  const { faults, refusal } = verifyServer(demands, socket, leaf)
  if (refusal !== undefined || strictTlsFailures(faults).length === 0) {
    return { objection, allowed: undefined, refusal }
  }
  const allowed: UntrustedServer = {
    ...faults,
    upstream: plan.settings.name,
    server: plan.server.name,
    because: tls.strict ? 'allow-and-log' : 'strict-off',
    chain: loggedChain(leaf),
  }
  return { objection, allowed, refusal }
}

/** Begins to connect; the TLS library refuses what strict TLS refuses, unless some of it may be allowed. */
export function openSocket(plan: DialPlan, options = HTTP_OPTIONS, underlying?: Duplex): Socket {
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

/** How the connection below TLS is opened. */
export const transportOf = ({ server, lookup }: DialPlan, { halfOpen }: DialOptions) => ({
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
