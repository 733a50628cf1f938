/**
 * DER or PEM → `Crl` (RFC 5280 §5.1): size first, then every field and every entry, strictly; no signature is
 * checked. Whatever could make the list leave a certificate out without saying so is a fault with a name.
 *
 * Wider than RFC 5280 in two things: version 1 (§5.1.2.1), which OpenSSL still writes, is read, and so is a list of version 2
 * without a number (§5.2.3), as cfssl, Ansible and Java make them: which of two is newer is asked where one is to replace another.
 */
import { fail, ok, type Instant, type Result } from '../kernel/types.ts'
import type { Signature } from './certificate.ts'
import { readCrlExtensions, type CrlExtensions, type Scope } from './crl-extensions.ts'
import { walkEntries, type EntrySpan } from './crl-entries.ts'
import type { CrlFault } from './crl-fault.ts'
import { derFaultText } from './der-fault-text.ts'
import type { Laxity } from './der-fault.ts'
import { constructed, DerReader, TAG } from './der.ts'
import type { AuthorityKeyIdentifier } from './extensions.ts'
import { readName, type Name } from './name.ts'
import { derEnd } from './file/der-end.ts'
import type { FileDeparture } from './file/file-departure.ts'
import {
  MAX_PEM_BYTES,
  placeText,
  readFileContent,
  type FileFault,
  type FileWanted,
} from './file/read-file.ts'
import { readSignatureAlgorithm } from './signature.ts'
import { readTime } from './time.ts'

/** A revocation list, read and not yet believed. */
export interface Crl {
  readonly der: Buffer
  readonly version: 1 | 2
  readonly issuer: Name
  readonly thisUpdate: Instant
  /** The last millisecond of the second by which the next one is promised. */
  readonly nextUpdate: Instant
  /** Lower-case hexadecimal; undefined in version 1, and where the CA does not number its lists. */
  readonly number: string | undefined
  readonly authorityKeyIdentifier: AuthorityKeyIdentifier | undefined
  readonly scope: Scope
  /** Where the entries stand in `der`. */
  readonly entries: EntrySpan
  readonly signature: Signature
  /** Harmless departures from DER. */
  readonly laxities: ReadonlySet<Laxity>
}

/**
 * A million entries with reasons have some 53 MB; the largest list of a public CA has 40. The bound is what a
 * hostile server may make us hold.
 */
export const MAX_CRL_BYTES = 64 * 1024 * 1024

/** Lists of one file, and what is odd about the file. */
export interface CrlFile {
  readonly crls: readonly [Crl, ...Crl[]]
  readonly departures: ReadonlySet<FileDeparture>
}

/** Reads one list; octets that are DER are kept, not copied. */
export function parseCrl(octets: Buffer): Result<Crl, CrlFault> {
  const read = parseCrls(octets)
  if (!read.ok) return read
  const [only, ...others] = read.value.crls
  if (others.length === 0) return ok(only)
  return fail({ kind: 'crl-pem-unfit', detail: `found ${others.length + 1} lists, wanted one` })
}

/** Reads the lists of a file, up to a bound, whatever it wraps them in; a fault in one is a fault of all. */
export function parseCrls(octets: Buffer): Result<CrlFile, CrlFault> {
  if (octets.length > MAX_CRL_BYTES) return tooLarge(octets, MAX_CRL_BYTES)
  // A CA that publishes a larger list publishes DER (RFC 5280 §4.2.1.13).
  if (octets.length > MAX_PEM_BYTES && derEnd(octets) === undefined)
    return tooLarge(octets, MAX_PEM_BYTES)
  const content = readFileContent(octets, WANTED)
  if (!content.ok) return fail({ kind: 'crl-pem-unfit', detail: firstOf(content.failure) })
  const { found, departures } = content.value
  if (found.length > MAX_LISTS) {
    const detail = `found ${found.length} lists, wanted ${MAX_LISTS} at most`
    return fail({ kind: 'crl-pem-unfit', detail })
  }
  const crls: Crl[] = []
  for (const { der } of found) {
    const crl = parseDer(der)
    if (!crl.ok) return crl
    crls.push(crl.value)
  }
  const [first, ...others] = crls
  if (first === undefined) {
    return fail({ kind: 'crl-pem-unfit', detail: 'found no list, wanted one' })
  }
  return ok({ crls: [first, ...others], departures })
}

