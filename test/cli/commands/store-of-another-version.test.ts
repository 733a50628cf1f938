/** Commands at a store that a newer program wrote, or an older one. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { lockStore } from '../../../src/store/engine/lock.ts'
import { laterTables, NEWER_SCHEMA } from '../../support/store/older-schema.ts'
import { CONFIGURATION, configurationFolder } from '../../support/cli/configuration-folder.ts'
import { MAIN } from '../../support/front-ends/serve-process.ts'
import { Program } from '../../support/programs/program.ts'

/** Runs one command as people do; `tfe serve` ends with SIGTERM once it serves. */
async function run(...args: readonly string[]): Promise<{ code: number | null; text: string }> {
  await using program = new Program(process.execPath, [MAIN, ...args])
  if (args[0] === 'serve') {
    await program.until(() => /"msg":"serving"/.test(program.text) || program.err !== '')
    program.child.kill('SIGTERM')
  }
  return { code: await program.ended, text: program.text }
}

async function place(configuration?: string): Promise<{
  config: string
  store: string
  damage(...statements: readonly string[]): void
  [Symbol.asyncDispose](): PromiseLike<void>
}> {
  const made = await configurationFolder(configuration)
  const { config, folder } = made
  expect((await run('init', '--config', config)).code).toBe(0)
  const store = join(folder, 'data/tfe.sqlite')
  return {
    config,
    store,
    damage(...statements) {
      const database = new DatabaseSync(store)
      for (const statement of statements) database.exec(statement)
      database.close()
    },
    [Symbol.asyncDispose]: () => made[Symbol.asyncDispose](),
  }
}

const toSchema1 = [
  ...laterTables(1).map((table) => `drop table ${table}`),
  'delete from schema_versions where version > 1',
]

test('every command that works on the store refuses a newer one with a sentence and the way back', async () => {
  await using it = await place()
  it.damage(...toSchema1)
  expect((await run('serve', '--config', it.config)).code).toBe(0)
  it.damage(NEWER_SCHEMA)
  const [copy] = readdirSync(join(it.store, '..')).filter((name) => name.includes('.before-'))
  const token = join(it.store, '../token')
  const commands = [
    ['serve'],
    ['admin', 'create', 'alice', '--role', 'administrator', '--token-file', token],
    ['break-glass', '--reason', 'locked out'],
  ]
  for (const command of commands) {
    const { code, text } = await run(...command, '--config', it.config)
    expect(code, command.join(' ')).not.toBe(0)
    expect(text).toContain('the store has schema 1003, and this program knows schemas up to')
    expect(text).toContain(`name a copy from before the upgrade as the store: `)
    expect(text).toContain(copy)
  }
  expect(existsSync(token)).toBe(false)
  const again = await run('init', '--config', it.config)
  expect(again.text).toContain('found a store at')
})

test('tfe serve tells that it upgraded the store, where the copy is and the way back', async () => {
  await using it = await place()
  it.damage(...toSchema1)
  const { code, text } = await run('serve', '--config', it.config)
  expect(code).toBe(0)
  const line = text.split('\n').find((one) => one.includes('the store was upgraded')) ?? '{}'
  const said = JSON.parse(line) as Record<string, string>
  expect(said).toMatchObject({ level: 'warn', schema_before: 1, schema: 2 })
  expect(said['copy']).toMatch(/tfe\.sqlite\.before-schema-2-\d{8}T\d{6}Z$/)
  expect(existsSync(said['copy'] ?? '')).toBe(true)
  expect(said['next_step']).toContain(`store: sqlite: ${said['copy']}`)
  const second = await run('serve', '--config', it.config)
  expect(second.text).not.toContain('the store was upgraded')
})

test('tfe admin create at an older store tells the same', async () => {
  await using it = await place()
  it.damage(...toSchema1)
  const token = join(it.store, '../token')
  const command = ['admin', 'create', 'alice', '--role', 'administrator', '--token-file', token]
  const { code, text } = await run(...command, '--config', it.config)
  expect(code).toBe(0)
  expect(text).toMatch(/the store was upgraded from schema 1 to 2; its copy is .*before-schema-2-/)
})

