import { expect, test } from 'vitest'
import { DerReader, TAG } from '../../src/x509/der.ts'
import { oid as encodedOid } from '../support/certificates/der-writer.ts'

interface Row {
  readonly promise: string
  readonly hex: string
  readonly read: (reader: DerReader) => unknown
  /** The value read, or the problem found. */
  readonly value?: unknown
  readonly problem?: string
}

const octets = (reader: DerReader): string => reader.content(TAG.octetString).toString('hex')
const number = (reader: DerReader): string => reader.integer().toString('hex')
const oid = (reader: DerReader): string => reader.oid()
const bits = (reader: DerReader): number => reader.namedBits()

const UUID_ARC = '2.25.340282366920938463463374607431768211455'

const rows: readonly Row[] = [
  { promise: 'a short length counts octets', hex: '0402abcd', read: octets, value: 'abcd' },
  {
    promise: 'a long length begins at 128',
    hex: `048180${'00'.repeat(128)}`,
    read: (reader) => reader.content(TAG.octetString).length,
    value: 128,
  },
  {
    promise: 'a long length below 128 is refused',
    hex: `04817f${'00'.repeat(127)}`,
    read: octets,
    problem: 'length-not-minimal',
  },
  {
    promise: 'a length with a leading zero is refused',
    hex: `04820080${'00'.repeat(128)}`,
    read: octets,
    problem: 'length-not-minimal',
  },
  {
    promise: 'an indefinite length is refused',
    hex: '0480ab0000',
    read: octets,
    problem: 'indefinite-length',
  },
  {
    promise: 'a length beyond the end is refused',
    hex: '0403abcd',
    read: octets,
    problem: 'truncated',
  },
  {
    promise: 'a length of five octets is refused',
    hex: '04850000000001ab',
    read: octets,
    problem: 'truncated',
  },
  { promise: 'a length cut short is refused', hex: '0482', read: octets, problem: 'truncated' },
  { promise: 'a lone tag is refused', hex: '04', read: octets, problem: 'truncated' },
  {
    promise: 'another tag than asked for is refused',
    hex: '0501ab',
    read: octets,
    problem: 'unexpected-element',
  },
  {
    promise: 'a tag of several octets is refused',
    hex: '1f8101',
    read: octets,
    problem: 'tag-number-too-high',
  },
  {
    promise: 'nothing where something is due is refused',
    hex: '',
    read: octets,
    problem: 'missing-element',
  },
  { promise: 'an integer may be zero', hex: '020100', read: number, value: '00' },
  { promise: 'a zero before a high bit is needed', hex: '02020080', read: number, value: '0080' },
  {
    promise: 'a zero before a low bit is refused',
    hex: '0202007f',
    read: number,
    problem: 'integer-not-minimal',
  },
  {
    promise: 'ones before a high bit are refused',
    hex: '0202ff80',
    read: number,
    problem: 'integer-not-minimal',
  },
  { promise: 'ones before a low bit are needed', hex: '0202ff7f', read: number, value: 'ff7f' },
  {
    promise: 'an integer without octets is refused',
    hex: '0200',
    read: number,
    problem: 'integer-not-minimal',
  },
  { promise: 'a count is a number', hex: '02020100', read: (reader) => reader.count(), value: 256 },
  {
    promise: 'a count beyond 32 bits is as good as infinite',
    hex: '02050100000000',
    read: (reader) => reader.count(),
    value: Infinity,
  },
  {
    promise: 'a negative count is refused',
    hex: '0201ff',
    read: (reader) => reader.count(),
    problem: 'unexpected-element',
  },
  { promise: 'TRUE is all ones', hex: '0101ff', read: (reader) => reader.boolean(), value: true },
  { promise: 'FALSE is zero', hex: '010100', read: (reader) => reader.boolean(), value: false },
  {
    promise: 'any other octet is no BOOLEAN',
    hex: '010101',
    read: (reader) => reader.boolean(),
    problem: 'boolean-not-canonical',
  },
  {
    promise: 'two octets are no BOOLEAN',
    hex: '0102ffff',
    read: (reader) => reader.boolean(),
    problem: 'boolean-not-canonical',
  },
  {
    promise: 'a BOOLEAN without octets is refused',
    hex: '0100',
    read: (reader) => reader.boolean(),
    problem: 'boolean-not-canonical',
  },
  { promise: 'named bits begin at the top', hex: '03020780', read: bits, value: 0x8000_0000 | 0 },
  { promise: 'named bits may be none', hex: '030100', read: bits, value: 0 },
  {
    promise: 'the ninth named bit is in the second octet',
    hex: '0303070080',
    read: bits,
    value: 0x0080_0000,
  },
  { promise: 'unused bits are zero', hex: '03020781', read: bits, problem: 'bit-string-padding' },
  {
    promise: 'eight unused bits are refused',
    hex: '03020880',
    read: bits,
    problem: 'bit-string-padding',
  },
  {
    promise: 'unused bits of nothing are refused',
    hex: '030103',
    read: bits,
    problem: 'bit-string-padding',
  },
  {
    promise: 'a BIT STRING without octets is refused',
    hex: '0300',
    read: bits,
    problem: 'bit-string-padding',
  },
  {
    promise: 'a key or signature is whole octets',
    hex: '0302070080',
    read: (reader) => reader.octetAlignedBits().toString('hex'),
    problem: 'bit-string-padding',
  },
  {
    promise: 'an identifier is told by its octets, not by a sum that a known one has, too',
    hex: '0603551c2e',
    read: oid,
    value: '2.5.28.46',
  },
  { promise: 'an object identifier is dotted', hex: '0603550403', read: oid, value: '2.5.4.3' },
  {
    promise: 'the second arc of joint-iso may exceed 39',
    hex: '06028837',
    read: oid,
    value: '2.999',
  },
  { promise: 'the first arcs are told apart', hex: '06012b', read: oid, value: '1.3' },
  {
    promise: 'an arc beyond 53 bits keeps its digits',
    hex: encodedOid(UUID_ARC).toString('hex'),
    read: oid,
    value: UUID_ARC,
  },
  {
    promise: 'an arc with a leading zero is refused',
    hex: '0603558003',
    read: oid,
    problem: 'object-identifier-malformed',
  },
  {
    promise: 'an arc cut short is refused',
    hex: '06025583',
    read: oid,
    problem: 'object-identifier-malformed',
  },
  {
    promise: 'an object identifier of no arcs is refused',
    hex: '0600',
    read: oid,
    problem: 'object-identifier-malformed',
  },
  {
    promise: 'a very long object identifier is refused',
    hex: `0641${'01'.repeat(65)}`,
    read: oid,
    problem: 'object-identifier-malformed',
  },
]

