/**
 * What a PKCS#12 file consists of (RFC 7292 §4): one safe after the other, each with bags in it. Nothing is decrypted or
 * verified here.
 */
import { fail, ok, type Result } from '../../kernel/types.ts'
import { derOfBer } from '../../x509/ber.ts'
import type { DerFault } from '../../x509/der-fault.ts'
import { constructed, DerReader, primitive, TAG } from '../../x509/der.ts'

/** An AlgorithmIdentifier; the parameters are an element, or empty. */
export interface Algorithm {
  readonly oid: string
  readonly parameters: Buffer
}

export interface Encrypted {
  readonly algorithm: Algorithm
  readonly octets: Buffer
}

/** The outermost of a file. */
export interface Pfx {
  /** `signed` and what else there is have no safes that a passphrase opens. */
  readonly content:
    | { readonly kind: 'by-passphrase'; readonly octets: Buffer }
    | { readonly kind: 'other'; readonly type: string }
  readonly mac: Mac | undefined
}

/** RFC 7292 §4: MacData. */
export interface Mac {
  readonly algorithm: Algorithm
  readonly digest: Buffer
  readonly salt: Buffer
  readonly iterations: number
}

/** One part of a file. */
export type Safe =
  | { readonly kind: 'plain'; readonly octets: Buffer }
  | { readonly kind: 'encrypted'; readonly encrypted: Encrypted }
  | { readonly kind: 'other'; readonly type: string }

/** What lies in a safe. */
export type Bag =
  | { readonly kind: 'key'; readonly pkcs8: Buffer }
  | { readonly kind: 'encrypted-key'; readonly encrypted: Encrypted }
  | { readonly kind: 'certificate'; readonly der: Buffer }
  | { readonly kind: 'other'; readonly type: OtherBag }

/** What an identity has no use for. */
export type OtherBag = 'certificate of another type' | 'revocation list' | 'secret' | 'unknown part'

/** Reads the outermost of a file. */
export function readPfx(bytes: Buffer): Result<Pfx, DerFault> {
  return read(bytes, (reader) => {
    const pfx = reader.field('PFX').enter(TAG.sequence)
    if (pfx.field('version').count() !== 3) pfx.refuse('version-unknown', 0)
    const info = pfx.field('authSafe').enter(TAG.sequence)
    const type = info.oid()
    const content =
      type === DATA
        ? ({ kind: 'by-passphrase', octets: explicitOctets(info) } as const)
        : ({ kind: 'other', type } as const)
    const mac = pfx.field('macData').optional(TAG.sequence)
    return { content, mac: mac && readMac(mac) }
  })
}

function readMac(mac: DerReader): Mac {
  const info = mac.enter(TAG.sequence)
  const algorithm = readAlgorithm(info)
  const digest = info.content(TAG.octetString)
  const salt = mac.content(TAG.octetString)
  // Those who leave it out mean one round (RFC 7292 §4).
  const iterations = mac.more ? mac.count() : 1
  return { algorithm, digest, salt, iterations }
}

/** Reads which safes there are. */
export function readSafes(octets: Buffer): Result<readonly Safe[], DerFault> {
  return read(octets, (reader) => {
    const list = reader.field('authenticatedSafe').enter(TAG.sequence)
    const safes: Safe[] = []
    while (list.more) safes.push(readSafe(list.enter(TAG.sequence)))
    return safes
  })
}

function readSafe(info: DerReader): Safe {
  const type = info.oid()
  if (type === DATA) return { kind: 'plain', octets: explicitOctets(info) }
  if (type !== ENCRYPTED_DATA) return { kind: 'other', type }
  const data = info.field('encryptedData').enter(constructed(0)).enter(TAG.sequence)
  data.count()
  const content = data.field('encryptedContentInfo').enter(TAG.sequence)
  content.oid()
  const algorithm = readAlgorithm(content)
  return { kind: 'encrypted', encrypted: { algorithm, octets: implicitOctets(content) } }
}

