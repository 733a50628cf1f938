/** Times within sentences of the admin API: for people in their time zone, for programs as the API sends them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sentenceText } from '../../../src/cli/table.ts'
import { mintCa, NOW, openAdminApi } from '../../support/admin/admin-api.ts'
import { typed } from '../../support/cli/call-admin.ts'

const BERLIN = { timeZone: 'Europe/Berlin' }
let folder = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tfe-sentences-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

test('a warning tells its time in the zone of the terminal, and as RFC 3339 in JSON', async () => {
  await using adminApi = await openAdminApi()
  const upload = async (name: string, ...more: readonly string[]) => {
    const file = join(folder, `${name}.pem`)
    await writeFile(file, mintCa({ name, notBefore: NOW + 3_600_000 }).pem)
    return await typed(adminApi, ['ca', 'upload', name, file, ...more], { shown: BERLIN })
  }
  const shown = await upload('one')
  expect(shown.out).toMatch(/^warning: .* is valid only from 2026-11-22 02:00 \+01:00 \(01:00Z\)/mu)
  const json = await upload('two', '--json')
  expect(json.out).toContain('is valid only from 2026-11-22T01:00:00')
})

test('what only looks like a time stays as it is, and nothing in a sentence acts on a terminal', () => {
  expect(sentenceText('named 2026-13-45T99:99:99Z', BERLIN)).toBe('named 2026-13-45T99:99:99Z')
  expect(sentenceText('\u001B[2Jat 2026-11-22T01:00:00.000Z\nx', BERLIN)).toBe(
    '\uFFFD[2Jat 2026-11-22 02:00 +01:00 (01:00Z)\uFFFDx',
  )
})
