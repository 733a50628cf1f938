/** `tfe secrets seal`, and what `tfe check` says of secrets that are there, absent, closed, or in a store of another machine. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeKeyRing } from '../../../src/store/secrets/key-ring.ts'
import { MAX_SECRET_OCTETS, TICKET_SECRET } from '../../../src/store/secrets/secret-limits.ts'
import { terminalOf } from '../../../src/cli/terminal.ts'
import { tfe, type CommandOutput } from '../../support/cli/run-command.ts'
import { fleet, productYaml, writeFiles } from '../../support/front-ends/product.ts'

const STORE = ` { sqlite: data/tfe.sqlite, keys: 'file:tfe.keys' }`
const LISTENERS = `
  devices:
    address: 127.0.0.1
    port: 0
    hosts: [localhost, 127.0.0.1]
    certificates: [{ chain: 'file:server.pem', key: 'store:tls-key' }]
    routes: tested`

let folder = ''
let config = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tfe-seal-'))
  config = join(folder, 'tfe.yaml')
  writeFiles(folder)
  write(STORE)
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

const write = (store: string): void =>
  writeFileSync(config, productYaml({ upstreamPort: 1, yaml: { store, listeners: LISTENERS } }))

const initialize = async (): Promise<void> => {
  expect(await tfe(['init', '--config', config])).toMatchObject({ code: 0 })
}

const seal = (typed: string, name = 'tls-key', ...more: readonly string[]) =>
  tfe(['secrets', 'seal', name, '--config', config, ...more], {}, undefined, typed)

const check = async (): Promise<CommandOutput> => {
  const said = await tfe(['check', config])
  // Neither what is sealed nor the ring.
  expect(said.out + said.err).not.toContain(keyLine)
  return said
}

const keyLine = fleet.server.keyPem.split('\n')[1] ?? ''

test('a secret that is sealed before the first start is what the configuration takes, and it is printed nowhere', async () => {
  await initialize()
  const missing = await check()
  expect(missing.code).toBe(1)
  expect(missing.out + missing.err).toContain('found no secret tls-key in the store')
  const sealed = await seal(fleet.server.keyPem)
  expect(sealed).toMatchObject({ code: 0, err: '' })
  expect(sealed.out).toContain(
    `tls-key is sealed with key 1, ${Buffer.byteLength(fleet.server.keyPem)} octets`,
  )
  expect(sealed.out).not.toContain(keyLine)
  expect((await check()).code).toBe(0)
  for (const file of ['data/tfe.sqlite', 'tfe.yaml']) {
    expect(readFileSync(join(folder, file), 'latin1')).not.toContain(keyLine)
  }
})

test('a key that belongs to another certificate is refused by the check', async () => {
  await initialize()
  expect((await seal(fleet.otherServer.keyPem)).code).toBe(0)
  expect((await check()).code).toBe(1)
  const from = ['--file', join(folder, 'server.key'), '--json']
  const sealed = await seal('', 'tls-key', ...from)
  expect(JSON.parse(sealed.out)).toEqual({
    outcome: 'sealed',
    name: 'tls-key',
    key_version: 1,
    version: 2,
  })
  expect((await check()).code).toBe(0)
})

test.each<readonly [string, string, string, number, RegExp]>([
  ['nothing', 'tls-key', '', 1, /found nothing/u],
  [
    'more than one may have',
    'tls-key',
    'x'.repeat(MAX_SECRET_OCTETS + 1),
    1,
    /more than the 75000/u,
  ],
  ['a name with a blank', 'tls key', 'x', 2, /wanted letters, digits/u],
  ['the name that the program uses', TICKET_SECRET, 'x', 2, /wanted letters, digits/u],
  ['a name of more than a hundred', 'a'.repeat(101), 'x', 2, /wanted letters, digits/u],
  ['a name that leads elsewhere', '../tls-key', 'x', 2, /wanted letters, digits/u],
])('%s is not sealed, and the secret stays', async (_, name, typed, code, says) => {
  await initialize()
  expect((await seal(fleet.server.keyPem)).code).toBe(0)
  const said = await seal(typed, name)
  expect(said).toMatchObject({ code, out: '' })
  expect(said.err).toMatch(says)
  expect((await check()).code).toBe(0)
})

test('without a ring nothing is sealed, and the check says what is missing', async () => {
  write(' { sqlite: data/tfe.sqlite }')
  await initialize()
  const said = await seal('x')
  expect(said).toMatchObject({ code: 1, out: '' })
  expect(said.err).toContain('key ring')
  const { code, out, err } = await check()
  expect(code).toBe(1)
  expect(out + err).toContain('wanted the key ring that opens it: add store.keys')
})

test('a store that is not on this machine is said, and all else is checked', async () => {
  const { code, out, err } = await check()
  expect(out + err).toContain(
    'the certificate was not looked at, because the secret tls-key was not',
  )
  expect(code).toBe(0)
})

test('a ring that lacks the key of a secret is said by the check', async () => {
  await initialize()
  expect((await seal(fleet.server.keyPem)).code).toBe(0)
  rmSync(join(folder, 'tfe.keys'))
  const another = { keys: new Map([[2, randomBytes(32)]]) }
  await writeKeyRing(join(folder, 'tfe.keys'), another)
  const { code, out, err } = await check()
  expect(code).toBe(1)
  expect(out + err).toMatch(/sealing key 1 is not in this instance's key ring, which holds 2/u)
})

test.each([
  ['a key in PEM is read to its last line', fleet.server.keyPem, fleet.server.keyPem],
  ['a passphrase ends with its line', 'geheim\nls\n', 'geheim'],
])('of what is pasted at a terminal %s, and none of it is shown', async (_, pasted, wanted) => {
  const [stdin, stdout, stderr] = [0, 1, 2].map(() =>
    Object.assign(new PassThrough(), { isTTY: true }),
  )
  const { askSecret } = terminalOf({ stdin, stdout, stderr, env: {}, platform: 'linux' } as never)
  const asked = askSecret?.('secret: ')
  stdin?.write(pasted)
  expect(await asked).toBe(wanted)
  const shown = [stderr, stdout].map((stream) => stream?.end().toArray() ?? Promise.resolve([]))
  expect((await Promise.all(shown)).map((parts) => parts.join(''))).toEqual(['secret: \n', ''])
})
