import { expect, test } from 'vitest'
import { countedNetwork } from '../../src/kernel/network.ts'

const same: readonly (readonly [string, string, string])[] = [
  [
    'an IPv4 address is the same through a socket of both families',
    '192.0.2.7',
    '::ffff:192.0.2.7',
  ],
  ['addresses of one /64 count together', '2001:db8:1:2::1', '2001:db8:1:2:ffff:ffff:ffff:ffff'],
  ['the spelling of an address does not matter', '2001:db8::1', '2001:0DB8:0:0::1'],
  ['the interface of a link-local address does not matter', 'fe80::1%eth0', 'fe80::2%eth1'],
  ['what is no address counts together', 'unknown', ''],
]
for (const [promise, one, other] of same) {
  test(promise, () => {
    expect(countedNetwork(one)).toBe(countedNetwork(other))
  })
}

const different: readonly (readonly [string, string, string])[] = [
  ['neighbours of IPv4 count apart', '192.0.2.7', '192.0.2.8'],
  ['neighbouring /64s count apart', '2001:db8:1:2::1', '2001:db8:1:3::1'],
  ['an IPv6 address that looks like one of IPv4 counts apart', '192.0.2.7', '::192.0.2.7'],
]
for (const [promise, one, other] of different) {
  test(promise, () => {
    expect(countedNetwork(one)).not.toBe(countedNetwork(other))
  })
}

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:0DB8:0:1::1', '2001:db8:0:1::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['nonsense', 'unknown'],
])('%s is written as %s', (address, written) => {
  expect(countedNetwork(address)).toBe(written)
})
