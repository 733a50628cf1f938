/** Where the file of a store lies: SQLite has its companions beside the file that a symbolic link leads to. */
import { readlinkSync, realpathSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** Follows symbolic links, also to where there is no file yet; a path that is no link and leads nowhere stays as it is. */
export function whereItLies(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return linkedFrom(path)
  }
}

function linkedFrom(path: string): string {
  let at = path
  for (let links = 0; links < MAX_LINKS; links += 1) {
    try {
      at = resolve(dirname(at), readlinkSync(at))
    } catch {
      return at
    }
  }
  // Links that lead to each other lead nowhere.
  return path
}

/** As many as Linux follows. */
const MAX_LINKS = 40
