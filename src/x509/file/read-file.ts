/**
 * The octets of a file, wherever it comes from, → the encodings of certificates or of lists in it: PEM in all its shapes,
 * DER, and PKCS#7 in DER, BER or PEM. One reader for files, URLs, uploads and commands, so that what one of them takes
 * all do. What is in an encoding is not read here.
 */
import { FaultList } from '../../kernel/fault-list.ts'
import { fail, ok, type Result } from '../../kernel/types.ts'
import { derFaultText } from '../der-fault-text.ts'
import { DerReader, TAG } from '../der.ts'
import { derEnd } from './der-end.ts'
import { derKind, type DerKind } from './der-kind.ts'
import type { FileDeparture } from './file-departure.ts'
import { labelText, readPem, unwanted, type PemBlock } from '../pem.ts'
import { contentOfPkcs7, looksLikePkcs7, pkcs7FailureText } from './pkcs7.ts'
import { certificateInTrusted, type TrustedFor } from './trusted-certificate.ts'

/** What is wanted of a file. */
export interface FileWanted {
  readonly kind: 'certificate' | 'revocation-list'
  /** Blocks of other kinds, keys above all: a fault, or none of our business. */
  readonly others: 'refused' | 'skipped'
  /** What OpenSSL's own settings in a `TRUSTED CERTIFICATE` have to allow. */
  readonly purpose: TrustedFor
}

/** One encoding, and where in the file it stands. */
export interface FoundDer {
  readonly der: Buffer
  /** The label of its block; undefined in DER. */
  readonly label: string | undefined
  readonly place: FilePlace
}

/** The line of a block, from 1, and the number in its bag, from 1; undefined where there is none. */
export interface FilePlace {
  readonly line: number | undefined
  readonly item: number | undefined
}

/** What a file holds. */
export interface FileContent {
  readonly found: readonly FoundDer[]
  readonly departures: ReadonlySet<FileDeparture>
}

/** What is wrong with a file, and where. */
export interface FileFault {
  readonly place: FilePlace
  readonly message: string
}

/** Reads a file to its end, and answers all faults at once, or the first hundred and how many more there are. */
export function readFileContent(
  octets: Buffer,
  wanted: FileWanted,
): Result<FileContent, readonly FileFault[]> {
  const end = derEnd(octets)
  if (end !== undefined) return fromDer(octets.subarray(0, end), end < octets.length, wanted)
  if (octets.length > MAX_PEM_BYTES) return refused(WHOLE, tooLong(octets, wanted))
  const text = octets.toString('latin1')
  // PowerShell's > and Out-File write it, and its >> puts it behind other text, where it would pass for explanation.
  if (text.includes(BEGIN_UTF16)) return refused(WHOLE, UTF16_MESSAGE)
  if (!text.includes(BEGIN)) return refused(WHOLE, notEncoded(octets, text, wanted))
  const lost = derBesidePem(octets, text, wanted)
  return lost === undefined ? fromPem(text, wanted) : fail([lost])
}

/** Text of a larger file is read line by line to no purpose: every public CA together has a quarter of a megabyte. */
export const MAX_PEM_BYTES = 16 * 1024 * 1024

const tooLong = ({ length }: Buffer, { kind }: FileWanted): string =>
  `found a file of ${length} octets that is no DER, wanted ${MAX_PEM_BYTES} at most: ${kind === 'certificate' ? 'keep in it the certificates that are needed' : 'publish the list as DER'}`

const BEGIN = '-----BEGIN'
/** Without a zero at its end or beginning, so that it stands in text of either order of octets. */
const BEGIN_UTF16 = Buffer.from(BEGIN, 'utf16le').toString('latin1').slice(0, -1)
const UTF16_MESSAGE =
  'found PEM in UTF-16, wanted all of it in ASCII or UTF-8: save it anew, with PowerShell by `Set-Content -Encoding ascii`'

const WHOLE: FilePlace = { line: undefined, item: undefined }

const refused = (place: FilePlace, message: string) => fail([{ place, message }] as const)

function fromDer(
  der: Buffer,
  hasWhiteSpace: boolean,
  wanted: FileWanted,
): Result<FileContent, readonly FileFault[]> {
  const found = unpacked({ der, label: undefined, place: WHOLE }, wanted)
  if (!found.ok) return fail([found.failure])
  const departures = new Set<FileDeparture>(hasWhiteSpace ? ['trailing-white-space'] : [])
  return ok({ found: found.value, departures })
}

