/** Devices that were seen, and the list of those that should be there. */
import { itemsOf, scenarios } from '../scenario.ts'
import type { Stage } from '../stage.ts'

const firstId = (name: string) => (out: string, stage: Stage) =>
  stage.keep(name, itemsOf(out)[0]?.['id'])

export const DEVICES = [
  ...scenarios(
    'status',
    ['', { reads: true, says: /olga/u }],
    ['--url http://127.0.0.1:1', { code: 3, says: /nothing listens there/u }],
  ),
  ...scenarios('reload', ['', { reads: true, says: /reload|configuration|in force/u }]),
  ...scenarios(
    'inventory import',
    ['$csv --check', { reads: true, says: /2 devices, no fault/u }],
    ['$csv', { says: /2 added/u }],
    ['$json --json'],
    ['$config', { code: 1, says: /found the column/u }],
  ),
  ...scenarios(
    'devices list',
    [
      '',
      {
        reads: true,
        says: /^ID +NAME/mu,
        before: async (stage) => {
          const statuses = await stage.checkIn()
          await stage.listed(statuses.filter((status) => status === 200).length > 5 ? 5 : 1)
        },
      },
    ],
    ['--verdict admit --limit 1 --json', { keep: firstId('device') }],
    [
      '--limit 2 --json',
      { keep: (out, stage) => stage.keep('next', (JSON.parse(out) as { next: unknown }).next) },
    ],
    ['--limit 2 --after $next', { reads: true }],
    [
      '--approval unapproved --authentication succeeded --migration none --class ios-mdm --setting $old --verdict admit --code verified --text a',
      { reads: true },
    ],
    ['--approval aproved', { code: 2, says: /did you mean approved/u }],
    ['--limit 0', { code: 2, says: /wanted a whole number from 1 to 1000/u }],
  ),
  ...scenarios('devices readiness', ['', { reads: true, says: /success rate/u }]),
  ...scenarios(
    'devices show',
    ['$device', { reads: true, says: /enrollment setting/u }],
    ['no-such-device', { code: 1, says: /there is no device/u }],
  ),
  ...scenarios(
    'explain',
    ['--device $device', { reads: true, says: /What is kept of its certificate/u }],
    ['$device --json', { reads: true }],
    ['--device no-such-device', { code: 1, says: /there is no device/u }],
  ),
  ...scenarios(
    'devices withdraw',
    ['$device', { says: /is unapproved|withdrawn/u }],
    ['$device --json', { code: 1 }],
  ),
  ...scenarios(
    'devices approve',
    ['$device', { says: /is approved/u }],
    ['$device --json', { code: 1 }],
  ),
  ...scenarios(
    'devices block',
    ['$device --dry-run', { reads: true, says: /devices? judged/u }],
    ['$device', { says: /is blocked/u }],
    ['$device --json', { code: 1 }],
  ),
  ...scenarios(
    'devices unblock',
    ['$device', { says: /\$device is|is unblocked|is unapproved|is approved/u }],
    ['$device --json', { code: 1 }],
  ),
  ...scenarios(
    'devices links',
    ['--refused', { reads: true, says: /no key or signed id is linked/u }],
    ['', { code: 2, says: /required option '--refused' not specified/u }],
    [
      '--refused --undo --confirm',
      { before: (stage) => stage.linkByRefused(), says: /2 links undone/u },
    ],
  ),
  ...scenarios('devices uncertified', ['', { reads: true, says: /IN THE INVENTORY/u }]),
  ...scenarios(
    'devices silent',
    ['$device --note server', { says: /may stay in/u }],
    ['$device --undo --json'],
    ['$device', { code: 2, says: /needs --note/u }],
  ),
  ...scenarios(
    'devices forget',
    ['$device', { says: /is forgotten/u }],
    ['$device --json', { code: 1 }],
  ),
]
