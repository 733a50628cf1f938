/** `tfe backup --config`: a copy of the file that the store is, without asking a front end for it. */
import { countText } from '../../kernel/count-text.ts'
import { storeFault } from '../../serve/store-sync/configured-store.ts'
import { postgresCommands } from '../../store/engine/postgres-commands.ts'
import { backupFile } from '../../store/restore/backup-file.ts'
import { printAnswer, printFaultAnswer } from '../answer.ts'
import type { CommandEnvironment, CommandResult } from '../command-environment.ts'
import { EXIT } from '../exit-code.ts'
import { replaceControlCharacters } from '../text-layout.ts'
import { loadConfiguredStore } from './store.ts'

/** What `tfe backup` was given. */
export interface BackupOptions {
  readonly target: string
  /** The configuration that names the store. */
  readonly file: string
  readonly json: boolean
}

/** Writes the copy, or says why there is none. */
export async function backupCommand(
  { target, file, json }: BackupOptions,
  { terminal, env }: CommandEnvironment,
): Promise<CommandResult> {
  const form = { terminal, json }
  const store = await loadConfiguredStore(file, env)
  if (!store.ok) return printFaultAnswer(store.failure, form)
  if (store.value.kind === 'postgres') {
    const { url, schema } = store.value
    const { backup: command } = postgresCommands(url.text, schema)
    const fault = storeFault(store.value, { kind: 'backup-elsewhere', command })
    return printFaultAnswer([fault], form)
  }
  const written = await backupFile(store.value.path, target)
  if (!written.ok) return printFaultAnswer([storeFault(store.value, written.failure)], form)
  const lines = [
    `${target}: ${countText(written.value, 'octet')}`,
    'it was read from the file of the store, and the audit trail does not name it',
    'it holds password hashes and sealed secrets: keep it as you keep the store',
  ]
  const document = { file: target, octets: written.value }
  printAnswer({ document, lines: lines.map(replaceControlCharacters) }, form)
  return EXIT.ok
}
