/** What of an inbound list is passed on: what the nearest proxies wrote, whatever a client wrote before them. */
import { expect, test } from 'vitest'
import { inboundElements, type ForwardingList } from '../../src/message/inbound-forwarding.ts'

interface Row {
  readonly promise: string
  readonly list: ForwardingList
  readonly values: readonly string[]
  readonly kept: readonly string[]
}

const addresses = (
  promise: string,
  values: readonly string[],
  ...kept: readonly string[]
): Row => ({
  promise,
  list: 'x-forwarded-for',
  values,
  kept,
})
const elements = (promise: string, values: readonly string[], ...kept: readonly string[]): Row => ({
  promise,
  list: 'forwarded',
  values,
  kept,
})

const DAMAGED_ADDRESSES = [
  '_hidden',
  'a.example',
  '1.2.3',
  '1.2.3.4.5',
  '256.1.1.1',
  '01.2.3.4',
  '1.2.3.4:',
  '1.2.3.4:123456',
  '1.2.3.4:80:90',
  '1.2.3.4 5.6.7.8',
  '2001:db8::1::2',
  '2001:db8::12345',
  '[2001:db8::1',
  '2001:db8::1]',
  '[192.0.2.1]',
  '[1]',
  '[]',
  'fe80::1%eth0',
  '"192.0.2.1"',
  'unknown:80',
  'unix:',
  '-',
  '<script>',
  '192.0.2.1;x',
  '192.0.2.1\u00e9',
]

const DAMAGED_ELEMENTS = [
  'for',
  'for=',
  '=192.0.2.1',
  'for=192.0.2.1 by=_a',
  'for =192.0.2.1',
  'for= 192.0.2.1',
  'for=2001:db8::1',
  'for="2001:db8::1"',
  'for=[2001:db8::1]',
  'for="[2001:db8::1"',
  'for="[2001:db8::12345]"',
  'for="[2001]"',
  'for="[192.0.2.1]"',
  'for="[fe80::1%eth0]"',
  'for=192.0.2.256',
  'for=192.0.2',
  'for=a.example',
  'for=_',
  'for="_a b"',
  'for="_a=b"',
  'x="1=2";x=3',
  'for="_a:"',
  'for="_a:_"',
  'for="_a:123456"',
  'for="_a:x"',
  'for="_a:_x:_y"',
  'for=""',
  'for="_a',
  'for="_a\\"',
  `for=_${'a'.repeat(64)}`,
  'for=192.0.2.1;for=192.0.2.2',
  'FOR=192.0.2.1;for=192.0.2.1',
  'proto=http;for=_a;PROTO=http',
  'by=a.example',
  'for=_a;by="x y"',
  'for=_a;b@d=1',
  'for=_a;host=a:80',
  '192.0.2.1',
]

const IPV6 = '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'
const TWENTY = Array.from({ length: 20 }, (_, index) => `192.0.2.${index}`)

