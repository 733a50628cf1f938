/**
 * A descriptor of the store's file beside those of SQLite, to look at what is open: one for the whole process, and closed
 * when the last connection to the file is. Closing any descriptor of a file takes away every lock that the process has on
 * it (POSIX), and with them those that SQLite believes to have.
 */
import { closeSync, fstatSync, openSync, statSync } from 'node:fs'

/** A descriptor that stays open until it is released. */
export interface HeldFile {
  readonly file: number
  release(): void
}

interface Shared {
  readonly file: number
  holders: number
}

/** By device and inode, as SQLite itself tells files apart. */
const heldFiles = new Map<string, Shared>()

/** Opens a file, or shares the descriptor that there is; undefined where it cannot be opened. */
export function holdFile(path: string): HeldFile | undefined {
  try {
    const found = keyOf(statSync(path, { bigint: true }))
    const shared = heldFiles.get(found) ?? openFirst(path)
    shared.holders += 1
    let isReleased = false
    const release = (): void => {
      if (isReleased) return
      isReleased = true
      shared.holders -= 1
      if (shared.holders === 0) forget(shared)
    }
    return { file: shared.file, release }
  } catch {
    // SQLite is about to say why, in its own words.
    return undefined
  }
}

function openFirst(path: string): Shared {
  const file = openForLooking(path)
  const key = keyOf(fstatSync(file, { bigint: true }))
  const shared = { file, holders: 0 }
  // One that took the place of another just now, and is held already: neither descriptor may be closed before the other.
  heldFiles.set(heldFiles.has(key) ? `${key}:${file}` : key, shared)
  return shared
}

/** For writing, too, where that is possible: an overlay then copies its file up before it is looked at, and not after. */
function openForLooking(path: string): number {
  try {
    return openSync(path, 'r+')
  } catch {
    return openSync(path, 'r')
  }
}

function forget(shared: Shared): void {
  for (const [key, one] of heldFiles) if (one === shared) heldFiles.delete(key)
  closeSync(shared.file)
}

const keyOf = ({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): string =>
  `${dev}:${ino}`
