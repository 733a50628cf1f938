/** `tfe keys`, and `tfe init --from`: a store and its keys move to another machine. */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { execFileSync } from 'node:child_process'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { loadConfig } from '../../../src/config/load.ts'
import { keysCommand, type KeysOptions } from '../../../src/cli/commands/keys.ts'
import {
  configuredStore,
  openConfiguredStore,
} from '../../../src/serve/store-sync/configured-store.ts'
import { initCommand } from '../../../src/cli/commands/store.ts'
import type { Store } from '../../../src/store/port.ts'
import type { KeyFingerprint } from '../../../src/kernel/types.ts'
import { capturedTerminal } from '../../support/cli/run-command.ts'
import { MAIN } from '../../support/front-ends/serve-process.ts'
import { Program } from '../../support/programs/program.ts'
import { productYaml, writeFiles } from '../../support/front-ends/product.ts'

const BY = { who: 'olga', from: 'test' }
const PASSPHRASE = 'correct horse battery'
const STORE = ` { sqlite: data/tfe.sqlite, keys: 'file:secrets/tfe.keys' }`

interface Machine extends Disposable {
  readonly folder: string
  init(from?: string): Promise<Said>
  keys(action: KeysOptions['action'], bundle?: string, typed?: string): Promise<Said>
  look<Value>(at: (store: Store) => Promise<Value>): Promise<Value>
}

interface Said {
  readonly code: number
  readonly out: string
  readonly err: string
}

