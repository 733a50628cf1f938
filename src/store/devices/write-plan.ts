/**
 * A plan in a handful of statements, whatever the number of sightings.
 */
import { sql } from 'kysely'
import type { Tx } from '../transactions.ts'
import type { Draft } from './device-draft.ts'
import type { Dialect } from '../engine/engine.ts'
import { columnsOf, fed, listOf, type Shape } from '../engine/bulk-rows.ts'
import type { Plan } from './linking.ts'
import type { Sighting } from './sighting.ts'

/** Writes what a batch came to. */
export async function writePlan(tx: Tx, dialect: Dialect, planned: Plan): Promise<void> {
  const write = writerOf(tx, dialect)
  await writeDevices(tx, dialect, planned.drafts)
  await write.insert('device_keys', {
    shape: KEY,
    rows: planned.keys,
    // Evidence that leads to a blocked device takes the key with it.
    onConflict: '(key) do update set device = excluded.device',
  })
  await write.insert('signed_ids', { shape: ID, rows: planned.ids, onConflict: 'do nothing' })
  await write.insert('search_terms', { shape: TERM, rows: planned.terms, onConflict: 'do nothing' })
  await writeCertificates(write, planned)
  await write.insert('unidentified', {
    shape: UNIDENTIFIED,
    rows: planned.unidentified,
    onConflict: `(listener) do update set sightings = unidentified.sightings + excluded.sightings,
      last_seen = excluded.last_seen`,
  })
}

async function writeDevices(tx: Tx, dialect: Dialect, drafts: readonly Draft[]): Promise<void> {
  const write = writerOf(tx, dialect)
  const gone = drafts.filter(({ gone }) => gone).map(({ row }) => row.id)
  if (gone.length > 0) {
    await tx.deleteFrom('devices').where('id', 'in', listOf(dialect, gone)).execute()
    await tx.deleteFrom('search_terms').where('device', 'in', listOf(dialect, gone)).execute()
  }
  const old = drafts.filter(({ before, gone }) => before !== undefined && !gone)
  const changed = old.filter(factsChanged)
  // Whoever lost an inventory entry first, or two rows would hold it for a moment.
  const losers = changed.filter(({ row }) => row.inventory_id === null)
  const others = changed.filter(({ row }) => row.inventory_id !== null)
  for (const some of [losers, others]) {
    await write.update('devices', { key: 'id', shape: FACTS, rows: some.map(rowOf) })
  }
  const seen = old.filter((draft) => !factsChanged(draft) && isSeen(draft))
  await write.update('devices', { key: 'id', shape: SEEN, rows: seen.map(rowOf) })
  await write.insert('devices', {
    shape: { id: 'text', ...FACTS },
    rows: drafts.filter(({ before }) => before === undefined).map(rowOf),
  })
}

async function writeCertificates(write: Writer, { certificates }: Plan): Promise<void> {
  const fresh = certificates.filter(({ before }) => before === undefined)
  const known = certificates.filter(({ before }) => before !== undefined)
  const changed = known.filter(({ row, before }) => differs(row, before, CERTIFICATE_FACTS))
  const seen = known.filter(
    ({ row, before }) =>
      !differs(row, before, CERTIFICATE_FACTS) && row.last_seen - (before?.last_seen ?? 0) >= HOUR,
  )
  const key = 'fingerprint'
  const rowsOf = (some: Plan['certificates']): readonly object[] => some.map(({ row }) => row)
  await write.insert('certificates', {
    shape: { [key]: 'text', ...CERTIFICATE },
    rows: rowsOf(fresh),
  })
  await write.update('certificates', { key, shape: CERTIFICATE, rows: rowsOf(changed) })
  await write.update('certificates', { key, shape: { last_seen: 'int' }, rows: rowsOf(seen) })
}

/** Statements whose text does not depend on how many rows they carry. */
interface Writer {
  insert(table: string, rows: Insertion): Promise<void>
  update(table: string, rows: Updating): Promise<void>
}

interface Insertion {
  readonly shape: Shape
  readonly rows: readonly object[]
  readonly onConflict?: string
}

interface Updating {
  readonly key: string
  readonly shape: Shape
  readonly rows: readonly object[]
}

