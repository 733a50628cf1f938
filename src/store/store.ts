/**
 * Opening a store: the answer holds everything that may be asked of it and changed in it; there is no other way to
 * the tables.
 */
import type { Clock } from '../kernel/ports.ts'
import { fail, ok } from '../kernel/types.ts'
import { Admins } from './access/admins.ts'
import { Approvals } from './devices/approvals.ts'
import { AttemptCounts } from './devices/attempt-counts.ts'
import { AttemptResults } from './callers/attempt-results.ts'
import { Audit } from './access/audit.ts'
import { Transactions, type Actor } from './transactions.ts'
import { Credentials } from './access/credentials.ts'
import { Denials } from './devices/denials.ts'
import { DeviceLinks } from './devices/device-links.ts'
import { Devices } from './devices/devices.ts'
import { Documents } from './settings/documents.ts'
import { Enforcement } from './settings/enforcement.ts'
import type { Engine } from './engine/engine.ts'
import { Enrollment } from './settings/enrollment.ts'
import type { Answer, Outcome, StoreFailure } from './failure.ts'
import { Feed } from './feed.ts'
import { History } from './history/history.ts'
import { Inventory } from './devices/inventory.ts'
import { Oauth } from './settings/oauth.ts'
import type { Store } from './port.ts'
import { Ports } from './settings/ports.ts'
import { findDamage } from './engine/damage.ts'
import { createPrivateFile } from './engine/private-file.ts'
import { findCopies } from './migrate/copy-store.ts'
import { findPooling } from './engine/pooler.ts'
import {
  connectionOptions,
  openPostgres,
  openPostgresForReading,
  type PostgresSettings,
} from './engine/postgres.ts'
import { Refusals } from './refusals/refusals.ts'
import { RevocationLists } from './settings/revocation-lists.ts'
import { SavedQueries } from './settings/saved-queries.ts'
import {
  prepareSchema,
  type InitialSettings,
  type PreparedSchema,
} from './migrate/prepare-schema.ts'
import { addMissingPostgresTables, addMissingTables, readSchema } from './migrate/read-schema.ts'
import { HeldKeys } from './secrets/held-keys.ts'
import type { KeyRing } from './secrets/seal.ts'
import { Secrets } from './secrets/secrets.ts'
import { Sightings } from './devices/sightings.ts'
import { SilentDevices } from './callers/silent-devices.ts'
import { SyncPortCallers } from './callers/sync-port-callers.ts'
import { openSqlite, sqliteExists, type SqliteSettings } from './engine/sqlite.ts'
import { Transfer } from './transfer/transfer.ts'
import { UnknownCallers } from './callers/unknown-callers.ts'

export type { Store } from './port.ts'

/** Where the store is. */
export type StoreSettings = SqliteSettings | PostgresSettings

export interface OpenOptions {
  readonly clock: Clock
  /** What secrets are sealed with; an empty ring refuses every secret. */
  readonly ring: KeyRing
  /** Where the ring is read again from, and where a key is added to it: `file:` and a path, or `env:` and a name. */
  readonly ringFrom?: string | undefined
  /** What a store that is made now begins with; undefined for one that has to be there (decision 5). */
  readonly initialSettings: InitialSettings | undefined
  /** Who opens it, should it be upgraded; the program itself when left out. */
  readonly actor?: Actor | undefined
  /** How many certificates without a sound path are kept; for tests. */
  readonly unsoundLimit?: number | undefined
}

/** Opens a store, and makes or upgrades its schema; one that is upgraded is copied beside itself first. */
export async function openStore(settings: StoreSettings, options: OpenOptions): Outcome<Store> {
  const { clock, initialSettings } = options
  if (settings.kind === 'sqlite' && initialSettings === undefined && !sqliteExists(settings)) {
    return fail({ kind: 'store-absent', where: settings.path })
  }
  if (settings.kind === 'sqlite' && initialSettings !== undefined) createFirst(settings)
  const engine = settings.kind === 'sqlite' ? openSqlite(settings) : openPostgres(settings)
  return await withEngine(engine, async () => {
    const pooling = await poolingOf(settings)
    if (!pooling.ok) return pooling
    const sound = await checkWhole(engine)
    if (!sound.ok) return sound
    const { actor = { who: 'auto', from: 'start' } } = options
    const now = clock.now()
    const prepared = await prepareSchema(engine, { initialSettings, now, actor })
    return prepared.ok ? ok(assembleStore(engine, { ...options, ...prepared.value })) : prepared
  })
}

