/** Commands at a store that a newer program wrote, or an older one. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { laterTables, NEWER_SCHEMA } from '../../support/store/older-schema.ts'
import { configurationFolder } from '../../support/cli/configuration-folder.ts'
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

async function place(): Promise<{
  config: string
  store: string
  damage(...statements: readonly string[]): void
  [Symbol.asyncDispose](): PromiseLike<void>
}> {
  const made = await configurationFolder()
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
