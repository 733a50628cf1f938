/** The whole store in a file, and a store that begins with it. */
import { scenarios } from '../scenario.ts'

const PASSPHRASE = 'a passphrase of some length\n'

export const COPIES = [
  ...scenarios(
    'export',
    ['$folder/export.jsonl', { says: /export\.jsonl/u }],
    ['$folder/other.jsonl --json', { says: /"rows": [1-9]/u }],
    ['$folder/export.jsonl', { code: 1, says: /wanted/u }],
  ),
  ...scenarios(
    'backup',
    [
      '$folder/backup.sqlite',
      {
        says: /backup\.sqlite/u,
        onPostgres: { code: 1, says: /backup-elsewhere.*\n.*`tfe export FILE`/u },
      },
    ],
    ['$folder/other.sqlite --json', { onPostgres: { code: 1 } }],
    ['$folder/export.jsonl', { code: 1 }],
    [
      '$folder/offline.sqlite --config $config',
      {
        says: /offline\.sqlite.*\n.*the audit trail does not name it/u,
        onPostgres: { code: 1, says: /pg_dump/u },
      },
    ],
  ),
  // An export is of use to who has the keys that its secrets are sealed with.
  ...scenarios('keys export', ['$folder/live.bundle --config $config', { input: PASSPHRASE }]),
  ...scenarios('keys import', ['$folder/live.bundle --config $heir', { input: PASSPHRASE }]),
  ...scenarios(
    'init',
    [
      '$unborn --from $config',
      { code: 1, says: /line 1/u, onPostgres: { code: 1, says: /drop its schema/u } },
    ],
    ['$heir --from $folder/export.jsonl --json', { says: /"rows": [1-9]/u }],
    ['$heir --from $folder/export.jsonl', { code: 1 }],
  ),
  ...scenarios(
    'restore',
    [
      '$folder/none.sqlite --config $heir --dry-run',
      {
        code: 1,
        says: /found no file there, wanted a backup/u,
        onPostgres: { code: 1, says: /pg_restore/u },
      },
    ],
    [
      '$folder/backup.sqlite --config $heir',
      { code: 2, says: /--confirm/u, onPostgres: { code: 1 } },
    ],
    [
      '$folder/backup.sqlite --config $heir --confirm --json',
      { says: /"outcome": "restored"/u, onPostgres: { code: 1 } },
    ],
  ),
]
