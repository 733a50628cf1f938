import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { opened, sqliteBackend } from '../../support/store/backends.ts'

/** A file that is no WAL yet, and another connection in the middle of a change to it. */
async function held() {
  const place = await sqliteBackend.place()
  if (place.settings.kind !== 'sqlite') throw new Error('SQLite lies in a file')
  const holder = new DatabaseSync(place.settings.path)
  holder.exec('begin immediate')
  return { place, path: place.settings.path, holder }
}

test('a program that opens a file while another makes a store of it waits', async () => {
  const { place, holder } = await held()
  await using _place = place
  const opening = opened(place)
  let isOver = false
  const over = opening.finally(() => {
    isOver = true
  })
  // Takes longer than the first attempt of the one that waits.
  await using elsewhere = await sqliteBackend.place()
  for (let count = 0; count < 3; count += 1) await (await opened(elsewhere)).close()
  expect(isOver).toBe(false)
  holder.exec('commit')
  holder.close()
  await (await over).close()
})

test('SQLite itself does not wait there, whatever its timeout', async () => {
  const { place, path, holder } = await held()
  await using _place = place
  const hasty = new DatabaseSync(path, { timeout: 60_000 })
  expect(() => hasty.exec('pragma journal_mode = wal')).toThrow('database is locked')
  hasty.close()
  holder.close()
})