const rows: readonly Row[] = [
  addresses('no field is no list', []),
  addresses('an empty field is no list', ['']),
  addresses('commas alone are no list', [' , ,, \t,']),
  addresses(
    'addresses are passed on in order',
    ['192.0.2.1,2001:DB8::1'],
    '192.0.2.1',
    '2001:DB8::1',
  ),
  addresses('white space around addresses is left out', [' 192.0.2.1 ,\t::1 '], '192.0.2.1', '::1'),
  addresses(
    'an address may bring its port',
    ['192.0.2.1:65535, [::1]:1'],
    '192.0.2.1:65535',
    '[::1]:1',
  ),
  addresses('an IPv6 address may stand in brackets', [`[${IPV6}]`], `[${IPV6}]`),
  addresses(
    'an address of a socket of both families is one',
    ['::ffff:192.0.2.1, [::FFFF:192.0.2.1]:80'],
    '::ffff:192.0.2.1',
    '[::FFFF:192.0.2.1]:80',
  ),
  addresses('what is unknown is passed on', ['unknown, UNKNOWN'], 'unknown', 'UNKNOWN'),
  addresses(
    'repeated fields are one list in order',
    ['::1', '', '::2, ::3', '::4'],
    '::1',
    '::2',
    '::3',
    '::4',
  ),
  addresses(
    'damage in an earlier field leaves later ones',
    ['::1, ::2', '::3, bad, ::4', '::5'],
    '::4',
    '::5',
  ),
  addresses('damage at the end leaves nothing', ['192.0.2.1, 192.0.2.2, bad']),
  addresses('the nearest sixteen are kept', [TWENTY.join()], ...TWENTY.slice(4)),
  addresses('the nearest sixteen are kept of many fields', TWENTY, ...TWENTY.slice(4)),
  addresses(
    'of a list that is too long the end is kept',
    [`::1,::2${','.repeat(2040)}::3`],
    '::2',
    '::3',
  ),
  addresses('an address that is cut is no address', [`11.0.0.1,${','.repeat(2037)}::3`], '::3'),
  addresses('a list without a comma that is too long leaves nothing', [`${' '.repeat(2048)}::3`]),
  addresses('a list of just so many octets is read whole', [`::1${' '.repeat(2045)}`], '::1'),
  addresses(
    'the bound counts for all fields',
    ['::1', '::2, ::3', `::4${','.repeat(2038)}`],
    '::3',
    '::4',
  ),
  addresses(
    'nothing is read before a field that is cut',
    ['::1, ::2', `::3,::4${','.repeat(2043)}`],
    '::4',
  ),
  addresses(
    'nothing is read before a field that fills the bound',
    ['::1, ::2', `::4${','.repeat(2045)}`],
    '::4',
  ),
  addresses('a field that fills the bound ends the list', ['::1', `::4${','.repeat(2045)}`], '::4'),
  ...DAMAGED_ADDRESSES.map((damage) =>
    addresses(`${damage} is no address, and ends the list`, [`192.0.2.1, ${damage}, ::2`], '::2'),
  ),
  elements('an empty Forwarded is no list', ['']),
  elements('empty elements and pairs are none', [' , ;, ;; ,']),
  elements(
    'elements are passed on in order',
    ['for=192.0.2.1, for=_a.B-c'],
    'for=192.0.2.1',
    'for=_a.B-c',
  ),
  elements('an IPv6 address is quoted', ['for="[2001:db8::1]"'], 'for="[2001:db8::1]"'),
  elements(
    'a port is quoted',
    ['For="192.0.2.1:80",for="[::1]:_x"'],
    'for="192.0.2.1:80"',
    'for="[::1]:_x"',
  ),
  elements(
    'obfuscated names and ports are passed on',
    ['for="_a:_b", by="_c:9"'],
    'for="_a:_b"',
    'for=unknown;by="_c:9"',
  ),
  elements(
    'quotes that are not needed are left out',
    ['for="_a";by="unknown"'],
    'for=_a;by=unknown',
  ),
  elements('a quoted pair is what it stands for', ['for="_\\a\\:80"'], 'for="_a:80"'),
  elements(
    // HAProxy 3.0.11-1+deb13u4, `option forwarded proto host by by_port for for_port` behind a client that sends a list.
    'what HAProxy writes is read, less the host and the scheme that it states',
    ['for=192.0.2.1,proto=http;host="127.0.0.1:18801";by="127.0.0.1:18801";for="127.0.0.1:48696"'],
    'for=192.0.2.1',
    'for="127.0.0.1:48696";by="127.0.0.1:18801"',
  ),
  elements('names are read in any case', ['FOR=_a;BY=_b'], 'for=_a;by=_b'),
  elements('host and proto are ours alone', ['for=_a;host=evil.test;proto=http'], 'for=_a'),
  elements(
    'an extension is left out, whatever is quoted in it',
    ['secret="a\\",b;c";for=_a'],
    'for=_a',
  ),
  elements(
    'an element without a name still stands for a proxy',
    ['proto=http, for=_b'],
    'for=unknown',
    'for=_b',
  ),
  elements('white space around a semicolon is read', [' for=_a ; \tby=_b\t'], 'for=_a;by=_b'),
  elements('a semicolon at either end is read', [';for=_a;;by=_b;'], 'for=_a;by=_b'),
  elements(
    'pairs of one element stay with it',
    ['by=_a, for=_b, by=_c'],
    'for=unknown;by=_a',
    'for=_b',
    'for=unknown;by=_c',
  ),
  elements(
    'a name of 64 octets is passed on',
    [`for=_${'a'.repeat(63)}`],
    `for=_${'a'.repeat(63)}`,
  ),
  elements(
    'repeated fields are one list in order',
    ['for=_a, for=_b', 'for=_c'],
    'for=_a',
    'for=_b',
    'for=_c',
  ),
  elements(
    'damage in an earlier field leaves later ones',
    ['for=_a', 'bad,for=_b', 'for=_c'],
    'for=_b',
    'for=_c',
  ),
  elements('a field that is damage alone leaves later ones', ['for=_a', 'bad', 'for=_c'], 'for=_c'),
  elements('an obfuscated port may be as long as a word', ['for="_a:_port"'], 'for="_a:_port"'),
  elements(
    'a quote is not closed by another field',
    ['for=_a, x="', 'for=_b";by=_c', 'for=_d'],
    'for=_d',
  ),
  elements('a quote left open swallows nothing behind it', ['for="_x, for=_proxy'], 'for=_proxy'),
  elements('a quote left open swallows no quotes behind it', ['x=", for="[::1]"'], 'for="[::1]"'),
  elements('pairs before the damage count for nothing behind it', ['by=_a;bad, for=_b'], 'for=_b'),
  elements(
    'a pair before damage may come again behind it',
    ['for=_a;bad, for=_b, bad, for=_c'],
    'for=_c',
  ),
  elements('damage at the end leaves nothing', ['for=_a, for=_b, bad']),
  elements(
    'the nearest sixteen are kept',
    [TWENTY.map((one) => `for=${one}`).join()],
    ...TWENTY.slice(4).map((one) => `for=${one}`),
  ),
  elements(
    'of a list that is too long the end is kept',
    [`for=_a, x="${','.repeat(2048)}", for=_b`],
    'for=_b',
  ),
  ...DAMAGED_ELEMENTS.map((damage) =>
    elements(
      `${damage} is no element, and ends the list`,
      [`for=_before, ${damage}, for=_b`],
      'for=_b',
    ),
  ),
]

for (const { promise, list, values, kept } of rows) {
  test(`${list}: ${promise}`, () => {
    expect(inboundElements({ list, values })).toEqual(kept)
  })
}

test('what is passed on is read again as the same', () => {
  for (const { list, values } of rows) {
    const once = inboundElements({ list, values })
    expect(inboundElements({ list, values: [once.join(', ')] })).toEqual(once)
  }
})
