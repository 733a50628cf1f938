/**
 * The store of replicas: PostgreSQL 13 or newer through `pg`.
 */
import { Kysely, PostgresDialect, sql } from 'kysely'
import { Client, Pool, type ClientConfig, type PoolConfig } from 'pg'
import { fail } from '../../kernel/types.ts'
import type { Engine } from './engine.ts'
import type { StoreTrouble } from '../failure.ts'
import { postgresCommands } from './postgres-commands.ts'
import type { Tables } from '../schema/tables.ts'

/** Where a PostgreSQL store lies. */
export interface PostgresSettings {
  readonly kind: 'postgres'
  /** `postgres://user:password@host/database`; everything `pg` understands. */
  readonly url: string
  /** The schema that holds the tables; `public` when left out. */
  readonly schema?: string
}

/** The channel of the hints. */
const CHANNEL = 'tfe_changes'

/** Asks one connection. */
export type PostgresQuery = (text: string) => Promise<readonly Readonly<Record<string, unknown>>[]>

/** Opens a database; nothing is connected before the first question. */
export const openPostgres = (settings: PostgresSettings): Engine =>
  engineOf(settings, {
    // Queries of an administrator, the sighting writer and the feed: 10 never wait for each other.
    max: 10,
    // oxlint-disable-next-line typescript/no-misused-promises -- the pool awaits it (3.14); its types do not say so.
    onConnect: (client) => setSession(settings, client),
  })

/**
 * Opens a database that is only read. `setUp` has the connection first: what is temporary belongs to it, so there is one.
 * Whatever would change a lasting table fails afterwards.
 */
export const openPostgresForReading = (
  settings: PostgresSettings,
  setUp: (query: PostgresQuery) => Promise<void>,
): Engine =>
  engineOf(settings, {
    max: 1,
    idleTimeoutMillis: 0,
    // The pool waits for it; a failure is the failure of the question that needed the connection.
    // oxlint-disable-next-line typescript/no-misused-promises -- the pool awaits it (3.14); its types do not say so.
    onConnect: async (client) => {
      await setSession(settings, client)
      await setUp(async (text) => (await client.query<Record<string, unknown>>(text)).rows)
      await client.query('set session characteristics as transaction read only')
    },
  })

function engineOf(settings: PostgresSettings, pooling: PoolConfig): Engine {
  const options = connectionOptions(settings)
  const pool = new Pool({ ...options, ...pooling })
  // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => {})
  // Neither may one that breaks between two statements of a transaction: the next statement is told.
  pool.on('connect', (client) => client.on('error', () => {}))
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  return {
    dialect: 'postgres',
    where: withoutPassword(settings.url),
    db,
    troubleOf,
    lockWriters: async (tx) => {
      await sql`select 1 from store_meta where id = 1 for update`.execute(tx)
    },
    announce: async (tx) => {
      await sql`select pg_notify(${CHANNEL}, '')`.execute(tx)
    },
    consistentRead: (work) =>
      db
        .transaction()
        .setIsolationLevel('repeatable read')
        .execute(async (one) => {
          await sql`set transaction read only`.execute(one)
          return await work(one)
        }),
    lookAhead: () => Promise.resolve(undefined),
    backup: () =>
      Promise.resolve(
        fail({
          kind: 'backup-elsewhere',
          command: postgresCommands(settings.url, settings.schema).backup,
        }),
      ),
    listen: (hint) => listen(settings, hint),
    close: () => db.destroy(),
  }
}

/** How `pg` is told where the database is, and how long to wait for it. */
export function connectionOptions({ url }: PostgresSettings): ClientConfig {
  return {
    connectionString: url,
    application_name: 'trusted-front-end',
    connectionTimeoutMillis: 5000,
    types: { getTypeParser: parserOf },
  }
}

/**
 * Makes a connection ours, before its first question. Not by parameters of the start: PgBouncer refuses those that it does
 * not know, or drops them unsaid where it is told to, and we would write into another schema.
 */
export async function setSession(
  { schema }: Pick<PostgresSettings, 'schema'>,
  client: Pick<Client, 'query'>,
): Promise<void> {
  await client.query("select set_config('statement_timeout', $1, false)", [STATEMENT_TIMEOUT_MS])
  if (schema !== undefined)
    await client.query("select set_config('search_path', $1, false)", [schema])
}

