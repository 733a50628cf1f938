import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { certificatesIn, presentedIn } from '../../src/x509/file/certificate-file.ts'
import { contentOfPkcs7, looksLikePkcs7, pkcs7FailureText } from '../../src/x509/file/pkcs7.ts'
import * as der from '../support/certificates/der-writer.ts'
import { mintCa, mintLeaf } from '../support/certificates/mint.ts'

const root = mintCa({ name: 'Root' })
const issuing = mintCa({ name: 'Issuing', issuer: root })
const SIGNED_DATA = '1.2.840.113549.1.7.2'
const DATA = '1.2.840.113549.1.7.1'

/** A bag as OpenSSL's `crl2pkcs7 -nocrl` writes it. */
const bag = (
  certificates: readonly Buffer[],
  type = SIGNED_DATA,
  lists: readonly Buffer[] = [],
): Buffer =>
  der.sequence(
    der.oid(type),
    der.context(
      0,
      der.sequence(
        der.integer(1),
        der.set(),
        der.sequence(der.oid(DATA)),
        der.context(0, ...certificates),
        ...(lists.length === 0 ? [] : [der.context(1, ...lists)]),
        der.set(),
      ),
    ),
  )

test('certificates come out of the bag as they went in', () => {
  expect(contentOfPkcs7(bag([issuing.der, root.der]))).toEqual({
    ok: true,
    value: { certificates: [issuing.der, root.der], lists: [] },
  })
})

