import { statSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { explainStore } from '../../../src/store/explain.ts'
import { SCHEMA_VERSION } from '../../../src/store/migrate/migrations.ts'
import { openStore, readStore, type Store } from '../../../src/store/store.ts'
import { opened, testClock, type Backend, type Place } from '../../support/store/backends.ts'
import { backToSchema, laterTables, NEWER_SCHEMA } from '../../support/store/older-schema.ts'
import { ADMIN, unwrap, unwrapFailure } from '../../support/store/sightings.ts'
import { exported, fill } from './transfer.ts'

/** A store of the schema before, with something in every table of it. */
async function filledBefore(place: Place): Promise<{ id: string; rows: readonly string[] }> {
  await using store = await opened(place)
  await fill(store)
  const rows = rowsOf(await exported(store))
  await store.close()
  await backToSchema(place, 1)
  return { id: store.id, rows }
}

/** The rows of an export, of tables that the schema before had; what an upgrade or an export notes apart. */
const rowsOf = (lines: readonly string[]): readonly string[] =>
  lines.slice(1, -1).filter((line) => {
    const { table } = JSON.parse(line) as { table: string }
    return !laterTables(1).includes(table) && !/store\.(?:export|upgrade)/.test(line)
  })

const placeOf = (store: Store): string => store.copy ?? ''

/** Upgrading a store of an older schema. */
export function upgrade(backend: Backend): void {
  describe('an upgrade', () => {
    test('copies the store beside itself first, and the copy is the store of before, row by row', async () => {
      await using place = await backend.place()
      const before = await filledBefore(place)
      await using upgraded = await opened(place, { actor: ADMIN })
      expect(upgraded).toMatchObject({ id: before.id, created: false, schemaFound: 1 })
      expect(rowsOf(await exported(upgraded))).toEqual(before.rows)
      const [copy, ...others] = await place.copies()
      expect(others).toEqual([])
      if (copy === undefined) throw new Error('no copy')
      const { settings } = copy
      expect(placeOf(upgraded)).toBe(settings.kind === 'sqlite' ? settings.path : settings.schema)
      // It holds what the store held: no other account reads it.
      if (settings.kind === 'sqlite') expect(statSync(settings.path).mode & 0o777).toBe(0o600)
      const reader = unwrap(await readStore(copy.settings, testClock()))
      expect(reader).toMatchObject({ id: before.id, schemaFound: 1 })
      await reader.close()
      // The copy is a store that is upgraded like any other: all its rows are there.
      const restored = unwrap(
        await openStore(copy.settings, {
          clock: testClock(Date.UTC(2026, 11, 1)),
          ring: { keys: new Map() },
          initialSettings: undefined,
        }),
      )
      expect(rowsOf(await exported(restored))).toEqual(before.rows)
      // The latch holds in it, too, and the numbers of the audit trail go on.
      unwrap(await restored.audit.note(ADMIN, { action: 'a', subject: 's' }))
      const [newest] = unwrap(await restored.audit.list({ limit: 1 })).items
      const [last] = unwrap(await upgraded.audit.list({ limit: 1 })).items
      expect(newest?.id).toBeGreaterThanOrEqual(last?.id ?? Infinity)
      await restored.close()
      await expect(copy.damage("update enforcement set state = 'recording'")).rejects.toThrow(
        /latched/,
      )
    })

    test('is audited with both schemas and the copy, by the one who began it', async () => {
      await using place = await backend.place()
      await filledBefore(place)
      await using upgraded = await opened(place, { actor: ADMIN })
      const { items } = unwrap(await upgraded.audit.list({ limit: 9, action: 'store.upgrade' }))
      expect(items).toMatchObject([
        { ...ADMIN, after: { from: 1, to: SCHEMA_VERSION, copy: placeOf(upgraded) } },
      ])
    })

    test('of two programs that start together makes one copy', async () => {
      await using place = await backend.place()
      await filledBefore(place)
      const stores = await Promise.all([opened(place), opened(place), opened(place)])
      expect(stores.filter(({ copy }) => copy !== undefined)).toHaveLength(1)
      for (const store of stores) await store.close()
      expect(await place.copies()).toHaveLength(1)
      await using again = await opened(place)
      const { items } = unwrap(await again.audit.list({ limit: 9, action: 'store.upgrade' }))
      expect(items).toHaveLength(1)
    })

    test('is none for a store that was just made or is up to date: nothing is copied', async () => {
      await using place = await backend.place()
      const made = await opened(place)
      expect([made.schemaFound, made.copy]).toEqual([0, undefined])
      await made.close()
      await using again = await opened(place)
      expect([again.schemaFound, again.copy]).toEqual([SCHEMA_VERSION, undefined])
      const { items } = unwrap(await again.audit.list({ limit: 9, action: 'store.upgrade' }))
      expect(items).toEqual([])
      await again.close()
      expect(await place.copies()).toEqual([])
    })

    test('that fails half-way leaves the store as it was, and no copy', async () => {
      await using place = await backend.place()
      await filledBefore(place)
      const [table = ''] = laterTables(1).toReversed()
      // Something of the same name is in the way of the step.
      await place.damage(`create table ${table} (one text)`)
      await expect(opened(place)).rejects.toThrow(/already exists/)
      await place.damage(`drop table ${table}`)
      const reader = unwrap(await readStore(place.settings, testClock()))
      expect(reader.schemaFound).toBe(1)
      await reader.close()
      expect(await place.copies()).toEqual([])
    })

    test('a newer store is refused with the copies that lie beside it, the newest first', async () => {
      await using place = await backend.place()
      await filledBefore(place)
      const first = await opened(place)
      await first.close()
      await backToSchema(place, 1)
      const second = await opened(place, { clock: testClock(Date.UTC(2027, 0, 1)) })
      await second.close()
      await place.damage(NEWER_SCHEMA)
      const why = unwrapFailure(
        await openStore(place.settings, {
          clock: testClock(),
          ring: { keys: new Map() },
          initialSettings: undefined,
        }),
      )
      const copies = [placeOf(second), placeOf(first)]
      expect(why).toMatchObject({ kind: 'schema-newer', found: 1003, copies })
      expect(explainStore(why).nextStep).toContain(copies.join(', '))
      expect(unwrapFailure(await readStore(place.settings, testClock()))).toEqual(why)
    })
  })
}
