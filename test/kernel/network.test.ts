import { expect, test } from 'vitest'
import { addressOctets, isInside, parseNetwork, type Network } from '../../src/kernel/network.ts'

const networksOf = (...texts: readonly string[]): readonly Network[] =>
  texts.map((text) => {
    const network = parseNetwork(text)
    if (!network.ok) throw new Error(network.failure)
    return network.value
  })

const INSIDE: readonly [string, string, boolean][] = [
  ['10.0.0.0', '10.0.0.0/8', true],
  ['10.255.255.255', '10.0.0.0/8', true],
  ['9.255.255.255', '10.0.0.0/8', false],
  ['11.0.0.0', '10.0.0.0/8', false],
  ['192.0.2.127', '192.0.2.0/25', true],
  ['192.0.2.128', '192.0.2.0/25', false],
  ['192.0.2.7', '192.0.2.7', true],
  ['192.0.2.8', '192.0.2.7', false],
  ['203.0.113.9', '0.0.0.0/0', true],
  ['2001:db8::1', '2001:db8::/32', true],
  ['2001:db9::1', '2001:db8::/32', false],
  ['2001:db8:8000::', '2001:db8::/33', false],
  ['::1', '::1', true],
  ['::ffff:10.1.2.3', '10.0.0.0/8', true],
  ['::ffff:11.1.2.3', '10.0.0.0/8', false],
  ['10.1.2.3', '::/0', false],
  ['unknown', '0.0.0.0/0', false],
  ['', '::/0', false],
]

for (const [address, network, inside] of INSIDE) {
  test(`${address || 'no address'} lies ${inside ? 'in' : 'outside'} ${network}`, () => {
    expect(isInside(address, networksOf(network))).toBe(inside)
  })
}

test('one of several networks is enough, and an empty list holds no address', () => {
  expect(isInside('192.0.2.7', networksOf('10.0.0.0/8', '192.0.2.0/24'))).toBe(true)
  expect(isInside('192.0.2.7', [])).toBe(false)
})

const NONE = [
  '',
  'example.com',
  '10.0.0',
  '10.0.0.0/33',
  '10.0.0.0/-1',
  '10.0.0.0/',
  '10.0.0.0/8/8',
  '10.0.0.1/8',
  '256.0.0.0',
  '010.0.0.0',
  '2001:db8::/129',
  '2001:db8:::',
  '1:2:3:4:5:6:7:8:9',
  '::ffff:10.0.0.0',
]

for (const text of NONE) {
  test(`${JSON.stringify(text)} is no network`, () => {
    expect(parseNetwork(text).ok).toBe(false)
  })
}

test('two colons stand for at least one group of zeros', () => {
  expect(addressOctets('1:2:3:4:5:6:7::')).toHaveLength(16)
  expect(addressOctets('1:2:3:4:5:6:7:8::')).toBeUndefined()
})
