import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { SCHEMA_VERSION } from '../../../src/store/migrate/migrations.ts'
import { readStore, type Store } from '../../../src/store/store.ts'
import { opened, testClock, type Backend, type Place } from '../../support/store/backends.ts'
import { backToSchema, NEWER_SCHEMA } from '../../support/store/older-schema.ts'
import {
  aCertificate,
  ADMIN,
  aSighting,
  unwrap,
  unwrapFailure,
} from '../../support/store/sightings.ts'
import { fill } from './transfer.ts'

async function read(place: Place): Promise<Store & AsyncDisposable> {
  const store = unwrap(await readStore(place.settings, testClock()))
  return { ...store, [Symbol.asyncDispose]: () => store.close() }
}

/** Reading a store beside the program that serves from it. */
export function reading(backend: Backend): void {
  describe('read and nothing else', () => {
    test('beside a program that serves from it, it says what that wrote, also after it was opened', async () => {
      await using place = await backend.place()
      await using serving = await opened(place)
      await fill(serving)
      await using reader = await read(place)
      expect(reader.id).toBe(serving.id)
      expect(unwrap(await reader.enrollment.list())).toEqual(
        unwrap(await serving.enrollment.list()),
      )
      unwrap(await serving.denials.add(ADMIN, { kind: 'key', key: 'later' as never }, 'note'))
      expect(unwrap(await reader.denials.list())).toHaveLength(2)
    })

    test('every change fails as a value, and nothing of it is there', async () => {
      await using place = await backend.place()
      await using serving = await opened(place)
      await fill(serving)
      const revision = unwrap(await serving.feed.revision())
      await using reader = await read(place)
      const attempts = [
        reader.documents.put(ADMIN, { name: 'other', body: {} }, 0),
        reader.denials.add(ADMIN, { kind: 'key', key: 'other' as never }, 'note'),
        reader.sightings.record([aSighting(aCertificate('other'))]),
        reader.enforcement.dangerouslyBreakGlass(ADMIN, 'reason'),
        reader.audit.note(ADMIN, { action: 'a', subject: 's' }),
        reader.secrets.put(ADMIN, { name: 't', secret: Buffer.from('x') }, 0),
      ]
      const outcomes = await Promise.all(attempts)
      for (const outcome of outcomes) expect(outcome.ok).toBe(false)
      const kinds = outcomes.map((one) => (one.ok ? 'ok' : one.failure.kind))
      // Without a key there is nothing to seal with, which is asked first.
      expect(kinds.slice(0, 5)).toEqual(Array.from({ length: 5 }, () => 'store-read-only'))
      expect(unwrap(await serving.feed.revision())).toBe(revision)
      expect(unwrap(await serving.documents.find('other'))).toBeUndefined()
      // The program that serves is not in the way of itself.
      unwrap(await serving.documents.put(ADMIN, { name: 'other', body: {} }, 0))
    })

    test('a store of the schema before is read as it is, tables of later ones as empty, and stays of that schema', async () => {
      await using place = await backend.place()
      {
        await using store = await opened(place)
        await fill(store)
      }
      await backToSchema(place, 1)
      for (let round = 0; round < 2; round += 1) {
        await using reader = await read(place)
        expect(reader.schemaFound).toBe(1)
        expect(reader.created).toBe(false)
        expect(unwrap(await reader.enrollment.list()).map(({ name }) => name)).toEqual([
          'first',
          'second',
        ])
        expect(unwrap(await reader.admins.list()).map(({ name }) => name)).toEqual(['alice'])
      }
      await using upgraded = await opened(place)
      expect(upgraded.schemaFound).toBe(1)
    })

    test('a store that is up to date says so', async () => {
      await using place = await backend.place()
      await using store = await opened(place)
      expect(store.schemaFound).toBe(0)
      await using reader = await read(place)
      expect(reader.schemaFound).toBe(SCHEMA_VERSION)
    })

    test('where there is none, none is made', async () => {
      await using place = await backend.place()
      const clock = testClock()
      expect(unwrapFailure(await readStore(place.settings, clock)).kind).toBe('store-absent')
      expect(unwrapFailure(await readStore(place.settings, clock)).kind).toBe('store-absent')
      if (place.settings.kind === 'sqlite') expect(existsSync(place.settings.path)).toBe(false)
    })

    test('what is no store, and a store of a newer program, are refused', async () => {
      await using place = await backend.place()
      await place.damage('create table something (one text)')
      const clock = testClock()
      expect(unwrapFailure(await readStore(place.settings, clock)).kind).toBe('not-a-store')
      await using other = await backend.place()
      await (await opened(other)).close()
      await other.damage(NEWER_SCHEMA)
      expect(unwrapFailure(await readStore(other.settings, clock))).toEqual({
        kind: 'schema-newer',
        found: 1003,
        known: SCHEMA_VERSION,
        copies: [],
      })
    })
  })
}