test('a bag of OpenSSL is read', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-pkcs7-'))
  const chain = join(folder, 'chain.pem')
  writeFileSync(chain, issuing.pem + root.pem)
  try {
    const args = ['crl2pkcs7', '-nocrl', '-certfile', chain, '-outform', 'DER']
    const made = spawnSync('openssl', args)
    // The bag that we write ourselves is read above; OpenSSL's is a second opinion, on machines that have it.
    if (made.error !== undefined) return context.skip('openssl is not on this machine')
    expect(looksLikePkcs7(made.stdout)).toBe(true)
    expect(contentOfPkcs7(made.stdout)).toMatchObject({
      ok: true,
      value: { certificates: { length: 2 } },
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a certificate is told from a bag', () => {
  expect(looksLikePkcs7(root.der)).toBe(false)
  expect(looksLikePkcs7(bag([]))).toBe(true)
})

const whole = bag([root.der])
/** The same with every length open down to the certificates, as Java writes it. */
const open = (tag: number, ...parts: readonly Buffer[]): Buffer =>
  Buffer.concat([Buffer.of(tag, 0x80), ...parts, Buffer.of(0, 0)])
const berBag = (certificates: readonly Buffer[], ...around: readonly Buffer[]): Buffer =>
  open(
    0x30,
    der.oid(SIGNED_DATA),
    open(
      0xa0,
      open(
        0x30,
        der.integer(1),
        open(0x31),
        open(0x30, der.oid(DATA), ...around),
        open(0xa0, ...certificates),
        open(0x31),
      ),
    ),
  )

const some = (count: number): readonly Buffer[] => Array.from({ length: count }, () => root.der)
test('a bag holds as many certificates as the bound says, in DER and in BER', () => {
  for (const octets of [bag(some(200)), berBag(some(200))]) {
    expect(contentOfPkcs7(octets)).toMatchObject({
      ok: true,
      value: { certificates: { length: 200 } },
    })
  }
  expect(contentOfPkcs7(bag([], SIGNED_DATA, some(200))).ok).toBe(true)
})

test('what lies in a bag in BER is taken as it stands, and of any size', () => {
  // Half a million elements: a list of 150,000 entries has as many.
  const large = der.sequence(Buffer.alloc(1_000_000, Buffer.from([0x05, 0x00])))
  expect(contentOfPkcs7(berBag([large, root.der]))).toEqual({
    ok: true,
    value: { certificates: [large, root.der], lists: [] },
  })
})

type Faulty = readonly [what: string, octets: Buffer, text: string]

const FAULTY: readonly Faulty[] = [
  ['nothing', Buffer.alloc(0), 'it lacks something that has to stand there (octet 0)'],
  [
    'a certificate',
    root.der,
    'its contentType holds an element of another kind than has to stand there (octet 4)',
  ],
  [
    'another kind of content',
    bag([root.der], DATA),
    'its contentType holds an element of another kind than has to stand there (octet 0)',
  ],
  [
    'a bag that ends early',
    whole.subarray(0, whole.length - 1),
    'it ends before its own lengths say so: it was not copied whole (octet 0)',
  ],
  [
    'octets behind the bag',
    Buffer.concat([whole, Buffer.of(0)]),
    `it is followed by octets that do not belong to it (octet ${whole.length})`,
  ],
  [
    'octets behind a bag in BER',
    Buffer.concat([berBag([root.der]), root.der]),
    `it is followed by octets that do not belong to it (octet ${berBag([root.der]).length})`,
  ],
  [
    'a second bag behind a bag in BER',
    Buffer.concat([berBag([root.der]), berBag([issuing.der])]),
    `it is followed by octets that do not belong to it (octet ${berBag([root.der]).length})`,
  ],
  [
    'a line feed behind a bag in BER, which no block of PEM has',
    Buffer.concat([berBag([root.der]), Buffer.of(0x0a)]),
    `it is followed by octets that do not belong to it (octet ${berBag([root.der]).length})`,
  ],
  [
    'more certificates than the bound',
    bag(some(317)),
    'it holds 317 certificates, wanted 200 at most',
  ],
  [
    'more certificates than the bound in BER',
    berBag(some(201)),
    'it holds 201 certificates, wanted 200 at most',
  ],
  [
    'more lists than the bound',
    bag([], SIGNED_DATA, some(201)),
    'it holds 201 revocation lists, wanted 200 at most',
  ],
  [
    'more certificates and more lists than the bound',
    bag(some(201), SIGNED_DATA, some(202)),
    'it holds 201 certificates, wanted 200 at most',
  ],
  [
    'more elements around the certificates than the bound',
    berBag([root.der], open(0x31, Buffer.alloc(200_000, Buffer.from([0x05, 0x00])))),
    'it holds more than 100000 elements around its certificates and lists, wanted 100000 at most',
  ],
  [
    'elements in one another without end',
    berBag([root.der], Buffer.alloc(1000, Buffer.from([0x31, 0x80]))),
    'it holds elements in one another, more than 65 levels of them, the most that are read (octet 159)',
  ],
  [
    'something in the bag that is no certificate',
    bag([der.integer(1)]),
    'its bag of certificates holds an element of another kind than has to stand there (octet 37)',
  ],
]

/** As `bag`, with what stands behind the certificates, behind SignedData and behind all of it. */
const odd = (
  inside: readonly Buffer[],
  explicit: readonly Buffer[] = [],
  outside: readonly Buffer[] = [],
): Buffer =>
  der.sequence(
    der.oid(SIGNED_DATA),
    der.context(
      0,
      der.sequence(
        der.integer(1),
        der.set(),
        der.sequence(der.oid(DATA)),
        der.context(0, root.der),
        ...inside,
      ),
      ...explicit,
    ),
    ...outside,
  )

/** Read by none of OpenSSL 3.0.19, GnuTLS 3.7.9 and Python's cryptography 48.0.0; Java 17 reads what is behind the signers. */
const LEFT_OVER: readonly (readonly [what: string, octets: Buffer, text: RegExp])[] = [
  [
    'a second set of certificates',
    odd([der.context(0, issuing.der), der.set()]),
    /^its signerInfos holds an element of another kind/u,
  ],
  ['a bag without its signers', odd([]), /^its signerInfos lacks/u],
  [
    'certificates behind the signers',
    odd([der.set(), der.context(0, issuing.der)]),
    /^its signerInfos is followed by octets that do not belong to it/u,
  ],
  [
    'a certificate behind SignedData',
    odd([der.set()], [issuing.der]),
    /^its content is followed by octets that do not belong to it/u,
  ],
  [
    'a certificate behind the content',
    odd([der.set()], [], [issuing.der]),
    /^its content is followed by octets that do not belong to it/u,
  ],
]

for (const [what, octets, text] of LEFT_OVER) {
  test(`${what}, which would not be read, is refused as it is elsewhere`, () => {
    const read = contentOfPkcs7(octets)
    expect(read.ok ? '' : pkcs7FailureText(read.failure)).toMatch(text)
  })
}

test('a bag with nothing odd is read by the same hand', () => {
  const value = { certificates: [root.der], lists: [] }
  expect(contentOfPkcs7(odd([der.set()]))).toEqual({ ok: true, value })
  expect(contentOfPkcs7(odd([der.set(der.sequence())]))).toEqual({ ok: true, value })
})

for (const [what, octets, expected] of FAULTY) {
  test(`${what} gives a fault that says so, not a chain`, () => {
    const read = contentOfPkcs7(octets)
    expect(read.ok ? '' : pkcs7FailureText(read.failure)).toBe(expected)
  })
}

const long = Buffer.concat([Buffer.from('3084', 'hex'), Buffer.alloc(4), whole.subarray(4)])
long.writeUInt32BE(whole.length - 4, 2)

test('a bag whose length is written with more octets than it needs is read', () => {
  expect(contentOfPkcs7(long)).toEqual({ ok: true, value: { certificates: [root.der], lists: [] } })
})

const PARTS: readonly (readonly [parts: readonly Buffer[], text: RegExp])[] = [
  [[], /^its version lacks/u],
  [[der.integer(1)], /^its digestAlgorithms lacks/u],
  [[der.integer(1), der.set()], /^its encapsulatedContent lacks/u],
  [
    [der.integer(1), der.set(), der.sequence(), der.context(1, der.integer(1))],
    /^its bag of lists holds an element of another kind/u,
  ],
]

for (const [parts, text] of PARTS) {
  test(`of a bag with ${parts.length} parts the one is named that is missing or wrong`, () => {
    const read = contentOfPkcs7(
      der.sequence(der.oid(SIGNED_DATA), der.context(0, der.sequence(...parts))),
    )
    expect(read.ok ? '' : pkcs7FailureText(read.failure)).toMatch(text)
  })
}

test('a fault of the outermost is one of contentInfo', () => {
  expect(contentOfPkcs7(der.set())).toEqual({
    ok: false,
    failure: {
      kind: 'malformed',
      fault: { problem: 'unexpected-element', field: 'contentInfo', offset: 0 },
    },
  })
})

test('what is no sequence around a bag, or not there, is named', () => {
  const texts = [der.sequence(der.oid(SIGNED_DATA)), Buffer.from('3080', 'hex'), der.set()].map(
    (octets) => {
      const read = contentOfPkcs7(octets)
      return read.ok ? '' : pkcs7FailureText(read.failure)
    },
  )
  expect(texts).toEqual([
    'its content lacks something that has to stand there (octet 13)',
    'it ends before its own lengths say so: it was not copied whole (octet 2)',
    'it holds an element of another kind than has to stand there (octet 0)',
  ])
})

const BAGS: readonly (readonly [what: string, begin: string, isBag: boolean])[] = [
  ['a bag of stated length', '300206092a', true],
  ['a bag of open length', '308006092a', true],
  ['a bag with a long length', '3082012306092a', true],
  ['a bag with a length of one octet behind its first', '30818006092a', true],
  ['a bag with a longer length than it needs', '30840000012306092a', true],
  ['a certificate of open length', '30803080', false],
  ['a PKCS#12 file of open length', '3080020103', false],
  ['a set', '310206092a', false],
  ['a tag alone', '30', false],
  ['nothing', '', false],
]

for (const [what, begin, isBag] of BAGS) {
  test(`${what} is ${isBag ? '' : 'not '}taken for PKCS#7`, () => {
    expect(looksLikePkcs7(Buffer.from(begin, 'hex'))).toBe(isBag)
  })
}

const leaf = mintLeaf({ issuer: issuing })
const other = mintLeaf({ issuer: issuing })
const selfIssued = mintCa({ name: 'Root' })

const ORDERS: readonly (readonly [what: string, octets: Buffer, first: Buffer])[] = [
  ['a bag that begins with its root', bag([root.der, issuing.der, leaf.der]), leaf.der],
  ['a bag that ends with its root', bag([issuing.der, leaf.der, root.der]), leaf.der],
  ['a bag in order', bag([leaf.der, issuing.der]), leaf.der],
  ['a bag of one CA alone', bag([root.der]), root.der],
  ['a bag with two leaves, as it is', bag([issuing.der, leaf.der, other.der]), issuing.der],
  ['a bag in which each name issued another, as it is', bag([root.der, selfIssued.der]), root.der],
  ['PEM, as it is', Buffer.from(issuing.pem + leaf.pem), issuing.der],
]

for (const [what, octets, first] of ORDERS) {
  test(`the leaf is found in ${what}`, () => {
    const read = presentedIn(octets)
    expect(read.ok && read.value[0]?.equals(first)).toBe(true)
    const all = certificatesIn(octets, { others: 'skipped', purpose: 'any' })
    const sorted = (ders: readonly Buffer[]) => ders.map((der) => der.toString('hex')).sort()
    expect(read.ok && sorted(read.value)).toEqual(all.ok && sorted(all.value))
  })
}
