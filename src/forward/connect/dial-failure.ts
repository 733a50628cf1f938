/**
 * Node's and OpenSSL's errors on an outgoing connection → a closed list of failures with facts.
 */
import { errorCode } from '../../kernel/error-code.ts'
import { isOutOfDescriptors } from './descriptors.ts'
import type { UntrustedReason } from '../untrusted-reason.ts'
import { NO_ANSWER, type NameMismatch, type UpstreamFailure } from '../upstream-failure.ts'

/** An `IdentityError` says in the words of S3-07 that the certificate has another name. */
export class IdentityError extends Error {
  readonly code = IDENTITY_ERROR
  readonly mismatch: NameMismatch

  constructor(mismatch: NameMismatch) {
    super(`server name mismatch, certificate issued to: [${mismatch.issuedTo.join(', ')}]`)
    this.mismatch = mismatch
  }
}

/** The code of an `IdentityError`, which is all that an unverified socket keeps of it. */
export const IDENTITY_ERROR = 'TFE_SERVER_NAME_MISMATCH'

/** Names what went wrong between the look-up and the end of the handshake, or in the handshake's late part. */
export function dialFailure(error: Error, hostname: string): UpstreamFailure {
  if (error instanceof IdentityError) return error.mismatch
  const code = codeOf(error)
  const why = UNTRUSTED.get(code)
  if (why !== undefined) return { kind: 'tls-untrusted', why, code }
  if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_') || code === 'EPROTO') {
    return { kind: 'tls-handshake', alert: ALERT.exec(code)?.[1]?.toLowerCase(), code }
  }
  if (DESCRIPTOR_CODES.has(code)) return { kind: 'out-of-descriptors' }
  if (LOOKUP_CODES.has(code)) {
    // The resolver needs sockets and files of its own, and says of a lack of them that there is no such name.
    return isOutOfDescriptors() ? { kind: 'out-of-descriptors' } : { kind: 'dns', hostname, code }
  }
  return networkFailure(error, code)
}

/** Node has names for thirty of OpenSSL's verdicts, and `UNSPECIFIED` for the others: their own are in the sentence. */
function codeOf(error: Error): string {
  const code = errorCode(error)
  return code === UNSPECIFIED ? (BY_SENTENCE.get(error.message) ?? code) : code
}

/** The code of a verdict that Node has no name for. */
export const UNSPECIFIED = 'UNSPECIFIED'

/** OpenSSL's sentences (crypto/x509/x509_txt.c) → its names, without X509_V_ERR_. */
const BY_SENTENCE: ReadonlyMap<string, string> = new Map([
  ['permitted subtree violation', 'PERMITTED_VIOLATION'],
  ['excluded subtree violation', 'EXCLUDED_VIOLATION'],
  ['name constraints minimum and maximum not supported', 'SUBTREE_MINMAX'],
  ['unsupported name constraint type', 'UNSUPPORTED_CONSTRAINT_TYPE'],
  ['unsupported or invalid name constraint syntax', 'UNSUPPORTED_CONSTRAINT_SYNTAX'],
  ['unsupported or invalid name syntax', 'UNSUPPORTED_NAME_SYNTAX'],
  ['EE certificate key too weak', 'EE_KEY_TOO_SMALL'],
  ['CA certificate key too weak', 'CA_KEY_TOO_SMALL'],
  ['CA signature digest algorithm too weak', 'CA_MD_TOO_WEAK'],
  ['unhandled critical extension', 'UNHANDLED_CRITICAL_EXTENSION'],
  ['key usage does not include certificate signing', 'KEYUSAGE_NO_CERTSIGN'],
  ['invalid or inconsistent certificate extension', 'INVALID_EXTENSION'],
  ['invalid or inconsistent certificate policy extension', 'INVALID_POLICY_EXTENSION'],
])

