import { expect, test } from 'vitest'
import { serialOctets, serialText } from '../../src/x509/extensions.ts'

const serials: readonly (readonly [promise: string, octets: Buffer, text: string])[] = [
  ['zero', Buffer.from([0]), '00'],
  ['a small one', Buffer.from([0x7f]), '7f'],
  ['one whose first bit is set', Buffer.from([0, 0x80]), '80'],
  ['minus one', Buffer.from([0xff]), '-01'],
  ['the lowest of one octet', Buffer.from([0x80]), '-80'],
  ['the first that needs two octets', Buffer.from([0xff, 0x7f]), '-81'],
  ['the lowest of two octets', Buffer.from([0x80, 0]), '-8000'],
  ['the first that needs three octets', Buffer.from([0xff, 0x7f, 0xff]), '-8001'],
]

for (const [promise, octets, text] of serials) {
  test(`a serial is the same in octets and in text: ${promise}`, () => {
    expect(serialText(octets)).toBe(text)
    expect(serialOctets(text)).toEqual(octets)
  })
}

test('a serial of 60,000 octets is the same in octets and in text', () => {
  for (const first of [0x7a, 0x9a]) {
    const octets = Buffer.alloc(60_000, first)
    expect(serialOctets(serialText(octets)).equals(octets)).toBe(true)
  }
})
