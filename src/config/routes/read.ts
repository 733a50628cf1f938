/** Tables of routes: a preset, the operator's changes to it, and the operator's own rows. */
import { routeTable } from '../../message/route.ts'
import { findPreset, isPresetName } from './presets/find-preset.ts'
import { readAccess } from '../reading/networks.ts'
import { readOperatorRow, readPresetRow, type TableContext, type WrittenRow } from './row.ts'
import {
  type ReadContext,
  fault,
  isFaulty,
  type Maybe,
  missing,
  warn,
} from '../reading/read-context.ts'
import { type ConfigDocument } from '../schema.ts'
import { correction, quoted } from '../reading/fault-text.ts'
import type { Path } from '../reading/yaml-text.ts'
import type { RouteRow, RouteTable } from './types.ts'
import { PRESET_NAMES } from './presets/names.ts'
import type { DeepPartial } from '../reading/deep-partial.ts'
import { checkUpstream } from './upstream-reference.ts'

type Written = DeepPartial<NonNullable<ConfigDocument['routes']>[string]>

/** Finds the table that a listener names, however many listeners name it. */
export interface TableLookup {
  readonly find: (path: Path, name: string) => Maybe<RouteTable>
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
  context: ReadContext,
  written: DeepPartial<NonNullable<ConfigDocument['routes']>>,
  { upstreams, settings }: ReferencedNames,
): TableLookup {
  const tables = new Map<string, Maybe<RouteTable>>()
  const used = new Set<string>()
  const own = Object.keys(written)
  for (const name of own) {
    const path = ['routes', name]
    if (isPresetName(name)) {
      const message = `found the name ${name}, wanted another one: it is the name of a preset`
      tables.set(name, fault(context, path, message, 'key'))
    } else
      tables.set(name, readTable({ context, path, upstreams, settings }, name, written[name] ?? {}))
  }
  const find: TableLookup['find'] = (path, name) => {
    used.add(name)
    const known = tables.get(name)
    if (known !== undefined) return known
    if (isPresetName(name)) {
      const plain = readTable({ context, path, upstreams, settings }, name, {
        preset: name,
        rows: [],
      })
      tables.set(name, plain)
      return plain
    }
    if (isFaulty(context, ['routes', name])) return missing
    const advice = correction(name, [...own, ...PRESET_NAMES])
    const message = `found the routes ${quoted(name)}, wanted a preset or an entry in routes: ${advice}`
    return fault(context, path, message)
  }
  const warnOfUnused = (): void => {
    for (const name of own) {
      if (used.has(name)) continue
      const message = `found the routes ${name}, which have no effect: no listener names them`
      warn(context, ['routes', name], message)
    }
  }
  return { find, warnOfUnused }
}

interface TableInput extends ReferencedNames {
  readonly context: ReadContext
  readonly path: Path
}

function readTable(place: TableInput, name: string, written: Written): Maybe<RouteTable> {
  const { context, path } = place
  const before = context.faults.length
  const changes = rowChanges(place, written.rows ?? [])
  const table: TableContext = {
    ...place,
    preset: written.preset,
    defaultUpstream: written.upstream,
    access: readAccess(context, [...path, 'access'], written.access ?? {}),
    rowPaths: new Map([...changes].map(([id, { path: row }]) => [id, row])),
  }
  if (written.upstream !== undefined) checkUpstream(table, [...path, 'upstream'], written.upstream)
  const presetRows = written.preset === undefined ? [] : findPreset(written.preset).rows
  const known = presetRows.map(({ id }) => id)
  const outcomes = [
    ...presetRows.map((row) => readPresetRow(table, row, changes.get(row.id)?.row)),
    ...[...changes].flatMap(([id, { row }]) =>
      known.includes(id) ? [] : [readOperatorRow(table, row, { id, known })],
    ),
  ]
  const rows = outcomes.flatMap((outcome) => (outcome.kind === 'on' ? [outcome.row] : []))
  const off = outcomes.flatMap((outcome) => (outcome.kind === 'off' ? [outcome.row] : []))
  checkRows(table, rows)
  // Faults of shape came before and lie inside this table's path; those of the table itself have just been added.
  if (context.faults.length > before || isFaulty(context, path)) return missing
  return { name, preset: written.preset, rows, off }
}

/** The operator's rows by id; an id that comes twice is a fault. */
function rowChanges(
  { context, path }: TableInput,
  rows: readonly (WrittenRow | undefined)[],
): ReadonlyMap<string, { readonly row: WrittenRow; readonly path: Path }> {
  const changes = new Map<string, { readonly row: WrittenRow; readonly path: Path }>()
  for (const [index, row] of rows.entries()) {
    const place = [...path, 'rows', index]
    if (row?.id === undefined) continue
    if (changes.has(row.id)) {
      const message = `found a second row ${row.id}, wanted each id once: join them or rename one`
      fault(context, [...place, 'id'], message)
    } else changes.set(row.id, { row, path: place })
  }
  return changes
}

function checkRows(table: TableContext, rows: readonly RouteRow[]): void {
  const { context, path, upstreams, rowPaths } = table
  for (const { id, upstream } of rows) {
    const place = [...(rowPaths.get(id) ?? path), 'upstream']
    if (upstream !== undefined && upstream !== table.defaultUpstream)
      checkUpstream(table, place, upstream)
  }
  const withoutUpstream = rows.filter((row) => row.upstream === undefined && row.class !== 'denied')
  if (withoutUpstream.length > 0 && upstreams.length > 1) {
    const message = `found ${upstreams.length} upstreams and no word on which of them these routes go to, wanted one named: add an entry in routes with upstream`
    fault(context, path, message)
  }
  const sorted = routeTable(rows)
  for (const { at, message } of sorted.ok ? [] : sorted.failure) {
    const place = rowPaths.get(at)
    fault(context, place === undefined ? path : [...place, 'path'], `row ${at}: ${message}`)
  }
  const serves = rows.some((row) => row.class !== 'denied')
  if (!serves && !isFaulty(context, path)) {
    const message =
      'found no row that serves anything, wanted at least one: add rows, or choose a preset'
    fault(context, path, message)
  }
}
