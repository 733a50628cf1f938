/**
 * The certificates in a PKCS#7 file (RFC 2315 §9.1, RFC 5652 §5.1): a bag that CAs hand out chains in. Its signatures
 * say nothing about the certificates and are not looked at.
 */
import { fail, ok, type Result } from '../kernel/types.ts'
import type { DerFault } from './der-fault.ts'
import { constructed, DerReader, TAG } from './der.ts'

/** Takes the certificates out of a SignedData, each as DER, in the order of the file. */
export function certificatesInPkcs7(octets: Buffer): Result<readonly Buffer[], DerFault> {
  const reader = DerReader.over(octets)
  const content = reader.field('contentInfo').enter(TAG.sequence)
  reader.end()
  const type = content.field('contentType').oid()
  if (type !== SIGNED_DATA) content.refuse('unexpected-element', 0)
  const signed = content.field('content').enter(constructed(0)).enter(TAG.sequence)
  signed.field('version').count()
  signed.field('digestAlgorithms').step(TAG.set)
  signed.field('encapsulatedContent').step(TAG.sequence)
  const bag = signed.field('certificates').optional(constructed(0))
  const certificates = bag === undefined ? [] : inBag(bag)
  const { fault } = reader
  return fault === undefined ? ok(certificates) : fail(fault)
}

function inBag(bag: DerReader): readonly Buffer[] {
  const certificates: Buffer[] = []
  while (bag.more) {
    if (certificates.length === MAX_CERTIFICATES) bag.refuse('too-many-elements')
    // Whatever else may lie in the bag (attribute certificates of old) is no SEQUENCE, and refused.
    certificates.push(bag.element(TAG.sequence))
  }
  return certificates
}

/** Whether octets begin like a PKCS#7 file rather than like a certificate. */
export function looksLikePkcs7(octets: Buffer): boolean {
  const reader = DerReader.over(octets)
  return reader.enter(TAG.sequence).tag === TAG.oid && reader.fault === undefined
}

const SIGNED_DATA = '1.2.840.113549.1.7.2'
/** A chain has a handful; a bag with every CA of a company some dozens. */
const MAX_CERTIFICATES = 100
