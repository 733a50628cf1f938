/**
 * PROXY protocol, version 2: octets (HAProxy's proxy-protocol.txt, §2.2). Of the records behind the addresses (TLVs) only
 * the checksum is looked at.
 */
import { fail, ok } from '../../kernel/types.ts'
import { crc32c } from './crc32c.ts'
import { endpointOf, malformed, UNKNOWN, type HeaderResult } from './header.ts'

/** The first octets of every header. */
export const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')
/** Octets ahead of those that the length counts. */
export const FIXED = 16

/** Octets of the whole header, from its first 16. */
export const lengthOf = (start: Buffer): number => FIXED + start.readUInt16BE(FIXED - 2)

/** Reads a whole header, signature included. */
export function readVersion2(header: Buffer): HeaderResult {
  const [versionAndCommand, familyAndTransport] = [header.readUInt8(12), header.readUInt8(13)]
  if (versionAndCommand >> 4 !== 2) return malformed('version')
  const command = versionAndCommand & 0x0f
  // The block is discarded, whatever is in it.
  if (command === LOCAL) return UNKNOWN
  if (command !== PROXY) return malformed('command')
  const [family, transport] = [familyAndTransport >> 4, familyAndTransport & 0x0f]
  if (family > UNIX || transport > DATAGRAM) return malformed('family')
  // Where the addresses end is not known then, and so nothing behind them.
  if (family === UNSPECIFIED || transport === UNSPECIFIED) return UNKNOWN
  const block = BLOCKS[family] ?? 0
  if (header.length < FIXED + block) return malformed('addresses')
  const fault = recordFault(header, FIXED + block)
  if (fault !== undefined) return fault
  // Datagrams do not come by TCP, and a path is no address of a network: both are valid, and state no address (§2.2).
  if (family === UNIX || transport === DATAGRAM) return UNKNOWN
  return stated(header.subarray(FIXED, FIXED + block))
}

function stated(block: Buffer): HeaderResult {
  const octets = (block.length - 4) / 2
  return ok({
    kind: 'stated',
    source: endpointOf(block.subarray(0, octets), block.readUInt16BE(2 * octets)),
    destination: endpointOf(block.subarray(octets, 2 * octets), block.readUInt16BE(2 * octets + 2)),
  })
}

/** What is wrong with the records, if anything: one that does not fit, or a checksum. */
function recordFault(header: Buffer, start: number): HeaderResult | undefined {
  let at = start
  let checksumAt: number | undefined
  while (at < header.length) {
    if (at + RECORD_START > header.length) return malformed('record')
    const [type, length] = [header.readUInt8(at), header.readUInt16BE(at + 1)]
    const value = at + RECORD_START
    at = value + length
    if (at > header.length) return malformed('record')
    if (type !== CHECKSUM) continue
    if (length !== CHECKSUM_OCTETS || checksumAt !== undefined) return malformed('record')
    checksumAt = value
  }
  if (checksumAt === undefined) return undefined
  const zeroed = Buffer.from(header).fill(0, checksumAt, checksumAt + CHECKSUM_OCTETS)
  return crc32c(zeroed) === header.readUInt32BE(checksumAt)
    ? undefined
    : fail({ kind: 'proxy-checksum' })
}

const LOCAL = 0
const PROXY = 1
/** Of families and of transports. */
const UNSPECIFIED = 0
const UNIX = 3
const DATAGRAM = 2
/** Octets of the addresses and ports of each family: unspecified, IPv4, IPv6, UNIX. */
const BLOCKS: readonly number[] = [0, 12, 36, 216]
/** Type and length of a record. */
const RECORD_START = 3
/** PP2_TYPE_CRC32C, §2.2.3. */
const CHECKSUM = 0x03
const CHECKSUM_OCTETS = 4