/** A database that does not answer is as good as none: the caller goes on and buffers. */
const STATEMENT_TIMEOUT_MS = 60_000

/** The few types that our tables and counts have; bigint as a number: instants and counters stay far below 2^53. */
function parserOf(oid: number): (value: string) => unknown {
  switch (oid) {
    case 17: // bytea, as `\x…`
      return (value) => Buffer.from(value.slice(2), 'hex')
    case 20: // bigint
    case 21: // smallint
    case 23: // integer
    case 1700: // numeric
      return Number
    case 16: // boolean
      return (value) => value === 't'
    default:
      return (value) => value
  }
}

const listen = (settings: PostgresSettings, hint: () => void): (() => void) => {
  // Hints that are missed while it is away are found by the poll.
  const connection = openLastingConnection(connectionOptions(settings), {
    retryMs: 2000,
    setUp: async (client) => {
      await setSession(settings, client)
      client.on('notification', hint)
      await client.query(`listen ${CHANNEL}`)
      hint()
    },
  })
  connection.ready.catch(() => {})
  return () => void connection.close()
}

/** How a `LastingConnection` is made ready for use, each time it is made. */
export interface LastingConnectionOptions {
  readonly setUp: (client: Client) => Promise<void>
  /** Milliseconds from a break to the next attempt; undefined: it stays broken. */
  readonly retryMs: number | undefined
}

/** A `LastingConnection` is a connection beside the pool that is made again when it breaks. */
export interface LastingConnection {
  /** Rejects when the first attempt fails; later ones follow all the same. */
  readonly ready: Promise<void>
  close(): Promise<void>
}

/** Opens a connection of its own: what listens or holds a lock belongs to one connection. */
export function openLastingConnection(
  options: ClientConfig,
  { setUp, retryMs }: LastingConnectionOptions,
): LastingConnection {
  let closed = false
  let client: Client | undefined
  let retry: NodeJS.Timeout | undefined
  const replace = (broken: Client): void => {
    if (closed || client !== broken) return
    client = undefined
    void broken.end().catch(() => {})
    if (retryMs !== undefined)
      retry = setTimeout(() => void connect().catch(() => {}), retryMs).unref()
  }
  const connect = async (): Promise<void> => {
    const fresh = new Client({ ...options, keepAlive: true })
    client = fresh
    fresh.on('error', () => replace(fresh))
    fresh.on('end', () => replace(fresh))
    try {
      await fresh.connect()
      await setUp(fresh)
    } catch (error) {
      replace(fresh)
      throw error
    }
  }
  return {
    ready: connect(),
    close: async () => {
      closed = true
      clearTimeout(retry)
      await client?.end().catch(() => {})
    },
  }
}

function withoutPassword(url: string): string {
  if (!URL.canParse(url)) return 'postgres'
  const { host, pathname } = new URL(url)
  return `postgres://${host}${pathname}`
}

/** https://www.postgresql.org/docs/current/errcodes-appendix.html, and what sockets say. */
function troubleOf(error: unknown): StoreTrouble | undefined {
  if (!(error instanceof Error)) return undefined
  const code = 'code' in error ? String(error.code) : ''
  const detail = error.message || code
  if (code === '53100') return { kind: 'store-full', detail }
  if (code === '55P03' || code === '40P01' || code === '40001')
    return { kind: 'store-locked', detail }
  if (code === '25006' || code === '42501') return { kind: 'store-read-only', detail }
  if (code.startsWith('XX')) return { kind: 'store-corrupt', detail, copies: [] }
  if (code === '3D000' || code === '3F000') return { kind: 'not-a-store', detail }
  if (/^(?:08|28|53|57|58)/.test(code)) return { kind: 'store-unavailable', detail }
  if (/^E[A-Z]+$/.test(code)) return { kind: 'store-unavailable', detail }
  if (/after calling end on the pool|driver has already been destroyed/.test(detail))
    return { kind: 'store-closed' }
  if (
    /[Cc]onnection terminated|timeout exceeded when trying to connect|Client has encountered/.test(
      detail,
    )
  )
    return { kind: 'store-unavailable', detail }
  return undefined
}