function fromPem(text: string, wanted: FileWanted): Result<FileContent, readonly FileFault[]> {
  const { current, old } = LABELS[wanted.kind]
  const isWanted = (label: string): boolean => current.includes(label) || old.includes(label)
  const read = readPem(
    text,
    (label) => (isWanted(label) ? undefined : otherLabel(label, wanted)),
    (label) => wanted.others === 'skipped' && !isWanted(label),
  )
  if (!read.ok) {
    return fail(
      read.failure.map(({ line, message }) => ({ place: { line, item: undefined }, message })),
    )
  }
  const { blocks } = read.value
  const departures = new Set(read.value.departures)
  const faults = new FaultList<FileFault>()
  const found: FoundDer[] = []
  for (const block of blocks) {
    if (old.includes(block.label)) departures.add('old-label')
    if (looksLikePkcs7(block.der) !== PKCS7_LABELS.has(block.label)) departures.add('other-label')
    const bare = withoutSettings(block, wanted)
    if (!bare.ok) {
      faults.add(bare.failure)
      continue
    }
    const { label, line } = block
    const isBare = bare.value.length === block.der.length
    if (!isBare) departures.add('trust-settings')
    const place = { line, item: undefined }
    const inside = unpacked({ der: bare.value, label, place }, wanted)
    if (inside.ok) found.push(...inside.value)
    else faults.add(inside.failure)
  }
  const { all } = faults
  return all.length > 0 ? fail(all) : ok({ found, departures })
}

/** DER between blocks of PEM would pass for explanation, and what it holds would be missed without a word. */
function derBesidePem(
  octets: Buffer,
  text: string,
  { kind, others }: FileWanted,
): FileFault | undefined {
  for (const { index } of text.matchAll(LONG_DER)) {
    const found = derKind(octets.subarray(index))
    const isWanted = found === kind || found === 'pkcs7'
    if (isWanted || (found !== 'unknown' && others === 'refused')) {
      const line = text.slice(0, index).split(/\r\n|\r|\n/u).length
      const message =
        'found DER beside PEM, which would not be read, wanted one or the other: convert it to PEM first, or put it into a file of its own'
      return { place: { line, item: undefined }, message }
    }
  }
  return undefined
}

/** A sequence of 128 octets and more, or of an open length: nothing that is looked for is shorter, and no base64 has such octets. */
const LONG_DER = /0[\u0080-\u0084]/gu

/** A block without what OpenSSL has written behind its certificate. */
function withoutSettings(
  { der, label, line }: PemBlock,
  { purpose }: FileWanted,
): Result<Buffer, FileFault> {
  if (label !== TRUSTED) return ok(der)
  const bare = certificateInTrusted(der, purpose)
  if (bare.ok) return bare
  const message = `found a TRUSTED CERTIFICATE whose settings say what OpenSSL shall trust it for, and that ${bare.failure}: export it without them (\`openssl x509 -in FILE -out NEW\`) if it is meant to be used here`
  return fail({ place: { line, item: undefined }, message })
}

const TRUSTED = 'TRUSTED CERTIFICATE'

interface Labels {
  readonly current: readonly string[]
  readonly old: readonly string[]
}

/** RFC 7468 §5.1, §6.1, §8: what is written, and what is met. */
const LABELS: Readonly<Record<FileWanted['kind'], Labels>> = {
  certificate: {
    current: ['CERTIFICATE', TRUSTED, 'PKCS7', 'CMS'],
    old: ['X509 CERTIFICATE', 'X.509 CERTIFICATE', 'PKCS #7 SIGNED DATA'],
  },
  'revocation-list': {
    current: ['X509 CRL', 'PKCS7', 'CMS'],
    old: ['CRL', 'PKCS #7 SIGNED DATA'],
  },
}

const PKCS7_LABELS: ReadonlySet<string> = new Set(['PKCS7', 'CMS', 'PKCS #7 SIGNED DATA'])

function otherLabel(label: string, { kind }: FileWanted): string {
  const only = kind === 'certificate' ? 'only CERTIFICATE' : 'only X509 CRL'
  if (kind === 'certificate' && /\bCRL$/u.test(label)) {
    return `found a revocation list (${labelText(label)}), wanted ${only}: name it as a list of the setting (\`crl\`), not in the chain`
  }
  if (label.endsWith('CERTIFICATE REQUEST')) {
    return `found a certificate request (${labelText(label)}), wanted ${only}: send the request to the CA, and put here what it answers`
  }
  return unwanted(label, only)
}