/** Writes rows of any number with the same statements. */
export const writerOf = (tx: Tx, dialect: Dialect): Writer => ({
  async insert(table, { shape, rows, onConflict }) {
    if (rows.length === 0) return
    const conflict = onConflict === undefined ? '' : ` on conflict ${onConflict}`
    await sql`insert into ${sql.raw(table)} (${columnsOf(shape)}) select ${columnsOf(shape)}
      from ${fed(dialect, shape, rows)} where true${sql.raw(conflict)}`.execute(tx)
  },
  async update(table, { key, shape, rows }) {
    if (rows.length === 0) return
    const sets = Object.keys(shape).map((name) => `${name} = fed.${name}`)
    await sql`update ${sql.raw(table)} set ${sql.raw(sets.join(', '))}
      from ${fed(dialect, { [key]: 'text', ...shape }, rows)}
      where ${sql.raw(`${table}.${key} = fed.${key}`)}`.execute(tx)
  },
})

const rowOf = ({ row }: Draft): object => row

/** What every sighting changes; kept apart, because the other columns are in indexes that it would rewrite in vain. */
const SEEN: Shape = { last_seen: 'int', sightings: 'int' }
/** The columns of a device besides its id. */
export const FACTS: Shape = {
  ...SEEN,
  inventory_id: 'text',
  inventory_name: 'text',
  reported_id: 'text',
  class: 'text',
  agent: 'text',
  agent_version: 'text',
  agent_rank: 'int',
  listener: 'text',
  first_seen: 'int',
  verdict: 'text',
  code: 'text',
  migration: 'text',
  authentication: 'text',
  approval: 'text',
  approval_by: 'text',
  approval_at: 'int',
  awaiting: 'int',
  setting: 'text',
  not_after: 'int',
  version: 'int',
}
const KEY: Shape = { key: 'text', device: 'text', first_seen: 'int' }
const ID: Shape = { id: 'text', device: 'text' }
const TERM: Shape = { term: 'text', device: 'text' }
const UNIDENTIFIED: Shape = { listener: 'text', sightings: 'int', last_seen: 'int' }
const CERTIFICATE: Shape = {
  key: 'text',
  issuer_key: 'text',
  serial: 'text',
  issuer: 'text',
  subject: 'text',
  signed_ids: 'text',
  not_before: 'int',
  not_after: 'int',
  setting: 'text',
  sound: 'int',
  verdict: 'text',
  code: 'text',
  first_seen: 'int',
  last_seen: 'int',
}
const CERTIFICATE_FACTS = Object.keys(CERTIFICATE).filter((name) => name !== 'last_seen')
const DEVICE_FACTS = Object.keys(FACTS).filter((name) => SEEN[name] === undefined)

const factsChanged = ({ row, before }: Draft): boolean => differs(row, before, DEVICE_FACTS)
const isSeen = ({ row, before }: Draft): boolean => differs(row, before, Object.keys(SEEN))

function differs(row: object, before: object | undefined, names: readonly string[]): boolean {
  if (before === undefined) return true
  return names.some((name) => Reflect.get(row, name) !== Reflect.get(before, name))
}

/** The success rate over time: one row per hour and outcome. */
export async function writeTallies(
  tx: Tx,
  dialect: Dialect,
  sightings: readonly Sighting[],
): Promise<void> {
  const tallies = new Map<string, { hour: number; authentication: string; sightings: number }>()
  for (const { at, authentication, count } of sightings) {
    const hour = Math.floor(at / HOUR)
    const name = `${hour} ${authentication}`
    const before = tallies.get(name)?.sightings ?? 0
    tallies.set(name, { hour, authentication, sightings: before + count })
  }
  if (tallies.size === 0) return
  const shape: Shape = { hour: 'int', authentication: 'text', sightings: 'int' }
  await sql`insert into tallies (${columnsOf(shape)}) select ${columnsOf(shape)}
    from ${fed(dialect, shape, [...tallies.values()])} where true
    on conflict (hour, authentication) do update set sightings = tallies.sightings + excluded.sightings`.execute(
    tx,
  )
}

const HOUR = 3_600_000