for (const { promise, hex, read, value, problem } of rows) {
  test(promise, () => {
    const reader = DerReader.over(Buffer.from(hex, 'hex'))
    const found = read(reader)
    expect(reader.fault?.problem).toBe(problem)
    if (problem === undefined) {
      expect(found).toEqual(value)
      reader.end()
      expect(reader.fault).toBeUndefined()
    }
  })
}

test('the first fault sticks, with its field and place', () => {
  const reader = DerReader.over(Buffer.from('30060201050500ff', 'hex'))
  const inside = reader.field('first').enter(TAG.sequence)
  expect(inside.integer().toString('hex')).toBe('05')
  inside.field('second').boolean()
  inside.field('third').oid()
  expect(reader.fault).toEqual({ problem: 'unexpected-element', field: 'second', offset: 5 })
})

test('after a fault everything reads as empty, so loops end', () => {
  const reader = DerReader.over(Buffer.from('0402abcd0402abcd', 'hex'))
  reader.refuse('truncated')
  expect(reader.more).toBe(false)
  expect(reader.content(TAG.octetString)).toHaveLength(0)
  expect(reader.element()).toHaveLength(0)
  expect(reader.enter(TAG.sequence).more).toBe(false)
  expect(reader.oid()).toBe('')
  expect(reader.rest).toHaveLength(0)
})

test('octets left over are refused where the caller says that nothing follows', () => {
  const reader = DerReader.over(Buffer.from('0402abcd00', 'hex'))
  reader.content(TAG.octetString)
  reader.end()
  expect(reader.fault).toEqual({ problem: 'trailing-octets', field: '', offset: 4 })
})

test('a reader of an element ends where the element ends', () => {
  const reader = DerReader.over(Buffer.from('3003020101020102', 'hex'))
  const inside = reader.enter(TAG.sequence)
  expect(inside.integer().toString('hex')).toBe('01')
  expect(inside.more).toBe(false)
  expect(reader.integer().toString('hex')).toBe('02')
})

test('an element may not reach beyond the one around it', () => {
  const reader = DerReader.over(Buffer.from('3003020201020102', 'hex'))
  reader.enter(TAG.sequence).integer()
  expect(reader.fault?.problem).toBe('truncated')
})
