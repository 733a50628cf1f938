import { expect, test } from 'vitest'
import {
  appendedForwarding,
  FORWARDING_STYLES,
  forwardingFields,
  listOfStyle,
} from '../../src/message/forwarding-fields.ts'

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

test('each style but none has a list of addresses', () => {
  expect(FORWARDING_STYLES.map(listOfStyle)).toEqual(['x-forwarded-for', 'forwarded', undefined])
})

test('ours stand behind what others said, and the rest is as it was', () => {
  const origin = { address: '::1', host: 'mdm.example' }
  const x = forwardingFields(origin, 'x-forwarded')
  const said = (list: 'x-forwarded-for' | 'forwarded', ...values: readonly string[]) => ({
    list,
    values,
  })
  expect(appendedForwarding(x, said('x-forwarded-for', '192.0.2.1', '192.0.2.2'))).toEqual([
    'X-Forwarded-For',
    '192.0.2.1, 192.0.2.2, ::1',
    'X-Forwarded-Proto',
    'https',
    'X-Forwarded-Host',
    'mdm.example',
  ])
  expect(appendedForwarding(x, said('x-forwarded-for', 'nothing of it'))).toEqual(x)
  const forwarded = forwardingFields(origin, 'forwarded')
  expect(appendedForwarding(forwarded, said('forwarded', 'for=_a;host=evil.test'))).toEqual([
    'Forwarded',
    'for=_a, for="[::1]";host="mdm.example";proto=https',
  ])
})
