/** One handshake of a scan: exactly this protocol, these suites, these groups, this server name. */
import { connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls'
import type { TlsVersion } from '../../upstream-tls/suite.ts'
import { errorCode } from '../../kernel/error-code.ts'
import { dialFailure } from '../connect/dial-failure.ts'
import type { DialPlan } from '../connect/attempt.ts'
import type { UpstreamFailure } from '../upstream-failure.ts'
import { closeGracefully } from '../connect/close-gracefully.ts'
import { namesOf } from '../connect/server-name.ts'
import type { ClientIdentity } from '../settings.ts'

/** What is offered. */
export interface Offer {
  readonly version: TlsVersion
  /** OpenSSL's names. */
  readonly suites: readonly string[]
  /** `undefined`: those of the runtime. */
  readonly groups: readonly string[] | undefined
  /** Empty sends none. */
  readonly sni: string
}

export type ProbeResult =
  | {
      readonly kind: 'accepted'
      readonly suite: string
      readonly fingerprint: string
      readonly names: readonly string[]
    }
  | { readonly kind: 'refused'; readonly failure: UpstreamFailure }
  /** This runtime cannot say it. */
  | { readonly kind: 'impossible' }

/** Shakes hands and hangs up; settles when the connection is gone, at most `timeout` milliseconds later. */
export function probe(
  { server, lookup }: DialPlan,
  offer: Offer,
  {
    identity,
    timeout,
  }: { readonly identity: ClientIdentity | undefined; readonly timeout: number },
): Promise<ProbeResult> {
  const context = contextOf(offer, identity)
  if (context === undefined) return Promise.resolve({ kind: 'impossible' })
  const { promise, resolve } = Promise.withResolvers<ProbeResult>()
  const socket = connect({
    host: server.hostname,
    port: server.port,
    lookup,
    secureContext: context,
    servername: offer.sni,
    ALPNProtocols: ['http/1.1'],
    // Nothing is sent to the server, and nothing that it answers is believed.
    rejectUnauthorized: false,
  })
  let result: ProbeResult | undefined
  const refused = (failure: UpstreamFailure): void => {
    result ??= { kind: 'refused', failure }
  }
  const deadline = setTimeout(() => {
    refused({ kind: 'connect-timeout', limit: timeout })
    socket.destroy()
  }, timeout)
  socket.once('secureConnect', () => {
    result ??= acceptedBy(socket)
    closeGracefully(socket)
  })
  socket.on('error', (error) => {
    if (LOCAL_TLS_ERROR.test(errorCode(error))) result ??= { kind: 'impossible' }
    refused(dialFailure(error, server.hostname))
  })
  // Not before: a server that limits connections counts those that still end.
  socket.once('close', () => resolve(result ?? CONNECTION_CLOSED))
  return promise.finally(() => clearTimeout(deadline))
}

const CONNECTION_CLOSED: ProbeResult = {
  kind: 'refused',
  failure: { kind: 'reset', during: 'handshake' },
}

/** The TLS library has nothing to offer, and never asked the server. */
const LOCAL_TLS_ERROR = /^ERR_SSL_NO_(?:CIPHERS_AVAILABLE|PROTOCOLS_AVAILABLE|SUITABLE_)/

function contextOf(
  { version, suites, groups }: Offer,
  identity: ClientIdentity | undefined,
): SecureContext | undefined {
  try {
    return createSecureContext({
      ca: [],
      minVersion: version,
      maxVersion: version,
      // Level 0, or OpenSSL would refuse what an old server offers before we could report it.
      ciphers: version === 'TLSv1.3' ? suites.join(':') : `${suites.join(':')}:@SECLEVEL=0`,
      ...(groups === undefined ? {} : { ecdhCurve: groups.join(':') }),
      ...(identity === undefined ? {} : { cert: identity.chainPem, key: identity.keyPem }),
    })
  } catch {
    return undefined
  }
}

function acceptedBy(socket: TLSSocket): ProbeResult {
  const leaf = socket.getPeerX509Certificate()
  return {
    kind: 'accepted',
    suite: socket.getCipher().name,
    fingerprint: leaf?.fingerprint256.replaceAll(':', '').toLowerCase() ?? '',
    names: leaf === undefined ? [] : namesOf(leaf),
  }
}