/**
 * Opens a store that is only read, beside a program that serves from it: nothing is made or upgraded, whatever would
 * change it fails, and a store of an older schema is read as if the tables of later ones were empty. Secrets open that are
 * sealed with a key of the ring, and none without one.
 */
export async function readStore(
  settings: StoreSettings,
  clock: Clock,
  ring: KeyRing = { keys: new Map() },
): Outcome<Store> {
  if (settings.kind === 'sqlite' && !sqliteExists(settings)) {
    return fail({ kind: 'store-absent', where: settings.path })
  }
  const engine =
    settings.kind === 'sqlite'
      ? openSqlite(settings, 'read')
      : openPostgresForReading(settings, addMissingPostgresTables)
  return await withEngine(engine, async () => {
    const pooling = await poolingOf(settings)
    if (!pooling.ok) return pooling
    const found = await readSchema(engine)
    if (!found.ok) return found
    const { storeId, version } = found.value
    if (engine.dialect === 'sqlite') await addMissingTables(engine, version)
    const facts = { storeId, created: false, schemaFound: version, copy: undefined }
    return ok(assembleStore(engine, { clock, ring, ...facts }))
  })
}

/** So that there is a file to be looked at from the first statement on. */
function createFirst(settings: SqliteSettings): void {
  if (sqliteExists(settings)) return
  try {
    createPrivateFile(settings.path)
  } catch {
    // SQLite is about to say why, in its own words.
  }
}

/** What is damaged is not begun with: what is left of a deny list would be taken for all of it. */
async function checkWhole(engine: Engine): Answer<undefined> {
  const found = engine.dialect === 'sqlite' ? await findDamage(engine.db) : undefined
  return found === undefined
    ? ok(undefined)
    : fail({ kind: 'store-corrupt', detail: `${found} (${engine.where})`, copies: [] })
}

/** With what may lie beside a damaged file. */
async function withCopies(engine: Engine, failure: StoreFailure): Promise<StoreFailure> {
  if (failure.kind !== 'store-corrupt' || engine.dialect !== 'sqlite') return failure
  return { ...failure, copies: await findCopies(engine, engine.db) }
}

/** Before the first question, which already sets what belongs to a session. */
async function poolingOf(settings: StoreSettings): Answer<undefined> {
  if (settings.kind === 'sqlite') return ok(undefined)
  const pooling = await findPooling(connectionOptions(settings))
  return pooling === undefined ? ok(undefined) : fail({ kind: 'store-pooled', pooling })
}

/** Closes what was opened when the work fails; what the driver throws is a failure of the store. */
async function withEngine(engine: Engine, work: () => Outcome<Store>): Outcome<Store> {
  try {
    const done = await work()
    if (done.ok) return done
    await engine.close()
    return fail(await withCopies(engine, done.failure))
  } catch (error) {
    await engine.close()
    const trouble = engine.troubleOf(error)
    if (trouble === undefined) throw error
    return fail(await withCopies(engine, trouble))
  }
}

type StoreParts = Pick<OpenOptions, 'clock' | 'ring' | 'ringFrom' | 'unsoundLimit'> & PreparedSchema

function assembleStore(engine: Engine, parts: StoreParts): Store {
  const { clock, ring, ringFrom, unsoundLimit, storeId, created, schemaFound, copy } = parts
  const keys = new HeldKeys(ring, ringFrom)
  const transactions = new Transactions(engine, clock)
  const feed = new Feed(transactions, engine)
  return {
    id: storeId,
    created,
    schemaFound,
    copy,
    where: engine.where,
    admins: new Admins(transactions),
    approvals: new Approvals(transactions),
    attemptCounts: new AttemptCounts(transactions),
    attemptResults: new AttemptResults(transactions),
    audit: new Audit(transactions),
    credentials: new Credentials(transactions),
    denials: new Denials(transactions),
    devices: new Devices(transactions),
    documents: new Documents(transactions),
    enforcement: new Enforcement(transactions, keys),
    enrollment: new Enrollment(transactions),
    feed,
    history: new History(transactions),
    inventory: new Inventory(transactions),
    links: new DeviceLinks(transactions),
    oauth: new Oauth(transactions),
    ports: new Ports(transactions),
    queries: new SavedQueries(transactions),
    refusals: new Refusals(transactions),
    revocationLists: new RevocationLists(transactions),
    secrets: new Secrets(transactions, keys),
    sightings: new Sightings(transactions, unsoundLimit),
    silentDevices: new SilentDevices(transactions),
    syncPortCallers: new SyncPortCallers(transactions),
    transfer: new Transfer(transactions, engine),
    unknownCallers: new UnknownCallers(transactions),
    close: () => engine.close(),
  }
}
