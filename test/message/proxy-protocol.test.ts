/**
 * Headers octet by octet, as another implementation of HAProxy's proxy-protocol.txt packs them, and what is in them
 * by a reader of that text's own.
 */
import { expect, test } from 'vitest'
import { proxyHeader, type Endpoint, type ProxyFacts } from '../../src/message/proxy-protocol.ts'
import { nameOf, oid, sequence, set, tlv } from '../support/certificates/der-writer.ts'
import { aDevice } from './encoder-devices.ts'

const TLS: ProxyFacts['tls'] = {
  version: 'TLSv1.3',
  cipher: 'TLS_AES_128_GCM_SHA256',
  resumed: false,
  vouched: undefined,
}

const facts = (parts: Partial<ProxyFacts> = {}): ProxyFacts => ({
  source: { address: '192.0.2.1', port: 54_321 },
  destination: { address: '198.51.100.7', port: 9997 },
  authority: undefined,
  uniqueId: '0123456789abcdef',
  tls: TLS,
  withCertificate: true,
  ...parts,
})

/** Of a connection whose addresses are known. */
const headerOf = (told: ProxyFacts): Buffer => proxyHeader(told) ?? Buffer.alloc(0)

const SIGNATURE = '0d0a0d0a000d0a515549540a'
const ID_AND_TLS =
  '050010303132333435363738396162636465662000280100000001210007544c5376312e33230016544c535f4145535f3132385f47434d5f534841323536'

test('over IPv4, with the name that the device asked for', () => {
  expect(headerOf(facts({ authority: 'mdm.example.com' })).toString('hex')).toBe(
    `${SIGNATURE}2111005cc0000201c6336407d431270d02000f6d646d2e6578616d706c652e636f6d${ID_AND_TLS}`,
  )
})

test('over IPv6, from the lowest port to the highest', () => {
  const ends = {
    source: { address: '2001:db8::1:0:42', port: 1 },
    destination: { address: 'fe80::9%eth0', port: 65_535 },
  }
  expect(headerOf(facts(ends)).toString('hex')).toBe(
    `${SIGNATURE}2121006220010db8000000000000000100000042fe8000000000000000000000000000090001ffff${ID_AND_TLS}`,
  )
})

const FOUR = '192.0.2.1'
const ADDRESSES: readonly [string, string, string, number, string][] = [
  ['an IPv4 address in IPv6 clothes is IPv4', '::ffff:192.0.2.1', FOUR, 0x11, 'c0000201c0000201'],
  ['whatever the case of its clothes', '::FFFF:192.0.2.1', FOUR, 0x11, 'c0000201c0000201'],
  [
    'beside an IPv6 address it keeps them',
    '::1',
    FOUR,
    0x21,
    '0000000000000000000000000000000100000000000000000000ffffc0000201',
  ],
  [
    'on either side',
    FOUR,
    '::1',
    0x21,
    '00000000000000000000ffffc000020100000000000000000000000000000001',
  ],
  [
    'an address without a gap',
    '1:2:3:4:5:6:7:aBcD',
    '::',
    0x21,
    '0001000200030004000500060007abcd00000000000000000000000000000000',
  ],
  [
    'an address that ends in its gap',
    '1::',
    '1:2:3:4:5:6:7::',
    0x21,
    '0001000000000000000000000000000000010002000300040005000600070000',
  ],
  ['the greatest octets', '255.255.255.255', '0.0.0.0', 0x11, 'ffffffff00000000'],
]

for (const [promise, source, destination, family, octets] of ADDRESSES) {
  test(`addresses: ${promise}`, () => {
    const at = (address: string): Endpoint => ({ address, port: 1 })
    const header = headerOf(facts({ source: at(source), destination: at(destination) }))
    expect(header[13]).toBe(family)
    expect(header.subarray(16).toString('hex')).toBe(`${octets}00010001${ID_AND_TLS}`)
    expect(header.readUInt16BE(14)).toBe(header.length - 16)
  })
}

const UNKNOWN: readonly (readonly [string, string, string])[] = [
  ['other clothes have no IPv4 address in them', '1::ffff:1.2.3.4', FOUR],
  ['an octet too great is no address', '256.0.0.1', FOUR],
  ['an octet too many is no address', '1.2.3.4.5', FOUR],
  ['an octet too few is no address', '1.2.3', FOUR],
  ['an octet that is none is no address', '1.2.3.x', FOUR],
  ['an octet of four digits is no address', '1.2.3.0004', FOUR],
  ['a group too many is no address', '1:2:3:4:5:6:7:8:9', '::1'],
  ['a group too few is no address', '1:2:3:4:5:6:7', '::1'],
  ['a gap for nothing is no address', '1:2:3:4::5:6:7:8', '::1'],
  ['two gaps are no address', '1::2::3', '::1'],
  ['a group of five digits is no address', '1::12345', '::1'],
  ['a group that is none is no address', '1::g', '::1'],
  ['an address that is gone', '', FOUR],
  ['or on the other side', FOUR, ''],
]

