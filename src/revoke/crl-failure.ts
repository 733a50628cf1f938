/**
 * Why a revocation list was not taken, in words: the list read before stays in force. A `kind` is the code, in the
 * log and in the metrics.
 */
import { isoText, unreachable } from '../kernel/types.ts'
import { UNSUPPORTED_STEP, UNSUPPORTED_TEXT } from '../trust/algorithms.ts'
import type { ListFault } from '../trust/revocation.ts'
import type { CrlFault } from '../x509/crl-fault.ts'
import { LIST_FINDINGS, type ListDepartsFromProfile } from './departures.ts'
import type { UnfitReplacement } from './replacement.ts'
import type { Explanation } from '../kernel/explanation.ts'

/** Everything that may stand between a published list and us. */
export type CrlFailure =
  | FetchFailure
  | CrlFault
  | ListFault
  | UnfitReplacement
  | ListDepartsFromProfile
  /** A fault of ours, which the log tells with all that is known of it. */
  | { readonly kind: 'crl-internal-error'; readonly error: unknown }

/** The octets could not be had. */
export type FetchFailure =
  | { readonly kind: 'crl-file-unreadable'; readonly code: string }
  | { readonly kind: 'crl-unreachable'; readonly code: string }
  | { readonly kind: 'crl-status'; readonly status: number }
  | { readonly kind: 'crl-redirected'; readonly to: string }
  | { readonly kind: 'crl-late'; readonly limit: number }
  | { readonly kind: 'crl-too-large'; readonly bytes: number; readonly limit: number }