test('tfe upgrade foretells without changing anything, asks, and then copies and upgrades', async () => {
  await using it = await place()
  it.damage(...toSchema1, `insert into admins values ('Alice', 'viewer', null, null, 0, 1, 1)`)
  const files = readdirSync(join(it.store, '..'))
  const dry = await run('upgrade', '--dry-run', '--json', '--config', it.config)
  expect(dry.code).toBe(1)
  const answer = JSON.parse(dry.text) as {
    changes: { code: string; touched: { name: string }[] }[]
  }
  expect(answer).toMatchObject({ outcome: 'touched', schema: { found: 1, known: 2 } })
  const named = (code: string) =>
    answer.changes.find((one) => one.code === code)?.touched.map(({ name }) => name)
  expect(named('administrator-names')).toEqual(['Alice'])
  expect(named('default-cipher-suites')).toEqual(['devices'])
  expect(readdirSync(join(it.store, '..'))).toEqual(files)
  const unasked = await run('upgrade', '--config', it.config)
  expect(unasked.code).toBe(2)
  expect(unasked.text).toContain('add --confirm')
  expect(readdirSync(join(it.store, '..'))).toEqual(files)
  const done = await run('upgrade', '--confirm', '--config', it.config)
  expect(done.code).toBe(0)
  expect(done.text).toMatch(/upgraded from schema 1 to 2; its copy is .*before-schema-2-/)
  const again = await run('upgrade', '--config', it.config)
  expect(again.text).toContain('the store is up to date: schema 2')
  const settled = await run('upgrade', '--dry-run', '--json', '--config', it.config)
  expect(JSON.parse(settled.text)).toMatchObject({ changes: [{ code: 'administrator-names' }] })
})

test('a dry run names what changes and ends with 0 where nothing has to be decided', async () => {
  const listener = '    publishedPorts: [443]\n    tls: { minVersion: TLSv1.3 }\n'
  await using it = await place(
    CONFIGURATION.replace('    routes: all\n', `    routes: all\n${listener}`),
  )
  it.damage(...toSchema1)
  const { code, text } = await run('upgrade', '--dry-run', '--config', it.config)
  expect(code, text).toBe(0)
  expect(text).toContain('identity-fields (a note, nothing to decide): ')
  expect(text).toContain('upstream mdm: got these fields as devices sent them -> ')
  expect(text).toMatch(/nothing has to be decided first\n$/u)
  const data = await run('upgrade', '--dry-run', '--json', '--config', it.config)
  expect(JSON.parse(data.text)).toMatchObject({
    outcome: 'nothing-to-decide',
    changes: [{ code: 'identity-fields', needs_decision: false }],
  })
  it.damage(`insert into admins values ('Alice', 'viewer', null, null, 0, 1, 1)`)
  const open = await run('upgrade', '--dry-run', '--config', it.config)
  expect(open.code).toBe(1)
  expect(open.text).toMatch(/to decide first: administrator-names\n$/u)
})

test('tfe upgrade waits for no program that serves: it is refused', async () => {
  await using it = await place()
  it.damage(...toSchema1)
  const lock = await lockStore({ kind: 'sqlite', path: it.store }, 'shared')
  const { code, text } = await run('upgrade', '--confirm', '--config', it.config)
  expect(code).toBe(1)
  expect(text).toContain('stop every `tfe serve` on it first')
  expect(readdirSync(join(it.store, '..')).some((name) => name.includes('.before-'))).toBe(false)
  if (lock.ok) await lock.value.release()
})

test('tfe serve tells each changed rule with the first names that it touches, and serves', async () => {
  await using it = await place()
  it.damage(...toSchema1, `insert into admins values ('Alice', 'viewer', null, null, 0, 1, 1)`)
  const { code, text } = await run('serve', '--config', it.config)
  expect(code).toBe(0)
  const lines = text.split('\n').filter((one) => one.includes('"rule"'))
  const said = lines.map((one) => JSON.parse(one) as Record<string, unknown>)
  expect(said.find(({ rule }) => rule === 'administrator-names')).toMatchObject({
    level: 'warn',
    touched: 1,
    names: ['Alice'],
  })
  expect(text.indexOf('"rule"')).toBeLessThan(text.indexOf('"msg":"serving"'))
})
