/** Administrators, tokens, denied keys, and the audit trail. */
import { itemsOf, scenarios } from '../scenario.ts'

const KEY = 'a'.repeat(64)
const PASSWORD = 'a password of some length\n'

export const PEOPLE = [
  ...scenarios(
    'admin create',
    ['bo --role viewer --config $config', { input: PASSWORD, says: /bo may sign in as viewer/u }],
    [
      'cy --role viewer --token-file $folder/cy-token --config $config',
      { says: /ends in 30 days/u },
    ],
    [
      'dee --role viewer --config $config',
      { code: 1, input: 'short\n', says: /found a password/u },
    ],
  ),
  ...scenarios(
    'admin create',
    ['eve --role operator', { input: PASSWORD }],
    [`flo --role viewer --certificate-key ${KEY} --json`],
    ['eve --role operator --json', { code: 1, input: PASSWORD }],
    ['gus --role operator --config $config --url $url', { code: 2, input: PASSWORD }],
  ),
  ...scenarios('admin list', ['', { reads: true, says: /eve/u }]),
  ...scenarios(
    'admin password',
    ['eve', { input: `another ${PASSWORD}` }],
    ['eve --json', { input: PASSWORD }],
    ['eve', { code: 1, input: 'short\n', says: /wanted/u }],
  ),
  ...scenarios(
    'admin role',
    ['eve viewer', { says: /eve.*viewer/u }],
    ['eve operator --json'],
    ['eve boss', { code: 2 }],
  ),
  ...scenarios(
    'admin disable',
    ['eve', { says: /eve.*disabled/u }],
    ['absent --json', { code: 1 }],
  ),
  ...scenarios('admin enable', ['eve', { says: /eve/u }], ['absent --json', { code: 1 }]),
  ...scenarios(
    'admin certificate',
    ['flo none', { says: /flo/u }],
    [`flo ${'b'.repeat(64)} --json`],
    ['flo xyz', { code: 2, says: /wanted the SHA-256/u }],
  ),
  ...scenarios('admin remove', ['flo', { says: /flo is removed/u }], ['flo --json', { code: 1 }]),
  ...scenarios(
    'token create',
    ['report --role viewer --days 90', { says: /^tfe_/mu }],
    [
      'other --json',
      {
        keep: (out, stage) =>
          stage.keep('tokenid', (JSON.parse(out) as { about: { id: string } }).about.id),
      },
    ],
    ['report --days 401', { code: 2, says: /wanted a whole number from 1 to 400/u }],
  ),
  ...scenarios('token list', ['', { reads: true, says: /report/u }]),
  ...scenarios(
    'token revoke',
    ['$tokenid', { says: /is revoked/u }],
    ['$tokenid --json', { code: 1 }],
    ['x', { code: 1, says: /there is no token 'x'/u }],
  ),
  ...scenarios(
    'deny add',
    [`${KEY} --note test --dry-run`, { reads: true, says: /devices? judged/u }],
    [`${KEY} --note test`, { says: /is denied/u }],
    [`${KEY} --note test --dry-run`, { code: 1, says: /already-exists/u }],
    [`${KEY}:0a --note test --json`],
    ['x --note test', { code: 2, says: /wanted KEY or ISSUERKEY:SERIAL/u }],
  ),
  ...scenarios('deny list', ['', { reads: true, says: /aaaa/u }]),
  ...scenarios(
    'deny remove',
    [KEY, { says: /is off the list/u }],
    [`${KEY}:0a --json`],
    [KEY, { code: 1 }],
  ),
  ...scenarios(
    'refusals',
    [
      '--limit 1 --json',
      {
        before: (stage) => stage.refused(),
        keep: (out, stage) => stage.keep('reference', itemsOf(out)[0]?.['reference']),
      },
    ],
    ['', { reads: true, says: /^WHEN +REFERENCE +CODE/mu }],
    ['--code no-certificate --since 1h --until 2099-01-01 --listener devices', { reads: true }],
    ['--outcome refused --address 127.0.0.1 --reference $reference', { reads: true }],
    [`--key ${KEY} --device no-such-device`, { says: /WHEN/u }],
    ['--outcome shrugged', { code: 2, says: /allowed choices|wanted one of|did you mean/iu }],
    ['--key none', { code: 1, says: /64 hexadecimal digits/u }],
  ),
  ...scenarios(
    'why',
    ['$reference', { reads: true, says: /the device saw +403 and the reference/u }],
    ['beef', { code: 1, says: /this fleet never issued it, or it is older than the 30 days/u }],
    ['x', { code: 1, says: /wanted a reference such as/u }],
  ),
  ...scenarios(
    'audit',
    ['', { reads: true, says: /enrollment\.promote/u }],
    [
      '--limit 1 --json',
      {
        keep: (out, stage) => {
          stage.keep('auditnext', (JSON.parse(out) as { next: unknown }).next)
          if (itemsOf(out).length !== 1) throw new Error('wanted one row')
        },
      },
    ],
    ['--limit 1 --after $auditnext', { reads: true }],
    ['--who olga --action deny.add --subject a --since 7d --until 2099-01-01', { reads: true }],
    ['--since 7', { code: 2, says: /such as 12h or 7d/u }],
  ),
]
