import { expect, test } from 'vitest'
import {
  authorityStatus,
  checkAuthority,
  hostTable,
  hostValues,
} from '../../src/message/authority.ts'

/** The default certificate, then another one; both stand for `both.example`. */
const table = hostTable([
  ['mdm.example', 'both.example', '192.0.2.7', '2001:DB8::7'],
  ['Other.example', 'both.example', '*.wild.example'],
])

interface Row {
  readonly promise: string
  readonly host: readonly string[]
  readonly sni?: string
  readonly expect: string
}

const rows: readonly Row[] = [
  { promise: 'a host of ours is served', host: ['mdm.example'], expect: 'mdm.example' },
  { promise: 'case does not matter', host: ['MDM.Example'], expect: 'mdm.example' },
  { promise: 'neither in the table', host: ['other.EXAMPLE'], expect: 'other.example' },
  { promise: 'a port is told apart', host: ['mdm.example:8443'], expect: 'mdm.example 8443' },
  { promise: 'the highest port is one', host: ['mdm.example:65535'], expect: 'mdm.example 65535' },
  { promise: 'an empty port is none', host: ['mdm.example:'], expect: 'mdm.example' },
  { promise: 'an IPv4 address may be a host', host: ['192.0.2.7:1'], expect: '192.0.2.7 1' },
  { promise: 'an IPv6 address may be a host', host: ['[2001:db8::7]'], expect: '[2001:db8::7]' },
  {
    promise: 'an IPv6 address may have a port',
    host: ['[2001:db8::7]:1'],
    expect: '[2001:db8::7] 1',
  },
  {
    promise: 'a wildcard stands for one label',
    host: ['a.wild.example'],
    expect: 'a.wild.example',
  },
  {
    promise: 'a wildcard stands for a label of any length',
    host: ['device-1.wild.example'],
    expect: 'device-1.wild.example',
  },
  {
    promise: 'a host and a name that share one of several certificates belong together',
    host: ['mdm.example'],
    sni: 'both.example',
    expect: 'mdm.example',
  },
  {
    promise: 'a wildcard stands for no label that begins oddly',
    host: ['!a.wild.example'],
    expect: '421 host-unknown',
  },
  {
    promise: 'a wildcard stands for no label that ends oddly',
    host: ['a!.wild.example'],
    expect: '421 host-unknown',
  },

  { promise: 'no Host is refused', host: [], expect: '400 host-missing' },
  {
    promise: 'two Hosts are refused',
    host: ['mdm.example', 'mdm.example'],
    expect: '400 host-repeated',
  },
  { promise: 'an empty Host is refused', host: [''], expect: '400 host-malformed' },
  {
    promise: 'a list is refused',
    host: ['mdm.example, other.example'],
    expect: '400 host-malformed',
  },
  {
    promise: 'a port that is none is refused',
    host: ['mdm.example:65536'],
    expect: '400 host-malformed',
  },
  {
    promise: 'a port of six digits is refused',
    host: ['mdm.example:000001'],
    expect: '400 host-malformed',
  },
  {
    promise: 'a port that is no number is refused',
    host: ['mdm.example:a'],
    expect: '400 host-malformed',
  },
  { promise: 'two ports are refused', host: ['mdm.example:1:2'], expect: '400 host-malformed' },
  { promise: 'user information is refused', host: ['a@mdm.example'], expect: '400 host-malformed' },
  { promise: 'a path is refused', host: ['mdm.example/a'], expect: '400 host-malformed' },
  { promise: 'a space is refused', host: ['mdm.example '], expect: '400 host-malformed' },
  { promise: 'a backslash is refused', host: ['mdm.example\\'], expect: '400 host-malformed' },
  { promise: 'half an escape is refused', host: ['mdm.example%4'], expect: '400 host-malformed' },
  { promise: 'an open bracket is refused', host: ['[2001:db8::7'], expect: '400 host-malformed' },
  {
    promise: 'an IPv6 address without brackets is refused',
    host: ['2001:db8::7'],
    expect: '400 host-malformed',
  },
  { promise: 'a zone is refused', host: ['[fe80::1%25eth0]'], expect: '400 host-malformed' },
  {
    promise: 'characters beyond ASCII are refused',
    host: ['mdm.\u00e9xample'],
    expect: '400 host-malformed',
  },
  {
    promise: 'a Host that is too long is refused',
    host: ['a'.repeat(261)],
    expect: '400 host-malformed',
  },
  {
    promise: 'a Host as long as a name can be is looked up',
    host: ['a'.repeat(260)],
    expect: '421 host-unknown',
  },

  {
    promise: 'a host of others is misdirected',
    host: ['evil.example'],
    expect: '421 host-unknown',
  },
  {
    promise: 'an odd but well-formed host is misdirected',
    host: ["a=b!$&'()*+,;~_-%41"],
    expect: '421 host-unknown',
  },
  { promise: 'a host is no suffix of ours', host: ['a.mdm.example'], expect: '421 host-unknown' },
  {
    promise: 'a wildcard does not stand for itself',
    host: ['wild.example'],
    expect: '421 host-unknown',
  },
  {
    promise: 'a wildcard does not stand for two labels',
    host: ['a.b.wild.example'],
    expect: '421 host-unknown',
  },
  {
    promise: 'a wildcard does not stand for an empty label',
    host: ['.wild.example'],
    expect: '421 host-unknown',
  },
  {
    promise: 'a wildcard is no host',
    host: ['*.wild.example'],
    expect: '421 host-unknown',
  },
  {
    promise: 'an address of others is misdirected',
    host: ['[2001:db8::8]'],
    expect: '421 host-unknown',
  },

  {
    promise: 'SNI and Host may agree',
    host: ['mdm.example'],
    sni: 'mdm.example',
    expect: 'mdm.example',
  },
  {
    promise: 'SNI and Host may differ under one certificate',
    host: ['both.example'],
    sni: 'mdm.example',
    expect: 'both.example',
  },
  {
    promise: 'SNI and Host may differ under the other certificate',
    host: ['both.example'],
    sni: 'a.wild.example',
    expect: 'both.example',
  },
  {
    promise: 'the case of SNI does not matter',
    host: ['both.example'],
    sni: 'OTHER.example',
    expect: 'both.example',
  },
  {
    promise: 'a Host of another certificate than SNI’s is misdirected',
    host: ['mdm.example'],
    sni: 'other.example',
    expect: '421 host-not-sni',
  },
  {
    promise: 'and so the other way round',
    host: ['other.example'],
    sni: 'mdm.example',
    expect: '421 host-not-sni',
  },
  {
    promise: 'an SNI of others was shown the default certificate',
    host: ['mdm.example'],
    sni: 'evil.example',
    expect: 'mdm.example',
  },
  {
    promise: 'and no other certificate',
    host: ['other.example'],
    sni: 'evil.example',
    expect: '421 host-not-sni',
  },
  {
    promise: 'an unknown host stays unknown under any SNI',
    host: ['evil.example'],
    sni: 'evil.example',
    expect: '421 host-unknown',
  },
]

