/**
 * Our word on the certificate of a server: everything that strict TLS holds against it, and whether the settings of the
 * upstream refuse the server for it. Connections and `tfe upstream test` ask the same.
 */
import type { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import { IDENTITY_ERROR, UNSPECIFIED, untrustedReason } from './dial-failure.ts'
import { presentedFault, type OwnPathCheck } from './own-path-check.ts'
import { unpinned } from './pins.ts'
import { nameMismatch } from './server-name.ts'
import { strictTlsFailures, type VerificationFaults } from './untrusted.ts'
import type { UntrustedReason, UpstreamFailure } from '../upstream-failure.ts'
import type { UpstreamTls } from '../settings.ts'

/** What was found, and what of it refuses the server; without a refusal, faults that were found are allowed and logged. */
export interface ServerVerification {
  readonly faults: VerificationFaults
  readonly refusal: UpstreamFailure | undefined
}

/** What a server is held against. */
export interface ServerDemands {
  readonly tls: UpstreamTls
  /** The name or address that its certificate must carry. */
  readonly wanted: string
  readonly checkPath: OwnPathCheck | undefined
}

/** Verifies a server whose handshake has ended. */
export function verifyServer(
  demands: ServerDemands,
  socket: TLSSocket,
  leaf: X509Certificate,
): ServerVerification {
  const { tls, wanted } = demands
  const faults = {
    untrusted: untrustedChain(demands, socket, leaf),
    mismatch: nameMismatch(leaf, wanted),
    unpinned: unpinned(leaf, tls.pins),
  }
  return { faults, refusal: refusalOf(faults, tls, leaf) }
}

/** What the TLS library holds against a chain or, when it believes it, what we do. */
function untrustedChain(
  { tls, checkPath }: ServerDemands,
  socket: TLSSocket,
  leaf: X509Certificate,
): VerificationFaults['untrusted'] {
  // Node types it as an error; it is the code of one.
  const code = String(socket.authorizationError ?? '')
  const chainHolds = code === '' || code === 'null' || code === IDENTITY_ERROR
  if (chainHolds) return checkPath?.(leaf)
  const untrusted = { why: untrustedReason(code), code }
  if (code !== UNSPECIFIED) return untrusted
  // Node keeps no sentence of a verdict that it has no name for. It is not that no trust store vouches for the chain, which
  // has a name; so first what is wrong besides, in our words.
  const ours = presentedFault(leaf, tls.selection, Date.now()) ?? checkPath?.(leaf)
  return named(ours) ?? untrusted
}

/** What our judge says, by the reason of the same name if it is about the names that a CA may issue for. */
function named(ours: ReturnType<typeof presentedFault>): VerificationFaults['untrusted'] {
  if (ours === undefined) return undefined
  return NAME_FAILURES.has(ours.code) ? { ...ours, why: 'name-constraints' } : ours
}

const NAME_FAILURES: ReadonlySet<string> = new Set([
  'name-constraints-malformed',
  'name-excluded',
  'name-not-permitted',
  'name-undecidable',
])

function refusalOf(
  faults: VerificationFaults,
  tls: UpstreamTls,
  leaf: X509Certificate,
): UpstreamFailure | undefined {
  if (!tls.strict) return undefined
  const { untrusted } = faults
  if (!tls.allowAndLog || untrusted === undefined || !ABOUT_TRUST_STORES.has(untrusted.why)) {
    return strictTlsFailures(faults)[0]
  }
  // The TLS library tells one fault of a chain: behind this one there may be others, which are not allowed.
  const hidden = presentedFault(leaf, tls.selection, Date.now())
  return strictTlsFailures({ ...faults, untrusted: hidden })[0]
}

/** What Allow and Log untrusted servers allows: that no trust store vouches for a chain. */
const ABOUT_TRUST_STORES: ReadonlySet<UntrustedReason> = new Set<UntrustedReason>([
  'self-signed',
  'unknown-issuer',
])
