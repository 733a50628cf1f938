/**
 * What people get wrong: each row is one mistake, what is said of it, and the exit code. None of the answers may show a
 * stack, a word of a schema, or a regular expression; each says what was found, what was wanted, or what to type.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  CONFIGURATION,
  configurationFolder,
  type ConfigurationFolder,
} from '../support/cli/configuration-folder.ts'
import { tfe } from '../support/cli/run-command.ts'

let made: ConfigurationFolder

beforeAll(async () => {
  made = await configurationFolder()
  await mkdir(join(made.folder, 'folder'))
  await made.write('empty.yaml', '')
  await made.write('latin1.yaml', Buffer.from('profile: g\u00e9n\u00e9ric\n', 'latin1'))
  await made.write('half.json', '{"profile": ')
  await made.write('empty.token', '\n')
  await writeFile(join(made.folder, 'open.token'), 'tfe_secret\n', { mode: 0o644 })
})
afterAll(() => made[Symbol.asyncDispose]())

/** Nothing of how the program is made reaches a person. */
const INSIDES = /\n {4}at |must (?:be|match|have|NOT)|a schema|\/\^|\\d|\[0-9|undefined|\[object/u

async function answerTo(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number; readonly said: string }> {
  const placed = argv.map((word) => word.replace(/^@/u, `${made.folder}/`))
  const { code, out, err } = await tfe(placed, env)
  return { code, said: out + err }
}

/** The mistake, what stands in its place in the usual configuration, and the answer after `FILE:`. */
const IN_A_CONFIGURATION: readonly (readonly [
  mistake: string,
  right: RegExp | string,
  wrong: string,
  said: string,
])[] = [
  [
    'a duration with a unit that does not exist',
    /^/u,
    'grace: 30x\n',
    ':1:8 grace: found the text "30x", wanted a length of time with its unit, such as 30s, 15m or 1d 12h',
  ],
  [
    'a duration without a unit',
    /^/u,
    'drain: 30\n',
    ':1:8 drain: found the number 30, wanted a length of time with its unit',
  ],
  [
    'a negative duration',
    /^/u,
    'renewalWindow: -5d\n',
    ':1:16 renewalWindow: found the text "-5d", wanted a length of time',
  ],
  [
    'a size in words',
    'routes: all\n',
    'limits: { headerBytes: 16 kilobytes }\n    routes: all\n',
    ':15:28 listeners.devices.limits.headerBytes: found the text "16 kilobytes", wanted a size with its unit, such as 512B, 16KiB or 2GiB',
  ],
  [
    'a day that does not exist',
    /retiredAt: [^,]*/u,
    'retiredAt: 2026-02-30',
    ':7:61 trust.enrollmentSettings[1].retiredAt: found "2026-02-30", wanted a day that exists',
  ],
  [
    'a day with the year last',
    /retiredAt: [^,]*/u,
    'retiredAt: 30.2.2026',
    ':7:61 trust.enrollmentSettings[1].retiredAt: found the text "30.2.2026", wanted a day such as 2026-03-01 (UTC)',
  ],
  [
    'http for https',
    'https://mdm',
    'http://mdm',
    ':25:10 upstreams.mdm.url: found http:, wanted https:',
  ],
  [
    'a mistyped key',
    'profile:',
    'profil:',
    ':1:1 profil: found the unknown key "profil", wanted a known one: did you mean profile?',
  ],
  [
    'a tab',
    '  devices:',
    '\tdevices:',
    ':9:1: found a tab at the beginning of a line, wanted spaces',
  ],
  [
    'a key written twice',
    /^/u,
    'workers: 1\n',
    ':3:1 workers: found the key workers a second time, wanted it once: remove one (the first is in line 1)',
  ],
  [
    'a second current CA',
    /standing: previously-trusted, retiredAt: [^,]*/u,
    'standing: current',
    ':7:30 trust.enrollmentSettings[1].standing: found a second current setting, wanted exactly one',
  ],
  [
    'no current CA',
    'standing: current',
    'standing: staged',
    ':5:3 trust.enrollmentSettings: found no current setting, wanted exactly one',
  ],
  [
    'an upstream that is not there',
    'class: open }',
    'class: open, upstream: mmd }',
    'routes.all.rows[0].upstream: found the upstream "mmd", wanted one that is in upstreams: did you mean mdm?',
  ],
  [
    'a mistyped class',
    'class: renewal',
    'class: renew',
    ':21:45 routes.all.rows[1].class: found the text "renew", wanted one of open, device, always, renewal, legacy-oauth, denied: did you mean renewal?',
  ],
  [
    'a row id written twice',
    'id: renew,',
    'id: enroll,',
    ':21:15 routes.all.rows[1].id: found a second row enroll, wanted each id once',
  ],
  [
    'a port that is too large',
    'port: 0\n    hosts',
    'port: 70000\n    hosts',
    ':11:11 listeners.devices.port: found the number 70000, wanted a whole number from 0 to 65535',
  ],
  [
    'the name of a port',
    'port: 0\n    hosts',
    'port: https\n    hosts',
    ':11:11 listeners.devices.port: found the text "https", wanted a whole number from 0 to 65535',
  ],
  [
    'a URL for a host',
    '[mdm.test]',
    '["https://mdm.test"]',
    ':12:13 listeners.devices.hosts[0]: found "https://mdm.test", wanted a host name: leave out the scheme and the path',
  ],
  [
    'one host without a list',
    'hosts: [mdm.test]',
    'hosts: mdm.test',
    ':12:12 listeners.devices.hosts: found the text "mdm.test", wanted a list',
  ],
  [
    'a key where a chain belongs',
    "chain: 'file:server.pem'",
    "chain: 'file:server.key'",
    ':14:18 listeners.devices.certificates[0].chain: found no certificate in',
  ],
  [
    'a chain where a key belongs',
    "key: 'file:server.key'",
    "key: 'file:server.pem'",
    ':14:42 listeners.devices.certificates[0].key: found no readable private key in',
  ],
  [
    'the key of another certificate',
    "chain: 'file:server.pem'",
    "chain: 'file:current.pem'",
    ':14:18 listeners.devices.certificates[0].chain: found a private key that belongs to none of the 2',
  ],
  [
    'a secret without its place',
    "'file:server.key'",
    'server.key',
    ':14:42 listeners.devices.certificates[0].key: found a literal value (not shown here), wanted file: and a path, env: and the name of a variable',
  ],
  [
    'a variable that is not set',
    "'file:server.key'",
    'env:NOT_SET',
    ':14:42 listeners.devices.certificates[0].key: found that the variable NOT_SET is not set',
  ],
  [
    'a cipher suite that nothing has any more',
    'routes: all\n',
    'tls: { ciphers: [RC4-MD5] }\n    routes: all\n',
    ':15:22 listeners.devices.tls.ciphers[0]: found "RC4-MD5", wanted a suite that devices can use',
  ],
  [
    'a word for a number of processes',
    'workers: 1',
    'workers: none',
    ':2:10 workers: found the text "none", wanted auto or a whole number from 1 to 256: write auto or a number, without quotes',
  ],
  [
    'a mistyped format',
    'format: rfc9440',
    'format: ngnix',
    ':27:15 upstreams.mdm.identity.format: found the text "ngnix", wanted one of rfc9440, nginx,',
  ],
  [
    'a prefix that is too long',
    'class: open }',
    'class: open, allow: [10.0.0.0/33] }',
    'routes.all.rows[0].allow[0]: found "10.0.0.0/33", wanted',
  ],
  [
    'a database that is not supported',
    '{ sqlite: data/tfe.sqlite }',
    '{ mysql: x }',
    ':3:10 store.mysql: found the unknown key "mysql", wanted one of sqlite, postgres,',
  ],
  [
    'a certificate file that is not there',
    'file:current.pem',
    'file:curent.pem',
    'trust.enrollmentSettings[0].chain: found no file',
  ],
]

test.each(IN_A_CONFIGURATION)(
  'in a configuration, %s is named with its place, exit code 1',
  async (_, right, wrong, expected) => {
    const text = CONFIGURATION.replace(right, wrong)
    expect(text).not.toBe(CONFIGURATION)
    const file = await made.write('mistaken.yaml', text)
    const { code, said } = await answerTo(['check', file])
    expect(code).toBe(1)
    expect(said.split('\n')[0]).toContain(`${file}:`)
    expect(said.split('\n')[0]).toContain(expected)
    expect(said).toMatch(/✗ 1 fault: nothing would be served/u)
    expect(said).not.toMatch(INSIDES)
  },
)

const EXPLAIN = ['explain', '@server.pem', '--config', '@tfe.yaml'] as const
const TOKEN = { TFE_ADMIN_TOKEN: 'tfe_x' }

/** The mistake, what was typed (`@` is the folder of the configuration), the exit code, the answer, and the environment. */
const TYPED: readonly (readonly [
  mistake: string,
  argv: readonly string[],
  code: 1 | 2 | 3,
  said: string,
  env?: Readonly<Record<string, string>>,
])[] = [
  ['a mistyped command', ['sevre'], 2, "there is no command 'sevre'; did you mean tfe serve?"],
  ['a mistyped command whose help is wanted', ['sevre', '--help'], 2, 'did you mean tfe serve?'],
  ['help for a mistyped command', ['help', 'chek'], 2, 'did you mean tfe check?'],
  ['a mistyped action', ['devices', 'lst'], 2, "there is no action 'lst'; did you mean list?"],
  ['a mistyped action whose help is wanted', ['devices', 'lst', '-h'], 2, 'did you mean list?'],
  ['no action', ['devices'], 2, 'tfe devices needs an action'],
  ['an unknown option', ['check', '@tfe.yaml', '--jsn'], 2, "unknown option '--jsn'"],
  ['no configuration', ['check'], 2, 'tfe check needs FILE, or --config FILE'],
  [
    'two configurations',
    ['check', '@tfe.yaml', '--config', '@tfe.yaml'],
    2,
    'name the configuration once',
  ],
  [
    'one argument too many',
    ['check', '@tfe.yaml', '@tfe.yaml'],
    2,
    "too many arguments for 'check'",
  ],
  [
    'an option without its value',
    ['explain', '@server.pem', '--config', '--json'],
    2,
    "option '--config <FILE>' argument missing",
  ],
  [
    'a configuration that is not there',
    ['check', '/nowhere.yaml'],
    1,
    'found no file /nowhere.yaml, wanted it there',
  ],
  ['a folder for a configuration', ['check', '@folder'], 1, 'wanted a file: name the file itself'],
  ['an empty configuration', ['check', '@empty.yaml'], 1, 'wanted content'],
  [
    'a configuration in Latin-1',
    ['check', '@latin1.yaml'],
    1,
    'found octets that are not UTF-8, wanted text: save it as UTF-8',
  ],
  [
    'JSON that was cut off',
    ['check', '@half.json'],
    1,
    'half.json:1:13: found a value without end',
  ],
  [
    'a certificate for a configuration',
    ['check', '@current.pem'],
    1,
    'wanted a mapping of keys: begin with one of the examples in config/',
  ],
  [
    'a certificate that is not there',
    ['explain', '@nope.pem', '--config', '@tfe.yaml'],
    1,
    'found no such file, wanted a certificate: check the path',
  ],
  [
    'a key for a certificate',
    ['explain', '@server.key', '--config', '@tfe.yaml'],
    1,
    'found no certificate, wanted PEM',
  ],
  [
    'a folder for a certificate',
    ['headers', '@folder', '--format', 'nginx'],
    1,
    'found a folder, wanted a certificate',
  ],
  [
    'a day that does not exist',
    [...EXPLAIN, '--at', '2026-02-30'],
    2,
    "found --at '2026-02-30', wanted a day that exists",
  ],
  [
    'a day in words',
    [...EXPLAIN, '--at', 'tomorrow'],
    2,
    "found --at 'tomorrow', wanted a day such as 2026-03-01 (UTC) or a second",
  ],
  [
    'a route without its slash',
    [...EXPLAIN, '--route', 'mdm/checkin'],
    2,
    "found --route 'mdm/checkin', wanted a path, which begins with /",
  ],
  [
    'a mistyped listener',
    [...EXPLAIN, '--listener', 'devcies'],
    2,
    "there is no listener 'devcies'; did you mean devices?",
  ],
  [
    'an address that cannot be',
    [...EXPLAIN, '--from', '10.0.0.300'],
    2,
    "found --from '10.0.0.300', wanted an address such as 192.0.2.7",
  ],
  [
    'a method in small letters',
    [...EXPLAIN, '--route', '/x', '--method', 'get'],
    2,
    'did you mean GET?',
  ],
  [
    'a method without its path',
    [...EXPLAIN, '--method', 'GET'],
    2,
    'found --method without --route',
  ],
  ['a mistyped format', ['headers', '@server.pem', '--format', 'ngnix'], 2, 'did you mean nginx?'],
  [
    'a role that does not exist',
    ['admin', 'create', 'a', '--role', 'root', '--config', '@tfe.yaml'],
    2,
    "found --role 'root', wanted one of viewer, operator, administrator",
  ],
  [
    'a store that was never made',
    ['keys', 'list', '@tfe.yaml'],
    1,
    'found no key ring, wanted one in a file',
  ],
  [
    'no reason for breaking the glass',
    ['break-glass', '@tfe.yaml'],
    2,
    "required option '--reason <TEXT>' not specified",
  ],
  [
    'an empty reason for breaking the glass',
    ['break-glass', '@tfe.yaml', '--reason', ' '],
    2,
    'found --reason with nothing behind it, wanted a value',
  ],
  [
    'a mistyped upstream',
    ['upstream', 'test', 'mmd', '--config', '@tfe.yaml'],
    2,
    "there is no upstream 'mmd'; did you mean mdm?",
  ],
  [
    'a server without its port',
    ['upstream', 'test', 'mdm', '--server', 'mdm', '--config', '@tfe.yaml'],
    2,
    "mdm has no server 'mdm'; there is mdm.internal:8443",
  ],
  [
    'no token',
    ['devices', 'list'],
    2,
    'this needs an API token: set TFE_ADMIN_TOKEN, or add --token-file FILE',
  ],
  [
    'a token file that is not there',
    ['devices', 'list', '--token-file', '/nowhere'],
    2,
    '/nowhere: found no such file, wanted an API token: check the path',
  ],
  ['an empty token file', ['devices', 'list', '--token-file', '@empty.token'], 2, 'holds no token'],
  [
    'a token file that others can read',
    ['devices', 'list', '--token-file', '@open.token'],
    2,
    'run chmod 600',
  ],
  [
    'http for https',
    ['devices', 'list', '--url', 'http://mdm.example.com:9465'],
    2,
    'wanted https: only the loopback is called in the clear',
    TOKEN,
  ],
  [
    'an address without its scheme',
    ['devices', 'list', '--url', 'mdm:9465'],
    2,
    "found the address 'mdm:9465', wanted https://HOST:PORT",
    TOKEN,
  ],
  [
    'a port of the demonstration that cannot be',
    ['demo', '--port', '0'],
    2,
    "found --port '0', wanted a number from 1 to 65535",
  ],
]

for (const [mistake, argv, code, expected, env] of TYPED) {
  test(`${mistake}: the sentence, exit code ${code}, and what to read or do next`, async () => {
    const answer = await answerTo(argv, env)
    expect(answer).toMatchObject({ code, said: expect.stringContaining(expected) as unknown })
    expect(answer.said).not.toMatch(INSIDES)
    // What was used wrongly names the page to read.
    if (code === 2) expect(answer.said).toMatch(/^see: tfe help/mu)
  })
}

test('a store is not made twice, and the sentence says what to do with the first', async () => {
  await using place = await configurationFolder()
  expect((await tfe(['init', place.config])).code).toBe(0)
  const { code, err } = await tfe(['init', place.config])
  expect(code).toBe(1)
  expect(err).toMatch(
    /:3:1 store: found a store at .*, wanted none there: `tfe serve` uses it as it is/u,
  )
})
