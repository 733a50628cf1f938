/** Commands at a store that a newer program wrote, or an older one, on either database. */
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { lockStore } from '../../../src/store/engine/lock.ts'
import { backToSchema, NEWER_SCHEMA } from '../../support/store/older-schema.ts'
import {
  postgresBackend,
  sqliteBackend,
  type Backend,
  type Place,
} from '../../support/store/backends.ts'
import { unwrap } from '../../support/store/sightings.ts'
import { findPostgres, onPostgres } from '../../support/store/postgres.ts'
import { CONFIGURATION, configurationFolder } from '../../support/cli/configuration-folder.ts'
import { MAIN } from '../../support/front-ends/serve-process.ts'
import { Program } from '../../support/programs/program.ts'

const postgres = await findPostgres()
afterAll(async () => {
  if (postgres.kind === 'found') await postgres.stop()
})
const BACKENDS: readonly Backend[] = [
  sqliteBackend,
  ...(postgres.kind === 'found' ? [postgresBackend(postgres.url)] : []),
]
if (postgres.kind === 'missing') test.skip(`on PostgreSQL: ${postgres.why}`, () => {})

/** Runs one command as people do; `tfe serve` ends with SIGTERM once it serves. */
async function run(...args: readonly string[]): Promise<{ code: number | null; text: string }> {
  await using program = new Program(process.execPath, [MAIN, ...args])
  if (args[0] === 'serve') {
    await program.until(() => /"msg":"serving"/.test(program.text) || program.err !== '')
    program.child.kill('SIGTERM')
  }
  return { code: await program.ended, text: program.text }
}

interface ConfiguredPlace extends AsyncDisposable, Pick<Place, 'damage' | 'settings'> {
  readonly config: string
  /** A file in the folder of the configuration, which is not there. */
  readonly token: string
  /** What the configuration has to name to go back to a copy, of each copy. */
  copies(): Promise<readonly string[]>
  /** The names of the store and of what lies beside it: files, or schemas of the database. */
  beside(): Promise<readonly string[]>
}

