/**
 * A plan in a handful of statements, whatever the number of sightings.
 */
import { HOUR_MS } from '../../kernel/types.ts'
import type { DeviceDraft } from './device-draft.ts'
import type { Dialect } from '../engine/engine.ts'
import { inList, writerOf, type RowShape, type RowWriter } from '../engine/bulk-rows.ts'
import type { LinkingPlan } from './linking.ts'
import type { Tx } from '../schema/tables.ts'

/** Writes what a batch came to. */
export async function writePlan(tx: Tx, dialect: Dialect, planned: LinkingPlan): Promise<void> {
  const write = writerOf(tx, dialect)
  await writeDevices(tx, dialect, planned.drafts)
  await write.insert('device_keys', {
    shape: KEY_COLUMNS,
    rows: planned.keys,
    // Evidence that leads to a blocked device takes the key with it.
    onConflict: '(key) do update set device = excluded.device',
  })
  await write.insert('signed_ids', {
    shape: ID_COLUMNS,
    rows: planned.ids,
    // So does evidence that leads to a blocked entry of the inventory, with its id.
    onConflict: '(id) do update set device = excluded.device',
  })
  await write.insert('search_terms', {
    shape: TERM_COLUMNS,
    rows: planned.terms,
    onConflict: 'do nothing',
  })
  await writeCertificates(write, planned)
}

async function writeDevices(
  tx: Tx,
  dialect: Dialect,
  drafts: readonly DeviceDraft[],
): Promise<void> {
  const write = writerOf(tx, dialect)
  const deleted = drafts.filter(({ deleted }) => deleted).map(({ row }) => row.id)
  if (deleted.length > 0) {
    await tx.deleteFrom('devices').where('id', 'in', inList(dialect, deleted)).execute()
    for (const table of ['search_terms', 'silent_devices', 'sync_port_callers'] as const) {
      await tx.deleteFrom(table).where('device', 'in', inList(dialect, deleted)).execute()
    }
  }
  const old = drafts.filter(({ before, deleted }) => before !== undefined && !deleted)
  const changed = old.filter(areFactsChanged)
  // Devices that lost an inventory entry first, or two rows would hold it for a moment.
  const withoutEntry = changed.filter(({ row }) => row.inventory_id === null)
  const others = changed.filter(({ row }) => row.inventory_id !== null)
  for (const group of [withoutEntry, others]) {
    await write.update('devices', { key: 'id', shape: DEVICE_COLUMNS, rows: group.map(rowOf) })
  }
  const seen = old.filter((draft) => !areFactsChanged(draft) && isSightingChanged(draft))
  await write.update('devices', { key: 'id', shape: SIGHTING_COLUMNS, rows: seen.map(rowOf) })
  await write.insert('devices', {
    shape: { id: 'text', ...DEVICE_COLUMNS },
    rows: drafts.filter(({ before, deleted }) => before === undefined && !deleted).map(rowOf),
  })
}

async function writeCertificates(write: RowWriter, { certificates }: LinkingPlan): Promise<void> {
  const fresh = certificates.filter(({ before }) => before === undefined)
  const known = certificates.filter(({ before }) => before !== undefined)
  const changed = known.filter(({ row, before }) => differs(row, before, CERTIFICATE_FACT_NAMES))
  const seen = known.filter(
    ({ row, before }) =>
      !differs(row, before, CERTIFICATE_FACT_NAMES) &&
      row.last_seen - (before?.last_seen ?? 0) >= HOUR_MS,
  )
  const key = 'fingerprint'
  const rowsOf = (group: LinkingPlan['certificates']): readonly object[] =>
    group.map(({ row }) => row)
  await write.insert('certificates', {
    shape: { [key]: 'text', ...CERTIFICATE_COLUMNS },
    rows: rowsOf(fresh),
  })
  await write.update('certificates', { key, shape: CERTIFICATE_COLUMNS, rows: rowsOf(changed) })
  await write.update('certificates', { key, shape: { last_seen: 'int' }, rows: rowsOf(seen) })
}

const rowOf = ({ row }: DeviceDraft): object => row

/** What every sighting changes; kept apart, because the other columns are in indexes that it would rewrite in vain. */
const SIGHTING_COLUMNS: RowShape = { last_seen: 'int', sightings: 'int' }
/** The columns of a device besides its id. */
export const DEVICE_COLUMNS: RowShape = {
  ...SIGHTING_COLUMNS,
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
const KEY_COLUMNS: RowShape = { key: 'text', device: 'text', first_seen: 'int' }
const ID_COLUMNS: RowShape = { id: 'text', device: 'text' }
const TERM_COLUMNS: RowShape = { term: 'text', device: 'text' }
const CERTIFICATE_COLUMNS: RowShape = {
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
const CERTIFICATE_FACT_NAMES = Object.keys(CERTIFICATE_COLUMNS).filter(
  (name) => name !== 'last_seen',
)
const DEVICE_FACT_NAMES = Object.keys(DEVICE_COLUMNS).filter(
  (name) => SIGHTING_COLUMNS[name] === undefined,
)

const areFactsChanged = ({ row, before }: DeviceDraft): boolean =>
  differs(row, before, DEVICE_FACT_NAMES)
const isSightingChanged = ({ row, before }: DeviceDraft): boolean =>
  differs(row, before, Object.keys(SIGHTING_COLUMNS))

function differs(row: object, before: object | undefined, names: readonly string[]): boolean {
  if (before === undefined) return true
  return names.some((name) => Reflect.get(row, name) !== Reflect.get(before, name))
}

/** Deletes what leads to devices that are deleted: their keys, ids and search terms. */
export async function deleteTraces(
  tx: Tx,
  dialect: Dialect,
  devices: readonly string[],
): Promise<void> {
  for (const table of TRACES) {
    await tx.deleteFrom(table).where('device', 'in', inList(dialect, devices)).execute()
  }
}

const TRACES = [
  'device_keys',
  'signed_ids',
  'search_terms',
  'silent_devices',
  'sync_port_callers',
] as const
