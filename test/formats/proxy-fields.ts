/** A PROXY header of version 2 as fields, to be compared like others (HAProxy's proxy-protocol.txt, §2.2). */

export interface ProxyFields {
  /** Octets of the header; 0 where there is none. */
  readonly length: number
  readonly fields: ReadonlyMap<string, string>
}

export function proxyFields(octets: Buffer): ProxyFields | 'unfinished' {
  if (!octets.subarray(0, SIGNATURE.length).equals(SIGNATURE.subarray(0, octets.length))) {
    return { length: 0, fields: new Map() }
  }
  const end = octets.length < 16 ? Infinity : 16 + octets.readUInt16BE(14)
  if (octets.length < end) return 'unfinished'
  const addresses = (octets[13] ?? 0) >> 4 === 1 ? 12 : 36
  const fields = typesIn(octets.subarray(16 + addresses, end)).flatMap(([type, value]) =>
    type === SSL ? sslFields(value) : named(type, value),
  )
  return { length: end, fields: new Map(fields) }
}

const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')
const SSL = 0x20

type Field = readonly [name: string, value: string]

const sslFields = (value: Buffer): readonly Field[] => [
  ['proxy-client', value.toString('hex', 0, 1)],
  ['proxy-verify', String(value.readUInt32BE(1))],
  ...typesIn(value.subarray(5)).flatMap(([type, inner]) => named(type, inner)),
]

function named(type: number, value: Buffer): readonly Field[] {
  const name = NAMES[type]
  if (name !== undefined) return [[name, value.toString('latin1')]]
  if (type === CERTIFICATE) return [['proxy-certificate', value.toString('base64')]]
  if (type !== HITCH_CERTIFICATE) return []
  return [['proxy-certificate', value.toString('latin1').replaceAll(/-----[^-]+-----|\s/gu, '')]]
}

const NAMES: Readonly<Record<number, string>> = {
  0x02: 'proxy-authority',
  0x21: 'proxy-version',
  0x22: 'proxy-common-name',
  0x23: 'proxy-cipher',
}
/** In DER. */
const CERTIFICATE = 0x28
/** Of the range for applications; in PEM (hitch.conf(5), `proxy-client-cert`). */
const HITCH_CERTIFICATE = 0xe0

function typesIn(octets: Buffer): readonly (readonly [type: number, value: Buffer])[] {
  const found: (readonly [number, Buffer])[] = []
  for (let at = 0; at + 3 <= octets.length;) {
    const end = at + 3 + octets.readUInt16BE(at + 1)
    found.push([octets[at] ?? 0, octets.subarray(at + 3, end)])
    at = end
  }
  return found
}
