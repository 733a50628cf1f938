/** `tfe export` and `tfe backup`. */
import type { TfeCommand } from '../../command.ts'
import { apiOptions, calls, callWith } from './common-options.ts'

/** Adds the commands that take the whole store away. */
export function addExportBackup(program: TfeCommand): void {
  const module = () => import('../export-backup.ts')
  program
    .command('export')
    .summary('write the whole store to a new file, for another instance')
    .description(
      'Writes the store as lines of JSON to a new file that only you can read, while the front end serves; secrets stay sealed. `tfe init --from` begins a store with it. If anything is missing at the end, no file is left behind.',
    )
    .argument('<FILE>', 'a file that is not there yet')
    .examples('tfe export old-store.jsonl')
    .with(calls(module, 'exportStore'))
  program
    .command('backup')
    .summary('copy the file of the store to a new file')
    .description(
      'Copies the SQLite file of the store as of now to a new file that only you can read, while the front end serves: its admin API is asked. With --config the file of the store is read instead, whether a front end serves from it or none does, as after a crash; that is not in the audit trail. Where the store is PostgreSQL, `tfe export` or its own tools do this, and --config prints their command. If it breaks off, no file is left behind.',
    )
    .argument('<FILE>', 'a file that is not there yet')
    .option('--config <FILE>', 'the configuration whose store is read, without the admin API')
    .examples(
      'tfe backup tfe-2026-11-22.db',
      'tfe backup tfe-2026-11-22.db --config /etc/tfe/epmm.yaml',
    )
    .with(apiOptions)
    .does(async (invocation, environment) => {
      const { takes, file, json } = invocation
      if (file === '') return await callWith(module, 'backupStore')(invocation, environment)
      const { backupCommand } = await import('../../commands/backup.ts')
      return await backupCommand({ target: takes[0] ?? '', file, json }, environment)
    })
}
