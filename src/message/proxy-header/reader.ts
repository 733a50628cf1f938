/**
 * Reads the PROXY header ahead of a connection, in whatever pieces it comes, and tells it from what is none by its first
 * octet that differs.
 */
import type { ProxyFault } from './fault.ts'
import { malformed, type HeaderResult, type ProxyHeader } from './header.ts'
import { readVersion1 } from './version-1.ts'
import { FIXED, lengthOf, readVersion2, SIGNATURE } from './version-2.ts'

/** How far a header has come. */
export type ProxyReading =
  | { readonly kind: 'incomplete' }
  | {
      readonly kind: 'whole'
      readonly header: ProxyHeader
      /** What came behind the header, in the same pieces. */
      readonly rest: Buffer
    }
  | { readonly kind: 'faulty'; readonly fault: ProxyFault }

/** Whether octets begin as a PROXY header does; undefined where they are too few to tell. */
export function beginsAsHeader(octets: Buffer): boolean | undefined {
  const [isOne, isTwo] = [startOf(octets, LINE_START), startOf(octets, SIGNATURE)]
  if (isOne === true || isTwo === true) return true
  return isOne === false && isTwo === false ? false : undefined
}

/**
 * A `ProxyHeaderReader` reads one header; nothing may be pushed once it is whole or faulty. What has come is looked at again
 * with each piece: it is bounded, and a piece is a packet of a balancer that is trusted.
 */
export class ProxyHeaderReader {
  #octets: Buffer = Buffer.alloc(0)

  /** Takes the next octets of the connection. */
  push(piece: Buffer): ProxyReading {
    this.#octets = Buffer.concat([this.#octets, piece])
    if (beginsAsHeader(this.#octets) === false) {
      return { kind: 'faulty', fault: { kind: 'proxy-missing' } }
    }
    return this.#octets[0] === SIGNATURE[0] ? version2(this.#octets) : version1(this.#octets)
  }
}

function version2(octets: Buffer): ProxyReading {
  if (octets.length < FIXED) return INCOMPLETE
  const length = lengthOf(octets)
  if (length > MAX_HEADER) return tooLong(MAX_HEADER)
  return octets.length < length
    ? INCOMPLETE
    : read(readVersion2(octets.subarray(0, length)), octets.subarray(length))
}

function version1(octets: Buffer): ProxyReading {
  const line = octets.subarray(0, MAX_LINE).toString('latin1')
  const end = /[\r\n]/u.exec(line)?.index
  if (end === undefined) return octets.length < MAX_LINE ? INCOMPLETE : tooLong(MAX_LINE)
  // A single CR or LF must not end the line (§2.1).
  if (line[end] === '\n') return read(malformed('line'), octets)
  if (end + 1 >= line.length) return octets.length < MAX_LINE ? INCOMPLETE : tooLong(MAX_LINE)
  if (line[end + 1] !== '\n') return read(malformed('line'), octets)
  return read(readVersion1(line.slice(0, end)), octets.subarray(end + 2))
}

const read = (result: HeaderResult, rest: Buffer): ProxyReading =>
  result.ok
    ? { kind: 'whole', header: result.value, rest }
    : { kind: 'faulty', fault: result.failure }

const tooLong = (limit: number): ProxyReading => ({
  kind: 'faulty',
  fault: { kind: 'proxy-too-long', limit },
})

/** Whether octets begin with these; undefined where they are as far as they go. */
function startOf(octets: Buffer, start: Buffer): boolean | undefined {
  const common = Math.min(octets.length, start.length)
  if (octets.compare(start, 0, common, 0, common) !== 0) return false
  return octets.length < start.length ? undefined : true
}

const INCOMPLETE: ProxyReading = { kind: 'incomplete' }
const LINE_START = Buffer.from('PROXY ', 'latin1')
/** The longest line of version 1, CR LF included (§2.1). */
const MAX_LINE = 107
/**
 * Version 2 may be 65,551 octets long. HAProxy reads 16,384 (`tune.bufsize`) and writes no more than that; with a client's
 * certificate in it a header has some 3,000.
 */
const MAX_HEADER = 16_384
