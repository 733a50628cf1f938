import { expect, test } from 'vitest'
import { FORWARDING_STYLES, forwardingFields } from '../../src/message/forwarding-fields.ts'

const addresses: readonly (readonly [address: string, plain: string, node: string])[] = [
  ['192.0.2.1', '192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1', '192.0.2.1'],
  ['::FFFF:192.0.2.1', '192.0.2.1', '192.0.2.1'],
  ['2001:db8::1', '2001:db8::1', '"[2001:db8::1]"'],
  ['fe80::1%eth0', 'fe80::1', '"[fe80::1]"'],
  ['::ffff:1', '::ffff:1', '"[::ffff:1]"'],
  ['2001:db8::ffff:192.0.2.1', '2001:db8::ffff:192.0.2.1', '"[2001:db8::ffff:192.0.2.1]"'],
]

for (const [address, plain, node] of addresses) {
  test(`the address ${address} is told plainly`, () => {
    const origin = { address, host: 'mdm.example:8443' }
    expect(forwardingFields(origin, 'x-forwarded')).toEqual([
      'X-Forwarded-For',
      plain,
      'X-Forwarded-Proto',
      'https',
      'X-Forwarded-Host',
      'mdm.example:8443',
    ])
    expect(forwardingFields(origin, 'forwarded')).toEqual([
      'Forwarded',
      `for=${node};host="mdm.example:8443";proto=https`,
    ])
    expect(forwardingFields(origin, 'none')).toEqual([])
  })
}

test('the list of styles is closed', () => {
  expect(FORWARDING_STYLES).toEqual(['x-forwarded', 'forwarded', 'none'])
})
