import { expect, test } from 'vitest'
import { crc32c } from '../../../src/message/proxy-header/crc32c.ts'
import {
  explainProxyFault,
  PROXY_FAULTS,
  type ProxyFault,
} from '../../../src/message/proxy-header/fault.ts'
import {
  beginsAsHeader,
  ProxyHeaderReader,
  type ProxyReading,
} from '../../../src/message/proxy-header/reader.ts'
import {
  CHECKSUM,
  HEADERS,
  IPV4,
  IPV6,
  record,
  version2,
  withChecksum,
} from '../../support/balancers/proxy-headers.ts'

const read = (octets: Buffer): ProxyReading => new ProxyHeaderReader().push(octets)
const line = (text: string): Buffer => Buffer.from(text, 'latin1')

/** What was read, in a word: the two ends, `unknown`, or the fault. */
function summary(reading: ProxyReading): string {
  if (reading.kind === 'incomplete') return 'incomplete'
  if (reading.kind === 'faulty') {
    const { fault } = reading
    return fault.kind === 'proxy-malformed' ? `malformed ${fault.part}` : fault.kind
  }
  const { header, rest } = reading
  const behind = rest.length === 0 ? '' : ` + ${rest.toString('latin1')}`
  if (header.kind === 'unknown') return `unknown${behind}`
  const { source, destination } = header
  return `${source.address} ${source.port} > ${destination.address} ${destination.port}${behind}`
}

const FOUR = '192.0.2.7 1234 > 198.51.100.4 443'
const SIX = '2001:db8::7 1234 > 2001:db8::4 443'
const MAPPED = `${'0'.repeat(20)}ffffc0000207${'0'.repeat(20)}ffffc633640404d201bb`
const UNIX = Buffer.alloc(216, 'x').toString('hex')

