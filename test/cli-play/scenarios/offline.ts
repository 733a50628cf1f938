/** What needs no front end that serves: questions about a configuration, keys, and a store of its own. */
import { scenarios } from '../scenario.ts'

const PASSPHRASE = 'a passphrase of some length\n'

export const OFFLINE = [
  ...scenarios('help', ['', { says: /^ {2}explain/mu }], ['ca promote', { says: /--sunset/u }]),
  ...scenarios(
    'completion',
    ['bash', { says: /complete .*tfe/u }],
    ['zsh', { says: /compdef/u }],
    ['fish', { says: /complete -c tfe/u }],
    ['tcsh', { code: 2, says: /bash, zsh, fish/u }],
  ),
  ...scenarios(
    'check',
    ['$config', { reads: true, says: /core/u }],
    ['--config $config'],
    ['--deep $config', { says: /✓ core: /u }],
    ['$faulty', { code: 1, says: /workers: found the text "many", wanted/u }],
    ['', { code: 2, says: /tfe check needs FILE/u }],
  ),
  ...scenarios(
    'config diff',
    ['--config $config', { reads: true, says: /^no differences/u }],
    ['--config $faulty', { code: 1, says: /workers: found the text "many"/u }],
    ['', { reads: true, says: /^no differences/u }],
  ),
  ...scenarios(
    'explain',
    [
      '$cert --config $config --offline',
      { reads: true, says: /the enrollment setting Local CA 2021 is current/u },
    ],
    ['$cert', { reads: true, says: /judged by the front end that serves/u }],
    ['$cert --host localhost --route /mifs/asfV3x/appstore/a --json', { reads: true }],
    [
      '$cert --config $config --url http://127.0.0.1:1',
      { reads: true, says: /no front end was asked: .*nothing listens there/u },
    ],
    ['$cert --url http://127.0.0.1:1', { code: 3, says: /nothing listens there/u }],
    [
      '$cert --config $config --offline --listener devices --route /mifs/asfV3x/appstore/a --method GET --user-agent MDM/1.0 --from 127.0.0.1 --at 2040-01-01',
      { code: 1, reads: true, says: /expired/u },
    ],
    ['$cert --config $config --at 2026-02-30', { code: 2, says: /wanted a day that exists/u }],
  ),
  ...scenarios(
    'headers',
    ['--list', { reads: true, says: /rfc9440/u }],
    [
      '$cert --format rfc9440 --verify success --chain',
      { reads: true, says: /[Cc]lient-[Cc]ert/u },
    ],
    ['$cert --config $config --upstream core', { reads: true }],
    ['$cert --format ngix', { code: 2, says: /did you mean nginx/u }],
  ),
  ...scenarios(
    'init',
    ['--config $second', { says: /made the store/u }],
    ['$second --json', { code: 1 }],
  ),
  ...scenarios(
    'keys list',
    ['$second', { reads: true, says: /1/u }],
    ['--config $second', { reads: true }],
  ),
  ...scenarios(
    'secrets seal',
    [
      'tls-key --config $second',
      { input: 'correct horse', says: /tls-key is sealed with key \d/u },
    ],
    ['tls-key --file $cert --config $second --json'],
    ['_key --config $second', { code: 2, says: /wanted letters, digits/u }],
    ['tls-key --config $second', { code: 1, input: '', says: /found nothing/u }],
  ),
  ...scenarios('keys new', ['$second', { says: /key/u }], ['--config $second --json', {}]),
  ...scenarios(
    'keys export',
    ['$folder/ring.bundle --config $second', { input: PASSPHRASE, says: /ring\.bundle/u }],
    ['$folder/ring.bundle --config $second --json', { code: 1, input: PASSPHRASE }],
  ),
  ...scenarios(
    'keys import',
    ['$folder/ring.bundle --config $holder', { code: 1, input: 'a wrong passphrase instead\n' }],
    ['$folder/ring.bundle --config $holder', { input: PASSPHRASE, says: /key/u }],
    ['$folder/ring.bundle --config $holder --json', { input: PASSPHRASE }],
  ),
  ...scenarios(
    'upgrade',
    ['$second --dry-run', { reads: true, says: /the store is up to date/u }],
    ['--config $second --confirm', { says: /the store is up to date/u }],
    ['$faulty --dry-run', { code: 1, says: /workers: found/u }],
  ),
  ...scenarios(
    'break-glass',
    ['--config $second --reason test', { says: /required|nothing was changed/u }],
    ['$second --reason test --json'],
    ['$second', { code: 2, says: /--reason/u }],
  ),
]
