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
    'crl show',
    ['next', { reads: true, says: /asks for no revocation/u }],
    ['nxt', { code: 1, says: /there is no enrollment setting/u }],
  ),
  ...scenarios(
    'crl add',
    ['next', { code: 2 }],
    ['next $csv', { code: 1, says: /neither in PEM nor in DER/u }],
    ['next ftp://ca.example/', { code: 1, says: /begins with http/u }],
    ['next $crl --failure soft-fail', { says: /soft-fail/u }],
    ['next http://127.0.0.1:9/other.crl --json --wide', { says: /other\.crl/u }],
    ['next http://127.0.0.1:9/list.crl', { says: /127\.0\.0\.1/u }],
  ),
  ...scenarios(
    'crl set',
    ['next', { code: 2, says: /set needs --failure, --grace or --refresh/u }],
    ['next --grace 12', { code: 2, says: /wanted a length of time/u }],
    ['next --failure soft-fail --grace 12h --refresh 1d', { says: /12 hours|12 h/u }],
    ['next --failure soft-fail --json --wide'],
    ['$old --failure soft-fail', { code: 1, says: /has no revocation list/u }],
  ),
  ...scenarios(
    'crl reset',
    ['next', { code: 2 }],
    ['next --confirm', { says: /resets/u }],
    ['next --confirm --json --wide', { says: /"resets": 2/u }],
    ['$old --confirm', { code: 1 }],
  ),
  ...scenarios(
    'crl remove',
    ['next 2', { code: 2 }],
    ['next 9 --confirm', { code: 1, says: /there is no revocation list/u }],
    ['next 3 --confirm'],
    ['next 2 --confirm --json --wide'],
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