const LINES: Readonly<Record<string, string>> = {
  'PROXY TCP4 192.0.2.7 198.51.100.4 1234 443\r\n': FOUR,
  'PROXY TCP4 192.0.2.7 198.51.100.4 1234 443\r\nHELLO': `${FOUR} + HELLO`,
  'PROXY TCP4 192.0.2.7 198.51.100.4 0 65535\r\n': '192.0.2.7 0 > 198.51.100.4 65535',
  'PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n':
    '255.255.255.255 65535 > 255.255.255.255 65535',
  'PROXY TCP6 2001:db8::7 2001:0DB8:0:0:0:0:0:4 1234 443\r\n': SIX,
  'PROXY TCP6 ::ffff:192.0.2.7 ::ffff:198.51.100.4 1234 443\r\n': FOUR,
  'PROXY TCP6 ::ffff:c000:207 ::ffff:c633:6404 1234 443\r\n': FOUR,
  [`PROXY TCP6 ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535\r\n`]: `${'ffff:'.repeat(7)}ffff 65535 > ${'ffff:'.repeat(7)}ffff 65535`,
  'PROXY UNKNOWN\r\n': 'unknown',
  'PROXY UNKNOWN\r\n\r\n': 'unknown + \r\n',
  'PROXY UNKNOWN 192.0.2.7 and whatever else\r\n': 'unknown',
  [`PROXY UNKNOWN ${'x'.repeat(91)}\r\n`]: 'unknown',
  [`PROXY UNKNOWN ${'x'.repeat(91)}\rX`]: 'malformed line',
  [`PROXY UNKNOWN ${'x'.repeat(92)}\r\n`]: 'proxy-too-long',
  [`PROXY UNKNOWN ${'x'.repeat(92)}\r`]: 'proxy-too-long',
  [`PROXY UNKNOWN ${'x'.repeat(91)}\r`]: 'incomplete',
  [`PROXY UNKNOWN ${'x'.repeat(93)}\r\n`]: 'proxy-too-long',
  [`PROXY UNKNOWN ${'x'.repeat(92)}`]: 'incomplete',
  [`PROXY UNKNOWN ${'x'.repeat(93)}`]: 'proxy-too-long',
  'PROXY UNKNOWNX\r\n': 'malformed protocol',
  'PROXY unknown\r\n': 'malformed protocol',
  'PROXY \r\n': 'malformed protocol',
  'PROXY  TCP4 192.0.2.7 198.51.100.4 1234 443\r\n': 'malformed protocol',
  'PROXY TCP5 192.0.2.7 198.51.100.4 1234 443\r\n': 'malformed protocol',
  'PROXY UDP4 192.0.2.7 198.51.100.4 1234 443\r\n': 'malformed protocol',
  'PROXY TCP4 192.0.2.7 198.51.100.4 1234\r\n': 'malformed line',
  'PROXY TCP4 192.0.2.7 198.51.100.4 1234 443 \r\n': 'malformed line',
  'PROXY TCP4 192.0.2.7 198.51.100.4 1234 443 x\r\n': 'malformed line',
  'PROXY TCP4  192.0.2.7 198.51.100.4 1234 443\r\n': 'malformed line',
  'PROXY TCP4\t192.0.2.7 198.51.100.4 1234 443\r\n': 'malformed protocol',
  'PROXY TCP4 192.0.2.7 198.51.100.4 1234 443\n': 'malformed line',
  'PROXY TCP4 192.0.2.7 198.51.100.4 1234 443\rX': 'malformed line',
  'PROXY TCP4 192.0.2.7 198.51.100.4 1234 443\r': 'incomplete',
  'PROXY TCP4 192.0.2.7\n 198.51.100.4 1234 443\r\n': 'malformed line',
  'PROXY TCP4 192.0.2.07 198.51.100.4 1234 443\r\n': 'malformed addresses',
  'PROXY TCP4 192.0.2.256 198.51.100.4 1234 443\r\n': 'malformed addresses',
  'PROXY TCP4 192.0.2 198.51.100.4 1234 443\r\n': 'malformed addresses',
  'PROXY TCP4 192.0.2.7 198.51.100 1234 443\r\n': 'malformed addresses',
  'PROXY TCP4 2001:db8::7 2001:db8::4 1234 443\r\n': 'malformed addresses',
  'PROXY TCP4 ::ffff:192.0.2.7 ::ffff:198.51.100.4 1234 443\r\n': 'malformed addresses',
  'PROXY TCP4 192.0.2.7 2001:db8::4 1234 443\r\n': 'malformed addresses',
  'PROXY TCP6 192.0.2.7 198.51.100.4 1234 443\r\n': 'malformed addresses',
  'PROXY TCP6 2001:db8::7 198.51.100.4 1234 443\r\n': 'malformed addresses',
  'PROXY TCP6 2001:db8::7::1 2001:db8::4 1234 443\r\n': 'malformed addresses',
  'PROXY TCP6 2001:db8::7%eth0 2001:db8::4 1234 443\r\n': 'malformed addresses',
  'PROXY TCP6 ::ffff:192.0.2.256 ::ffff:198.51.100.4 1234 443\r\n': 'malformed addresses',
  'PROXY TCP6 ::ffff:192.0.2.7x ::ffff:198.51.100.4 1234 443\r\n': 'malformed addresses',
  'PROXY TCP4 192.0.2.7 198.51.100.4 01234 443\r\n': 'malformed ports',
  'PROXY TCP4 192.0.2.7 198.51.100.4 65536 443\r\n': 'malformed ports',
  'PROXY TCP4 192.0.2.7 198.51.100.4 1234 -1\r\n': 'malformed ports',
  'PROXY TCP4 192.0.2.7 198.51.100.4 1234 100000\r\n': 'malformed ports',
  'PROXY TCP4 192.0.2.7 198.51.100.4  443\r\n': 'malformed ports',
}

for (const [text, expected] of Object.entries(LINES)) {
  test(`of version 1, ${JSON.stringify(text)} is ${expected}`, () => {
    expect(summary(read(line(text)))).toBe(expected)
  })
}

