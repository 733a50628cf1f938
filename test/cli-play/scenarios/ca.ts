/** Enrollment settings, from their upload to their end. */
import { scenarios } from '../scenario.ts'

export const CA = [
  ...scenarios('ca subject', ['CN=$USER_NAME$,O=Example', { reads: true, says: /CN/u }]),
  ...scenarios(
    'ca upload',
    ['next $nextca --source scep', { says: /next: tfe ca preview next promote/u }],
    ['next $nextca --json', { code: 1 }],
    ['next $csv', { code: 1 }],
  ),
  ...scenarios('ca list', ['', { reads: true, says: /staged/u }]),
  ...scenarios(
    'ca show',
    ['next', { reads: true, says: /Next CA/u }],
    ['nxt', { code: 1, says: /there is no enrollment setting/u }],
  ),
  ...scenarios(
    'ca preview',
    ['next promote --cut-off known-devices --sunset 2099-01-01 --at 2098-06-01', { reads: true }],
    ['next forget', { code: 2, says: /wanted one of promote, amend, remove, distrust/u }],
  ),
  ...scenarios(
    'ca promote',
    ['next --cut-off not-before --sunset 2099-01-01 --confirm', { says: /is previously trusted/u }],
    ['next --json', { code: 1 }],
    ['next --sunset 2099-02-30', { code: 2, says: /wanted a day that exists/u }],
  ),
  ...scenarios(
    'ca amend',
    ['$old --cut-off known-devices --confirm', { says: /known-devices/u }],
    ['$old --sunset never --json'],
    ['$old', { code: 2, says: /amend needs --cut-off or --sunset/u }],
  ),
  ...scenarios(
    'ca distrust',
    ['next', { code: 2 }],
    ['$old --confirm --json', { says: /"distrusted"/u }],
  ),
  ...scenarios(
    'ca remove',
    ['$old --force', { says: /is removed/u }],
    ['next --json', { code: 1 }],
  ),
]
