/**
 * Opening a store. Whoever opens one gets everything that may be asked of it and changed in it; there is no other
 * way to the tables.
 */
import type { Clock } from '../kernel/ports.ts'
import { fail, ok, type Result } from '../kernel/types.ts'
import { Admins } from './access/admins.ts'
import { Approvals } from './devices/approvals.ts'
import { Attempts } from './devices/attempt-counts.ts'
import { Audit } from './access/audit.ts'
import { Book } from './transactions.ts'
import { Credentials } from './access/credentials.ts'
import { Denials } from './devices/denials.ts'
import { Devices } from './devices/devices.ts'
import { Documents } from './settings/documents.ts'
import { Enforcement } from './settings/enforcement.ts'
import type { Engine } from './engine/engine.ts'
import { Enrollment } from './settings/enrollment.ts'
import type { StoreFailure } from './failure.ts'
import { Feed } from './feed.ts'
import { Inventory } from './devices/inventory.ts'
import { Oauth } from './settings/oauth.ts'
import type { Store } from './port.ts'
import { Ports } from './settings/ports.ts'
import { openPostgres, type PostgresSettings } from './engine/postgres.ts'
import { SavedQueries } from './settings/saved-queries.ts'
import { prepareSchema, type Beginnings } from './migrate/prepare-schema.ts'
import type { KeyRing } from './secrets/seal.ts'
import { Secrets } from './secrets/secrets.ts'
import { Sightings } from './devices/sightings.ts'
import { openSqlite, sqliteExists, type SqliteSettings } from './engine/sqlite.ts'
import { Transfer } from './transfer/transfer.ts'

export type { Store } from './port.ts'

/** Where the store is. */
export type StoreSettings = SqliteSettings | PostgresSettings

export interface Opening {
  readonly clock: Clock
  /** What secrets are sealed with; an empty ring refuses every secret. */
  readonly ring: KeyRing
  /** What a store that is made now begins with; undefined for one that has to be there (decision 5). */
  readonly beginnings: Beginnings | undefined
  /** How many certificates without a sound path are kept; for tests. */
  readonly unsoundLimit?: number | undefined
}

/** Opens a store, and makes or upgrades its schema. */
export async function openStore(
  settings: StoreSettings,
  opening: Opening,
): Promise<Result<Store, StoreFailure>> {
  const { clock, beginnings } = opening
  if (settings.kind === 'sqlite' && beginnings === undefined && !sqliteExists(settings)) {
    return fail({ kind: 'store-absent', where: settings.path })
  }
  const engine = settings.kind === 'sqlite' ? openSqlite(settings) : openPostgres(settings)
  const prepared = await guarded(engine, () => prepareSchema(engine, beginnings, clock.now()))
  if (!prepared.ok) {
    await engine.close()
    return prepared
  }
  return ok(storeOn(engine, { ...opening, ...prepared.value }))
}

async function guarded<Value>(
  engine: Engine,
  work: () => Promise<Result<Value, StoreFailure>>,
): Promise<Result<Value, StoreFailure>> {
  try {
    return await work()
  } catch (error) {
    const trouble = engine.troubleOf(error)
    if (trouble !== undefined) return fail(trouble)
    await engine.close()
    throw error
  }
}

function storeOn(
  engine: Engine,
  opening: Opening & { readonly storeId: string; readonly created: boolean },
): Store {
  const { clock, ring, unsoundLimit, storeId, created } = opening
  const book = new Book(engine, clock)
  const feed = new Feed(book, engine)
  return {
    id: storeId,
    created,
    where: engine.where,
    admins: new Admins(book),
    approvals: new Approvals(book),
    attempts: new Attempts(book),
    audit: new Audit(book),
    credentials: new Credentials(book),
    denials: new Denials(book),
    devices: new Devices(book),
    documents: new Documents(book),
    enforcement: new Enforcement(book),
    enrollment: new Enrollment(book),
    feed,
    inventory: new Inventory(book),
    oauth: new Oauth(book),
    ports: new Ports(book),
    queries: new SavedQueries(book),
    secrets: new Secrets(book, ring),
    sightings: new Sightings(book, unsoundLimit),
    transfer: new Transfer(book, engine),
    close: () => engine.close(),
  }
}
