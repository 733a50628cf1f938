/** Secrets that the store keeps sealed, and the keys that seal them. */
import { scenarios } from '../scenario.ts'

export const SECRETS = [
  ...scenarios(
    'secrets put',
    ['api-key', { input: 'correct horse', says: /api-key/u }],
    ['file-key --file $cert --json'],
    ['empty', { code: 2, input: '' }],
  ),
  ...scenarios('secrets list', ['', { reads: true, says: /api-key/u }]),
  ...scenarios('keys status', ['', { reads: true, says: /1/u }]),
  ...scenarios(
    'keys rotate',
    ['--dry-run', { reads: true, says: /key 2/u }],
    ['--force', { says: /2/u }],
    ['--json', { code: 1, says: /key-not-newer/u }],
  ),
  ...scenarios('keys reseal', ['', { says: /sealed/u }], ['--json']),
  ...scenarios(
    'secrets remove',
    ['api-key', { says: /api-key/u }],
    ['api-key --json', { code: 1, says: /not-found/u }],
  ),
]
