/** Whether the octets of a file are DER or text, told before either is read. */

/** Where DER ends, white space behind it left out; undefined for what is read as text, if as anything. */
export function derEnd(octets: Buffer): number | undefined {
  const [tag, first] = octets
  if (tag !== SEQUENCE || first === undefined || beginsAsText(octets)) return undefined
  if (first === 0x80) return lastOctet(octets)
  const size = first < 0x80 ? 0 : first & 0x7f
  if (size > 4 || octets.length < 2 + size) return undefined
  const end = 2 + size + (size === 0 ? first : octets.readUIntBE(2, size))
  // Cut short, or followed by more than white space: both are told where it is read.
  return octets.subarray(end).every((octet) => WHITE_SPACE.has(octet))
    ? Math.min(end, octets.length)
    : octets.length
}

const SEQUENCE = 0x30

/**
 * PEM may begin with the tag of a sequence, the digit 0, in its explanations. No text holds octets below those of white space,
 * and DER is full of them: what has one before its first block is read as DER, and no PEM behind it in its place.
 */
function beginsAsText(octets: Buffer): boolean {
  const begin = octets.indexOf('-----BEGIN')
  return begin !== -1 && octets.subarray(0, begin).every((octet) => octet >= TAB)
}

const TAB = 0x09

/** An indefinite length ends with two zero octets. */
function lastOctet(octets: Buffer): number {
  let end = octets.length
  while (end > 2 && WHITE_SPACE.has(octets[end - 1] ?? 0)) end -= 1
  return end
}

/** Space, tab, line feed, carriage return. */
const WHITE_SPACE: ReadonlySet<number> = new Set([0x20, TAB, 0x0a, 0x0d])
