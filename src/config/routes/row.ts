/** One row of a route table: the preset's, changed or not, or the operator's own. */
import type { PresetName, RouteRow, RowOff, RowOrigin } from '../config.ts'
import { nearest } from '../../kernel/closest-match.ts'
import { isOn, type PresetRow } from './presets/preset.ts'
import { readEndpoint, readReports } from './endpoint.ts'
import { readMatch } from './match.ts'
import { type AccessLists, readNetworks } from '../reading/networks.ts'
import { type Desk, fault, isFaulty, missing, warn, type Maybe } from '../reading/read-context.ts'
import type { Document } from '../schema.ts'
import type { Draft } from '../shape.ts'
import type { Path } from '../reading/yaml-text.ts'
import type { RouteClass } from '../../decide/policy.ts'

export type WrittenRow = Draft<NonNullable<Document['routes']>[string]['rows'][number]>

/** A table while its rows are read. */
export interface TableDesk {
  readonly desk: Desk
  readonly path: Path
  /** The names of all upstreams. */
  readonly upstreams: readonly string[]
  /** The names of all enrollment settings. */
  readonly settings: readonly string[]
  readonly preset: PresetName | undefined
  /** Where rows go that name no upstream, if the operator said so. */
  readonly home: string | undefined
  /** From where the rows of each class may be reached, unless they say so themselves. */
  readonly access: AccessLists
  /** Where the operator wrote about a row, by its id. */
  readonly places: ReadonlyMap<string, Path>
}

export type RowOutcome =
  | { readonly kind: 'faulty' }
  | { readonly kind: 'off'; readonly row: RowOff }
  | { readonly kind: 'on'; readonly row: RouteRow }

/** A row of the preset, with what the operator changed. */
export function fromPreset(
  table: TableDesk,
  row: PresetRow,
  change: WrittenRow | undefined,
): RowOutcome {
  const { desk } = table
  const { id, mark, verified, sentence } = row
  const place = table.places.get(id) ?? table.path
  const path = change?.path ?? row.path
  const kind = change?.class ?? row.class
  const origin: RowOrigin = { preset: table.preset, mark, verified, sentence }
  if (!(change?.enabled ?? isOn(row))) {
    if (change !== undefined && change.enabled === undefined && !isFaulty(desk, place)) {
      const message = `found changes to the row ${id}, which have no effect: it is off until you write enabled: true`
      warn(desk, place, message)
    }
    return { kind: 'off', row: { id, path, class: kind, origin } }
  }
  if (path === undefined) {
    if (isFaulty(desk, place)) return { kind: 'faulty' }
    fault(
      desk,
      place,
      `found no path for the row ${id}, wanted one (the preset does not know it): add path`,
    )
    return { kind: 'faulty' }
  }
  if (row.class === 'denied' && kind !== 'denied') {
    const message = `found the row ${id} changed from denied to ${kind}, make sure that this is meant: ${sentence}`
    warn(desk, place, message)
  }
  const { reports, endpoint } = row
  const about = { id, path, class: kind, origin, reports, endpoint }
  return rowOn(table, about, change)
}

/** A row that the preset does not have. */
export function fromOperator(
  table: TableDesk,
  row: WrittenRow,
  { id, known }: { readonly id: string; readonly known: readonly string[] },
): RowOutcome {
  const { desk } = table
  const place = table.places.get(id) ?? table.path
  if (row.path === undefined || row.class === undefined) {
    if (isFaulty(desk, place)) return { kind: 'faulty' }
    const lacking = (['path', 'class'] as const).filter((key) => row[key] === undefined)
    const meant = nearest(id, known)
    const advice =
      meant === undefined ? `add ${lacking.join(' and ')}` : `did you mean the row ${meant}?`
    const message = `found no ${lacking.join(' and no ')} for the row ${id}, wanted path and class for a row that is not in the preset: ${advice}`
    fault(desk, [...place, 'id'], message)
    return { kind: 'faulty' }
  }
  const about = { id, path: row.path, class: row.class, origin: OWN }
  return row.enabled === false ? { kind: 'off', row: about } : rowOn(table, about, row)
}

const OWN: RowOrigin = {
  preset: undefined,
  mark: 'operator',
  verified: true,
  sentence: 'written by the operator',
}

function rowOn(
  table: TableDesk,
  {
    reports: known,
    endpoint: own,
    ...about
  }: RowOff & Pick<PresetRow, 'endpoint' | 'reports'> & { path: string },
  change: WrittenRow | undefined,
): RowOutcome {
  const methods = change?.methods?.filter((method) => method !== undefined)
  const { desk, settings } = table
  const place = { path: table.places.get(about.id) ?? table.path, id: about.id, kind: about.class }
  const match = readMatch(desk, { ...place, settings }, change?.match)
  const sensitive = readSensitive(desk, place, change?.sensitive)
  const allow = readNetworks(desk, [...place.path, 'allow'], change?.allow)
  const endpoint = readEndpoint(desk, place, change?.endpoint ?? own)
  if (match === missing || sensitive === missing || allow === missing || endpoint === missing) {
    return { kind: 'faulty' }
  }
  const reports = readReports(change?.reportedId ?? known)
  const asked = { ...about, methods, match, sensitive, reports, endpoint }
  const networks = allow ?? table.access.get(about.class)
  if (about.class !== 'denied') {
    const only = table.upstreams.length === 1 ? table.upstreams[0] : undefined
    const upstream = change?.upstream ?? table.home ?? only
    return { kind: 'on', row: { ...asked, networks, upstream } }
  }
  if (change?.upstream !== undefined) {
    const message = `found an upstream on the denied row ${about.id}, where it has no effect: remove it`
    warn(table.desk, [...(table.places.get(about.id) ?? table.path), 'upstream'], message)
  }
  return { kind: 'on', row: { ...asked, networks, upstream: undefined } }
}

/** Whether a row is for approved devices only. */
function readSensitive(
  desk: Desk,
  { path, id, kind }: { readonly path: Path; readonly id: string; readonly kind: RouteClass },
  written: boolean | undefined,
): Maybe<boolean> {
  if (written !== true) return false
  if (kind === 'device' || kind === 'always' || kind === 'renewal') return true
  const why = kind === 'denied' ? 'nobody passes there' : 'no certificate is asked for there'
  const message = `found sensitive on the row ${id} of class ${kind}, wanted none: ${why}: remove it, or give the row another class`
  return fault(desk, [...path, 'sensitive'], message, 'key')
}
