/**
 * Sentences about revoked certificates, and about those whose revocation status is unknown.
 */
import { isoText, unreachable } from '../kernel/types.ts'
import { printName } from '../x509/print-name.ts'
import type { Name } from '../x509/name.ts'
import type { Revoked, Undecided } from './refusal.ts'
import type { Explanation } from '../kernel/explanation.ts'

/** The sentence and the next step for what revocation lists say. */
export function explainRevocation(why: Revoked | Undecided): Explanation {
  switch (why.kind) {
    case 'revoked':
      return {
        sentence: `the CA ${text(why.issuer)} revoked the device's certificate, serial ${why.serial}, at ${isoText(why.revokedAt)} (${why.reason})`,
        nextStep: 'none if that is meant; otherwise issue the device another certificate',
      }
    case 'issuer-revoked':
      return {
        sentence: `the CA ${text(why.issuer)} revoked the CA ${text(why.subject)} at ${isoText(why.revokedAt)} (${why.reason})`,
        nextStep: 'enrol the device under another CA; nothing that this one issued is admitted',
      }
    case 'revocation-unknown':
      return explainUnknown(why)
    case 'revocation-stale':
      return {
        sentence: `the revocation list of the CA ${text(why.issuer)} was to be replaced by ${isoText(why.nextUpdate)} and counted until ${isoText(why.countedUntil)}`,
        nextStep:
          'let the CA publish a new list where the setting looks for it; its grace gives an old one more time (`tfe crl set`)',
      }
    default:
      return unreachable(why)
  }
}

function explainUnknown({
  issuer,
  why,
}: Undecided & { readonly kind: 'revocation-unknown' }): Explanation {
  switch (why) {
    case 'no-list':
      return {
        sentence: `no revocation list of the CA ${text(issuer)} was read, and its enrollment setting asks for one`,
        nextStep:
          'see in the log why the list cannot be read, or name the list of this CA (`tfe crl add`)',
      }
    case 'not-covered':
      return {
        sentence: `the revocation lists of the CA ${text(issuer)} are about other certificates than this`,
        nextStep:
          'name the list at the distribution point that the certificate names (`tfe crl add`)',
      }
    case 'not-yet':
      return {
        sentence: `the revocation list of the CA ${text(issuer)} begins later than now`,
        nextStep: "check this machine's clock and the CA's",
      }
    default:
      return unreachable(why)
  }
}

const text = (name: Name): string => printName(name, 'rfc4514')
