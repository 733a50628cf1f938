import { expect, test } from 'vitest'
import type { Pkcs12Failure } from '../../src/handshake/pkcs12/failure.ts'
import type { CrlFault } from '../../src/x509/crl-fault.ts'
import type { Problem } from '../../src/x509/der-fault.ts'
import type { FileDeparture } from '../../src/x509/file/file-departure.ts'
import { campaign, type Target } from './campaign.ts'
import { certificates } from './certificate-target.ts'
import { crls } from './crl-target.ts'
import { failureIn, failureText } from './failure-file.ts'
import { files } from './file-target.ts'
import { keyFiles } from './key-target.ts'
import { keystores } from './pkcs12-target.ts'
import { TARGETS } from './targets.ts'
import { elementsAllowed, elementsReadBy } from './work.ts'
import { DerReader, TAG } from '../../src/x509/der.ts'

const tally = (target: Target, inputs: number) =>
  campaign(target, { seed: 20_261_122, first: 0, inputs })

for (const target of TARGETS) {
  test(`no mutant of the ${target.name} breaks a promise`, () => {
    const { failures } = tally(target, 6000)
    expect(failures.map(({ number, what }) => `${number}: ${what}`)).toEqual([])
  })
}

/** A compile error here is a problem that the campaign has to meet. */
const PROBLEMS: Readonly<Record<Problem, boolean>> = {
  'algorithms-differ': true,
  'bit-string-padding': true,
  'boolean-not-canonical': true,
  'duplicate-extension': true,
  'extensions-in-old-version': true,
  'indefinite-length': true,
  'integer-not-minimal': true,
  'length-not-minimal': true,
  'missing-element': true,
  // Only where BER is written anew, which nothing does to a certificate.
  'nested-too-deep': false,
  'object-identifier-malformed': true,
  'tag-number-too-high': true,
  'text-not-ascii': true,
  'time-malformed': true,
  'too-many-elements': true,
  'trailing-octets': true,
  truncated: true,
  'unexpected-element': true,
  'version-unknown': true,
}

test('the mutants meet every fault there is, and get as far as every kind of verdict', () => {
  const { words } = tally(certificates, 6000)
  const expected = [
    ...Object.entries(PROBLEMS).flatMap(([word, isMet]) => (isMet ? word : [])),
    'certificate-too-large',
    'read',
    'pem read',
    'pem refused',
    'as leaf sound',
    'as leaf bad-signature',
    'as leaf weak-key',
    'as leaf unknown-critical-extension',
    'as issuer sound',
    'as issuer bad-signature',
    'as issuer name-not-permitted',
    'as anchor fit',
  ]
  expect(expected.filter((word) => !words.has(word))).toEqual([])
})

/** As above: whatever else can be wrong with a list. */
const LISTS: Readonly<Record<CrlFault['kind'], boolean>> = {
  // Beyond what the mutants are allowed to grow to.
  'crl-too-large': false,
  'crl-too-many-entries': false,
  'crl-pem-unfit': true,
  // Counted by its problem.
  'crl-malformed': false,
  'crl-delta': true,
  'crl-indirect': true,
  'crl-partial': true,
  'crl-unknown-critical-extension': true,
  'crl-without-next-update': true,
  'crl-number-unfit': true,
}

test('the mutants of revocation lists meet every objection to one', () => {
  const { words } = tally(crls, 6000)
  const expected = Object.entries(LISTS).flatMap(([word, isMet]) => (isMet ? word : []))
  const unmet = [...expected, 'none revoked', 'some revoked'].filter((word) => !words.has(word))
  expect(unmet).toEqual([])
})

/** As above: whatever can be said of a keystore. */
const KEYSTORES: Readonly<Record<Pkcs12Failure['kind'], boolean>> = {
  'beyond-limit': true,
  damaged: true,
  'no-certificate': true,
  'no-key': true,
  // A thread may say it; there is none.
  'not-finished': false,
  'not-pkcs12': true,
  // A passphrase is always given.
  'no-passphrase': false,
  'part-stays-closed': true,
  'several-keys': true,
  'unreadable-certificate': true,
  'unreadable-key': true,
  unsupported: true,
  'wrong-passphrase': true,
}

