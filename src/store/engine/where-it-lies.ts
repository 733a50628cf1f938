/** Where the file of a store lies: SQLite has its companions beside the file that a symbolic link leads to. */
import { realpathSync } from 'node:fs'

/** Follows symbolic links; a path that leads nowhere stays as it is. */
export function whereItLies(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
