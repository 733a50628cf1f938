/** One row of a route table: the preset's, changed or not, or the operator's own. */
import { closestMatch } from '../../kernel/closest-match.ts'
import { isEnabledByDefault, type PresetRow } from './presets/preset.ts'
import { readEndpoint, readReports } from './endpoint.ts'
import { readMatch } from './match.ts'
import { type AccessLists, readNetworks } from '../reading/networks.ts'
import {
  type ReadContext,
  fault,
  isFaulty,
  missing,
  warn,
  type Maybe,
} from '../reading/read-context.ts'
import type { ConfigDocument } from '../schema.ts'
import type { Path } from '../reading/yaml-text.ts'
import type { RouteClass } from '../../decide/policy.ts'
import type { PresetName } from './presets/names.ts'
import type { RouteRow, DisabledRow, RowOrigin } from './types.ts'
import type { DeepPartial } from '../reading/deep-partial.ts'

export type WrittenRow = DeepPartial<NonNullable<ConfigDocument['routes']>[string]['rows'][number]>

/** A table while its rows are read. */
export interface TableContext {
  readonly context: ReadContext
  readonly path: Path
  /** The names of all upstreams. */
  readonly upstreams: readonly string[]
  /** The names of all enrollment settings. */
  readonly settings: readonly string[]
  readonly preset: PresetName | undefined
  /** Where rows go that name no upstream, if the operator said so. */
  readonly defaultUpstream: string | undefined
  /** From where the rows of each class may be reached, unless they say so themselves. */
  readonly access: AccessLists
  /** Where the operator wrote about a row, by its id. */
  readonly rowPaths: ReadonlyMap<string, Path>
}

export type RowOutcome =
  | { readonly kind: 'faulty' }
  | { readonly kind: 'off'; readonly row: DisabledRow }
  | { readonly kind: 'on'; readonly row: RouteRow }

/** A row of the preset, with what the operator changed. */
export function readPresetRow(
  table: TableContext,
  row: PresetRow,
  change: WrittenRow | undefined,
): RowOutcome {
  const { context } = table
  const { id, evidence, verified, sentence } = row
  const place = table.rowPaths.get(id) ?? table.path
  const path = change?.path ?? row.path
  const kind = change?.class ?? row.class
  const origin: RowOrigin = { preset: table.preset, evidence, verified, sentence }
  if (!(change?.enabled ?? isEnabledByDefault(row))) {
    if (change !== undefined && change.enabled === undefined && !isFaulty(context, place)) {
      const message = `found changes to the row ${id}, which have no effect: it is off until you write enabled: true`
      warn(context, place, message)
    }
    return { kind: 'off', row: { id, path, class: kind, origin } }
  }
  if (path === undefined) {
    if (isFaulty(context, place)) return { kind: 'faulty' }
    fault(
      context,
      place,
      `found no path for the row ${id}, wanted one (the preset does not know it): add path`,
    )
    return { kind: 'faulty' }
  }
  if (row.class === 'denied' && kind !== 'denied') {
    const message = `found the row ${id} changed from denied to ${kind}, make sure that this is meant: ${sentence}`
    warn(context, place, message)
  }
  const { reports, endpoint } = row
  const about = { id, path, class: kind, origin, reports, endpoint }
  return enabledRow(table, about, change)
}

/** A row that the preset does not have. */
export function readOperatorRow(
  table: TableContext,
  row: WrittenRow,
  { id, known }: { readonly id: string; readonly known: readonly string[] },
): RowOutcome {
  const { context } = table
  const place = table.rowPaths.get(id) ?? table.path
  if (row.path === undefined || row.class === undefined) {
    if (isFaulty(context, place)) return { kind: 'faulty' }
    const lacking = (['path', 'class'] as const).filter((key) => row[key] === undefined)
    const suggestion = closestMatch(id, known)
    const advice =
      suggestion === undefined
        ? `add ${lacking.join(' and ')}`
        : `did you mean the row ${suggestion}?`
    const message = `found no ${lacking.join(' and no ')} for the row ${id}, wanted path and class for a row that is not in the preset: ${advice}`
    fault(context, [...place, 'id'], message)
    return { kind: 'faulty' }
  }
  const about = { id, path: row.path, class: row.class, origin: OPERATOR_ORIGIN }
  return row.enabled === false ? { kind: 'off', row: about } : enabledRow(table, about, row)
}

const OPERATOR_ORIGIN: RowOrigin = {
  preset: undefined,
  evidence: 'operator',
  verified: true,
  sentence: 'written by the operator',
}

function enabledRow(
  table: TableContext,
  {
    reports: known,
    endpoint: own,
    ...about
  }: DisabledRow & Pick<PresetRow, 'endpoint' | 'reports'> & { path: string },
  change: WrittenRow | undefined,
): RowOutcome {
  const methods = change?.methods?.filter((method) => method !== undefined)
  const { context, settings } = table
  const place = {
    path: table.rowPaths.get(about.id) ?? table.path,
    id: about.id,
    kind: about.class,
  }
  const match = readMatch(context, { ...place, settings }, change?.match)
  const sensitive = readSensitive(context, place, change?.sensitive)
  const allow = readNetworks(context, [...place.path, 'allow'], change?.allow)
  const endpoint = readEndpoint(context, place, change?.endpoint ?? own)
  if (match === missing || sensitive === missing || allow === missing || endpoint === missing) {
    return { kind: 'faulty' }
  }
  const reports = readReports(change?.reportedId ?? known)
  const asked = { ...about, methods, match, sensitive, reports, endpoint }
  const networks = allow ?? table.access.get(about.class)
  if (about.class !== 'denied') {
    const only = table.upstreams.length === 1 ? table.upstreams[0] : undefined
    const upstream = change?.upstream ?? table.defaultUpstream ?? only
    return { kind: 'on', row: { ...asked, networks, upstream } }
  }
  if (change?.upstream !== undefined) {
    const message = `found an upstream on the denied row ${about.id}, where it has no effect: remove it`
    warn(table.context, [...(table.rowPaths.get(about.id) ?? table.path), 'upstream'], message)
  }
  return { kind: 'on', row: { ...asked, networks, upstream: undefined } }
}

/** Whether a row is for approved devices only. */
function readSensitive(
  context: ReadContext,
  { path, id, kind }: { readonly path: Path; readonly id: string; readonly kind: RouteClass },
  written: boolean | undefined,
): Maybe<boolean> {
  if (written !== true) return false
  if (kind === 'device' || kind === 'always' || kind === 'renewal') return true
  const why =
    kind === 'denied' ? 'every request is refused there' : 'no certificate is asked for there'
  const message = `found sensitive on the row ${id} of class ${kind}, wanted none: ${why}: remove it, or give the row another class`
  return fault(context, [...path, 'sensitive'], message, 'key')
}