test('the mutants of keystores meet every refusal of one, and some are opened', () => {
  const { words } = tally(keystores, 6000)
  const expected = Object.entries(KEYSTORES).flatMap(([word, isMet]) => (isMet ? word : []))
  const also = ['opened', 'unused other', 'unused closed']
  expect([...expected, ...also].filter((word) => !words.has(word))).toEqual([])
})

/** As above: whatever may be odd about a file that is read. */
const DEPARTURES: Readonly<Record<FileDeparture, true>> = {
  'byte-order-mark': true,
  'indented-boundary': true,
  'old-label': true,
  'other-label': true,
  'trailing-white-space': true,
  'trust-settings': true,
}

test('the files are read and refused by each of their readers, with every departure', () => {
  const { words } = tally(files, 6000)
  const readers = ['refused', 'skipped', 'lists'].flatMap((one) => [
    `${one} read`,
    `${one} refused`,
  ])
  const parsers = ['certificates parsed', 'certificates refused', 'lists parsed', 'upload taken']
  const departures = Object.keys(DEPARTURES).map((one) => `departs: ${one}`)
  const expected = [...readers, ...parsers, 'upload refused', ...departures]
  expect(expected.filter((word) => !words.has(word))).toEqual([])
})

test('the keys are opened, and refused for every reason', () => {
  const { words } = tally(keyFiles, 6000)
  const expected = ['opened', 'no key', 'an encrypted key', 'the key of another', 'chain refused']
  expect(expected.filter((word) => !words.has(word))).toEqual([])
})

const explosive: Target = {
  name: 'explosive',
  make: (seed, number) => ({ kind: 'der', octets: Buffer.from([seed, number]) }),
  attempt: ({ kind }) => {
    if (kind === 'der') throw new Error('went off')
    return { words: [], broken: [] }
  },
}

test('what throws is a failure, and can be had again from its seed, its number or its file', () => {
  const { failures } = campaign(explosive, { seed: 7, first: 3, inputs: 1 })
  const [failure] = failures
  if (failure === undefined) throw new Error('no failure')
  expect(failure).toMatchObject({ target: 'explosive', seed: 7, number: 3 })
  expect(failure.what).toContain('went off')
  expect(explosive.make(failure.seed, failure.number)).toEqual(failure.input)
  expect(failureIn(failureText(failure))).toEqual({ target: 'explosive', input: failure.input })
})

test('a text is written down and read again unchanged', () => {
  const input = { kind: 'pem', text: '-----BEGIN\r\n# not a remark\ufeff' } as const
  const failure = { target: 'certificates', seed: 1, number: 2, what: 'two\nlines', input }
  expect(failureIn(failureText(failure))).toEqual({ target: 'certificates', input })
})

for (const target of TARGETS) {
  test(`the same seed makes the same ${target.name} again, another seed others`, () => {
    const made = (seed: number) =>
      Array.from({ length: 50 }, (_, number) => target.make(seed, number))
    expect(made(1)).toEqual(made(1))
    expect(made(1)).not.toEqual(made(2))
  })
}

test('a reader that read everything twice would be noticed', () => {
  const octets = Buffer.alloc(2000, Buffer.from([TAG.null, 0]))
  const readAll = (): void => {
    const reader = DerReader.over(octets)
    while (reader.more) reader.element()
  }
  expect(elementsReadBy(readAll)).toBe(1000)
  expect(elementsReadBy(readAll)).toBeLessThanOrEqual(elementsAllowed(octets.length))
  const twice = elementsReadBy(() => {
    readAll()
    readAll()
  })
  expect(twice).toBeGreaterThan(elementsAllowed(octets.length))
})