const OCTETS: Readonly<Record<string, readonly [Buffer, string]>> = {
  'IPv4 over TCP is read': [version2('2111', IPV4), FOUR],
  'IPv6 over TCP is read': [version2('2121', IPV6), SIX],
  'a mapped address is the IPv4 address that it is': [version2('2121', MAPPED), FOUR],
  'what follows the header is none of it': [
    Buffer.concat([version2('2111', IPV4), line('HELLO')]),
    `${FOUR} + HELLO`,
  ],
  'LOCAL states nothing': [version2('2000'), 'unknown'],
  'LOCAL states nothing, whatever addresses it has': [version2('2011', IPV4), 'unknown'],
  'LOCAL is skipped by its length, whatever is in it': [
    Buffer.concat([version2('20ff', 'ffffff'), line('HELLO')]),
    'unknown + HELLO',
  ],
  'no family states nothing, and its octets are skipped': [
    Buffer.concat([version2('2100', 'ffff'), line('HELLO')]),
    'unknown + HELLO',
  ],
  'a family without a transport states nothing': [version2('2110', IPV4), 'unknown'],
  'a transport without a family states nothing': [version2('2101', IPV4), 'unknown'],
  'datagrams over IPv4 state nothing': [version2('2112', IPV4), 'unknown'],
  'datagrams over IPv6 state nothing': [version2('2122', IPV6), 'unknown'],
  'UNIX sockets state nothing': [version2('2131', UNIX), 'unknown'],
  'UNIX datagrams state nothing': [version2('2132', UNIX), 'unknown'],
  'UNIX sockets without their paths are none': [
    version2('2131', UNIX.slice(2)),
    'malformed addresses',
  ],
  'a family beyond UNIX is none': [version2('2141', IPV4), 'malformed family'],
  'a transport beyond datagrams is none': [version2('2113', IPV4), 'malformed family'],
  'a command beyond PROXY is none': [version2('2211', IPV4), 'malformed command'],
  'version 1 in octets is none': [version2('1111', IPV4), 'malformed version'],
  'version 3 is none': [version2('3111', IPV4), 'malformed version'],
  'IPv4 with an octet too few is none': [version2('2111', IPV4.slice(2)), 'malformed addresses'],
  'IPv6 with an octet too few is none': [version2('2121', IPV6.slice(2)), 'malformed addresses'],
  'IPv6 with the octets of IPv4 is none': [version2('2121', IPV4), 'malformed addresses'],
  'unknown records are skipped': [
    version2('2111', `${IPV4}${record(0xea, '01ff')}${record(0x04, '')}${record(0xff, '00')}`),
    FOUR,
  ],
  'a record of no octets behind the others is read': [
    version2('2111', `${IPV4}${record(0xea, '')}`),
    FOUR,
  ],
  'a record that ends in its type is none': [version2('2111', `${IPV4}04`), 'malformed record'],
  'a record that ends in its length is none': [version2('2111', `${IPV4}0400`), 'malformed record'],
  'a record that is longer than the header is none': [
    version2('2111', `${IPV4}04000200`),
    'malformed record',
  ],
  'a checksum that fits is believed': [withChecksum(version2('2111', `${IPV4}${CHECKSUM}`)), FOUR],
  'a checksum that fits is believed of UNIX sockets': [
    withChecksum(version2('2131', `${UNIX}${CHECKSUM}`)),
    'unknown',
  ],
  'a checksum that does not fit is refused': [
    version2('2111', `${IPV4}${CHECKSUM}`),
    'proxy-checksum',
  ],
  'a checksum that does not fit is refused of UNIX sockets': [
    version2('2131', `${UNIX}${CHECKSUM}`),
    'proxy-checksum',
  ],
  'a checksum of three octets is none': [
    version2('2111', `${IPV4}${record(0x03, '000000')}`),
    'malformed record',
  ],
  'a second checksum is none': [
    withChecksum(version2('2111', `${IPV4}${CHECKSUM}${CHECKSUM}`)),
    'malformed record',
  ],
  'a checksum is not looked at where nothing is stated': [version2('2000', CHECKSUM), 'unknown'],
  'the longest header that is read is read': [
    version2('2111', `${IPV4}${record(4, '00'.repeat(16_384 - 16 - 12 - 3))}`),
    FOUR,
  ],
  'a header that is an octet longer is refused': [
    version2('2111', `${IPV4}${record(4, '00'.repeat(16_384 - 16 - 12 - 2))}`),
    'proxy-too-long',
  ],
  'a header that is too long is refused before it is there': [
    version2('2111', `${IPV4}${record(4, '00'.repeat(40_000))}`).subarray(0, 16),
    'proxy-too-long',
  ],
  'an octet of another signature is refused at once': [
    Buffer.from('0d0a0d0a000d0a515549540b', 'hex'),
    'proxy-missing',
  ],
}

