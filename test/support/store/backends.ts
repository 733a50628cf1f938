/**
 * Where a test's store lies, on either backend, and a way to its tables that goes around the product.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Instant } from '../../../src/kernel/types.ts'
import type { KeyRing } from '../../../src/store/secrets/seal.ts'
import {
  openStore,
  type OpenOptions,
  type Store,
  type StoreSettings,
} from '../../../src/store/store.ts'
import { onPostgres } from './postgres.ts'

/** A place for one store. */
export interface Place extends AsyncDisposable {
  readonly settings: StoreSettings
  /** Does to the tables what the product would not. */
  damage(...statements: readonly string[]): Promise<void>
  /** The copies that upgrades left beside it, oldest first. */
  copies(): Promise<readonly Pick<Place, 'settings' | 'damage'>[]>
}

/** Makes places. */
export interface Backend {
  readonly name: 'SQLite' | 'PostgreSQL'
  place(): Promise<Place>
}

export const sqliteBackend: Backend = {
  name: 'SQLite',
  async place() {
    const folder = mkdtempSync(join(tmpdir(), 'tfe-store-'))
    const path = join(folder, 'store.db')
    return {
      ...sqliteFile(path),
      copies: async () =>
        readdirSync(folder)
          .filter((name) => name.includes('.before-schema-') && !/-(?:wal|shm)$/.test(name))
          .sort()
          .map((name) => sqliteFile(join(folder, name))),
      async [Symbol.asyncDispose]() {
        rmSync(folder, { recursive: true, force: true })
      },
    }
  },
}

const sqliteFile = (path: string): Pick<Place, 'settings' | 'damage'> => ({
  settings: { kind: 'sqlite', path },
  async damage(...statements) {
    const database = new DatabaseSync(path)
    try {
      for (const statement of statements) database.exec(statement)
    } finally {
      database.close()
    }
  },
})

let schemas = 0

export const postgresBackend = (url: string): Backend => ({
  name: 'PostgreSQL',
  async place() {
    schemas += 1
    const schema = `tfe_test_${process.pid}_${schemas}`
    await onPostgres(url, `create schema ${schema}`)
    const copies = async () => {
      const found = await onPostgres(
        url,
        `select nspname from pg_namespace where nspname like '${schema}\\_before%' order by 1`,
      )
      return found.map(({ nspname }) => postgresSchema(url, String(nspname)))
    }
    return {
      ...postgresSchema(url, schema),
      copies,
      async [Symbol.asyncDispose]() {
        const all = [schema, ...(await copies()).map(({ settings }) => settings.schema)]
        await onPostgres(url, ...all.map((one) => `drop schema ${one} cascade`))
      },
    }
  },
})

const postgresSchema = (url: string, schema: string) =>
  ({
    settings: { kind: 'postgres', url, schema },
    damage: async (...statements: readonly string[]) =>
      void (await onPostgres(url, `set search_path = ${schema}`, ...statements)),
  }) as const

/** The test's time: stands still until it is set. */
export interface TestClock {
  at: number
  now(): Instant
}

export const testClock = (at = Date.UTC(2026, 10, 22)): TestClock => ({
  at,
  now() {
    return this.at as Instant
  },
})

/** A ring whose keys follow from their versions. */
export const aRing = (...versions: readonly number[]): KeyRing => ({
  keys: new Map(versions.map((version) => [version, Buffer.alloc(32, version)])),
})

/** An open store that closes with the test. */
export type OpenStore = Store & AsyncDisposable

/** Opens the store of a place, making it if need be; fails the test when that fails. */
export async function opened(place: Place, options: Partial<OpenOptions> = {}): Promise<OpenStore> {
  const store = await openStore(place.settings, {
    clock: testClock(),
    ring: aRing(1),
    initialSettings: { enforcement: 'recording' },
    ...options,
  })
  if (!store.ok) throw new Error(JSON.stringify(store.failure))
  return { ...store.value, [Symbol.asyncDispose]: () => store.value.close() }
}
