import { SocketAddress } from 'node:net'
import { expect, test } from 'vitest'
import { addressText } from '../../src/x509/general-name.ts'
import { ipOctets } from '../support/certificates/mint.ts'

const rows: readonly (readonly [hex: string, text: string])[] = [
  ['c0000201', '192.0.2.1'],
  ['c0000200ffffff00', '192.0.2.0/255.255.255.0'],
  ['00000000000000000000000000000000', '::'],
  ['00000000000000000000000000000001', '::1'],
  ['20010db8000000000000000000000000', '2001:db8::'],
  ['20010db8000000010000000000000001', '2001:db8:0:1::1'],
  ['20010db8000100010001000100010001', '2001:db8:1:1:1:1:1:1'],
  ['20010db8000000010001000100010001', '2001:db8:0:1:1:1:1:1'],
  ['20010db8000000000001000000000001', '2001:db8::1:0:0:1'],
  ['00010000000000000002000000000000', '1::2:0:0:0'],
  [`${'00'.repeat(15)}01${'ff'.repeat(16)}`, '::1/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['c00002', '#c00002'],
  ['', '#'],
]

for (const [hex, text] of rows) {
  test(`${hex || 'nothing'} is written ${text}`, () => {
    expect(addressText(Buffer.from(hex, 'hex'))).toBe(text)
  })
}

test('addresses are written as Node writes them', () => {
  for (let round = 0; round < 500; round += 1) {
    const groups = Array.from({ length: 8 }, (_, index) =>
      (round * 7919 * (index + 1)) % 5 > 2 ? round + index : 0,
    )
    const address = groups.map((group) => group.toString(16)).join(':')
    const theirs = new SocketAddress({ address, family: 'ipv6' }).address
    // Node writes embedded IPv4 in dots; those are not met in certificates.
    if (!theirs.includes('.')) expect(addressText(ipOctets(address))).toBe(theirs)
  }
})