/** Returns the sentence and the next step. */
export function explainCrlFailure(why: CrlFailure): Explanation {
  switch (why.kind) {
    case 'crl-file-unreadable':
      return {
        sentence: `the file cannot be read (${why.code})`,
        nextStep: 'put the list there, readable for the account that runs this',
      }
    case 'crl-unreachable':
      return {
        sentence: `the server cannot be reached (${why.code})`,
        nextStep: 'see that the URL is right, and that this machine may call it',
      }
    case 'crl-status':
      return {
        sentence: `the server answered ${why.status}`,
        nextStep: 'see that the URL is right, and that the CA publishes there',
      }
    case 'crl-redirected':
      return {
        sentence: `the server sends on to ${why.to}: too often, away from https, with a password, or to no http URL`,
        nextStep: 'name the place where the list really is',
      }
    case 'crl-late':
      return {
        sentence: `the list did not arrive within ${why.limit} ms`,
        nextStep: 'publish it on a server that is nearer or less busy',
      }
    case 'crl-too-large':
      return {
        sentence: `the list has ${why.bytes} octets, or more; ${why.limit} are read at most`,
        nextStep:
          'let the CA drop what has expired, or publish one list for each part of the fleet; publish a large one as DER',
      }
    case 'crl-too-many-entries':
      return {
        sentence: `the list names more than ${why.limit} certificates`,
        nextStep: 'let the CA drop what has expired',
      }
    case 'crl-pem-unfit':
      return {
        sentence: `no list can be read: ${why.detail}`,
        nextStep: 'see what is published there',
      }
    case 'crl-malformed':
      return {
        sentence: `the list cannot be read: ${why.detail}`,
        nextStep: 'see what is published there; let the CA make it anew',
      }
    case 'crl-unknown-critical-extension':
      return {
        sentence: `the list holds the critical extension ${why.oid}, which we do not know`,
        nextStep: 'publish it without that extension, or with it marked as not critical',
      }
    case 'crl-without-next-update':
      return {
        sentence:
          'the list does not say when the next one comes, so it could not be told from an old one',
        nextStep: "set the lists' validity in the CA (nextUpdate, RFC 5280 §5.1.2.5)",
      }
    case 'crl-number-unfit':
      return {
        sentence: `the list has ${NUMBER_FAULTS[why.found]}`,
        nextStep:
          'let the CA number its lists from 0 or 1 on, and not as critical (RFC 5280 §5.2.3)',
      }
    case 'crl-delta':
      return {
        sentence: 'it is a delta list: it says only what changed since another one',
        nextStep: 'name the URL of the complete list',
      }
    case 'crl-indirect':
      return {
        sentence: 'it is an indirect list: it speaks for other CAs than the one that signed it',
        nextStep: 'name the list that each CA signs itself',
      }
    case 'crl-partial':
      return {
        sentence: `the list leaves certificates out: ${PARTIAL_SCOPES[why.scope]}`,
        nextStep: 'name the URL of the complete list',
      }
    case 'crl-of-another-ca':
      return {
        sentence: `the list is by ${why.issuer}, which is not in the chain of this enrollment setting`,
        nextStep: 'add that CA to the chain, or name the list of a CA that is in it',
      }
    case 'crl-signature-weak':
      return {
        sentence: `the list is signed with ${why.algorithm}, which is too weak`,
        nextStep: 'let the CA sign its lists with SHA-256 or better',
      }
    case 'crl-signature-unsupported':
      return {
        sentence: `the list is signed with ${why.algorithm}, ${UNSUPPORTED_TEXT[why.why]}`,
        nextStep: `let the CA sign its lists ${UNSUPPORTED_STEP[why.why]}`,
      }
    case 'crl-signer-key-unsupported':
      return {
        sentence: `the key of ${why.issuer} is ${why.key}, ${UNSUPPORTED_TEXT[why.why]}`,
        nextStep: `renew the CA ${UNSUPPORTED_STEP[why.why]}`,
      }
    case 'crl-signer-key-weak':
      return {
        sentence: `the key of ${why.issuer} is ${why.key}, which is not among those we take`,
        nextStep: 'renew the CA with a key of RSA 2048 to 8192, P-256, P-384, P-521 or Ed25519',
      }
    case 'crl-signer-may-not':
      return {
        sentence: `the CA ${why.issuer} may not sign lists (key usage)`,
        nextStep: 'issue the CA certificate anew with CRL signing in its key usage',
      }
    case 'crl-forged':
      return {
        sentence: `the signature on the list was not made by the CA ${why.issuer} that it names`,
        nextStep:
          'treat it as forged, unless that CA was given a new key: then add its new certificate to the chain',
      }
    case 'crl-narrower':
      return {
        sentence: 'the list is about fewer certificates than one that was taken before',
        nextStep: `name the complete list; ${IF_MEANT}`,
      }
    case 'crl-replayed':
      return {
        sentence: `the list was made at ${isoText(why.thisUpdate)}, before one that was taken already, of ${isoText(why.before)}`,
        nextStep: `see who hands out old lists; ${IF_MEANT}`,
      }
    case 'crl-number-lower':
      return {
        sentence: `the list has the number ${why.number}, one that was taken before ${why.before} (hexadecimal): it is older, whatever it says of its time`,
        nextStep: `see who hands out old lists, or whether the CA was restored from a backup; ${IF_MEANT}`,
      }
    case 'crl-number-not-higher':
      return {
        sentence: `the list ${LIST_FINDINGS[why.found]}: profile strict takes only a higher one`,
        nextStep: `let the CA number its lists (RFC 5280 §5.2.3); ${IF_MEANT}`,
      }
    case 'crl-order-unknown':
      return {
        sentence: `the list was made in the same second as one that was taken before, ${isoText(why.thisUpdate)}, no number says which of them is newer, and it leaves out what that one names`,
        nextStep: `let the CA number its lists (RFC 5280 §5.2.3), or publish another a second later; ${IF_MEANT}`,
      }
    case 'crl-departs-from-profile':
      return {
        sentence: `profile strict does not take it: the list ${why.found.map((one) => LIST_FINDINGS[one]).join('; it ')}`,
        nextStep: 'let the CA publish it otherwise, or set the trust profile to private',
      }
    case 'crl-swapped':
      return {
        sentence: `the list is by ${why.issuer}, one that was taken before by ${why.before}: what that one names would be forgotten`,
        nextStep: `see who hands out this list; name the list of each CA in a place of its own; ${IF_MEANT}`,
      }
    case 'crl-internal-error':
      return {
        sentence: `an internal error kept the list from being read: ${String(why.error)}`,
        nextStep: 'report it with the lines of the log around this one',
      }
    default:
      return unreachable(why)
  }
}

type Of<Kind extends CrlFailure['kind']> = Extract<CrlFailure, { readonly kind: Kind }>

const NUMBER_FAULTS: Readonly<Record<Of<'crl-number-unfit'>['found'], string>> = {
  critical: 'a number that is marked as critical',
  'too-large': 'a number that is negative or has more than 20 octets',
}

const PARTIAL_SCOPES: Readonly<Record<Of<'crl-partial'>['scope'], string>> = {
  'some-reasons': 'it names those revoked for some reasons only',
  attributes: 'it is not about certificates of public keys',
  'relative-name': 'it is about a distribution point whose name is not given whole',
}

const IF_MEANT =
  'if this one is meant, reset the lists of the setting (`tfe crl reset`); without a store, start again'