function networkFailure(error: Error, code: string): UpstreamFailure {
  switch (code) {
    case 'ECONNREFUSED':
      return { kind: 'refused', address: addressOf(error) }
    case 'ECONNRESET':
    case 'EPIPE':
      return { kind: 'reset', during: 'handshake' }
    default:
      return { kind: 'unreachable', code: code === '' ? error.name : code }
  }
}

/** What a server said, after `ALERT` in OpenSSL's names; those of extensions (RFC 6066 §9) come without the word. */
const ALERT =
  /(?:_ALERT_|^ERR_SSL_TLSV1_(?=UNRECOGNIZED_NAME$|UNSUPPORTED_EXTENSION$|CERTIFICATE_UNOBTAINABLE$|BAD_CERTIFICATE_))(.+)$/

/** What OpenSSL's verdict on a chain means; `other` for codes that are not listed. */
export function untrustedReason(code: string): UntrustedReason {
  return UNTRUSTED.get(code) ?? 'other'
}

const UNTRUSTED: ReadonlyMap<string, UntrustedReason> = new Map<string, UntrustedReason>([
  ['CA_KEY_TOO_SMALL', 'too-weak'],
  ['CA_MD_TOO_WEAK', 'too-weak'],
  ['CERT_CHAIN_TOO_LONG', 'path-too-long'],
  ['CERT_HAS_EXPIRED', 'expired'],
  ['CERT_NOT_YET_VALID', 'not-yet-valid'],
  ['CERT_REJECTED', 'other'],
  ['CERT_REVOKED', 'other'],
  ['CERT_SIGNATURE_FAILURE', 'bad-signature'],
  ['CERT_UNTRUSTED', 'unknown-issuer'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed'],
  ['EE_KEY_TOO_SMALL', 'too-weak'],
  ['ERROR_IN_CERT_NOT_AFTER_FIELD', 'malformed'],
  ['ERROR_IN_CERT_NOT_BEFORE_FIELD', 'malformed'],
  ['EXCLUDED_VIOLATION', 'name-constraints'],
  ['HOSTNAME_MISMATCH', 'other'],
  ['INVALID_CA', 'not-a-ca'],
  ['INVALID_EXTENSION', 'malformed'],
  ['INVALID_POLICY_EXTENSION', 'malformed'],
  ['INVALID_PURPOSE', 'wrong-purpose'],
  ['KEYUSAGE_NO_CERTSIGN', 'not-a-ca'],
  ['OUT_OF_MEM', 'other'],
  ['PATH_LENGTH_EXCEEDED', 'path-too-long'],
  ['PERMITTED_VIOLATION', 'name-constraints'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'unknown-issuer'],
  ['SUBTREE_MINMAX', 'name-constraints-unsupported'],
  ['UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY', 'malformed'],
  ['UNABLE_TO_DECRYPT_CERT_SIGNATURE', 'bad-signature'],
  ['UNABLE_TO_GET_CRL', 'other'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'unknown-issuer'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'unknown-issuer'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unknown-issuer'],
  ['UNHANDLED_CRITICAL_EXTENSION', 'unknown-critical-extension'],
  [UNSPECIFIED, 'other'],
  ['UNSUPPORTED_CONSTRAINT_SYNTAX', 'name-constraints-unsupported'],
  ['UNSUPPORTED_CONSTRAINT_TYPE', 'name-constraints-unsupported'],
  ['UNSUPPORTED_NAME_SYNTAX', 'name-constraints-unsupported'],
])

/** Of this process, and of the whole machine. */
const DESCRIPTOR_CODES: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE'])

/** `getaddrinfo`'s errors, as Node spells them. */
const LOOKUP_CODES: ReadonlySet<string> = new Set([
  'EAI_AGAIN',
  'EAI_FAIL',
  'EAI_NODATA',
  'EAI_NONAME',
  'ENODATA',
  'ENOTFOUND',
  'ESERVFAIL',
  NO_ANSWER,
])

/** A name with several addresses fails with one error for each; the first stands for all. */
function addressOf(error: Error): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error
  const { address = '', port = '' } = first as { address?: string; port?: number | string }
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}
