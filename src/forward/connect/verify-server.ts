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
import type { UntrustedReason } from '../untrusted-reason.ts'
import type { UpstreamFailure } from '../upstream-failure.ts'
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

/** The code of what the TLS library holds against the chain of a connection that it was told not to refuse. */
export function chainObjection(socket: TLSSocket): string | undefined {
  // Node types it as an error; it is the code of one.
  const code = String(socket.authorizationError ?? '')
  return code === '' || code === 'null' || code === IDENTITY_ERROR ? undefined : code
}

/** What the TLS library holds against a chain or, when it believes it, what we do. */
function untrustedChain(
  { tls, checkPath }: ServerDemands,
  socket: TLSSocket,
  leaf: X509Certificate,
): VerificationFaults['untrusted'] {
  const code = chainObjection(socket)
  if (code === undefined) return checkPath?.fault(leaf)
  const untrusted = libraryVerdict(code, leaf, checkPath)
  if (code !== UNSPECIFIED) return untrusted
  // Node keeps no sentence of a verdict that it has no name for. It is not that no trust store vouches for the chain, which
  // has a name; so where that is all that we know, first what is wrong besides.
  const ours = checkPath?.fault(leaf)
  const isAboutAnchors = ours === undefined || NO_ANCHOR.has(ours.code)
  const besides = isAboutAnchors ? presentedFault(leaf, tls.selection, Date.now()) : undefined
  return named(besides ?? ours) ?? untrusted
}

/** The TLS library's verdict; what it calls a purpose may be that an issuer is no CA, which our judge tells apart. */
export function libraryVerdict(
  code: string,
  leaf: X509Certificate | undefined,
  checkPath: OwnPathCheck | undefined,
): NonNullable<VerificationFaults['untrusted']> {
  if (code !== 'INVALID_PURPOSE' || leaf === undefined) return { why: untrustedReason(code), code }
  const ours = named(checkPath?.fault(leaf))
  return { why: ours?.why === 'not-a-ca' ? 'not-a-ca' : 'wrong-purpose', code }
}

/** Our codes for a chain that leads to no trust store. */
const NO_ANCHOR: ReadonlySet<string> = new Set(['self-signed', 'untrusted-issuer'])

/** What our judge says, by the reason that the TLS library's word for the same would have. */
function named(ours: ReturnType<typeof presentedFault>): VerificationFaults['untrusted'] {
  if (ours === undefined) return undefined
  return { ...ours, why: OUR_FAILURES.get(ours.code) ?? ours.why }
}

const OUR_FAILURES: ReadonlyMap<string, UntrustedReason> = new Map([
  ['ca-may-not-sign', 'not-a-ca'],
  ['name-constraints-malformed', 'name-constraints-unsupported'],
  ['name-excluded', 'name-constraints'],
  ['name-not-permitted', 'name-constraints'],
  ['name-undecidable', 'name-constraints-unsupported'],
  ['not-a-ca', 'not-a-ca'],
  ['path-length-exceeded', 'path-too-long'],
  ['unknown-critical-extension', 'unknown-critical-extension'],
  ['weak-key', 'too-weak'],
  ['weak-signature', 'too-weak'],
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
  const hidden = named(presentedFault(leaf, tls.selection, Date.now()))
  return strictTlsFailures({ ...faults, untrusted: hidden })[0]
}

/** What Allow and Log untrusted servers allows: that no trust store vouches for a chain. */
const ABOUT_TRUST_STORES: ReadonlySet<UntrustedReason> = new Set<UntrustedReason>([
  'self-signed',
  'unknown-issuer',
])
