/** Saved queries, and what the charts count. */
import { scenarios } from '../scenario.ts'

const CONDITIONS =
  '--approval approved --authentication succeeded --migration none --awaiting false --class ios-mdm --departure on-sync-port --listener devices --setting $old --verdict admit --code verified --in-inventory false --seen-since 7d --not-seen-since 2099-01-01 --valid-at 2026-01-01 --text a'

export const QUERIES = [
  ...scenarios(
    'queries save',
    ['admitted --verdict admit', { says: /admitted/u }],
    [`everything ${CONDITIONS} --json`, { says: /"ios-mdm"/u }],
    ['admitted --verdict refuse', { code: 1 }],
    ['third --verdict perhaps', { code: 2, says: /wanted one of admit, refuse/u }],
  ),
  ...scenarios('queries list', ['', { reads: true, says: /admitted/u }]),
  ...scenarios(
    'queries run',
    ['admitted --limit 2', { reads: true, says: /^ID +NAME/mu }],
    ['admitted --after $next', { reads: true }],
    ['none', { code: 1 }],
  ),
  ...scenarios(
    'devices list',
    [`--query admitted`, { reads: true }],
    [CONDITIONS, { reads: true }],
  ),
  ...scenarios(
    'queries remove',
    ['admitted', { says: /admitted/u }],
    ['everything --json'],
    ['admitted', { code: 1 }],
  ),
  ...scenarios('devices charts', ['', { reads: true, says: /ios-mdm/u }]),
  ...scenarios('devices departures', [
    '',
    { reads: true, says: /^still to leave the sync port.* cannot-migrate$/mu },
  ]),
  ...scenarios(
    'devices list',
    ['--departure on-sync-port', { reads: true }],
    ['--departure on-sink-port', { code: 2, says: /did you mean on-sync-port/u }],
  ),
  ...scenarios('devices migration', ['', { reads: true, says: /migrat|MIGRAT/u }]),
]
