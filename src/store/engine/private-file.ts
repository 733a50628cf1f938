import { closeSync, openSync } from 'node:fs'

/** Makes an empty file that only its owner reads, where there is none: SQLite would let everybody read what it makes. */
export function createPrivateFile(path: string): void {
  closeSync(openSync(path, 'a', 0o600))
}
