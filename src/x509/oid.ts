/**
 * Object identifiers: octets → dotted decimal.
 */

/**
 * The dotted decimal of the identifier encoded in `bytes[from, to)` (X.690 §8.19: base 128, fewest octets, the first
 * holds two arcs).
 */
export function dottedOf(bytes: Buffer, from: number, to: number): string | undefined {
  const known = KNOWN.get(sumOf(bytes, from, to))
  if (known !== undefined && isSame(known.octets, bytes, from, to)) return known.dotted
  return decoded(bytes.subarray(from, to))
}

function decoded(content: Buffer): string | undefined {
  const last = content.at(-1)
  // Longer than any object identifier in use; the bound keeps a hostile one from becoming a long text.
  if (last === undefined || last > 0x7f || content.length > 64) return undefined
  const arcs: bigint[] = []
  let arc = 0n
  let fresh = true
  for (const octet of content) {
    if (fresh && octet === 0x80) return undefined
    arc = (arc << 7n) | BigInt(octet & 0x7f)
    fresh = octet < 0x80
    if (!fresh) continue
    arcs.push(arc)
    arc = 0n
  }
  const [both = 0n, ...others] = arcs
  const first = both < 80n ? both / 40n : 2n
  return [first, both - first * 40n, ...others].join('.')
}

/** Tells the known identifiers apart; anybody can make up octets with the sum of one, so it proves nothing. */
function sumOf(bytes: Buffer, from: number, to: number): number {
  let sum = 0
  for (let at = from; at < to; at += 1) sum = (Math.imul(sum, 31) + (bytes[at] ?? 0)) | 0
  return sum
}

function isSame(octets: Buffer, bytes: Buffer, from: number, to: number): boolean {
  if (octets.length !== to - from) return false
  for (let at = from; at < to; at += 1) if (octets[at - from] !== bytes[at]) return false
  return true
}

/**
 * The object identifiers nearly every certificate has, by the sum of their octets: a look-up instead of arithmetic,
 * and no octet is copied for it.
 */
const KNOWN: ReadonlyMap<number, { readonly octets: Buffer; readonly dotted: string }> = new Map(
  [
    ['550403', '2.5.4.3'],
    ['550406', '2.5.4.6'],
    ['550407', '2.5.4.7'],
    ['550408', '2.5.4.8'],
    ['55040a', '2.5.4.10'],
    ['55040b', '2.5.4.11'],
    ['550405', '2.5.4.5'],
    ['0992268993f22c640101', '0.9.2342.19200300.100.1.1'],
    ['0992268993f22c640119', '0.9.2342.19200300.100.1.25'],
    ['2a864886f70d010901', '1.2.840.113549.1.9.1'],
    ['2a864886f70d010101', '1.2.840.113549.1.1.1'],
    ['2a864886f70d01010b', '1.2.840.113549.1.1.11'],
    ['2a8648ce3d0201', '1.2.840.10045.2.1'],
    ['2a8648ce3d030107', '1.2.840.10045.3.1.7'],
    ['2a8648ce3d040302', '1.2.840.10045.4.3.2'],
    ['551d0e', '2.5.29.14'],
    ['551d0f', '2.5.29.15'],
    ['551d11', '2.5.29.17'],
    ['551d13', '2.5.29.19'],
    ['551d15', '2.5.29.21'],
    ['551d18', '2.5.29.24'],
    ['551d1f', '2.5.29.31'],
    ['551d20', '2.5.29.32'],
    ['551d23', '2.5.29.35'],
    ['551d25', '2.5.29.37'],
    ['2b06010505070101', '1.3.6.1.5.5.7.1.1'],
    ['2b06010505070301', '1.3.6.1.5.5.7.3.1'],
    ['2b06010505070302', '1.3.6.1.5.5.7.3.2'],
  ].map(([hex = '', dotted = '']) => {
    const octets = Buffer.from(hex, 'hex')
    return [sumOf(octets, 0, octets.length), { octets, dotted }]
  }),
)
