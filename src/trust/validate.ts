/**
 * RFC 5280 §6.1, with §6.1.3 (a)(2) lifted out: whether a certificate is timely is judged per request
 * in `decide/decide.ts`, because grace and standing have a say in it.
 */
import type { Branded, Result } from '../kernel/types.ts'
import type { Certificate } from '../x509/certificate.ts'
import type { TrustAnchor } from './anchor.ts'

/**
 * A path whose signatures, names and constraints hold (RFC 5280 §6.1.3–6.1.5), leaf first, trust anchor
 * excluded. Says nothing about time.
 */
export type SoundPath = Branded<
  {
    readonly certificates: readonly [Certificate, ...Certificate[]]
    readonly anchor: TrustAnchor
  },
  'SoundPath'
>

/** Why no path is sound: a closed union carrying facts, ranked so that the most telling one is reported. */
export type PathFailure = { readonly kind: 'untrusted-issuer'; readonly issuer: string }

/** All sound paths within the budget, best first; `decide` takes the first timely one. */
export type PathResult = Result<readonly [SoundPath, ...SoundPath[]], PathFailure>
