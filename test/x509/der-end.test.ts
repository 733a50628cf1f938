import { expect, test } from 'vitest'
import { derEnd } from '../../src/x509/file/der-end.ts'

const BEGIN = Buffer.from('-----BEGIN X-----\n')
const hex = (digits: string, ...behind: readonly Buffer[]): Buffer =>
  Buffer.concat([Buffer.from(digits, 'hex'), ...behind])

const ROWS: readonly (readonly [what: string, octets: Buffer, end: number | undefined])[] = [
  ['nothing', hex(''), undefined],
  ['a tag alone', hex('30'), undefined],
  ['a set', hex('3100'), undefined],
  ['an element', hex('3000'), 2],
  ['an element of 127 octets', hex('307f', Buffer.alloc(127)), 129],
  ['an element with a length of one octet', hex('308100'), 3],
  ['an element with a length of four octets', hex('30840000000100'), 7],
  ['an element with a length of five octets', hex('3085000000000100'), undefined],
  [
    'an element with a length of more octets than a number has',
    hex('308a', Buffer.alloc(12)),
    undefined,
  ],
  ['a length that is cut short', hex('308200'), undefined],
  ['an element that is cut short', hex('3005aa'), 3],
  ['white space behind an element', hex('300020090d0a'), 2],
  ['something else behind an element', hex('30002000'), 4],
  ['an open length', hex('30800000'), 4],
  ['white space behind an open length', hex('308000000d0a'), 4],
  ['an open length and nothing else', hex('308020'), 2],
  ['text that begins like DER, without PEM', Buffer.from('0 ab'), 4],
  ['text that begins like DER, with PEM', hex('300a', BEGIN), undefined],
  ['text with every kind of white space, and PEM', hex('30090a0b0c0d20', BEGIN), undefined],
  ['PEM that holds what is no text', hex('3020', BEGIN, hex('00'), BEGIN), undefined],
  ['DER with PEM behind it', hex('300105', BEGIN), 3 + BEGIN.length],
]

for (const [what, octets, end] of ROWS) {
  test(`${what} is ${end === undefined ? 'no DER' : `DER up to octet ${end}`}`, () => {
    expect(derEnd(octets)).toBe(end)
  })
}
