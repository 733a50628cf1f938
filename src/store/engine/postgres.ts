/**
 * The store of replicas: PostgreSQL 13 or newer through `pg`.
 */
import { Kysely, PostgresDialect, sql } from 'kysely'
import { Client, Pool, type ClientConfig } from 'pg'
import { fail } from '../../kernel/types.ts'
import type { Engine } from './engine.ts'
import type { StoreTrouble } from '../failure.ts'
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
export const CHANNEL = 'tfe_changes'

/** Opens a database; nothing is connected before the first question. */
export function openPostgres(settings: PostgresSettings): Engine {
  const options = connectionOptions(settings)
  const pool = new Pool({
    ...options,
    // Questions of an administrator, the ledger and the feed: 10 never wait for each other.
    max: 10,
  })
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
    consistentRead: (work) =>
      db
        .transaction()
        .setIsolationLevel('repeatable read')
        .execute(async (one) => {
          await sql`set transaction read only`.execute(one)
          return await work(one)
        }),
    backup: async () =>
      fail({
        kind: 'backup-refused',
        detail: 'PostgreSQL is backed up by its own tools (pg_dump), or by an export',
      }),
    listen: (hint) => listen(options, hint),
    close: () => db.destroy(),
  }
}

/** How `pg` is told where the database is, and how long to wait for it. */
export function connectionOptions({ url, schema }: PostgresSettings): ClientConfig {
  return {
    connectionString: url,
    application_name: 'trusted-front-end',
    connectionTimeoutMillis: 5000,
    // A database that does not answer is as good as none: the caller goes on and buffers.
    statement_timeout: 60_000,
    types: { getTypeParser: parserOf },
    ...(schema === undefined ? {} : { options: `-c search_path=${schema}` }),
  }
}

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

/** One connection of its own that only listens, and comes back when it breaks. */
function listen(options: ClientConfig, hint: () => void): () => void {
  let stopped = false
  let client: Client | undefined
  let retry: NodeJS.Timeout | undefined
  const reconnect = (broken: Client): void => {
    if (stopped || client !== broken) return
    client = undefined
    void broken.end().catch(() => {})
    // Hints that are missed meanwhile are found by the poll.
    retry = setTimeout(connect, RECONNECT_MS).unref()
  }
  const connect = (): void => {
    const fresh = new Client({ ...options, keepAlive: true })
    client = fresh
    fresh.on('error', () => reconnect(fresh))
    fresh.on('end', () => reconnect(fresh))
    fresh.on('notification', hint)
    fresh
      .connect()
      .then(() => fresh.query(`listen ${CHANNEL}`))
      .then(hint)
      .catch(() => reconnect(fresh))
  }
  connect()
  return () => {
    stopped = true
    clearTimeout(retry)
    void client?.end().catch(() => {})
  }
}

const RECONNECT_MS = 2000

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
  if (code.startsWith('XX')) return { kind: 'store-corrupt', detail }
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