for (const row of rows) {
  test(row.promise, () => {
    const checked = checkAuthority(row.host, row.sni, table)
    const { host, port } = checked.ok ? checked.value : { host: '', port: undefined }
    const summary = checked.ok
      ? [host, port].join(' ').trim()
      : `${authorityStatus(checked.failure)} ${checked.failure.kind}`
    expect(summary).toBe(row.expect)
  })
}

test('a table without hosts serves no request', () => {
  expect(checkAuthority(['mdm.example'], undefined, hostTable([]))).toMatchObject({ ok: false })
})

test('faults carry their facts', () => {
  const fault = (host: readonly string[], sni?: string): unknown => checkAuthority(host, sni, table)
  expect(fault(['a', 'b', 'c'])).toEqual({
    ok: false,
    failure: { kind: 'host-repeated', count: 3 },
  })
  expect(fault(['@@'])).toEqual({ ok: false, failure: { kind: 'host-malformed', length: 2 } })
  expect(fault(['EVIL.example:1'])).toEqual({
    ok: false,
    failure: { kind: 'host-unknown', host: 'evil.example' },
  })
  expect(fault(['other.example'], 'mdm.example')).toEqual({
    ok: false,
    failure: { kind: 'host-not-sni', host: 'other.example', sni: 'mdm.example' },
  })
})

test('every Host is found, in any case, and nothing else', () => {
  expect(hostValues(['Host', 'a', 'hOST', 'c', 'Hosts', 'b', 'Date', 'd', 'HOST'])).toEqual([
    'a',
    'c',
  ])
})

test('an IPv6 address may be configured in brackets', () => {
  const bracketed = hostTable([['[2001:DB8::7]']])
  expect(checkAuthority(['[2001:db8::7]'], undefined, bracketed)).toMatchObject({ ok: true })
})

/** What an upstream reads of a Host on a listener that devices reach by 443 and 8443. */
const READ: readonly (readonly [promise: string, sent: string, read: string])[] = [
  ['a host without a port stays one', 'mdm.example', 'mdm.example'],
  ['a port of ours is handed on', 'mdm.example:8443', 'mdm.example:8443'],
  ['a port of ours is written one way', 'mdm.example:08443', 'mdm.example:8443'],
  ['another port is left out', 'mdm.example:9443', 'mdm.example'],
  ['port 0 is left out', 'mdm.example:0', 'mdm.example'],
  ['the end of a port of ours is no port of ours', 'mdm.example:443 ', ''],
  ['a final dot is left out', 'mdm.example.', 'mdm.example'],
  ['a final dot before a port of ours is left out', 'mdm.example.:443', 'mdm.example:443'],
  ['a final dot hides no other port', 'mdm.example.:9443', 'mdm.example'],
  ['two final dots are no host of ours', 'mdm.example..', ''],
  ['a dot alone is no host of ours', '.', ''],
  ['a name in capitals is written in small letters', 'MDM.Example:443', 'mdm.example:443'],
  ['a wildcard counts with its final dot', 'a.wild.example.', 'a.wild.example'],
  ['an IPv6 address keeps its brackets', '[2001:DB8::7]:9443', '[2001:db8::7]'],
]

const published = hostTable([['mdm.example', '*.wild.example', '2001:db8::7']], [443, 8443])
for (const [promise, sent, read] of READ) {
  test(`of ${sent}: ${promise}`, () => {
    const checked = checkAuthority([sent], undefined, published)
    expect(checked.ok ? checked.value.text : '').toBe(read)
  })
}
