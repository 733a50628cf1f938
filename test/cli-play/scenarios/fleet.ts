/** What is switched for the whole fleet. */
import { CONFIRMATION_PHRASE } from '../../../src/fleet/enforcement.ts'
import { scenarios } from '../scenario.ts'

export const FLEET = [
  ...scenarios('approval status', ['', { reads: true, says: /set by/u }]),
  ...scenarios(
    'approval use',
    ['manual', { says: /the approval model is manual/u }],
    ['auto --json'],
    ['auto --confirm'],
    ['sometimes', { code: 2 }],
  ),
  ...scenarios('approval chart', ['', { reads: true, says: /unapproved/u }]),
  ...scenarios('agents list', ['', { reads: true, says: /set by/u }]),
  ...scenarios(
    'agents set',
    ['android-maw=10.1 ios-maw=12.0', { says: /android-maw +10\.1/u }],
    ['ios-maw=13 --json'],
    ['ios=13', { code: 2 }],
  ),
  ...scenarios(
    'agents unset',
    ['ios-maw', { says: /android-maw +10\.1/u }],
    ['android-maw --json'],
    ['ios', { code: 2 }],
  ),
  ...scenarios('port status', ['', { reads: true, says: /sync port/u }]),
  ...scenarios('enforce status', ['', { reads: true, says: /recorded, not required/u }]),
  ...scenarios(
    'enforce save',
    ['--authentication off --decryption off', { says: /decryption/u }],
    ['--authentication on --json'],
    ['', { code: 2 }],
  ),
  ...scenarios(
    'history',
    ['--until 1h', { reads: true, says: /READINESS/u }],
    ['--kind refusals --kind approval --step day --from 7d', { reads: true, says: /APPROVAL/u }],
    ['--step hour --from 60d', { code: 1, says: /wanted at most 744/u }],
    ['--kind moods', { code: 2 }],
  ),
  ...scenarios('enforce results', ['--days 1', { reads: true, says: /SENSITIVE ROW/u }]),
  ...scenarios(
    'enforce require',
    ['--dry-run', { reads: true, says: /devices? judged/u }],
    ['--phrase yes', { code: 1 }],
    ['', { answers: [CONFIRMATION_PHRASE], says: /certificates are required/u }],
    // Required for good already: said again, it is no mistake.
    ['--json', { says: /"state": "required"/u }],
  ),
  ...scenarios(
    'port close',
    ['', { code: 1 }],
    ['--dry-run', { code: 1, says: /next: /u }],
    ['--force --dry-run', { reads: true, says: /devices? judged/u }],
    ['--force', { says: /closed/u }],
    ['--json', { code: 1 }],
  ),
  ...scenarios('oauth status', ['', { reads: true, says: /legacy endpoint/u }]),
  ...scenarios(
    'oauth enable-new',
    ['--dry-run', { reads: true, says: /devices? judged/u }],
    ['', { says: /enabled/u }],
    ['--json'],
  ),
  ...scenarios(
    'oauth disable-legacy',
    ['--dry-run', { reads: true, says: /devices? judged/u }],
    ['', { code: 2 }],
    ['--confirm', { code: 2 }],
    ['--confirm --confirm --json', { says: /"legacy": "disabled"/u }],
  ),
  ...scenarios(
    'oauth disable-new',
    ['--dry-run', { code: 1, says: /next: /u }],
    ['', { code: 1 }],
    ['--json', { code: 1 }],
  ),
  ...scenarios(
    'oauth enable-legacy',
    ['--dry-run', { reads: true, says: /devices? judged/u }],
    ['', { says: /legacy endpoint +enabled/u }],
    ['--json'],
  ),
  ...scenarios('oauth disable-new', ['', { says: /disabled/u }]),
  ...scenarios('port open', ['', { says: /open/u }], ['--json']),
]
