/** `tfe export` and `tfe backup`: a file that is complete, or none. */
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openStore } from '../../../src/store/store.ts'
import { openAdminApi, type TestAdminApi } from '../../support/admin/admin-api.ts'
import { sighting } from '../../support/admin/sightings.ts'
import { typed } from '../../support/cli/call-admin.ts'
import { MAIN } from '../../support/front-ends/serve-process.ts'
import { Program } from '../../support/programs/program.ts'
import { tfe } from '../../support/cli/run-command.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tfe-cli-export-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

async function withDevices(count: number): Promise<TestAdminApi> {
  const adminApi = await openAdminApi()
  await adminApi.store.sightings.record(
    Array.from({ length: count }, (_, at) => sighting((at + 1).toString(16))),
  )
  return adminApi
}

test('an export is written whole, for its owner alone, and another store takes it', async () => {
  await using adminApi = await withDevices(15)
  const path = join(folder, 'store.jsonl')
  const said = await typed(adminApi, ['export', path])
  expect(said).toMatchObject({ code: 0, err: '' })
  expect(statSync(path).mode & 0o777).toBe(0o600)
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  expect(said.out).toContain(`${path}: ${lines.length - 2} rows, ${statSync(path).size} octets\n`)
  await using other = await openAdminApi()
  const taken = await other.store.transfer.import({ who: 'test', from: 'test' }, each(lines))
  expect(taken.ok).toBe(true)
  expect(await other.store.devices.count({}, [])).toEqual({ ok: true, value: 15 })
})

async function* each(lines: readonly string[]): AsyncGenerator<string> {
  for (const line of lines) yield await Promise.resolve(line)
}

test('a backup is a store that opens, and --json says how large it is', async () => {
  await using adminApi = await withDevices(3)
  const path = join(folder, 'store.db')
  const said = await typed(adminApi, ['backup', path, '--json'])
  expect(said).toMatchObject({ code: 0, err: '' })
  expect(JSON.parse(said.out)).toEqual({ file: path, octets: statSync(path).size })
  expect(statSync(path).mode & 0o777).toBe(0o600)
  const opened = await openStore(
    { kind: 'sqlite', path },
    { clock: adminApi.clock as never, ring: { keys: new Map() }, initialSettings: undefined },
  )
  if (!opened.ok) expect.fail(opened.failure.kind)
  expect(await opened.value.devices.count({}, [])).toEqual({ ok: true, value: 3 })
  await opened.value.close()
})

for (const command of ['export', 'backup']) {
  test(`${command} touches no file that is there, and calls nothing`, async () => {
    const path = join(folder, 'there')
    writeFileSync(path, 'mine')
    await using adminApi = await withDevices(1)
    const said = await typed(adminApi, [command, path])
    expect(said).toMatchObject({ code: 1, out: '' })
    expect(said.err).toContain('found a file there, wanted none\nnext: ')
    expect(readFileSync(path, 'utf8')).toBe('mine')
    const { out } = await typed(adminApi, `audit --action store.${command} --json`)
    expect(JSON.parse(out)).toMatchObject({ items: [] })
  })

  test(`${command} into a folder that is not there is refused with the next step`, async () => {
    await using adminApi = await withDevices(1)
    const said = await typed(adminApi, [command, join(folder, 'none/there')])
    expect(said).toMatchObject({ code: 1, out: '' })
    expect(said.err).toMatch(/cannot be written \(ENOENT\)\nnext: name a file/u)
  })

  test(`${command} is refused to an operator, and leaves no file behind`, async () => {
    await using adminApi = await withDevices(1)
    const said = await typed(adminApi, [command, join(folder, 'new')], { as: 'operator' })
    expect(said).toMatchObject({ code: 1, out: '' })
    expect(said.err).toContain('(role-too-weak)')
    expect(readdirSync(folder)).toEqual([])
  })

  test(`${command} from where no admin API is leaves no file behind, exit code 3`, async () => {
    const path = join(folder, 'new')
    const env = { TFE_ADMIN_TOKEN: 'x', TFE_ADMIN_URL: 'http://127.0.0.1:1' }
    expect(await tfe([command, path], env)).toMatchObject({ code: 3, out: '' })
    expect(existsSync(path)).toBe(false)
  })
}

const HEAD = '{"format":"tfe-store"}\n'
const ROW = '{"table":"devices","row":{}}\n'
const BROKEN: readonly (readonly [string, string, RequestListener, RegExp])[] = [
  [
    'an export whose last line is missing',
    'export',
    (_, reply) => reply.end(HEAD + ROW),
    /without its last line/u,
  ],
  [
    'an export whose last line is cut',
    'export',
    (_, reply) => reply.end(`${HEAD}${ROW}{"end":tr`),
    /without its last line/u,
  ],
  [
    'an export that lacks a row',
    'export',
    (_, reply) => reply.end(`${HEAD}${ROW}{"end":true,"rows":2}\n`),
    /without its last line/u,
  ],
  ['an export of nothing', 'export', (_, reply) => reply.end(''), /without its last line/u],
  [
    'an export that breaks off',
    'export',
    (_, reply) => {
      reply.write(HEAD, () => reply.destroy())
    },
    /the answer broke off/u,
  ],
  [
    'a backup that breaks off',
    'backup',
    (_, reply) => {
      reply.write('SQLite format 3', () => reply.destroy())
    },
    /the answer broke off/u,
  ],
]

for (const [what, command, answer, says] of BROKEN) {
  test(`${what} is an error, and no file is left behind`, async () => {
    const server = createServer(answer)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const env = { TFE_ADMIN_TOKEN: 'x', TFE_ADMIN_URL: `http://127.0.0.1:${port}` }
    const said = await tfe([command, join(folder, 'new')], env)
    server.closeAllConnections()
    server.close()
    expect(said).toMatchObject({ code: 1, out: '' })
    expect(said.err).toMatch(says)
    expect(said.err).toContain('nothing is kept\nnext: ')
    expect(readdirSync(folder)).toEqual([])
  })
}

for (const [when, answer] of [
  ['before the answer', () => {}],
  ['in the middle of the answer', (reply: ServerResponse) => reply.write(HEAD)],
] as const) {
  test(`Ctrl-C ${when} leaves no file behind, exit code not 0`, async () => {
    const called = Promise.withResolvers<void>()
    const server = createServer((_, reply) => {
      answer(reply)
      called.resolve()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const env = { TFE_ADMIN_TOKEN: 'x', TFE_ADMIN_URL: `http://127.0.0.1:${port}` }
    const program = new Program(process.execPath, [MAIN, 'export', join(folder, 'new')], { env })
    await called.promise
    expect(readdirSync(folder)).toEqual(['new'])
    program.child.kill('SIGINT')
    expect(await program.ended).toBeGreaterThan(0)
    server.closeAllConnections()
    server.close()
    expect(readdirSync(folder)).toEqual([])
  })
}