/** A store that `tfe init` made, with the configuration that names it. */
async function configured(
  backend: Backend,
  configuration: string = CONFIGURATION,
): Promise<ConfiguredPlace> {
  await using stack = new AsyncDisposableStack()
  const place = stack.use(await backend.place())
  const { settings } = place
  const store =
    settings.kind === 'sqlite'
      ? `{ sqlite: '${settings.path}' }`
      : `{ postgres: 'file:pg.url', schema: ${settings.schema}, keys: 'file:tfe.keys' }`
  const made = stack.use(
    await configurationFolder(configuration.replace(/^store: .*$/mu, `store: ${store}`)),
  )
  if (settings.kind === 'postgres') await made.write('pg.url', settings.url)
  const { config, folder } = made
  expect(await run('init', '--config', config)).toMatchObject({ code: 0 })
  const kept = stack.move()
  return {
    config,
    settings,
    token: join(folder, 'token'),
    damage: (...statements) => place.damage(...statements),
    copies: async () => (await place.copies()).map((copy) => placeName(copy.settings)),
    beside: async () => {
      if (settings.kind === 'sqlite') return readdirSync(dirname(settings.path))
      const found = await onPostgres(
        settings.url,
        `select nspname from pg_namespace where nspname like '${settings.schema}%' order by 1`,
      )
      return found.map(({ nspname }) => String(nspname))
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

const placeName = (settings: Place['settings']): string =>
  settings.kind === 'sqlite' ? settings.path : (settings.schema ?? '')

/** An administrator of the version before, whose name is written in another way than new ones. */
const LOOK_ALIKE = `insert into admins values ('Alice', 'viewer', null, null, 0, 1, 1)`

describe.each(BACKENDS)('on $name', (backend) => {
  test('every command that works on the store refuses a newer one with a sentence and the way back', async () => {
    await using it = await configured(backend)
    await backToSchema(it, 1)
    expect((await run('serve', '--config', it.config)).code).toBe(0)
    await it.damage(NEWER_SCHEMA)
    const [copy = 'no copy'] = await it.copies()
    const { token } = it
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
    // A file is found by its name; a schema of a database has to be looked into.
    expect(again.text).toContain(
      backend.name === 'SQLite' ? 'found a store at' : 'the store has schema 1003',
    )
    expect(again.code).toBe(1)
  })

  test('tfe serve tells that it upgraded the store, where the copy is and the way back', async () => {
    await using it = await configured(backend)
    await backToSchema(it, 1)
    const { code, text } = await run('serve', '--config', it.config)
    expect(code).toBe(0)
    const line = text.split('\n').find((one) => one.includes('the store was upgraded')) ?? '{}'
    const said = JSON.parse(line) as Record<string, string>
    expect(said).toMatchObject({ level: 'warn', schema_before: 1, schema: 3 })
    expect(said['copy']).toMatch(/[._]before[-_]schema[-_]3[-_]\d{8}[Tt]\d{6}[Zz]$/)
    expect(await it.copies()).toEqual([said['copy']])
    const key = it.settings.kind === 'sqlite' ? 'sqlite' : 'schema'
    expect(said['next_step']).toContain(`store: ${key}: ${said['copy']}`)
    const second = await run('serve', '--config', it.config)
    expect(second.text).not.toContain('the store was upgraded')
  })

  test('tfe admin create at an older store tells the same', async () => {
    await using it = await configured(backend)
    await backToSchema(it, 1)
    const { token } = it
    const command = ['admin', 'create', 'alice', '--role', 'administrator', '--token-file', token]
    const { code, text } = await run(...command, '--config', it.config)
    expect(code).toBe(0)
    const [copy, ...others] = await it.copies()
    expect(others).toEqual([])
    expect(text).toContain(`the store was upgraded from schema 1 to 3; its copy is ${copy}`)
  })

  test('tfe upgrade foretells without changing anything, asks, and then copies and upgrades', async () => {
    await using it = await configured(backend)
    await backToSchema(it, 1)
    await it.damage(LOOK_ALIKE)
    const files = await it.beside()
    const dry = await run('upgrade', '--dry-run', '--json', '--config', it.config)
    expect(dry.code).toBe(1)
    const answer = JSON.parse(dry.text) as {
      changes: { code: string; touched: { name: string }[] }[]
    }
    expect(answer).toMatchObject({ outcome: 'touched', schema: { found: 1, known: 3 } })
    const named = (code: string) =>
      answer.changes.find((one) => one.code === code)?.touched.map(({ name }) => name)
    expect(named('administrator-names')).toEqual(['Alice'])
    expect(named('default-cipher-suites')).toEqual(['devices'])
    expect(await it.beside()).toEqual(files)
    const unasked = await run('upgrade', '--config', it.config)
    expect(unasked.code).toBe(2)
    expect(unasked.text).toContain('add --confirm')
    expect(await it.beside()).toEqual(files)
    const done = await run('upgrade', '--confirm', '--config', it.config)
    expect(done.code).toBe(0)
    const [copy, ...others] = await it.copies()
    expect(others).toEqual([])
    expect(done.text).toContain(`upgraded from schema 1 to 3; its copy is ${copy}`)
    const again = await run('upgrade', '--config', it.config)
    expect(again.text).toContain('the store is up to date: schema 3')
    const settled = await run('upgrade', '--dry-run', '--json', '--config', it.config)
    expect(JSON.parse(settled.text)).toMatchObject({ changes: [{ code: 'administrator-names' }] })
  })

  test('a dry run names what changes and ends with 0 where nothing has to be decided', async () => {
    const listener = '    publishedPorts: [443]\n    tls: { minVersion: TLSv1.3 }\n'
    await using it = await configured(
      backend,
      CONFIGURATION.replace('    routes: all\n', `    routes: all\n${listener}`),
    )
    await backToSchema(it, 1)
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
    await it.damage(LOOK_ALIKE)
    const open = await run('upgrade', '--dry-run', '--config', it.config)
    expect(open.code).toBe(1)
    expect(open.text).toMatch(/to decide first: administrator-names\n$/u)
  })

  test('tfe upgrade waits for no program that serves: it is refused', async () => {
    await using it = await configured(backend)
    await backToSchema(it, 1)
    const lock = await lockStore(it.settings, 'shared')
    const { code, text } = await run('upgrade', '--confirm', '--config', it.config)
    expect(code).toBe(1)
    expect(text).toContain('stop every `tfe serve` on it first')
    expect(await it.copies()).toEqual([])
    await unwrap(lock).release()
  })

  test('tfe serve tells each changed rule with the first names that it touches, and serves', async () => {
    await using it = await configured(backend)
    await backToSchema(it, 1)
    await it.damage(LOOK_ALIKE)
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
})
