/** What the server behind the candidates answers. */
import { randomBytes } from 'node:crypto'
import { closeSync, openSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** 200 octets of JSON, as a check-in without news is answered. */
export const SMALL_ANSWER = JSON.stringify({ status: 'ok', pad: 'x'.repeat(174) })

/** Octets of the large answer: long enough that head and connection do not count. */
export const LARGE_OCTETS = 100_000_000

/** Writes both as files, for the devices to compare with; the large one is served from there, too. */
export function writeAnswers(folder: string): void {
  writeFileSync(join(folder, 'small'), SMALL_ANSWER)
  const large = join(folder, 'large')
  if (statSync(large, { throwIfNoEntry: false })?.size === LARGE_OCTETS) return
  const file = openSync(large, 'w')
  for (let left = LARGE_OCTETS; left > 0; left -= BLOCK) {
    // Each block is another, so that none can stand for another.
    writeSync(file, randomBytes(Math.min(BLOCK, left)))
  }
  closeSync(file)
}

const BLOCK = 1 << 20
