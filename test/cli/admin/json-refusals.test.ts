/** What --json prints where the admin API does not do what was asked. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Role } from '../../../src/admin/auth/principal.ts'
import { openAdminApi } from '../../support/admin/admin-api.ts'
import { tfe } from '../../support/cli/run-command.ts'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tfe-json-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

async function refused(line: string, as: Role = 'administrator', answers?: readonly string[]) {
  await using adminApi = await openAdminApi()
  const env = { TFE_ADMIN_URL: adminApi.url, TFE_ADMIN_TOKEN: await adminApi.tokenOf(as) }
  const words = line.split(' ').map((word) => word.replace('@', `${folder}/`))
  return await tfe([...words, '--json'], env, answers)
}

test('a refusal is the problem document of the admin API, beside the sentence', async () => {
  const { code, out, err } = await refused('devices show 0192f0c4')
  expect(code).toBe(1)
  expect(JSON.parse(out)).toMatchObject({ status: 404, code: expect.any(String) as string })
  expect(err).toMatch(/^tfe: .*\nnext: /u)
})

test('so is one for want of a role', async () => {
  const { code, out } = await refused('port close', 'viewer')
  expect(code).toBe(1)
  expect(JSON.parse(out)).toMatchObject({ status: 403, code: 'role-too-weak' })
})

test('the faults of every part of a long list are one document', async () => {
  const line = (at: number): string => `${at === 1 || at === 2500 ? '' : `d${at}`},x`
  const rows = Array.from({ length: 3000 }, (_, at) => line(at))
  writeFileSync(join(folder, 'long.csv'), `id,name\n${rows.join('\n')}\n`)
  const { code, out } = await refused('inventory import @long.csv')
  expect(code).toBe(1)
  const { faults } = JSON.parse(out) as { faults: readonly { at: string }[] }
  expect(faults).toHaveLength(2)
  expect(faults[1]?.at).toContain('2502')
})

test('an admin API that does not answer is a document, exit code 3', async () => {
  const env = { TFE_ADMIN_URL: 'http://127.0.0.1:1', TFE_ADMIN_TOKEN: 'tfe_x' }
  const { code, out, err } = await tfe(['devices', 'list', '--json'], env)
  expect(code).toBe(3)
  expect(JSON.parse(out)).toMatchObject({ code: 'admin-api-unreachable' })
  expect(err).toContain('nothing listens there')
})

test('what was not confirmed is a document, and nothing was changed', async () => {
  const { code, out, err } = await refused('oauth disable-legacy', 'administrator', ['no'])
  expect(code).toBe(1)
  expect(JSON.parse(out)).toMatchObject({ code: 'not-confirmed', detail: 'nothing was changed' })
  expect(err).toContain('nothing was changed')
})
