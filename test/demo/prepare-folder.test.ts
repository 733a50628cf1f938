import { X509Certificate } from 'node:crypto'
import { readFile, rm, stat, writeFile, chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { prepareFolder, type PreparedFolder } from '../../src/demo/prepare-folder.ts'
import type { Instant } from '../../src/kernel/types.ts'
import { emptyFolder } from './demo-process.ts'

const DAY = 86_400_000
const NOW = Date.parse('2026-11-22T10:00:00Z')

async function prepared(folder: string, now = NOW): Promise<PreparedFolder> {
  const demoFiles = await prepareFolder(folder, { now: now as Instant, onProgress: () => {} })
  if (!demoFiles.ok) throw new Error(JSON.stringify(demoFiles.failure))
  return demoFiles.value
}

const certificate = async (folder: string, file: string): Promise<X509Certificate> =>
  new X509Certificate(await readFile(join(folder, file)))

test('every key is readable by its owner alone', async () => {
  await using folder = await emptyFolder()
  await prepared(folder.path)
  for (const file of ['server.key', 'devices/current.key', 'authorities/current-root.key']) {
    expect((await stat(join(folder.path, file))).mode & 0o777).toBe(0o600)
  }
})

test('a key whose mode was lost gets it back', async () => {
  await using folder = await emptyFolder()
  await prepared(folder.path)
  const key = join(folder.path, 'server.key')
  await chmod(key, 0o644)
  expect((await prepared(folder.path)).made).toBe(0)
  expect((await stat(key)).mode & 0o777).toBe(0o600)
})

test('the devices are as old as their names say', async () => {
  await using folder = await emptyFolder()
  await prepared(folder.path)
  const daysLeft = async (name: string): Promise<number> =>
    ((await certificate(folder.path, `devices/${name}.pem`)).validToDate.getTime() - NOW) / DAY
  expect(await daysLeft('current')).toBe(365)
  expect(await daysLeft('in-grace')).toBe(-9)
  expect(await daysLeft('beyond-grace')).toBe(-60)
  expect(await daysLeft('self-signed-expired')).toBe(-20)
})

test('a second start makes nothing', async () => {
  await using folder = await emptyFolder()
  const { made } = await prepared(folder.path)
  expect(await prepared(folder.path)).toEqual({ made: 0, reused: made, replaced: [] })
})

const MENDS: readonly {
  readonly promise: string
  readonly later?: number
  readonly spoil?: (folder: string) => Promise<void>
  readonly replaced: readonly string[]
}[] = [
  {
    promise: 'a device in grace that drifts towards its end is made anew',
    later: 17 * DAY,
    replaced: ['devices/in-grace'],
  },
  { promise: 'the day before that, it stays', later: 16 * DAY, replaced: [] },
  {
    promise: 'a file that is gone is made anew',
    spoil: (folder) => rm(join(folder, 'server.key')),
    replaced: ['server'],
  },
  {
    promise: 'a garbled file is made anew',
    spoil: (folder) => writeFile(join(folder, 'devices/previous.pem'), 'nonsense'),
    replaced: ['devices/previous'],
  },
  {
    promise: "a key that is another's is made anew with its certificate",
    spoil: async (folder) =>
      writeFile(
        join(folder, 'devices/current.key'),
        await readFile(join(folder, 'devices/previous.key')),
      ),
    replaced: ['devices/current'],
  },
  {
    promise: 'with an authority everything is made anew that it signed',
    spoil: (folder) => rm(join(folder, 'authorities/previous.pem')),
    replaced: ['authorities/previous', 'devices/previous', 'devices/issued-late'],
  },
]

for (const { promise, later = 0, spoil, replaced } of MENDS) {
  test(promise, async () => {
    await using folder = await emptyFolder()
    await prepared(folder.path)
    await spoil?.(folder.path)
    const demoFiles = await prepared(folder.path, NOW + later)
    expect(demoFiles.replaced.map(({ file }) => file)).toEqual(replaced)
    expect(await prepared(folder.path, NOW + later)).toMatchObject({ made: 0 })
  })
}

test('a bundle that was spoilt is written again', async () => {
  await using folder = await emptyFolder()
  await prepared(folder.path)
  const bundle = join(folder.path, 'trust/current.pem')
  const before = await readFile(bundle, 'utf8')
  await writeFile(bundle, '')
  await prepared(folder.path)
  expect(await readFile(bundle, 'utf8')).toBe(before)
})

test('a folder with files that the demonstration did not make is refused and stays as it was', async () => {
  await using folder = await emptyFolder()
  const precious = join(folder.path, 'ca.pem')
  await writeFile(precious, 'precious')
  const demoFiles = await prepareFolder(folder.path, { now: NOW as Instant, onProgress: () => {} })
  expect(demoFiles).toEqual({ ok: false, failure: { kind: 'occupied', folder: folder.path } })
  expect(await readFile(precious, 'utf8')).toBe('precious')
})

test('a file where the folder should be is a failure, not a bug', async () => {
  await using folder = await emptyFolder()
  const file = join(folder.path, 'file')
  await writeFile(file, '')
  const demoFiles = await prepareFolder(file, { now: NOW as Instant, onProgress: () => {} })
  expect(demoFiles).toMatchObject({ ok: false, failure: { kind: 'unwritable', code: 'ENOTDIR' } })
})
