/**
 * What a file goes through that may hold certificates or lists in any wrapping: one reader of files for the configuration,
 * for uploads and for lists. A file is put together from parts (PEM of every label, DER, PKCS#7 in DER and BER) with what
 * editors and hands put between them; some parts are mutated, and the whole is at times.
 */
import { readCertificates } from '../../src/upstream-tls/custom-certificates.ts'
import { MAX_FAULTS } from '../../src/kernel/fault-list.ts'
import { parseCrls } from '../../src/x509/crl.ts'
import { readCertificateFile } from '../../src/x509/file/certificate-file.ts'
import {
  readFileContent,
  type FileContent,
  type FileWanted,
} from '../../src/x509/file/read-file.ts'
import { pemOf } from '../../src/x509/pem.ts'
import * as der from '../support/certificates/der-writer.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import type { Input, Outcome, Target } from './campaign.ts'
import { CRL_SEEDS } from './crl-seeds.ts'
import { mutatedOctets, mutatedTree } from './mutate.ts'
import { SEEDS, type Seed } from './seeds.ts'
import { encode, treeOf } from './tree.ts'
import { elementsAllowed, elementsReadBy } from './work.ts'

/** Files of certificates and lists. */
export const files: Target = { name: 'files', make, attempt: tryFile }

interface Part {
  readonly octets: Buffer
  /** The certificates that a reader of certificates has to find in it; undefined where something was bent. */
  readonly certificates: readonly Buffer[] | undefined
}

/** What a file of whole parts holds; a replayed one has no entry, and keeps its other promises. */
const intact = new WeakMap<Input, readonly Buffer[]>()

const certificates = octetsOf(SEEDS)
const lists = octetsOf(CRL_SEEDS)

function octetsOf(seeds: readonly Seed[]): readonly [Buffer, ...Buffer[]] {
  const [first, ...others] = seeds.map((seed) => seed.der)
  if (first === undefined) throw new Error('a corpus has a seed')
  return [first, ...others]
}

function make(seed: number, number: number): Input {
  const random = new SeededRandom(seed, number)
  const parts = Array.from({ length: 1 + random.below(4) }, () => part(random))
  const isBent = random.oneIn(4)
  const between = parts.flatMap(({ octets }, index) =>
    index === 0 && !random.oneIn(4) ? [octets] : [random.pick(BETWEEN), octets],
  )
  const whole = Buffer.concat([
    random.oneIn(8) ? BOM : NOTHING,
    ...between,
    random.oneIn(3) ? random.pick(BETWEEN) : NOTHING,
  ])
  const octets = isBent ? mutatedOctets(whole, random) : whole
  const input: Input = { kind: 'der', octets }
  const held = parts.map((one) => one.certificates)
  if (!isBent && !held.includes(undefined))
    intact.set(
      input,
      held.flatMap((one) => one ?? []),
    )
  return input
}

const NOTHING = Buffer.alloc(0)
const BOM = Buffer.from([0xef, 0xbb, 0xbf])
const BETWEEN: readonly [Buffer, ...Buffer[]] = [
  Buffer.from('\n'),
  Buffer.from('\r\n'),
  Buffer.from('\r'),
  Buffer.from(' \t\n'),
  NOTHING,
  Buffer.from('0 s:CN=Root\n   i:CN=Root\n'),
  Buffer.from('Subject: Stra\u00dfe \u201eRoot\u201c\n'),
  Buffer.from('Bag Attributes\n    friendlyName: -----\n'),
  Buffer.from('-----BEGIN\n'),
  Buffer.from(`-----BEGIN ${'-A'.repeat(5000)}-----\n`),
  Buffer.from('-----END X-----\n'),
  Buffer.from('-----BEGIN CERTIFICATE-----\n'),
  Buffer.from('-----BEGIN \u001b[2J-----\nAA==\n-----END \u001b[2J-----\n'),
  Buffer.from('\n'.repeat(2000)),
  Buffer.from('?\n'.repeat(300)),
  Buffer.from([0, 0, 0x0a]),
]

/** Those under which certificates stand; the others are refused, or passed over where that is asked for. */
const CERTIFICATE_LABELS: ReadonlySet<string> = new Set([
  'CERTIFICATE',
  'X509 CERTIFICATE',
  'X.509 CERTIFICATE',
  'TRUSTED CERTIFICATE',
  'PKCS7',
  'CMS',
  'PKCS #7 SIGNED DATA',
])

const LABELS: readonly [string, ...string[]] = [
  'CERTIFICATE',
  'CERTIFICATE',
  'CERTIFICATE',
  'X509 CERTIFICATE',
  'X.509 CERTIFICATE',
  'TRUSTED CERTIFICATE',
  'PKCS7',
  'CMS',
  'PKCS #7 SIGNED DATA',
  'X509 CRL',
  'CRL',
  'PRIVATE KEY',
  'CERTIFICATE REQUEST',
  '',
]

function part(random: SeededRandom): Part {
  const inside = held(random)
  if (random.oneIn(3)) return inside
  const label = random.pick(LABELS)
  let text = pemOf(inside.octets, label)
  if (random.oneIn(8)) text = text.replaceAll('\n', '\r\n')
  if (random.oneIn(8)) text = text.replaceAll(/^/gmu, '  ')
  if (random.oneIn(8)) text = text.trimEnd()
  const isSeen = CERTIFICATE_LABELS.has(label)
  return { octets: Buffer.from(text), certificates: isSeen ? inside.certificates : [] }
}

