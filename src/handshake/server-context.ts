/**
 * Settings → what a TLS server needs. OpenSSL is told to ask for a certificate and to have no opinion
 * on it (decision 4): `trust` and `decide` judge, in HTTP, where a refusal can be explained.
 */
import { constants, hkdfSync } from 'node:crypto'
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import type { TrustVersion } from '../kernel/types.ts'
import { covers, type ServerIdentity } from './server-identity.ts'

export interface ServerTls {
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  readonly maxVersion: 'TLSv1.2' | 'TLSv1.3'
  /** OpenSSL names; never none, which would be the runtime's list. */
  readonly ciphers: readonly string[]
  /** Key exchange groups, colon-separated; undefined is the runtime's own list. */
  readonly groups: string | undefined
  readonly resumption: boolean
  /** PEM of the authorities named in the CertificateRequest, so that a device with several identities can choose; empty names none. */
  readonly advertised: readonly string[]
}

/** What a session ticket is bound to besides the secret: change any of it and old tickets are useless. */
export interface TicketBinding {
  readonly secret: Buffer
  readonly listener: string
  readonly trustVersion: TrustVersion
}

/** The contexts of one listener: the default one, and which to use for the name a device asks for. */
export interface ServerContexts {
  readonly defaults: SecureContextOptions
  /** Undefined when one identity serves every name: then no callback delays the handshake. */
  readonly select: ((servername: string) => SecureContext | undefined) | undefined
}

/** Builds every context of a listener; throws only where `tls` itself refuses the settings. */
export function serverContexts(
  identities: readonly [ServerIdentity, ...ServerIdentity[]],
  tls: ServerTls,
  binding: TicketBinding,
): ServerContexts {
  const [first, ...others] = identities
  const defaults = contextOptions(first, tls, binding)
  if (others.length === 0) return { defaults, select: undefined }
  const built = identities.map((identity) => ({
    identity,
    context: createSecureContext(contextOptions(identity, tls, binding)),
  }))
  return {
    defaults,
    select: (servername) => built.find(({ identity }) => covers(identity, servername))?.context,
  }
}

function contextOptions(
  identity: ServerIdentity,
  tls: ServerTls,
  binding: TicketBinding,
): SecureContextOptions {
  return {
    key: identity.keyPem,
    cert: identity.chainPem,
    // Never undefined: that would load and advertise every public authority.
    ca: [...tls.advertised],
    minVersion: tls.minVersion,
    maxVersion: tls.maxVersion,
    ciphers: tls.ciphers.join(':'),
    ...(tls.groups === undefined ? {} : { ecdhCurve: tls.groups }),
    honorCipherOrder: true,
    // Node accepts renegotiation on TLS 1.2 by default: a second, unjudged certificate could follow.
    secureOptions:
      constants.SSL_OP_NO_RENEGOTIATION | (tls.resumption ? 0 : constants.SSL_OP_NO_TICKET),
    ...ticketOptions(identity, binding),
  }
}

/** Decision 10: ticket keys follow from a secret that is replaced, the listener, the name and the trust version. */
function ticketOptions(identity: ServerIdentity, binding: TicketBinding): SecureContextOptions {
  const label = [
    binding.listener,
    identity.certificates[0].fingerprint256,
    binding.trustVersion,
  ].join('|')
  const derive = (use: string, length: number): Buffer =>
    Buffer.from(hkdfSync('sha256', binding.secret, '', `tfe ${use}|${label}`, length))
  return {
    ticketKeys: derive('ticket keys', TICKET_KEY_OCTETS),
    // The default is a hash of the command line, the same for every trust version.
    sessionIdContext: derive('session context', SESSION_CONTEXT_OCTETS).toString('hex'),
  }
}

/** What Node takes: 16 octets of name, 16 for HMAC, 16 for AES. */
const TICKET_KEY_OCTETS = 48
/** OpenSSL takes at most 32 octets of session id context; in hexadecimal these are 32. */
const SESSION_CONTEXT_OCTETS = 16
