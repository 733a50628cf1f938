/**
 * Writes a backup of a store's file without the program that serves from it: after a kill, or while none runs. The store is
 * read and nothing else; what is in its journal is in the backup.
 */
import { statSync } from 'node:fs'
import { ok } from '../../kernel/types.ts'
import type { Outcome } from '../failure.ts'
import { openCopy } from './open-copy.ts'

/** Writes it to a file that is not there yet, of the size returned, in octets; a damaged store is no backup. */
export async function backupFile(path: string, target: string): Outcome<number> {
  const opened = await openCopy(path, 'whole')
  if (!opened.ok) return opened
  await using store = opened.value
  const written = await store.engine.backup(target, 'backup')
  return written.ok ? ok(statSync(target).size) : written
}
