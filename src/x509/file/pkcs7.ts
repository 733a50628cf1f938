/**
 * What lies in a PKCS#7 file (RFC 2315 §9.1, RFC 5652 §5.1): a bag that CAs hand out chains in, and lists. Its signatures
 * say nothing about what lies in it and are not looked at.
 */
import { fail, ok, unreachable, type Result } from '../../kernel/types.ts'
import { derOfBer, MAX_BER_ELEMENTS } from '../ber.ts'
import { derFaultText } from '../der-fault-text.ts'
import type { DerFault, Problem } from '../der-fault.ts'
import { constructed, DerReader, TAG } from '../der.ts'

/** Certificates and revocation lists, each as DER, in the order of the file. */
export interface Pkcs7Content {
  readonly certificates: readonly Buffer[]
  readonly lists: readonly Buffer[]
}

/** Why nothing is taken out of a bag. */
export type Pkcs7Failure =
  | { readonly kind: 'malformed'; readonly fault: DerFault }
  | {
      readonly kind: 'too-many'
      readonly what: 'certificates' | 'revocation lists'
      readonly found: number
      readonly most: number
    }
  /** Counted up to the bound, around its certificates and lists. */
  | { readonly kind: 'too-many-around'; readonly most: number }

/** Takes out of a SignedData what lies in it; around it BER is read, too, as RFC 5652 allows and Java writes. */
export function contentOfPkcs7(octets: Buffer): Result<Pkcs7Content, Pkcs7Failure> {
  const strict = contentOfDer(octets)
  // What is DER stays as it is, octet by octet, for it is signed.
  if (strict.ok || !isBer(strict.failure)) return strict
  const der = derOfBer(octets, { behind: 'refused', keptFrom: CERTIFICATE_DEPTH })
  if (der.ok) return contentOfDer(der.value)
  const fault = der.failure
  return fail(
    fault.problem === 'too-many-elements'
      ? { kind: 'too-many-around', most: MAX_BER_ELEMENTS }
      : { kind: 'malformed', fault },
  )
}

const isBer = (failure: Pkcs7Failure): boolean =>
  failure.kind === 'malformed' && BER.has(failure.fault.problem)

const BER: ReadonlySet<Problem> = new Set<Problem>(['indefinite-length', 'length-not-minimal'])
/** ContentInfo, [0], SignedData, certificates or crls, and what lies there. */
const CERTIFICATE_DEPTH = 4

function contentOfDer(octets: Buffer): Result<Pkcs7Content, Pkcs7Failure> {
  const reader = DerReader.over(octets)
  const content = reader.field('contentInfo').enter(TAG.sequence)
  reader.end()
  const type = content.field('contentType').oid()
  if (type !== SIGNED_DATA) content.refuse('unexpected-element', 0)
  const explicit = content.field('content').enter(constructed(0))
  content.end()
  const signed = explicit.enter(TAG.sequence)
  explicit.end()
  signed.field('version').count()
  signed.field('digestAlgorithms').step(TAG.set)
  signed.field('encapsulatedContent').step(TAG.sequence)
  const certificates = inBag(signed.field('certificates').optional(constructed(0)))
  const lists = inBag(signed.field('crls').optional(constructed(1)))
  // Not left out by those who sign nothing; whatever stands in its place would be missed without a word.
  signed.field('signerInfos').step(TAG.set)
  signed.end()
  const { fault } = reader
  if (fault !== undefined) return fail({ kind: 'malformed', fault })
  const counts = [
    { what: 'certificates', found: certificates.found, most: MAX_IN_BAG },
    { what: 'revocation lists', found: lists.found, most: MAX_IN_BAG },
  ] as const
  const beyond = counts.find(({ found, most }) => found > most)
  if (beyond !== undefined) return fail({ kind: 'too-many', ...beyond })
  return ok({ certificates: certificates.kept, lists: lists.kept })
}

interface InBag {
  readonly kept: readonly Buffer[]
  readonly found: number
}

/** Takes out as many as may be, and counts the others. */
function inBag(bag: DerReader | undefined): InBag {
  const kept: Buffer[] = []
  if (bag === undefined) return { kept, found: 0 }
  let found = 0
  while (bag.more) {
    // Whatever else may lie in the bag (attribute certificates of old) is no SEQUENCE, and refused.
    if (found < MAX_IN_BAG) kept.push(bag.element(TAG.sequence))
    else bag.step(TAG.sequence)
    found += 1
  }
  return { kept, found }
}

/** Says of a bag why nothing is taken out of it, as a clause. */
export function pkcs7FailureText(failure: Pkcs7Failure): string {
  switch (failure.kind) {
    case 'malformed':
      return derFaultText(failure.fault)
    case 'too-many': {
      const { what, found, most } = failure
      return `it holds ${found} ${what}, wanted ${most} at most`
    }
    case 'too-many-around':
      return `it holds more than ${failure.most} elements around its certificates and lists, wanted ${failure.most} at most`
    default:
      return unreachable(failure)
  }
}

/** Whether octets begin like a PKCS#7 file rather than like a certificate: with a type, however the length before it is written. */
export function looksLikePkcs7(octets: Buffer): boolean {
  const [tag, length = 0] = octets
  const inside = length > 0x80 ? 2 + (length & 0x7f) : 2
  return tag === TAG.sequence && octets[inside] === TAG.oid
}

const SIGNED_DATA = '1.2.840.113549.1.7.2'
/** A chain has a handful, a bag with every CA of a company some dozens, one with every public CA some 150. */
const MAX_IN_BAG = 200