/** An encoding as it is, or what lies in it if it is a bag. */
function unpacked(one: FoundDer, { kind }: FileWanted): Result<readonly FoundDer[], FileFault> {
  const { der, label, place } = one
  if (!looksLikePkcs7(der)) {
    const found = derKind(der)
    if (found !== kind && found in WRONG_KIND) {
      return fail({ place, message: wrongKind(found, kind) })
    }
    return kind === 'certificate' ? bareCertificate(one) : ok([one])
  }
  const content = contentOfPkcs7(der)
  if (!content.ok) {
    const message = `found a PKCS#7 file that cannot be read, ${pkcs7FailureText(content.failure)}: export the certificates again, as PEM if that can be chosen`
    return fail({ place, message })
  }
  const inside = kind === 'certificate' ? content.value.certificates : content.value.lists
  if (inside.length === 0) {
    const [wanted, other] =
      kind === 'certificate' ? ['certificate', 'list'] : ['revocation list', 'certificate']
    const message = `found a PKCS#7 file without a ${wanted}, wanted one at least: export it with its ${other === 'list' ? 'certificates' : 'lists'}`
    return fail({ place, message })
  }
  return ok(inside.map((it, at) => ({ der: it, label, place: { line: place.line, item: at + 1 } })))
}

/** A certificate with nothing behind it: other libraries would pass over that. Lists are read by our own reader alone. */
function bareCertificate(one: FoundDer): Result<readonly FoundDer[], FileFault> {
  const reader = DerReader.over(one.der)
  reader.step(TAG.sequence)
  reader.end()
  if (reader.fault?.problem !== 'trailing-octets') return ok([one])
  const message = `found a certificate that cannot be read: ${derFaultText(reader.fault)}`
  return fail({ place: one.place, message })
}

/** What can be told from a certificate or a list by its first elements, and what to do about it. */
const WRONG_KIND: Readonly<Partial<Record<DerKind, string>>> = {
  certificate: 'a certificate',
  'revocation-list': 'a revocation list',
  'certificate-request': 'a certificate request, which says what a CA is asked to sign',
  'private-key': 'a private key',
  'public-key': 'a public key without a certificate',
  pkcs12: 'a PKCS#12 file',
}

function wrongKind(found: DerKind, wanted: FileWanted['kind']): string {
  const what = wanted === 'certificate' ? 'certificates' : 'revocation lists'
  const step =
    found === 'pkcs12' && wanted === 'certificate'
      ? 'take the certificates out of it with `openssl pkcs12 -nokeys`'
      : 'is it the right file?'
  return `found ${WRONG_KIND[found]}, wanted ${what}: ${step}`
}

/** Why octets are neither PEM nor DER, as far as can be told. */
function notEncoded(octets: Buffer, text: string, { kind }: FileWanted): string {
  const noun = kind === 'certificate' ? 'certificate' : 'revocation list'
  const what = `a ${noun}`
  if (octets.length === 0) return `found an empty file, wanted ${what} in PEM or DER`
  const beginning = text.slice(0, BEGINNING)
  if (/^\s*</u.test(beginning)) {
    return `found a page of HTML or XML, wanted ${what} in PEM or DER: see what the server answers there, a sign-in page perhaps`
  }
  if (isBase64(beginning)) {
    const label = kind === 'certificate' ? 'CERTIFICATE' : 'X509 CRL'
    return `found no ${noun} but base64 without its BEGIN and END lines: put -----BEGIN ${label}----- above it and -----END ${label}----- below`
  }
  return `found no ${noun}, neither in PEM nor in DER: export it again`
}

/** Lines of base64, the first of some length: words are made of the same letters. */
function isBase64(text: string): boolean {
  const lines = text.trim().split(/\s+/u)
  const [first = ''] = lines
  return first.length >= 40 && lines.every((line) => /^[A-Za-z0-9+/]+={0,2}$/u.test(line))
}

/** Enough to tell what was put there; a file may be large. */
const BEGINNING = 4096

/** Where in a file, for people: empty where there is only one place. */
export function placeText({ line, item }: FilePlace, what = 'certificate'): string {
  const parts = [
    ...(line === undefined ? [] : [`line ${line}`]),
    ...(item === undefined ? [] : [`${what} ${item}`]),
  ]
  return parts.join(', ')
}
