/**
 * Whether a rollback journal (`-journal`) beside an SQLite file was written for that file. This program writes with a log
 * (`-wal`) and makes such a journal only as it turns a file to that; other programs write with one. SQLite plays back
 * whatever lies there before it reads anything, and an old one turns a file that was put there since into a mixture, or
 * cuts it to nothing.
 *
 * A journal holds pages as they were before a change. It belongs to a file where page 1 as it was has the stamp that the
 * file has, and the file has counted at most that one change since. One that has no page to play back belongs to a file
 * that is as long as it says. Nothing else is a pair.
 *
 * https://www.sqlite.org/fileformat2.html §1.3.6 (the change counter), §3 (the journal)
 */
import { closeSync, openSync, readSync } from 'node:fs'
import { headIn, type FileHead } from './journal-stamp.ts'

/** What a rollback journal holds. */
export interface RollbackFacts {
  /** How long the file was before the change, in pages: it is cut to that. */
  readonly pagesBefore: number
  /** Pages that would be played back. */
  readonly pages: number
  /** What page 1 said before the change; undefined where it is not among them. */
  readonly before: FileHead | undefined
}

/** Whether a journal with these pages was written for a file with this header; `undefined`: the file is empty. */
export function isRollbackOf(
  main: FileHead | undefined,
  { pagesBefore, pages, before }: RollbackFacts,
): boolean {
  if (main === undefined) return pagesBefore === 0
  // Of a file that is being made there is one page, and no stamp yet.
  if (pagesBefore === 0) return main.stamp.own === 0 && main.pages <= 1
  if (pages === 0) return main.pages === pagesBefore
  if (before === undefined) return false
  const since = main.changes - before.changes
  return (
    main.stamp.own === before.stamp.own &&
    main.stamp.before === before.stamp.before &&
    (since === 0 || since === 1)
  )
}

/** Reads a rollback journal; undefined where there is none, or none that SQLite would play back. */
export function readRollback(path: string): RollbackFacts | undefined {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
  try {
    return readSegments(file)
  } finally {
    closeSync(file)
  }
}

const MAGIC = Buffer.from('d9d505f920a163d7', 'hex')
const HEADER_OCTETS = 28
const AS_MANY_AS_THERE_ARE = 0xffff_ffff

function readSegments(file: number): RollbackFacts | undefined {
  const header = Buffer.alloc(HEADER_OCTETS)
  let found: RollbackFacts | undefined
  let at = 0
  while (isHeaderAt(file, header, at)) {
    const said = header.readUInt32BE(8)
    const records = said === AS_MANY_AS_THERE_ARE ? Number.POSITIVE_INFINITY : said
    const [pagesBefore, sector, pageOctets] = [16, 20, 24].map((place) =>
      header.readUInt32BE(place),
    ) as [number, number, number]
    found ??= { pagesBefore, pages: 0, before: undefined }
    if (sector < HEADER_OCTETS || pageOctets < 512 || pageOctets > 65_536) return found
    const record = Buffer.alloc(4 + pageOctets + 4)
    at += sector
    for (let number = 0; number < records; number += 1) {
      if (readSync(file, record, 0, record.length, at) < record.length) return found
      at += record.length
      const isFirst = record.readUInt32BE(0) === 1
      found = {
        pagesBefore: found.pagesBefore,
        pages: found.pages + 1,
        before: isFirst ? headIn(record.subarray(4)) : found.before,
      }
    }
    at = Math.ceil(at / sector) * sector
  }
  return found
}

const isHeaderAt = (file: number, header: Buffer, at: number): boolean =>
  readSync(file, header, 0, HEADER_OCTETS, at) === HEADER_OCTETS &&
  header.subarray(0, MAGIC.length).equals(MAGIC)
