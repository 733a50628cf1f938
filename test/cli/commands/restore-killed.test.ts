/**
 * `tfe restore`, killed before each of its steps: a start finds the old store or the new one, whole, or is refused, and the
 * restore that is run again ends well. No journal of the old store is played into the new one, and no file is served that
 * the journal beside it kept from being served.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { KeyFingerprint } from '../../../src/kernel/types.ts'
import { openStore, type Store } from '../../../src/store/store.ts'
import { tfe } from '../../support/cli/run-command.ts'
import { productYaml, writeFiles } from '../../support/front-ends/product.ts'
import { MAIN } from '../../support/front-ends/serve-process.ts'
import { aRing, testClock } from '../../support/store/backends.ts'
import { unwrap } from '../../support/store/sightings.ts'

const BY = { who: 'test', from: 'test' }
const OPENING = { clock: testClock(), ring: aRing(1) } as const
const PRELOAD = join(import.meta.dirname, '../../support/programs/record-steps.ts')

let base: string
beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'tfe-killed-'))
  const folder = join(base, 'made')
  mkdirSync(join(folder, 'data'), { recursive: true })
  writeFiles(folder)
  const yaml = { store: ' { sqlite: data/tfe.sqlite }' }
  writeFileSync(join(folder, 'tfe.yaml'), productYaml({ upstreamPort: 1, yaml }))
  const path = storeIn(folder)
  const store = unwrap(
    await openStore(
      { kind: 'sqlite', path },
      { ...OPENING, initialSettings: { enforcement: 'recording' } },
    ),
  )
  writeBack(path)
  copyFileSync(path, join(base, 'empty.db'))
  await deny(store, '1')
  unwrap(await store.transfer.backup(BY, join(base, 'backup.db')))
  await deny(store, '2')
  writeBack(path)
  await deny(store, '3')
  copyFileSync(`${path}-wal`, join(base, 'log'))
  await store.close()
})
afterAll(() => rmSync(base, { recursive: true, force: true }))

const storeIn = (folder: string): string => join(folder, 'data/tfe.sqlite')

function writeBack(path: string): void {
  const other = new DatabaseSync(path)
  other.exec('pragma wal_checkpoint(truncate)')
  other.close()
}

const deny = async (store: Store, digit: string) =>
  unwrap(
    await store.denials.add(BY, { kind: 'key', key: digit.repeat(64) as KeyFingerprint }, 'stolen'),
  )

/** What a start would begin with: how many entries its deny list has, or why it is refused. */
async function found(folder: string): Promise<number | string> {
  const opened = await openStore(
    { kind: 'sqlite', path: storeIn(folder) },
    { ...OPENING, initialSettings: undefined },
  )
  if (!opened.ok) return opened.failure.kind
  const entries = unwrap(await opened.value.denials.list()).length
  await opened.value.close()
  return entries
}

const command = (folder: string): readonly string[] => [
  'restore',
  join(base, 'backup.db'),
  '--config',
  join(folder, 'tfe.yaml'),
  '--confirm',
]

/** Restores, and returns what a kill before each step would have left of the folder of the store. */
async function stepsOf(folder: string): Promise<readonly string[]> {
  const into = join(folder, 'steps')
  mkdirSync(into)
  const child = spawn(process.execPath, ['--import', PRELOAD, MAIN, ...command(folder)], {
    env: { ...process.env, STEPS_OF: join(folder, 'data'), STEPS_IN: into },
    stdio: 'ignore',
  })
  expect(await once(child, 'exit')).toEqual([0, null])
  return readdirSync(into).map((name) => join(into, name))
}

interface Before {
  readonly what: string
  readonly prepare: (path: string) => void
  /** What starts find, in the order of the steps, each once. */
  readonly found: readonly (number | string)[]
}

const BEFORE: readonly Before[] = [
  { what: 'a store', prepare: () => {}, found: [3, 1] },
  {
    what: 'an older copy, kept from being served by the journal beside it,',
    prepare(path) {
      copyFileSync(join(base, 'empty.db'), path)
      copyFileSync(join(base, 'log'), `${path}-wal`)
    },
    found: ['journal-foreign', 'store-absent', 1],
  },
]

test.each(BEFORE)('a restore over $what is right or refused whenever it is killed', async (it) => {
  const folder = join(base, it.found.join('-'))
  cpSync(join(base, 'made'), folder, { recursive: true })
  const path = storeIn(folder)
  it.prepare(path)
  const seen: (number | string)[] = []
  for (const left of await stepsOf(folder)) {
    rmSync(join(folder, 'data'), { recursive: true })
    cpSync(left, join(folder, 'data'), { recursive: true })
    const now = await found(folder)
    if (seen.at(-1) === now) continue
    seen.push(now)
    // As it was left, and not as a start has looked at it.
    rmSync(join(folder, 'data'), { recursive: true })
    cpSync(left, join(folder, 'data'), { recursive: true })
    expect(await tfe(command(folder))).toMatchObject({ code: 0 })
    expect(await found(folder)).toBe(1)
  }
  expect(seen).toEqual(it.found)
})