for (const [promise, source, destination] of UNKNOWN) {
  test(`addresses: ${promise}: there is no header, with an identity or without`, () => {
    const at = (address: string): Endpoint => ({ address, port: 1 })
    const ends = { source: at(source), destination: at(destination) }
    expect(proxyHeader(facts(ends))).toBeUndefined()
    expect(proxyHeader(facts({ ...ends, tls: vouched }))).toBeUndefined()
  })
}

/** Type, length, value, one after the other (§2.2.6). */
function read(octets: Buffer): ReadonlyMap<number, Buffer> {
  const found = new Map<number, Buffer>()
  for (let at = 0; at < octets.length;) {
    const length = octets.readUInt16BE(at + 1)
    found.set(octets[at] ?? -1, octets.subarray(at + 3, at + 3 + length))
    at += 3 + length
  }
  return found
}

const sslOf = (header: Buffer) => {
  const ssl = read(header.subarray(16 + 12)).get(0x20) ?? Buffer.alloc(5)
  return { client: ssl[0], verify: ssl.readUInt32BE(1), parts: read(ssl.subarray(5)) }
}

const device = aDevice()
const vouched = { ...TLS, vouched: device.leaf }

test('a device that we vouch for is verified, with name and certificate', () => {
  const { client, verify, parts } = sslOf(headerOf(facts({ tls: vouched })))
  expect([client, verify]).toEqual([0x07, 0])
  expect(parts.get(0x21)?.toString()).toBe('TLSv1.3')
  expect(parts.get(0x22)?.toString()).toBe('device 1')
  expect(parts.get(0x23)?.toString()).toBe('TLS_AES_128_GCM_SHA256')
  expect(parts.get(0x28)).toEqual(device.leaf.der)
})

test('on a resumed session the certificate was shown earlier', () => {
  const { client } = sslOf(headerOf(facts({ tls: { ...vouched, resumed: true } })))
  expect(client).toBe(0x05)
})

test('a device that we do not vouch for is not verified, and no certificate is named', () => {
  const { client, verify, parts } = sslOf(headerOf(facts({ tls: { ...TLS, resumed: true } })))
  expect([client, verify]).toEqual([0x01, 1])
  expect([...parts.keys()]).toEqual([0x21, 0x23])
})

test('without the certificate the rest is said all the same', () => {
  const header = headerOf(facts({ tls: vouched, withCertificate: false }))
  expect([...sslOf(header).parts.keys()]).toEqual([0x21, 0x22, 0x23])
})

test('a certificate without a common name has none', () => {
  const nameless = aDevice({ subject: nameOf(['2.5.4.10', 'Acme']) })
  const header = headerOf(facts({ tls: { ...TLS, vouched: nameless.leaf } }))
  expect([...sslOf(header).parts.keys()]).toEqual([0x21, 0x23, 0x28])
})

test('a name of many letters and alphabets is UTF-8, and its length counts octets', () => {
  const odd = aDevice({ subject: nameOf(['2.5.4.3', 'Gerät №1']) })
  const { parts } = sslOf(headerOf(facts({ tls: { ...TLS, vouched: odd.leaf } })))
  expect(parts.get(0x22)?.toString('utf8')).toBe('Gerät №1')
})

test('a common name of 16,384 octets is told, and a longer one is left out, which no header could hold', () => {
  for (const [octets, told] of [
    [16_384, 16_384],
    [16_385, undefined],
    [65_000, undefined],
  ] as const) {
    const long = aDevice({
      subject: nameOf(['2.5.4.3', 'é'.repeat(octets / 2) + 'x'.repeat(octets % 2)]),
    })
    const { parts } = sslOf(
      headerOf(facts({ tls: { ...TLS, vouched: long.leaf }, withCertificate: false })),
    )
    expect(parts.get(0x22)?.length).toBe(told)
    expect(parts.has(0x21)).toBe(true)
  }
})

test('of several common names the first is told, as HAProxy does', () => {
  const two = aDevice({ subject: nameOf(['2.5.4.3', 'first'], ['2.5.4.3', 'last']) })
  const { parts } = sslOf(headerOf(facts({ tls: { ...TLS, vouched: two.leaf } })))
  expect(parts.get(0x22)?.toString()).toBe('first')
})

const commonNames: readonly (readonly [
  promise: string,
  tag: number,
  octets: string,
  text: string,
])[] = [
  ['UTF-8 in a string of ASCII is read as such', 0x13, 'Gerät', 'Gerät'],
  ['a string that begins with a number sign is told as it is', 0x0c, '#0C0161', '#0C0161'],
  ['a backslash that would begin an escape is escaped', 0x0c, 'a\\0Ab', 'a\\5C0Ab'],
  ['what is no string is told octet by octet', 0x04, 'ab', 'ab'],
]

for (const [promise, tag, octets, text] of commonNames) {
  test(`in the common name ${promise}, as in the field of format haproxy`, () => {
    const value = tlv(tag, Buffer.from(octets))
    const odd = aDevice({ subject: sequence(set(sequence(oid('2.5.4.3'), value))) })
    const { parts } = sslOf(headerOf(facts({ tls: { ...TLS, vouched: odd.leaf } })))
    expect(parts.get(0x22)?.toString()).toBe(text)
  })
}