for (const [promise, [octets, expected]] of Object.entries(OCTETS)) {
  test(`of version 2, ${promise}`, () => {
    expect(summary(read(octets))).toBe(expected)
  })
}

for (const [name, { octets, from }] of Object.entries(HEADERS)) {
  test(`a header of ${name} is the same wherever it is split, and in single octets`, () => {
    const whole = Buffer.concat([octets, line('\x16\x03')])
    for (let at = 1; at < octets.length; at += 1) {
      const reader = new ProxyHeaderReader()
      expect(reader.push(whole.subarray(0, at)).kind).toBe('incomplete')
      expect(summary(reader.push(whole.subarray(at)))).toBe(summary(read(whole)))
    }
    const reader = new ProxyHeaderReader()
    const readings = [...octets].map((octet) => reader.push(Buffer.of(octet)))
    expect(readings.slice(0, -1).every(({ kind }) => kind === 'incomplete')).toBe(true)
    expect(summary(readings.at(-1) ?? { kind: 'incomplete' })).toMatch(new RegExp(`^${from}( |$)`))
  })
}

test('what is no header is told by its first octet that differs', () => {
  const begins = (text: string): boolean | undefined => beginsAsHeader(line(text))
  expect(begins('')).toBeUndefined()
  expect(['P', 'PR', 'PROXY', '\r', '\r\n\r\n\0\r\nQUIT'].map(begins)).toEqual(
    Array.from({ length: 5 }, () => undefined),
  )
  expect(['PROXY ', '\r\n\r\n\0\r\nQUIT\n', 'PROXY TCP4 x'].map(begins)).toEqual([true, true, true])
  expect(
    ['\x16', 'PU', 'PROXYx', 'proxy ', '\r\r', '\n', '\r\n\r\n\0\r\nQUIT\r'].map(begins),
  ).toEqual(Array.from({ length: 7 }, () => false))
  expect(summary(read(line('\x16\x03\x01')))).toBe('proxy-missing')
})

test('the checksum is that of the standard', () => {
  expect(crc32c(line('123456789'))).toBe(0xe306_9283)
  expect(crc32c(Buffer.alloc(32))).toBe(0x8a91_36aa)
  expect(crc32c(Buffer.alloc(0))).toBe(0)
})

test('every fault is explained, with a next step of its own', () => {
  const faults: readonly ProxyFault[] = [
    { kind: 'proxy-checksum' },
    { kind: 'proxy-malformed', part: 'line' },
    { kind: 'proxy-missing' },
    { kind: 'proxy-too-long', limit: 107 },
    { kind: 'proxy-unfinished' },
    { kind: 'proxy-untrusted' },
  ]
  expect(faults.map(({ kind }) => kind)).toEqual(PROXY_FAULTS)
  const explained = faults.map((fault) => explainProxyFault(fault))
  expect(new Set(explained.map(({ sentence }) => sentence)).size).toBe(faults.length)
  expect(new Set(explained.map(({ nextStep }) => nextStep)).size).toBe(faults.length)
  expect(explained[3]?.sentence).toContain('107')
  for (const { sentence, nextStep } of explained) {
    expect(sentence.length).toBeGreaterThan(20)
    expect(nextStep.length).toBeGreaterThan(20)
  }
})

test('the part of a header that is not as it should be is named, each in words of its own', () => {
  const parts = ['addresses', 'command', 'family', 'line', 'ports'] as const
  const others = ['protocol', 'record', 'version'] as const
  const sentences = [...parts, ...others].map(
    (part) => explainProxyFault({ kind: 'proxy-malformed', part }).sentence.split(': ')[1] ?? '',
  )
  expect(new Set(sentences).size).toBe(8)
  for (const sentence of sentences) expect(sentence.length).toBeGreaterThan(15)
})