/** A certificate, a list, or a bag of some of them; one time in four a bent one. */
function held(random: SeededRandom): Part {
  const whole = wholePart(random)
  if (!random.oneIn(4)) return whole
  if (!whole.isTree || random.oneIn(2)) {
    return { octets: mutatedOctets(whole.octets, random), certificates: undefined }
  }
  const tree = treeOf(whole.octets)
  return { octets: encode(mutatedTree(tree, random, () => tree)), certificates: undefined }
}

/** `isTree`: it is one element of DER. */
function wholePart(random: SeededRandom): Part & { readonly isTree: boolean } {
  const way = random.below(8)
  const alone = random.pick(certificates)
  const list = random.pick(lists)
  const some = Array.from({ length: 1 + random.below(3) }, () => random.pick(certificates))
  if (way < 3) return { octets: alone, certificates: [alone], isTree: true }
  if (way === 3) return { octets: list, certificates: undefined, isTree: true }
  if (way === 4) {
    const octets = Buffer.concat([alone, der.sequence(der.utf8('a'))])
    return { octets, certificates: [alone], isTree: false }
  }
  if (way === 5) return { octets: berBag(some, list), certificates: some, isTree: false }
  return { octets: bag(some, list), certificates: some, isTree: true }
}

const SIGNED_DATA = der.oid('1.2.840.113549.1.7.2')
const DATA = der.oid('1.2.840.113549.1.7.1')

const bag = (some: readonly Buffer[], list: Buffer): Buffer =>
  der.sequence(
    SIGNED_DATA,
    der.context(
      0,
      der.sequence(
        der.integer(1),
        der.set(),
        der.sequence(DATA),
        der.context(0, ...some),
        der.context(1, list),
        der.set(),
      ),
    ),
  )

const open = (tag: number, ...parts: readonly Buffer[]): Buffer =>
  Buffer.concat([Buffer.of(tag, 0x80), ...parts, Buffer.of(0, 0)])

const berBag = (some: readonly Buffer[], list: Buffer): Buffer =>
  open(
    0x30,
    SIGNED_DATA,
    open(
      0xa0,
      open(
        0x30,
        der.integer(1),
        open(0x31),
        open(0x30, DATA, open(0xa0, open(0x24, der.octetString(Buffer.of(1))))),
        open(0xa0, ...some),
        open(0xa1, list),
        open(0x31),
      ),
    ),
  )

const WANTED: readonly FileWanted[] = [
  { kind: 'certificate', others: 'refused', purpose: 'client' },
  { kind: 'certificate', others: 'skipped', purpose: 'any' },
  { kind: 'revocation-list', others: 'refused', purpose: 'client' },
]

function tryFile(input: Input): Outcome {
  const octets = input.kind === 'der' ? input.octets : Buffer.from(input.text, 'utf8')
  const broken: string[] = []
  const words: string[] = []
  const elements = elementsReadBy(() => {
    for (const wanted of WANTED) {
      const read = readFileContent(octets, wanted)
      const name = wanted.kind === 'certificate' ? wanted.others : 'lists'
      words.push(`${name} ${read.ok ? 'read' : 'refused'}`)
      if (!read.ok) checkSentences(read.failure, broken)
      else if (wanted.kind === 'certificate') checkFound(read.value, intact.get(input), broken)
      if (read.ok) words.push(...[...read.value.departures].map((one) => `departs: ${one}`))
    }
    const certificateFile = readCertificateFile(octets, { others: 'refused', purpose: 'client' })
    words.push(certificateFile.ok ? 'certificates parsed' : 'certificates refused')
    if (!certificateFile.ok) checkSentences(certificateFile.failure, broken)
    words.push(`lists ${parseCrls(octets).ok ? 'parsed' : 'refused as lists'}`)
    for (const text of [octets.toString('utf8'), octets.toString('base64')]) {
      words.push(`upload ${readCertificates([text]).ok ? 'taken' : 'refused'}`)
    }
  })
  if (elements > READINGS * elementsAllowed(octets.length)) {
    broken.push(`${elements} elements read in ${octets.length} octets`)
  }
  return { words, broken }
}

/** Seven readers, each of which looks at what kind it is, at the bag and at what lies in it; and at the shape in BER, and then in DER. */
const READINGS = 7 * 4

function checkSentences(faults: readonly { readonly message: string }[], broken: string[]): void {
  if (faults.length === 0) broken.push('refused without a fault')
  if (faults.length > MAX_FAULTS + 1) broken.push(`${faults.length} faults told`)
  for (const { message } of faults) {
    if (message.length > LONGEST) broken.push(`${message.length} characters in one sentence`)
    if (/[^ -~§£€…“”„’–—éàèü×≤≥]/u.test(message))
      broken.push(`unprintable: ${JSON.stringify(message)}`)
  }
}

/** A sentence with an object identifier of the longest kind in it. */
const LONGEST = 600

/** Whatever stands whole in a file that is read is found there, and nothing else. */
function checkFound(
  { found }: FileContent,
  standing: readonly Buffer[] | undefined,
  broken: string[],
): void {
  if (standing === undefined) return
  const isSame =
    found.length === standing.length && found.every(({ der: one }, at) => standing[at]?.equals(one))
  if (!isSame) broken.push(`${found.length} certificates found where ${standing.length} stand`)
}
