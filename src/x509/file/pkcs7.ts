/**
 * What lies in a PKCS#7 file (RFC 2315 §9.1, RFC 5652 §5.1): a bag that CAs hand out chains in, and lists. Its signatures
 * say nothing about what lies in it and are not looked at.
 */
import { fail, ok, type Result } from '../../kernel/types.ts'
import { derOfBer } from '../ber.ts'
import type { DerFault, Problem } from '../der-fault.ts'
import { constructed, DerReader, TAG } from '../der.ts'

/** Certificates and revocation lists, each as DER, in the order of the file. */
export interface Pkcs7Content {
  readonly certificates: readonly Buffer[]
  readonly lists: readonly Buffer[]
}

/** Takes out of a SignedData what lies in it; around it BER is read, too, as RFC 5652 allows and Java writes. */
export function contentOfPkcs7(octets: Buffer): Result<Pkcs7Content, DerFault> {
  const strict = contentOfDer(octets)
  // What is DER stays as it is, octet by octet, for it is signed.
  if (strict.ok || !BER.has(strict.failure.problem)) return strict
  const der = derOfBer(octets)
  return der.ok ? contentOfDer(der.value) : der
}

const BER: ReadonlySet<Problem> = new Set<Problem>(['indefinite-length', 'length-not-minimal'])

function contentOfDer(octets: Buffer): Result<Pkcs7Content, DerFault> {
  const reader = DerReader.over(octets)
  const content = reader.field('contentInfo').enter(TAG.sequence)
  reader.end()
  const type = content.field('contentType').oid()
  if (type !== SIGNED_DATA) content.refuse('unexpected-element', 0)
  const signed = content.field('content').enter(constructed(0)).enter(TAG.sequence)
  signed.field('version').count()
  signed.field('digestAlgorithms').step(TAG.set)
  signed.field('encapsulatedContent').step(TAG.sequence)
  const certificates = inBag(signed.field('certificates').optional(constructed(0)))
  const lists = inBag(signed.field('crls').optional(constructed(1)))
  const { fault } = reader
  return fault === undefined ? ok({ certificates, lists }) : fail(fault)
}

function inBag(bag: DerReader | undefined): readonly Buffer[] {
  if (bag === undefined) return []
  const found: Buffer[] = []
  while (bag.more) {
    if (found.length === MAX_ELEMENTS) bag.refuse('too-many-elements')
    // Whatever else may lie in the bag (attribute certificates of old) is no SEQUENCE, and refused.
    found.push(bag.element(TAG.sequence))
  }
  return found
}

/** Whether octets begin like a PKCS#7 file rather than like a certificate. */
export function looksLikePkcs7(octets: Buffer): boolean {
  // SEQUENCE of indefinite length: nothing else that is read here may have it.
  if (octets[0] === TAG.sequence && octets[1] === 0x80) return true
  const reader = DerReader.over(octets)
  return reader.enter(TAG.sequence).tag === TAG.oid && reader.fault === undefined
}

const SIGNED_DATA = '1.2.840.113549.1.7.2'
/** A chain has a handful; a bag with every CA of a company some dozens. */
const MAX_ELEMENTS = 100