/** Reads the bags of a safe, with those in its nested safes; of bags beyond `most` there is one, which tells. */
export function readBags(octets: Buffer, most: number): Result<readonly Bag[], DerFault> {
  return read(octets, (reader) => {
    const bags: Bag[] = []
    // A list of what is still to be read, because hostile nesting must cost no stack.
    const open = [reader.field('safeContents').enter(TAG.sequence)]
    for (let list = open.pop(); list !== undefined; list = open.pop()) {
      while (list.more && bags.length <= most) {
        const bag = list.enter(TAG.sequence)
        const type = bag.field('bag').oid()
        const value = bag.field('bagValue').enter(constructed(0))
        if (type === SAFE_CONTENTS) open.push(value.enter(TAG.sequence))
        else bags.push(readBag(type, value))
      }
    }
    return bags
  })
}

function readBag(type: string, value: DerReader): Bag {
  switch (type) {
    case KEY:
      return { kind: 'key', pkcs8: value.element(TAG.sequence) }
    case SHROUDED_KEY:
      return { kind: 'encrypted-key', encrypted: readEncrypted(value) }
    case CERTIFICATE: {
      const bag = value.enter(TAG.sequence)
      if (bag.oid() !== X509_CERTIFICATE) {
        return { kind: 'other', type: 'certificate of another type' }
      }
      return { kind: 'certificate', der: explicitOctets(bag) }
    }
    case CRL:
      return { kind: 'other', type: 'revocation list' }
    case SECRET:
      return { kind: 'other', type: 'secret' }
    default:
      return { kind: 'other', type: 'unknown part' }
  }
}

/** RFC 5958 §3: EncryptedPrivateKeyInfo. */
function readEncrypted(reader: DerReader): Encrypted {
  const info = reader.field('encryptedPrivateKeyInfo').enter(TAG.sequence)
  const algorithm = readAlgorithm(info)
  return { algorithm, octets: info.content(TAG.octetString) }
}

/** Reads an AlgorithmIdentifier. */
export function readAlgorithm(reader: DerReader): Algorithm {
  const algorithm = reader.enter(TAG.sequence)
  return { oid: algorithm.oid(), parameters: algorithm.rest }
}

/** Reads with one function, and makes its fault the answer; what is written in BER is read as DER. */
export function read<Value>(
  octets: Buffer,
  how: (reader: DerReader) => Value,
): Result<Value, DerFault> {
  // What stands behind is nothing to the runtime's OpenSSL, either: a line break often does.
  const der = derOfBer(octets, { behind: 'left-out', keptFrom: Infinity })
  if (!der.ok) return der
  const reader = DerReader.over(der.value)
  const value = how(reader)
  return reader.fault === undefined ? ok(value) : fail(reader.fault)
}

const explicitOctets = (reader: DerReader): Buffer =>
  reader.enter(constructed(0)).content(TAG.octetString)

/** `[0] IMPLICIT OCTET STRING`, in one piece or in several. */
function implicitOctets(reader: DerReader): Buffer {
  const pieces = reader.optional(constructed(0))
  if (pieces === undefined) return reader.content(primitive(0))
  const octets: Buffer[] = []
  while (pieces.more) octets.push(pieces.content(TAG.octetString))
  return Buffer.concat(octets)
}

const DATA = '1.2.840.113549.1.7.1'
const ENCRYPTED_DATA = '1.2.840.113549.1.7.6'
const X509_CERTIFICATE = '1.2.840.113549.1.9.22.1'
const KEY = '1.2.840.113549.1.12.10.1.1'
const SHROUDED_KEY = '1.2.840.113549.1.12.10.1.2'
const CERTIFICATE = '1.2.840.113549.1.12.10.1.3'
const CRL = '1.2.840.113549.1.12.10.1.4'
const SECRET = '1.2.840.113549.1.12.10.1.5'
const SAFE_CONTENTS = '1.2.840.113549.1.12.10.1.6'
