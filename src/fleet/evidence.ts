/**
 * What a certificate counts for once it was judged (decision 29). Refused is no evidence: what a CA said of a device is
 * believed only where the verdict believed it, because a client with the key of a CA that was retired, denied or
 * distrusted can sign any name.
 */
import type { RefusalCode } from '../decide/refusal.ts'

/** What became of the word of the CA that signed a certificate. */
export type CaWord =
  /** It was believed: the certificate was admitted, or passed everything that is asked of a certificate. */
  | 'accepted'
  /** The certificate came at the wrong time, or it is unknown whether it still holds; its CA is not in doubt. */
  | 'open'
  /** The certificate, its key or its CA was refused for what it is. */
  | 'refused'

/** Tells what a verdict says of the CA's word; `code` is the basis of the admission or the code of the refusal. */
export function caWord(verdict: string | null, code: string | null): CaWord {
  if (verdict === 'admit' || JUDGED_FIT.has(code)) return 'accepted'
  return DISBELIEVED.has(code) ? 'refused' : 'open'
}

/** Refusals of a certificate that passed everything else; all others leave open whether it is fit, or say that it is not. */
const JUDGED_FIT: ReadonlySet<string | null> = new Set<RefusalCode>([
  'match-rule-unmet',
  'unapproved',
])

const DISBELIEVED: ReadonlySet<string | null> = new Set<RefusalCode>([
  'blocked',
  'denied-issuer',
  'denied-key',
  'denied-serial',
  'distrusted',
  'issued-after-retirement',
  'issuer-revoked',
  'revoked',
  'sunset',
  'too-many-ids',
  'unknown-at-retirement',
])
