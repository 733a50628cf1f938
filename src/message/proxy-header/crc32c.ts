/** Checksums of PROXY headers: CRC-32C, the Castagnoli polynomial, reflected (RFC 9260, appendix A). */

/** The checksum of these octets, as an unsigned number. */
export function crc32c(octets: Uint8Array): number {
  let sum = 0xffff_ffff
  for (const octet of octets) sum = (TABLE[(sum ^ octet) & 0xff] ?? 0) ^ (sum >>> 8)
  return (sum ^ 0xffff_ffff) >>> 0
}

const REFLECTED = 0x82f6_3b78

const TABLE: readonly number[] = Array.from({ length: 256 }, (_, octet) => {
  let rest = octet
  for (let bit = 0; bit < 8; bit += 1)
    rest = (rest & 1) === 1 ? REFLECTED ^ (rest >>> 1) : rest >>> 1
  return rest
})
