/**
 * Whether the write-ahead log beside an SQLite file was written for that file. SQLite does not ask: it plays whatever lies
 * in `-wal` into whatever lies in the file, and an older copy that was put in the place of a store becomes a mixture of
 * two, which may even pass for whole.
 *
 * So every change carries a stamp in the header of page 1, which only we use: `user_version` holds a random number of its
 * own, `application_id` the one of the change before. The main file is written by checkpoints alone; its stamp is that of
 * the last change in it. A log belongs to it where the first change in the log came after that stamp, or where the stamp
 * is one of the log's own, since a checkpoint has been there. A file from before there were stamps has 0 in both places.
 *
 * Another program (a shell, a replicator) gives no stamp, and writes page 1 only where the file grows, shrinks or gets
 * another structure. A log of its changes alone belongs to a file that is as long as after each of them. Nothing else is a
 * pair.
 *
 * https://www.sqlite.org/fileformat2.html §1.3 (the header), §4.1 (the log)
 */
import { closeSync, openSync, readSync } from 'node:fs'
import { randomInt } from 'node:crypto'

/** What the header of page 1 says of the change that it was written by, and of the one before. */
export interface FileStamp {
  readonly own: number
  readonly before: number
}

/** What the header of an SQLite file says. */
export interface FileHead {
  readonly stamp: FileStamp
  /** How many changes it has seen that were made without a log. */
  readonly changes: number
  /** How long the database is, in pages and in octets; the file may be longer. */
  readonly pages: number
  readonly octets: number
}

/** What a write-ahead log holds, as far as SQLite would play it back. */
export interface JournalFacts {
  /** Pages in changes that were finished. */
  readonly frames: number
  /** The stamps of the changes that wrote page 1, in their order. */
  readonly stamps: readonly FileStamp[]
  /** How long the database is after each change, in pages; undefined where not always the same. */
  readonly pages: number | undefined
}

/** Another stamp for each change; 0 stands for none. */
export const newStamp = (): number => randomInt(1, 2 ** 31)

/** Whether a log with these changes was written for a file with this header; `undefined`: the file is empty. */
export function belongsTo(
  main: FileHead | undefined,
  { frames, stamps, pages }: JournalFacts,
): boolean {
  if (frames === 0) return true
  if (main === undefined) return false
  const { stamp } = main
  const [first] = stamps
  // Programs from before there were stamps seldom wrote page 1.
  if (first === undefined) return stamp.own === 0 || pages === main.pages
  return (
    first.before === stamp.own ||
    stamps.some(({ own, before }) => own === stamp.own && before === stamp.before)
  )
}

const HEADER_OCTETS = 100

/** The header of an SQLite file that is open; undefined where it has none. */
export function readHead(file: number): FileHead | undefined {
  const header = Buffer.alloc(HEADER_OCTETS)
  if (readSync(file, header, 0, HEADER_OCTETS, 0) < HEADER_OCTETS) return undefined
  return headIn(header)
}

/** The header that page 1 begins with. */
export function headIn(header: Buffer): FileHead {
  const pages = header.readUInt32BE(28)
  return {
    stamp: stampIn(header),
    changes: header.readUInt32BE(24),
    pages,
    octets: pages * pageOctetsOf(header.readUInt16BE(16)),
  }
}

/** The largest size does not fit in its place, which then holds 1. */
const pageOctetsOf = (said: number): number => (said === 1 ? 65_536 : said)

const stampIn = (page: Buffer): FileStamp => ({
  own: page.readUInt32BE(60),
  before: page.readUInt32BE(68),
})

const NOTHING: JournalFacts = { frames: 0, stamps: [], pages: undefined }

/** Reads a write-ahead log as SQLite's recovery does: up to the last finished change whose checksums fit. */
export function readJournal(path: string): JournalFacts {
  let file: number
  try {
    // Opening and closing the log disturbs no lock: SQLite's are on the file and on `-shm`.
    file = openSync(path, 'r')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return NOTHING
    throw error
  }
  try {
    return readFrames(file)
  } finally {
    closeSync(file)
  }
}

const LOG_HEADER_OCTETS = 32
const FRAME_HEADER_OCTETS = 24
/** The last bit tells in which order the octets of a word are summed up. */
const MAGIC = 0x377f0682

function readFrames(file: number): JournalFacts {
  const header = Buffer.alloc(LOG_HEADER_OCTETS)
  if (readSync(file, header, 0, LOG_HEADER_OCTETS, 0) < LOG_HEADER_OCTETS) return NOTHING
  if ((header.readUInt32BE(0) & ~1) !== MAGIC) return NOTHING
  const sum = new Checksum((header.readUInt32BE(0) & 1) === 0)
  sum.add(header, 0, 24)
  if (!sum.is(header, 24)) return NOTHING
  const pageOctets = pageOctetsOf(header.readUInt32BE(8))
  if (pageOctets < 512) return NOTHING
  const frame = Buffer.alloc(FRAME_HEADER_OCTETS + pageOctets)
  const finished: FileStamp[] = []
  const begun: FileStamp[] = []
  let frames = 0
  let pages: number | undefined
  for (let number = 1; ; number += 1) {
    const at = LOG_HEADER_OCTETS + (number - 1) * frame.length
    if (readSync(file, frame, 0, frame.length, at) < frame.length) break
    // The salts of another turn of the log: what lies here was played back long ago.
    if (!frame.subarray(8, 16).equals(header.subarray(16, 24))) break
    sum.add(frame, 0, 8)
    sum.add(frame, FRAME_HEADER_OCTETS, frame.length)
    if (!sum.is(frame, 16)) break
    if (frame.readUInt32BE(0) === 1) begun.push(stampIn(frame.subarray(FRAME_HEADER_OCTETS)))
    // 0 but for the last of a change.
    const pagesAfter = frame.readUInt32BE(4)
    if (pagesAfter === 0) continue
    pages = frames === 0 || pages === pagesAfter ? pagesAfter : undefined
    frames = number
    finished.push(...begun.splice(0))
  }
  return { frames, stamps: finished, pages }
}

/** The running sum of a log, over its header and each frame. */
class Checksum {
  readonly #isLittleEndian: boolean
  #one = 0
  #other = 0

  constructor(isLittleEndian: boolean) {
    this.#isLittleEndian = isLittleEndian
  }

  add(octets: Buffer, from: number, to: number): void {
    const words = new DataView(octets.buffer, octets.byteOffset, octets.byteLength)
    for (let at = from; at < to; at += 8) {
      this.#one = (this.#one + words.getUint32(at, this.#isLittleEndian) + this.#other) >>> 0
      this.#other = (this.#other + words.getUint32(at + 4, this.#isLittleEndian) + this.#one) >>> 0
    }
  }

  is(octets: Buffer, at: number): boolean {
    return octets.readUInt32BE(at) === this.#one && octets.readUInt32BE(at + 4) === this.#other
  }
}
