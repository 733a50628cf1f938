/** One row of a route table: the preset's, changed or not, or the operator's own. */
import { closestMatch } from '../../kernel/closest-match.ts'
import { isEnabledByDefault, type PresetRow } from './presets/preset.ts'
import { readMatch } from './match.ts'
import { type AccessLists, readNetworks } from '../reading/networks.ts'
import { type DeepPartial, type Maybe, missing, type Place } from '../reading/place.ts'
import type { ConfigDocument } from '../schema.ts'
import type { PresetName } from './presets/names.ts'
import type { RouteRow, DisabledRow, RowOrigin } from './types.ts'

export type WrittenRow = DeepPartial<NonNullable<ConfigDocument['routes']>[string]['rows'][number]>

/** A table while its rows are read. */
export interface TableContext {
  readonly place: Place<unknown>
  /** The names of all upstreams. */
  readonly upstreams: readonly string[]
  /** The names of all enrollment settings. */
  readonly settings: readonly string[]
  readonly preset: PresetName | undefined
  /** Where rows go that name no upstream, if the operator said so. */
  readonly defaultUpstream: string | undefined
  /** From where the rows of each class may be reached, unless they say so themselves. */
  readonly access: AccessLists
}

export type RowOutcome =
  | { readonly kind: 'faulty' }
  | { readonly kind: 'off'; readonly row: DisabledRow }
  | { readonly kind: 'on'; readonly row: RouteRow }

/** A row of the preset, with what the operator changed at a place of the document. */
export function readPresetRow(
  table: TableContext,
  row: PresetRow,
  place: Place<WrittenRow>,
): RowOutcome {
  const { written: change } = place
  const { id, evidence, verified, sentence, reports, endpoint, sensitive } = row
  const path = change?.path ?? row.path
  const kind = change?.class ?? row.class
  const origin: RowOrigin = { preset: table.preset, evidence, verified, sentence }
  if (!(change?.enabled ?? isEnabledByDefault(row))) {
    if (change !== undefined && change.enabled === undefined && !place.isFaulty) {
      const message = `found changes to the row ${id}, which have no effect: it is off until you write enabled: true`
      place.warn(message)
    }
    return { kind: 'off', row: { id, path, class: kind, origin } }
  }
  if (path === undefined) {
    if (!place.isFaulty) {
      place.fault(
        `found no path for the row ${id}, wanted one (the preset does not know it): add path`,
      )
    }
    return { kind: 'faulty' }
  }
  if (row.class === 'denied' && kind !== 'denied') {
    const message = `found the row ${id} changed from denied to ${kind}, make sure that this is meant: ${sentence}`
    place.warn(message)
  }
  return enabledRow(table, { id, path, class: kind, origin, reports, endpoint, sensitive }, place)
}

/** A row that the preset does not have. */
export function readOperatorRow(
  table: TableContext,
  place: Place<WrittenRow>,
  { id, known }: { readonly id: string; readonly known: readonly string[] },
): RowOutcome {
  const { path, class: kind, enabled } = place.written ?? {}
  if (path === undefined || kind === undefined) {
    if (place.isFaulty) return { kind: 'faulty' }
    const lacking = [path === undefined ? ['path'] : [], kind === undefined ? ['class'] : []].flat()
    const suggestion = closestMatch(id, known)
    const advice =
      suggestion === undefined
        ? `add ${lacking.join(' and ')}`
        : `did you mean the row ${suggestion}?`
    const message = `found no ${lacking.join(' and no ')} for the row ${id}, wanted path and class for a row that is not in the preset: ${advice}`
    place.at('id').fault(message)
    return { kind: 'faulty' }
  }
  const about = { id, path, class: kind, origin: OPERATOR_ORIGIN }
  return enabled === false ? { kind: 'off', row: about } : enabledRow(table, about, place)
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
    sensitive: marked = false,
    ...about
  }: DisabledRow &
    Pick<PresetRow, 'endpoint' | 'reports'> & {
      sensitive?: boolean | undefined
    } & { path: string },
  place: Place<WrittenRow>,
): RowOutcome {
  const change = place.written
  const { id, class: kind } = about
  const match = readMatch(place.at('match'), { id, kind, settings: table.settings })
  const sensitive = readSensitive(place.at('sensitive'), { ...about, marked })
  const allow = readNetworks(place.at('allow'))
  const endpoint = readEndpoint(place.at('endpoint').as(change?.endpoint ?? own), about)
  if (match === missing || sensitive === missing || allow === missing || endpoint === missing) {
    return { kind: 'faulty' }
  }
  const row = {
    ...about,
    methods: change?.methods?.filter((method) => method !== undefined),
    match,
    sensitive,
    ...(sensitive && change?.sensitive === undefined ? { isMarkedByPreset: true as const } : {}),
    reports: readReports(change?.reportedId ?? known),
    endpoint,
    networks: allow ?? table.access.get(kind),
  }
  if (kind !== 'denied') {
    const only = table.upstreams.length === 1 ? table.upstreams[0] : undefined
    const upstream = change?.upstream ?? table.defaultUpstream ?? only
    return { kind: 'on', row: { ...row, upstream } }
  }
  if (change?.upstream !== undefined) {
    const message = `found an upstream on the denied row ${id}, where it has no effect: remove it`
    place.at('upstream').warn(message)
  }
  return { kind: 'on', row: { ...row, upstream: undefined } }
}

/** Whether a row is for approved devices only. */
function readSensitive(
  place: Place<boolean>,
  { id, class: kind, marked }: Pick<RouteRow, 'id' | 'class'> & { readonly marked: boolean },
): Maybe<boolean> {
  // The preset's mark goes with a class that the operator chose instead: enrolment and renewal ask for no approval.
  if (place.written === undefined) return marked && (kind === 'device' || kind === 'always')
  if (!place.written) return false
  if (kind === 'device' || kind === 'always' || kind === 'renewal') return true
  const why =
    kind === 'denied' ? 'every request is refused there' : 'no certificate is asked for there'
  const message = `found sensitive on the row ${id} of class ${kind}, wanted none: ${why}: remove it, or give the row another class`
  return place.fault(message, 'key')
}

/** Which endpoint a row is; the new OAuth endpoint asks for a certificate in every mode (S0-27, decision 6). */
function readEndpoint(
  place: Place<NonNullable<RouteRow['endpoint']>>,
  { id, class: kind }: Pick<RouteRow, 'id' | 'class'>,
): Maybe<RouteRow['endpoint']> {
  if (place.written === undefined || kind === 'always') return place.written
  // Refused to every client, whatever the store says.
  if (kind === 'denied') return undefined
  const message = `found the new OAuth endpoint in the row ${id} of class ${kind}, wanted class always: it asks for a certificate in every mode: correct the class, or remove endpoint`
  return place.fault(message, 'key')
}

/** `query:clientid` → where to look; the shape was checked. */
function readReports(written: string | undefined): RouteRow['reports'] {
  if (written === undefined) return undefined
  const colon = written.indexOf(':')
  const kind = written.slice(0, colon) === 'query' ? 'query' : 'field'
  return { kind, name: written.slice(colon + 1) }
}
