/** PROXY headers as octets, put together by hand and not by the product (HAProxy's proxy-protocol.txt, §2.2). */
import { crc32c } from '../../../src/message/proxy-header/crc32c.ts'

const SIGNATURE = '0d0a0d0a000d0a515549540a'
/** From 192.0.2.7 port 1234 to 198.51.100.4 port 443. */
export const IPV4 = 'c0000207c633640404d201bb'
/** From 2001:db8::7 port 1234 to 2001:db8::4 port 443. */
export const IPV6 = `20010db8${'0'.repeat(23)}720010db8${'0'.repeat(23)}404d201bb`

/** A header of version 2: version and command, family and transport, and what follows, all in hexadecimal. */
export function version2(start: string, block = ''): Buffer {
  const length = (block.length / 2).toString(16).padStart(4, '0')
  return Buffer.from(`${SIGNATURE}${start}${length}${block}`, 'hex')
}

/** One record (TLV) in hexadecimal. */
export const record = (type: number, value: string): string =>
  [
    type.toString(16).padStart(2, '0'),
    (value.length / 2).toString(16).padStart(4, '0'),
    value,
  ].join('')

/** The same header with its checksum, which is the value of its last record. */
export function withChecksum(header: Buffer): Buffer {
  const sealed = Buffer.from(header)
  sealed.writeUInt32BE(crc32c(header), header.length - 4)
  return sealed
}

export const CHECKSUM = record(0x03, '00000000')

/** Well-formed headers, and the address of the device that each states. */
export const HEADERS: Readonly<Record<string, { readonly octets: Buffer; readonly from: string }>> =
  {
    'version 1 over IPv4': {
      octets: Buffer.from('PROXY TCP4 192.0.2.7 198.51.100.4 1234 443\r\n'),
      from: '192.0.2.7',
    },
    'version 1 over IPv6': {
      octets: Buffer.from('PROXY TCP6 2001:db8::7 2001:db8::4 1234 443\r\n'),
      from: '2001:db8::7',
    },
    'version 1 of unknown addresses': { octets: Buffer.from('PROXY UNKNOWN\r\n'), from: 'unknown' },
    'version 2 over IPv4': { octets: version2('2111', IPV4), from: '192.0.2.7' },
    'version 2 over IPv6': { octets: version2('2121', IPV6), from: '2001:db8::7' },
    'version 2 with records that no reader knows and a checksum': {
      octets: withChecksum(
        version2('2111', `${IPV4}${record(0xea, '0102')}${record(0x20, '0000000000')}${CHECKSUM}`),
      ),
      from: '192.0.2.7',
    },
    'version 2, LOCAL': { octets: version2('2000'), from: 'unknown' },
    'version 2 of unknown addresses': { octets: version2('2100'), from: 'unknown' },
  }

/** Headers that are none, and the code of each. */
export const MALFORMED: Readonly<
  Record<string, { readonly octets: Buffer; readonly code: string }>
> = {
  'a line without ports': {
    octets: Buffer.from('PROXY TCP4 192.0.2.7 198.51.100.4\r\n'),
    code: 'proxy-malformed',
  },
  'a line that never ends': {
    octets: Buffer.from(`PROXY UNKNOWN ${'x'.repeat(120)}`),
    code: 'proxy-too-long',
  },
  'a length beyond what is read': {
    octets: version2('2111', `${IPV4}${record(4, '00'.repeat(16_370))}`),
    code: 'proxy-too-long',
  },
  'a checksum of other octets': {
    octets: version2('2111', `${IPV4}${CHECKSUM}`),
    code: 'proxy-checksum',
  },
  'a version that there is not': { octets: version2('3111', IPV4), code: 'proxy-malformed' },
}
