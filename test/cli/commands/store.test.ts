/** `tfe init`, `tfe admin create` and `tfe break-glass`, on a store of their own. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { verifyPassword } from '../../../src/admin/auth/passwords.ts'
import { hashOf } from '../../../src/admin/auth/token-text.ts'
import type { Terminal } from '../../../src/cli/terminal.ts'
import { loadConfig } from '../../../src/config/load.ts'
import {
  configuredStore,
  openConfiguredStore,
  storeSettingsOf,
} from '../../../src/serve/store-sync/configured-store.ts'
import { adminCommand, breakGlassCommand, initCommand } from '../../../src/cli/commands/store.ts'
import type { Instant } from '../../../src/kernel/types.ts'
import { lockStore } from '../../../src/store/engine/lock.ts'
import type { Store } from '../../../src/store/port.ts'
import { capturedTerminal } from '../../support/cli/run-command.ts'
import { productYaml, writeFiles } from '../../support/front-ends/product.ts'

interface Bench extends Disposable {
  readonly folder: string
  readonly config: string
  init(): Promise<Said>
  admin(
    role: 'administrator' | 'viewer',
    tokenFile: string | undefined,
    stdin?: string,
  ): Promise<Said>
  breakGlass(): Promise<Said>
  look<Value>(at: (store: Store) => Promise<Value>): Promise<Value>
  settings(): Promise<Parameters<typeof lockStore>[0]>
}

interface Said {
  readonly code: number
  readonly out: string
  readonly err: string
}

const STORE = ` { sqlite: data/tfe.sqlite, keys: 'file:secrets/tfe.keys' }`

function bench(yaml: Readonly<Record<string, string>> = {}): Bench {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-commands-'))
  writeFiles(folder)
  const config = join(folder, 'tfe.yaml')
  writeFileSync(config, productYaml({ upstreamPort: 1, yaml: { store: STORE, ...yaml } }))
  const saying = async (work: (terminal: Terminal) => Promise<number>): Promise<Said> => {
    const { said, terminal } = capturedTerminal()
    const code = await work(terminal)
    return { code, ...said }
  }
  const stdin = Readable.from([])
  const kept = async () => {
    const loaded = await loadConfig(config, {})
    const store = loaded.ok ? configuredStore(loaded.value.config) : loaded
    if (!store.ok) throw new Error(JSON.stringify(store.failure))
    return store.value
  }
  return {
    folder,
    config,
    init: () =>
      saying((terminal) =>
        initCommand({ file: config, from: undefined, json: false }, { terminal, env: {}, stdin }),
      ),
    admin: (role, tokenFile, typed = '') =>
      saying((terminal) =>
        adminCommand(
          { file: config, name: 'alice', role, tokenFile, json: false },
          { terminal, env: {}, stdin: Readable.from([typed]) },
        ),
      ),
    breakGlass: () =>
      saying((terminal) =>
        breakGlassCommand(
          { file: config, reason: 'locked out', json: false },
          { terminal, env: {}, stdin },
        ),
      ),
    async look(at) {
      const store = await openConfiguredStore(await kept())
      if (!store.ok) throw new Error(JSON.stringify(store.failure))
      try {
        return await at(store.value)
      } finally {
        await store.value.close()
      }
    },
    settings: async () => storeSettingsOf(await kept()),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

const stateOf = async (store: Store): Promise<string> => {
  const current = await store.enforcement.current()
  return current.ok ? current.value.state : current.failure.kind
}

for (const [profile, enforcement] of [
  ['epmm-11.5', 'required'],
  ['generic', 'required'],
  ['core-10', 'recording'],
] as const) {
  test(`a new store begins ${enforcement} under ${profile}`, async () => {
    using it = bench({ profile: ` ${profile}` })
    expect(await it.init()).toMatchObject({ code: 0, err: '' })
    expect(await it.look(stateOf)).toBe(enforcement)
  })
}

test('what the file says of enforcement beats its profile in a new store', async () => {
  using it = bench({ enforcement: ' recording' })
  await it.init()
  expect(await it.look(stateOf)).toBe('recording')
})

test('a new store holds the enrollment settings of the file, and a key that only its owner reads', async () => {
  using it = bench()
  const { out } = await it.init()
  expect(out).toContain('Fleet, Old Fleet')
  const settings = await it.look(async (store) => {
    const all = await store.enrollment.list()
    return all.ok
      ? all.value.map(({ name, standing, chain }) => [name, standing.kind, chain.length])
      : []
  })
  expect(settings).toEqual([
    ['Fleet', 'current', 2],
    ['Old Fleet', 'previously-trusted', 1],
  ])
  const modes = ['secrets/tfe.keys', 'data/tfe.sqlite'].map(
    (name) => statSync(join(it.folder, name)).mode & 0o777,
  )
  expect(modes).toEqual([0o600, 0o600])
})

test('a store that is there is refused, and stays as it was', async () => {
  using it = bench()
  await it.init()
  const keys = readFileSync(join(it.folder, 'secrets/tfe.keys'), 'utf8')
  await it.admin('administrator', join(it.folder, 'token'))
  const again = await it.init()
  expect(again).toMatchObject({ code: 1, out: '' })
  expect(again.err).toContain('found a store at')
  expect(readFileSync(join(it.folder, 'secrets/tfe.keys'), 'utf8')).toBe(keys)
  expect(await it.look(async ({ admins }) => await admins.list())).toMatchObject({
    value: [{ name: 'alice' }],
  })
})

test('a configuration without a store is told what to write', async () => {
  using it = bench({ store: ' { dangerousNone: true }' })
  expect((await it.init()).err).toContain('wanted a store')
})

test('a key ring that is there is used, so that a backup of secrets can be opened', async () => {
  using it = bench({ store: ` { sqlite: data/tfe.sqlite, keys: 'file:tfe.keys' }` })
  const line = `7 ${Buffer.alloc(32, 7).toString('base64')}\n`
  writeFileSync(join(it.folder, 'tfe.keys'), line, { mode: 0o600 })
  expect((await it.init()).code).toBe(0)
  expect(readFileSync(join(it.folder, 'tfe.keys'), 'utf8')).toBe(line)
  const standing = await it.look(async ({ secrets }) => await secrets.keyStatus(0 as Instant))
  expect(standing).toMatchObject({ ok: true, value: { current: 7, fault: undefined } })
})

test('a token lands in a new file that only its owner reads, and in the store as a hash', async () => {
  using it = bench()
  await it.init()
  const file = join(it.folder, 'token')
  const said = await it.admin('administrator', file)
  const token = readFileSync(file, 'utf8').trim()
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(said.out).not.toContain(token)
  const found = await it.look(({ credentials }) => credentials.findToken(hashOf(token)))
  expect(found).toMatchObject({ value: { admin: { name: 'alice', role: 'administrator' } } })
})

test('a token is never written over a file, or through a link', async () => {
  using it = bench()
  await it.init()
  const file = join(it.folder, 'token')
  writeFileSync(file, 'mine')
  expect((await it.admin('administrator', file)).err).toContain('found a file there')
  expect(readFileSync(file, 'utf8')).toBe('mine')
})

test('a password comes from standard input, and is kept as its hash', async () => {
  using it = bench()
  await it.init()
  await it.admin('viewer', undefined, 'a long enough password\nmore')
  const found = await it.look(({ admins }) => admins.find('alice'))
  const hash = found.ok ? found.value?.passwordHash : undefined
  expect(await verifyPassword('a long enough password', hash ?? '')).toBe(true)
})

for (const [what, typed] of [
  ['short', 'elevenchars'],
  ['missing', ''],
] as const) {
  test(`a password that is ${what} makes no administrator`, async () => {
    using it = bench()
    await it.init()
    expect((await it.admin('viewer', undefined, typed)).code).toBe(1)
    expect(await it.look(({ admins }) => admins.list())).toMatchObject({ value: [] })
  })
}

test('breaking glass undoes the latch and says who and why in the audit trail', async () => {
  using it = bench()
  await it.init()
  expect((await it.breakGlass()).out).toContain('now: recording')
  expect(await it.look(stateOf)).toBe('recording')
  const trail = await it.look(({ audit }) => audit.list({ limit: 1 }))
  expect(JSON.stringify(trail)).toContain('enforcement.break-glass')
  expect(JSON.stringify(trail)).toContain('locked out')
})

test('glass cannot be broken while a process serves from the store', async () => {
  using it = bench()
  await it.init()
  const hold = await lockStore(await it.settings(), 'shared')
  if (!hold.ok) throw new Error(hold.failure.kind)
  const said = await it.breakGlass()
  await hold.value.release()
  expect(said.code).toBe(1)
  expect(said.err).toContain('stop every `tfe serve`')
  expect(await it.look(stateOf)).toBe('required')
})
