import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CONFIGURATION, configurationFolder } from '../../support/cli/configuration-folder.ts'
import { tfe } from '../../support/cli/run-command.ts'

test('a good configuration is told in words: who listens, who is trusted, where what goes', async () => {
  await using made = await configurationFolder()
  const { code, out, err } = await tfe(['check', made.config])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toContain('devices: https://127.0.0.1:0')
  expect(out).toMatch(
    /certificate +mdm\.test; until \d{4}-\d\d-\d\d \(UTC\), in 99 days; not publicly trusted/,
  )
  expect(out).toContain('enforcement: required')
  expect(out).toContain('renewal window: from 270 days before its expiry')
  expect(out).not.toContain('no grace for clients')
  expect(out).toMatch(/New +current: admits/)
  expect(out).toMatch(/Old +previously trusted: admits what it issued up to/)
  expect(out).toMatch(/open +any method \/enroll\/\* +→ mdm +enroll/)
  expect(out).toMatch(/renewal +POST \/renew\/\* +→ mdm +renew/)
  expect(out).toMatch(/denied +any method \/admin\/\* +→ nowhere +admin/)
  expect(out).toContain('strict   yes: the certificate must name mdm.internal')
  expect(out).toContain('is told  format rfc9440, verify in X-Verify')
  expect(out).not.toContain('What is dangerous')
  expect(out).toMatch(/store +SQLite, .*\/data\/tfe\.sqlite/)
  expect(out).toContain('what the store holds cannot be changed')
  expect(out).toMatch(/✓ .*: no faults, 2 warnings\n$/)
})

test('whose word on where a request came from is passed on is said', async () => {
  const named = CONFIGURATION.replace(
    /^( +)hosts: /mu,
    '$1forwardedFrom: [10.0.0.9, "2001:db8::/64"]\n$&',
  )
  await using made = await configurationFolder(named)
  const { out } = await tfe(['check', made.config])
  expect(out).toMatch(
    /passes on +where requests came from, as proxies at 10\.0\.0\.9, 2001:db8::\/64 say it/u,
  )
})

test('who has no grace, and which rows ask for more than a class, is said', async () => {
  const narrowed = CONFIGURATION.replace(
    'class: renewal,',
    'class: renewal, match: { enrollmentSettings: [New] },',
  )
  await using made = await configurationFolder(
    `withoutGrace: [{ product: Client, below: '10.1' }]\nrenewalWindow: 30d\n${narrowed}`,
  )
  const { out } = await tfe(['check', made.config])
  expect(out).toContain('no grace for clients that call themselves Client below 10.1')
  expect(out).toContain('renewal window: from 30 days before its expiry')
  expect(out).toMatch(/renewal +POST \/renew\/\* +→ mdm, for certificates that match +renew/)
})

test('how often the legacy OAuth endpoint may be asked is said where a row leads to it', async () => {
  const row = (kind: string): string =>
    CONFIGURATION.replace('class: open', `class: ${kind}`).concat(
      '\nlegacyOAuth: { address: { burst: 3 }, basic: client, lockout: { failures: 4 } }\n',
    )
  await using watched = await configurationFolder(row('legacy-oauth'))
  const { out } = await tfe(['check', watched.config])
  expect(out).toContain('legacy-oauth: 60 requests a minute from an address, 3 at once;')
  expect(out).toContain('beside a username, Basic names the program')
  expect(out).toContain('locked out for 1 minute to 1 hour: an account from one address after 4')
  expect(out).not.toContain('no effect: no row of class legacy-oauth')
  await using idle = await configurationFolder(row('open'))
  const { out: other } = await tfe(['check', idle.config])
  expect(other).not.toContain('locked out for')
  expect(other).toContain('no effect: no row of class legacy-oauth')
})

