/** Tables of routes: a preset, the operator's changes to it, and the operator's own rows. */
import { routeTable } from '../../message/route.ts'
import { findPreset, isPresetName } from './presets/find-preset.ts'
import { readAccess } from '../reading/networks.ts'
import { readOperatorRow, readPresetRow, type TableContext, type WrittenRow } from './row.ts'
import { type DeepPartial, type Maybe, missing, Place } from '../reading/place.ts'
import { type ConfigDocument } from '../schema.ts'
import { correction, quoted } from '../reading/fault-text.ts'
import type { RouteRow, RouteTable } from './types.ts'
import { PRESET_NAMES } from './presets/names.ts'
import { checkUpstream } from './upstream-reference.ts'

type Written = DeepPartial<NonNullable<ConfigDocument['routes']>[string]>

/** Finds the table that a listener names, however many listeners name it. */
export interface TableLookup {
  readonly find: (place: Place<string>) => Maybe<RouteTable>
  /** To be asked when all listeners have found theirs. */
  readonly warnOfUnused: () => void
}

/** What rows may name: written elsewhere in the file. */
export interface ReferencedNames {
  readonly upstreams: readonly string[]
  /** Enrollment settings. */
  readonly settings: readonly string[]
}

/** Reads every table of the file, also those that no listener names. */
export function readTables(
  routes: Place<DeepPartial<NonNullable<ConfigDocument['routes']>>>,
  names: ReferencedNames,
): TableLookup {
  const tables = new Map<string, Maybe<RouteTable>>()
  const used = new Set<string>()
  const own = routes.entries()
  for (const [name, place] of own) {
    const message = `found the name ${name}, wanted another one: it is the name of a preset`
    const isTaken = isPresetName(name)
    tables.set(name, isTaken ? place.fault(message, 'key') : readTable(place, name, names))
  }
  const find: TableLookup['find'] = (place) => {
    const { written: name = '' } = place
    used.add(name)
    const known = tables.get(name)
    if (known !== undefined) return known
    if (isPresetName(name)) {
      const plain = readTable(place.as({ preset: name, rows: [] }), name, names)
      tables.set(name, plain)
      return plain
    }
    if (routes.at(name).isFaulty) return missing
    const advice = correction(name, [...own.map(([table]) => table), ...PRESET_NAMES])
    const message = `found the routes ${quoted(name)}, wanted a preset or an entry in routes: ${advice}`
    return place.fault(message)
  }
  const warnOfUnused = (): void => {
    for (const [name, place] of own) {
      if (used.has(name)) continue
      place.warn(`found the routes ${name}, which have no effect: no listener names them`)
    }
  }
  return { find, warnOfUnused }
}

function readTable(place: Place<Written>, name: string, names: ReferencedNames): Maybe<RouteTable> {
  const { preset, upstream } = place.written ?? {}
  const { faults } = place.context
  const before = faults.length
  const changes = rowChanges(place)
  const table: TableContext = {
    ...names,
    place,
    preset,
    defaultUpstream: upstream,
    access: readAccess(place.at('access')),
  }
  checkUpstream(place.at('upstream'), names.upstreams)
  const presetRows = preset === undefined ? [] : findPreset(preset).rows
  const known = presetRows.map(({ id }) => id)
  const unchanged = place.as<WrittenRow>(undefined)
  const outcomes = [
    ...presetRows.map((row) => readPresetRow(table, row, changes.get(row.id) ?? unchanged)),
    ...[...changes].flatMap(([id, row]) =>
      known.includes(id) ? [] : [readOperatorRow(table, row, { id, known })],
    ),
  ]
  const rows = outcomes.flatMap((outcome) => (outcome.kind === 'on' ? [outcome.row] : []))
  const off = outcomes.flatMap((outcome) => (outcome.kind === 'off' ? [outcome.row] : []))
  checkRows(table, rows, changes)
  // Faults of shape came before and lie inside this table's path; those of the table itself have just been added.
  return faults.length > before || place.isFaulty ? missing : { name, preset, rows, off }
}

type RowChanges = ReadonlyMap<string, Place<WrittenRow>>

/** Where the operator wrote about rows, by their ids; an id that comes twice is a fault. */
function rowChanges(table: Place<Written>): RowChanges {
  const changes = new Map<string, Place<WrittenRow>>()
  for (const row of Place.items<WrittenRow>(table.at('rows'))) {
    const id = row.written?.id
    if (id === undefined) continue
    if (changes.has(id)) {
      const message = `found a second row ${id}, wanted each id once: join them or rename one`
      row.at('id').fault(message)
    } else changes.set(id, row)
  }
  return changes
}

function checkRows(table: TableContext, rows: readonly RouteRow[], changes: RowChanges): void {
  const { place, upstreams } = table
  for (const { id, upstream } of rows) {
    if (upstream === table.defaultUpstream) continue
    const row = changes.get(id) ?? place.as<WrittenRow>(undefined)
    checkUpstream(row.at('upstream').as(upstream), upstreams)
  }
  const withoutUpstream = rows.filter((row) => row.upstream === undefined && row.class !== 'denied')
  if (withoutUpstream.length > 0 && upstreams.length > 1) {
    const message = `found ${upstreams.length} upstreams and no word on which of them these routes go to, wanted one named: add an entry in routes with upstream`
    place.fault(message)
  }
  const sorted = routeTable(rows)
  for (const { at, message } of sorted.ok ? [] : sorted.failure) {
    const where = changes.get(at)?.at('path') ?? place
    where.fault(`row ${at}: ${message}`)
  }
  const serves = rows.some((row) => row.class !== 'denied')
  if (!serves && !place.isFaulty) {
    const message =
      'found no row that serves anything, wanted at least one: add rows, or choose a preset'
    place.fault(message)
  }
}