function machine(store = STORE): Machine {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-keys-'))
  writeFiles(folder)
  const file = join(folder, 'tfe.yaml')
  writeFileSync(file, productYaml({ upstreamPort: 1, yaml: { store } }))
  const desk = (typed = '') => {
    const { said, terminal } = capturedTerminal()
    return { said, desk: { terminal, env: {}, stdin: Readable.from([typed]) } }
  }
  return {
    folder,
    async init(from) {
      const { said, desk: at } = desk()
      return { code: await initCommand({ file, from, json: false }, at), ...said }
    },
    async keys(action, bundle = '', typed = PASSPHRASE) {
      const { said, desk: at } = desk(typed)
      return { code: await keysCommand({ file, action, bundle, json: false }, at), ...said }
    },
    async look(at) {
      const loaded = await loadConfig(file, {})
      const kept = loaded.ok ? configuredStore(loaded.value.config) : loaded
      const opened = kept.ok ? await openConfiguredStore(kept.value) : kept
      if (!opened.ok) throw new Error(JSON.stringify(opened.failure))
      try {
        return await at(opened.value)
      } finally {
        await opened.value.close()
      }
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}

async function exportOf(machine: Machine): Promise<string> {
  const lines: string[] = []
  await machine.look((store) =>
    store.transfer.export(BY, (line) => {
      lines.push(line)
      return Promise.resolve()
    }),
  )
  return `${lines.join('\n')}\n`
}

test('a store moves to another machine with its export and its keys, and what was sealed opens there', async () => {
  using old = machine()
  await old.init()
  await old.look((store) =>
    store.secrets.put(BY, { name: 'mdm', secret: Buffer.from('hush') }, 'any'),
  )
  const bundle = join(old.folder, 'ring.bundle')
  expect(await old.keys('export', bundle)).toMatchObject({ code: 0 })
  expect(statSync(bundle).mode & 0o777).toBe(0o600)
  expect(readFileSync(bundle, 'utf8')).not.toContain(
    readFileSync(join(old.folder, 'secrets/tfe.keys'), 'utf8').split(' ')[1]?.trim(),
  )
  const lines = join(old.folder, 'store.jsonl')
  writeFileSync(lines, await exportOf(old))

  using young = machine()
  expect(await young.keys('import', bundle)).toMatchObject({ code: 0 })
  const made = await young.init(lines)
  expect(made).toMatchObject({ code: 0, err: '' })
  expect(made.out).toContain('enrollment settings  Fleet')
  const opened = await young.look((store) => store.secrets.open('mdm'))
  expect(opened.ok && opened.value?.secret.toString()).toBe('hush')
  const trail = await young.look((store) => store.audit.list({ limit: 5 }))
  expect(JSON.stringify(trail)).toContain('store.import')
})

test('without the keys the store comes over, and what was sealed stays shut', async () => {
  using old = machine()
  await old.init()
  await old.look((store) =>
    store.secrets.put(BY, { name: 'mdm', secret: Buffer.from('hush') }, 'any'),
  )
  const lines = join(old.folder, 'store.jsonl')
  writeFileSync(lines, await exportOf(old))
  using young = machine()
  await young.init(lines)
  const opened = await young.look((store) => store.secrets.open('mdm'))
  expect(opened.ok).toBe(false)
})

const SPOILED: readonly [string, (text: string) => string | undefined, RegExp][] = [
  ['that ends too early', (text) => text.split('\n').slice(0, -2).join('\n'), /is incomplete/],
  ['that was altered', (text) => text.replace('"Fleet"', '"Fleeting"'), /./],
  ['of something else', () => 'name,class\n', /no JSON object/],
  ['that is not there', () => undefined, /ENOENT/],
]

for (const [what, spoil, words] of SPOILED) {
  test(`an export ${what} makes no store, and the next attempt begins anew`, async () => {
    using old = machine()
    await old.init()
    using young = machine()
    const lines = join(young.folder, 'store.jsonl')
    const text = spoil(await exportOf(old))
    if (text !== undefined) writeFileSync(lines, text)
    const refused = await young.init(lines)
    expect(refused.code).toBe(1)
    expect(refused.err).toMatch(words)
    expect(await young.init()).toMatchObject({ code: 0 })
  })
}

test('an export whose reading is killed leaves no store that could be served from without its deny list', async () => {
  using old = machine()
  await old.init()
  await old.look((store) =>
    store.denials.add(BY, { kind: 'key', key: 'd'.repeat(64) as KeyFingerprint }, 'stolen'),
  )
  const text = await exportOf(old)
  using young = machine()
  const pipe = join(young.folder, 'pipe')
  execFileSync('mkfifo', [pipe])
  const typed = ['init', '--from', pipe, '--config', join(young.folder, 'tfe.yaml')]
  const program = new Program(process.execPath, [MAIN, ...typed])
  {
    await using end = await open(pipe, 'w')
    await end.write(text.slice(0, text.indexOf('\n') + 1))
    // More than a pipe takes: what is written has been read, by an import that waits for the end of the line.
    await end.write('x'.repeat(1 << 20))
    await program.end('SIGKILL')
  }
  await expect(young.look(() => Promise.resolve())).rejects.toThrow('there is no store')
  const lines = join(young.folder, 'store.jsonl')
  writeFileSync(lines, text)
  expect(await young.init(lines)).toMatchObject({ code: 0, err: '' })
  const denied = await young.look((store) => store.denials.list())
  expect(denied.ok && denied.value).toHaveLength(1)
})

test('a journal that is all that is left of a store stays where no store can be made', async () => {
  using old = machine()
  await old.init()
  const at = join(old.folder, 'data/tfe.sqlite')
  await old.look(async (store) => {
    await store.denials.add(BY, { kind: 'key', key: 'd'.repeat(64) as KeyFingerprint }, 'stolen')
    copyFileSync(`${at}-wal`, `${at}.left`)
  })
  rmSync(at)
  renameSync(`${at}.left`, `${at}-wal`)
  const left = readFileSync(`${at}-wal`)
  expect((await old.init()).err).toContain('-wal holds changes to another file')
  expect(existsSync(at)).toBe(false)
  expect(readFileSync(`${at}-wal`).equals(left)).toBe(true)
})

test('a store that is there is not replaced by an export', async () => {
  using old = machine()
  await old.init()
  const lines = join(old.folder, 'store.jsonl')
  writeFileSync(lines, await exportOf(old))
  const again = await old.init(lines)
  expect(again).toMatchObject({ code: 1 })
  expect(again.err).toContain('found a store')
})

test('a new key joins the old ones, and nothing is sealed with it yet', async () => {
  using one = machine()
  await one.init()
  const grown = await one.keys('new')
  expect(grown).toMatchObject({ code: 0 })
  expect(grown.out).toContain('holds the keys 1, 2')
  expect((await one.keys('list')).out).toContain('holds the keys 1, 2')
  const standing = await one.look((store) => store.secrets.keyStatus(0 as never))
  expect(standing.ok && standing.value.current).toBe(1)
})

test('what cannot be done with keys is refused, and no ring is harmed', async () => {
  using one = machine()
  await one.init()
  const ring = () => readFileSync(join(one.folder, 'secrets/tfe.keys'), 'utf8')
  const before = ring()
  const bundle = join(one.folder, 'ring.bundle')
  expect((await one.keys('export', bundle, 'short')).err).toContain('at least 12')
  await one.keys('export', bundle)
  expect((await one.keys('export', bundle)).err).toContain('EEXIST')
  expect((await one.keys('import', bundle, 'wrong horse battery')).err).toContain('passphrase')
  expect((await one.keys('import', join(one.folder, 'none'))).err).toContain('ENOENT')
  writeFileSync(bundle, 'x'.repeat(70_000))
  expect((await one.keys('import', bundle)).err).toContain('70000 octets')
  using other = machine()
  await other.init()
  const theirs = join(other.folder, 'ring.bundle')
  await other.keys('export', theirs)
  expect((await one.keys('import', theirs)).err).toContain('another key 1')
  expect(ring()).toBe(before)
})

test('a ring that is no file is changed where it comes from', async () => {
  using one = machine(' { sqlite: data/tfe.sqlite }')
  expect(await one.keys('list')).toMatchObject({ code: 1 })
  expect((await one.keys('new')).err).toContain('found no key ring, wanted one in a file')
})

test('a ring that cannot be written is a fault at its path, and stays as it is', async () => {
  using one = machine()
  await one.init()
  const ring = join(one.folder, 'secrets/tfe.keys')
  const before = readFileSync(ring, 'utf8')
  mkdirSync(`${ring}.unfinished`)
  const said = await one.keys('new')
  expect(said.code).toBe(1)
  expect(said.out + said.err).toContain(`${ring}: found `)
  expect(said.out + said.err).toContain('wanted to write the key ring there')
  expect(readFileSync(ring, 'utf8')).toBe(before)
})