test('every fault is listed with its place, and only faults', async () => {
  const broken = CONFIGURATION.replace('workers: 1', 'workers: none')
    .replace('hosts: [mdm.test]', 'host: mdm.test')
    .replace('format: rfc9440', 'format: rfc9441')
  await using made = await configurationFolder(broken)
  const { code, out } = await tfe(['check', made.config])
  expect(code).toBe(1)
  const lines = out.trimEnd().split('\n')
  for (const line of lines.slice(0, -1))
    expect(line).toMatch(/tfe\.yaml:\d+:\d+ [a-z].*: found .*, wanted /)
  expect(out).toMatch(/tfe\.yaml:2:10 workers: found .*none/)
  expect(lines.at(-1)).toMatch(/^✗ 4 faults: nothing would be served$/)
})

test('a missing file is a fault, and the rest is still read aloud', async () => {
  await using made = await configurationFolder()
  await rm(join(made.folder, 'current.pem'))
  const { code, out } = await tfe(['check', made.config])
  expect(code).toBe(1)
  expect(out).toMatch(/tfe\.yaml:6:\d+ trust\.enrollmentSettings\[0\]\.chain: found no file/)
  expect(out).toContain('✗ 1 fault: nothing would be served')
  expect(out).toContain('With every file and variable as it is wanted it would do this.')
  expect(out).toMatch(/Old +previously trusted/)
})

test('a variable that is not set is a fault, and the rest is still read aloud', async () => {
  await using made = await configurationFolder(
    CONFIGURATION.replace("'file:server.key'", "'env:SERVER_KEY'"),
  )
  const { code, out } = await tfe(['check', made.config])
  expect(code).toBe(1)
  expect(out).toContain('SERVER_KEY is not set')
  expect(out).toContain('With every file and variable as it is wanted it would do this.')
})

test('nothing is read aloud that is faulty in itself', async () => {
  await using made = await configurationFolder(
    CONFIGURATION.replace('standing: current', 'standing: curent'),
  )
  await rm(join(made.folder, 'server.key'))
  const { out } = await tfe(['check', made.config])
  expect(out).not.toContain('it would do this')
})

test('a certificate that cannot be a trust anchor is a fault of the configuration', async () => {
  await using made = await configurationFolder()
  await made.write('previous.pem', 'no certificate in here')
  const { code, out } = await tfe(['check', made.config])
  expect(code).toBe(1)
  expect(out).toContain('found no certificate')
})

test('what is dangerous is said once, under its own title', async () => {
  const plain = CONFIGURATION.replace(
    'url: https://mdm.internal:8443',
    'url: http://mdm.internal:8080\n    dangerousPlaintext: true',
  )
  await using made = await configurationFolder(plain)
  const { code, out } = await tfe(['check', made.config])
  expect(code).toBe(0)
  const [, dangers = ''] = out.split('What is dangerous')
  expect(dangers).toContain('dangerousPlaintext')
  expect(out.match(/tfe\.yaml:\d+:\d+ upstreams\.mdm\.dangerousPlaintext/g)).toHaveLength(1)
})

test('recording is written in capitals', async () => {
  await using made = await configurationFolder(`enforcement: recording\n${CONFIGURATION}`)
  expect((await tfe(['check', made.config])).out).toContain('enforcement: RECORDING')
})

test('a configuration that is not there is a fault', async () => {
  const { code, out } = await tfe(['check', '/nowhere/tfe.yaml'])
  expect(code).toBe(1)
  expect(out).toContain('/nowhere/tfe.yaml: found no file')
})

for (const name of ['epmm', 'core-10', 'nanomdm', 'generic']) {
  test(`the example ${name} lacks only files and variables, and says what it would do`, async () => {
    const { code, out } = await tfe(['check', `config/${name}.yaml`])
    expect(code).toBe(1)
    const faults = out.slice(0, out.indexOf('✗')).trimEnd().split('\n')
    for (const fault of faults) expect(fault).toMatch(/: found (?:no file|that the variable)/)
    expect(out).toContain('anything else: 404, never forwarded')
    expect(out).toContain('enforcement: ')
  })
}

test('the rows of a preset that were never verified are listed with why they are off', async () => {
  const { out } = await tfe(['check', 'config/epmm.yaml'])
  expect(out).toContain('Rows that are off: never tried against a real server')
  expect(out).toMatch(/^ {2}renewal: path not known \(renewal\): /m)
  expect(out).toContain('To confirm with your server before relying on the preset')
})