const WANTED: FileWanted = { kind: 'revocation-list', others: 'refused', purpose: 'client' }

function firstOf([first]: readonly FileFault[]): string {
  if (first === undefined) return ''
  const place = placeText(first.place, 'list')
  return place === '' ? first.message : `${place}: ${first.message}`
}

/** The lists of a chain's CAs in one file: twice the longest chain that is judged, for two scopes of each. */
const MAX_LISTS = 40

function parseDer(der: Buffer): Result<Crl, CrlFault> {
  const reader = DerReader.over(der)
  const objections: CrlFault[] = []
  const crl = readList(reader, der, objections)
  const { fault } = reader
  if (fault !== undefined) {
    return fail({ kind: 'crl-malformed', ...fault, detail: derFaultText(fault) })
  }
  const [objection] = objections
  if (objection !== undefined) return fail(objection)
  return crl === undefined ? fail({ kind: 'crl-without-next-update' }) : ok(crl)
}

const tooLarge = ({ length }: Buffer, limit: number) =>
  fail({ kind: 'crl-too-large', bytes: length, limit } as const)

function readList(reader: DerReader, der: Buffer, objections: CrlFault[]): Crl | undefined {
  const outer = reader.field('certificateList').enter(TAG.sequence)
  reader.end()
  const start = outer.position
  const tbs = outer.enter(TAG.sequence)
  const signed = outer.since(start)
  const outside = outer.field('signatureAlgorithm').element(TAG.sequence)
  const value = outer.field('signatureValue').octetAlignedBits()
  outer.end()
  const version = readVersion(tbs.field('version'))
  const begin = tbs.field('signature').position
  const algorithm = readSignatureAlgorithm(tbs.enter(TAG.sequence))
  // §5.1.1.2: the same inside and outside; else the unsigned one could talk a reader into another algorithm.
  if (!tbs.since(begin).equals(outside)) tbs.refuse('algorithms-differ')
  const issuer = readName(tbs.field('issuer'))
  const thisUpdate = readTime(tbs.field('thisUpdate')).at
  const nextUpdate = readNextUpdate(tbs.field('nextUpdate'))
  const entries = walkEntries(tbs.field('revokedCertificates'), der, { version, objections })
  const extensions = readExtensions(tbs.field('crlExtensions'), version, objections)
  tbs.end()
  if (nextUpdate === undefined) return undefined
  const signature = { algorithm, tbs: signed, value }
  const { laxities } = reader
  return {
    der,
    version,
    issuer,
    thisUpdate,
    nextUpdate,
    entries,
    signature,
    laxities,
    ...extensions,
  }
}

/** §5.1.2.1: absent means 1, and the only other number is 1, which means 2. */
function readVersion(tbs: DerReader): 1 | 2 {
  if (tbs.tag !== TAG.integer) return 1
  if (tbs.count() !== 1) tbs.refuse('version-unknown')
  return 2
}

function readNextUpdate(tbs: DerReader): Instant | undefined {
  if (tbs.tag !== TAG.utcTime && tbs.tag !== TAG.generalizedTime) return undefined
  return (readTime(tbs).at + 999) as Instant
}

function readExtensions(tbs: DerReader, version: 1 | 2, objections: CrlFault[]): CrlExtensions {
  const explicit = tbs.optional(constructed(0))
  if (explicit !== undefined && version === 1) tbs.refuse('extensions-in-old-version')
  return readCrlExtensions(explicit, objections)
}
