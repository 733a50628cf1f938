/** `tfe config diff` and `tfe check` beside a store, on both stores; nothing of it is changed. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { configurationFolder, CONFIGURATION } from '../../support/cli/configuration-folder.ts'
import { tfe } from '../../support/cli/run-command.ts'
import type { Instant } from '../../../src/kernel/types.ts'
import { openStore } from '../../../src/store/store.ts'

const OLD = /standing: previously-trusted, retiredAt: [^,]+,/u

async function prepared() {
  const made = await configurationFolder()
  expect((await tfe(['init', made.config])).code).toBe(0)
  return made
}

test('a store as it was made has no difference', async () => {
  await using made = await prepared()
  const { code, out } = await tfe(['config', 'diff', '--config', made.config])
  expect({ code, out }).toEqual({
    code: 0,
    out: 'no differences: the file and the store say the same\n',
  })
  expect((await tfe(['check', made.config])).out).toMatch(
    /compared +with the store: the file says the same/u,
  )
})

test('a stricter word is told with its command, by diff, check and --json alike, and changes nothing', async () => {
  await using made = await prepared()
  expect(CONFIGURATION).toMatch(OLD)
  writeFileSync(made.config, CONFIGURATION.replace(OLD, 'standing: distrusted,'))
  const said = await tfe(['config', 'diff', '--config', made.config])
  expect(said.code).toBe(1)
  expect(said.out).toContain(
    'found standing: distrusted of Old, and the store says previously-trusted',
  )
  expect(said.out).toMatch(/^ {2}tfe ca distrust Old$/mu)
  const json = await tfe(['config', 'diff', '--config', made.config, '--json'])
  expect(json.code).toBe(1)
  expect(JSON.parse(json.out)).toMatchObject({
    items: [{ kind: 'standing', subject: 'Old', holds: true, commands: ['tfe ca distrust Old'] }],
  })
  const checked = await tfe(['check', made.config])
  expect(checked.code).toBe(0)
  expect(checked.out).toContain('`tfe ca distrust Old`')
  expect(checked.out).toMatch(/Old +distrusted: admits no device/u)
  expect(checked.out).toMatch(/compared +with the store: 1 difference/u)
  // Read only: the next look finds the same.
  expect((await tfe(['config', 'diff', '--config', made.config])).out).toBe(said.out)
})

test('a latched store requires certificates, whatever the file and its warning say', async () => {
  await using made = await prepared()
  writeFileSync(made.config, `enforcement: recording\n${CONFIGURATION}`)
  const { out } = await tfe(['check', made.config])
  expect(out).toContain('enforcement: required for good, by the latch of the store')
  expect(out).toContain('which is in force; write enforcement: required')
  const { code } = await tfe(['config', 'diff', '--config', made.config])
  expect(code).toBe(1)
})

test('without a store check tells that it was not compared, and is no failure; diff is one', async () => {
  await using made = await configurationFolder()
  const checked = await tfe(['check', made.config])
  expect(checked.code).toBe(0)
  expect(checked.out).toMatch(
    /compared +not with the store, so all of this is the file's word alone/u,
  )
  const said = await tfe(['config', 'diff', '--config', made.config])
  expect(said).toMatchObject({ code: 1, out: '' })
  expect(said.err).toContain('tfe init')
})

test('a store that is in use is compared beside its program', async () => {
  await using made = await prepared()
  const opened = await openStore(
    { kind: 'sqlite', path: join(made.folder, 'data/tfe.sqlite') },
    {
      clock: { now: () => Date.now() as Instant },
      ring: { keys: new Map() },
      initialSettings: undefined,
    },
  )
  if (!opened.ok) throw new Error(opened.failure.kind)
  expect((await opened.value.enrollment.distrust({ who: 't', from: 't' }, 'Old', 'any')).ok).toBe(
    true,
  )
  const said = await tfe(['config', 'diff', '--config', made.config])
  expect(said.code).toBe(1)
  expect(said.out).toContain('and the store says distrusted, which is in force')
  await opened.value.close()
  rmSync(join(made.folder, 'data'), { recursive: true })
})
