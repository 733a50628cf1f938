/** The numbers that the admin API gives, under the names of the expected numbers. */
import type { ExpectedState, ExpectedDevice } from './expected-state.ts'
import { SETTING_NAMES } from './devices.ts'
import { APPROVAL_STATES, listed, LISTS, stateOf } from './expected-numbers.ts'
import { EXPORT } from './admin-client.ts'
import type { Simulation } from './simulation.ts'

export type Read = number | string
type Readings = Map<string, Read>

/** What was read, and where records differ. */
export interface Reading {
  readonly read: ReadonlyMap<string, Read>
  readonly differences: readonly string[]
}

/** A device as the list shows it. */
export interface Shown {
  readonly id: string
  readonly version: number
  readonly inventory: { readonly id: string } | null
  readonly class: string | null
  readonly agent: string | null
  readonly agent_version: string | null
  readonly listener: string | null
  readonly verdict: string | null
  readonly code: string | null
  readonly migration: string
  readonly authentication: string
  readonly approval: string
  readonly awaiting: boolean
  readonly setting: string | null
  readonly not_after: string | null
  readonly last_seen: string | null
  readonly sightings: number
}

/** Every device on a list. */
export async function listOf(simulation: Simulation, query: string): Promise<readonly Shown[]> {
  const items: Shown[] = []
  for (let after: string | null = ''; after !== null;) {
    const page = after === '' ? '' : `&after=${encodeURIComponent(after)}`
    const { body } = await simulation.read(`/api/devices?limit=1000&${query}${page}`)
    const answer = body as { readonly items: readonly Shown[]; readonly next: string | null }
    items.push(...answer.items)
    after = answer.next
  }
  return items
}

/** The ids of devices as an operator would select them: by their entries in the inventory, or because they have none. */
export async function idsOf(
  simulation: Simulation,
  entries: readonly ExpectedDevice[],
): Promise<readonly { readonly id: string; readonly version: number }[]> {
  const items = await listOf(simulation, '')
  const versions = new Map(items.map(({ id, version }) => [id, version]))
  const byInventory = new Map(items.map((one) => [one.inventory?.id, one.id]))
  const unlisted = entries.filter(({ inventory }) => inventory === null)
  const known = entries.flatMap(({ inventory }) =>
    inventory === null ? [] : [byInventory.get(inventory) ?? `no ${inventory}`],
  )
  const others = items.flatMap(({ id, inventory }) => (inventory === null ? [id] : []))
  if (unlisted.length > 0 && unlisted.length !== others.length) {
    simulation.fault(`${others.length} devices without inventory, ${unlisted.length} expected`)
  }
  return [...known, ...(unlisted.length > 0 ? others : [])].map((id) => ({
    id,
    version: versions.get(id) ?? 0,
  }))
}

/** Keys and certificates that devices have shown, counted in the export: the one answer that holds every row. */
async function readExport(simulation: Simulation, read: Readings): Promise<void> {
  const { body } = await simulation.read(EXPORT)
  const tables = String(body)
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { readonly table?: string }).table)
  const count = (name: string): number => tables.filter((table) => table === name).length
  read.set('keys', count('device_keys'))
  read.set('certificates', count('certificates'))
}

/** Reads everything there is a number for. */
export async function readings(simulation: Simulation): Promise<Reading> {
  const { expectedState } = simulation
  const read: Map<string, Read> = new Map()
  let differences: readonly string[] = []
  for (const { query } of LISTS) {
    const items = await listOf(simulation, query)
    read.set(`list ${query || 'of all'}`, items.length)
    if (query === '') differences = compareRecords(simulation, items, read)
  }
  await readExport(simulation, read)
  await readCharts(simulation, read)
  await readSwitches(simulation, read)
  await readMigration(simulation, read)
  await readSettings(simulation, expectedState, read)
  await readTrail(simulation, read)
  read.set('upstream named', simulation.participants.core.tally.named)
  read.set('upstream anonymous', simulation.participants.core.tally.anonymous)
  read.set('upstream relayed', simulation.participants.core.tally.relayed)
  return { read, differences }
}

function compareRecords(
  simulation: Simulation,
  items: readonly Shown[],
  read: Readings,
): readonly string[] {
  const byInventory = new Map(items.map((one) => [one.inventory?.id, one]))
  const entries = simulation.expectedState.all
  const differences = entries.flatMap((entry) => {
    if (entry.inventory === null) return []
    const shown = byInventory.get(entry.inventory)
    const found =
      shown === undefined
        ? ['is on no list']
        : differencesOf(entry, shown, simulation.expectedState)
    return found.length === 0 ? [] : [`${entry.device.name}: ${found.join(', ')}`]
  })
  // Nothing tells the others apart but what is recorded of them.
  const others = items
    .filter(({ inventory }) => inventory === null)
    .sort((one, other) => one.sightings - other.sightings)
  const unlisted = entries
    .filter(({ inventory }) => inventory === null)
    .sort((one, other) => one.sightings.most - other.sightings.most)
  for (const shown of others) {
    // Of those that it may be, the one that fits the fewest of the records to come.
    const at = unlisted.findIndex(
      (one) => differencesOf(one, shown, simulation.expectedState).length === 0,
    )
    if (at === -1) differences.push(`no device is ${shown.id}`)
    else unlisted.splice(at, 1)
  }
  for (const { device } of unlisted) differences.push(`${device.name}: no record is like it`)
  read.set('records that differ', differences.length)
  read.set(
    'sightings',
    items.reduce((sum, { sightings }) => sum + sightings, 0),
  )
  return differences
}

/** Where the record of a device is not what is expected. */
function differencesOf(
  entry: ExpectedDevice,
  shown: Shown,
  expectedState: ExpectedState,
): readonly string[] {
  const pairs: readonly [string, unknown, unknown][] = [
    ['inventory', entry.inventory, shown.inventory?.id ?? null],
    ['class', entry.class, shown.class],
    ['agent', entry.product, shown.agent],
    ['version', entry.version, shown.agent_version],
    ['listener', entry.listener, shown.listener],
    ['verdict', entry.verdict, shown.verdict],
    ['code', entry.code, shown.code],
    ['authentication', stateOf(entry, expectedState), shown.authentication],
    ['approval', entry.approval, shown.approval],
    ['awaiting', entry.awaiting, shown.awaiting],
    ['migration', entry.migration, shown.migration],
    ['setting', entry.setting, shown.setting],
    ['not after', entry.notAfter, shown.not_after === null ? null : Date.parse(shown.not_after)],
  ]
  const found = pairs.flatMap(([what, expectedState, api]) =>
    expectedState === api
      ? []
      : [`${what} ${String(expectedState)} expected, ${String(api)} from the API`],
  )
  const { least, most } = entry.sightings
  if (shown.sightings >= least && shown.sightings <= most) return found
  return [...found, `sightings ${least} to ${most} expected, ${shown.sightings} from the API`]
}

async function readCharts(simulation: Simulation, read: Readings): Promise<void> {
  const { body } = await simulation.read('/api/charts')
  const charts = body as {
    readonly devices: number
    readonly readiness: readonly { readonly state: string; readonly devices: number }[]
    readonly success_rate: number | null
    readonly approval: Readonly<Record<string, number>>
    readonly migration: readonly { readonly status: string; readonly devices: number }[]
    readonly classes: readonly { readonly class: string | null; readonly devices: number }[]
  }
  read.set('chart devices', charts.devices)
  for (const { state, devices } of charts.readiness) read.set(`readiness ${state}`, devices)
  read.set('success rate', charts.success_rate ?? 'none')
  for (const state of APPROVAL_STATES)
    read.set(`approval ${state}`, charts.approval[state] ?? 'none')
  for (const { status, devices } of charts.migration) read.set(`migration ${status}`, devices)
  for (const one of charts.classes) read.set(`class ${one.class ?? 'unknown'}`, one.devices)
}

async function readSwitches(simulation: Simulation, read: Readings): Promise<void> {
  const { body } = await simulation.read('/api/enforcement')
  const {
    enforcement,
    warnings,
    would_refuse: wouldRefuse,
  } = body as {
    readonly enforcement: { readonly state: string }
    readonly warnings: readonly { readonly kind: string }[]
    readonly would_refuse: readonly { readonly code: string; readonly devices: number }[]
  }
  read.set('enforcement', enforcement.state)
  read.set('warnings', warnings.map(({ kind }) => kind).join(' '))
  read.set('would refuse', listed(new Map(wouldRefuse.map(({ code, devices }) => [code, devices]))))
  const oauth = (await simulation.read('/api/oauth')).body as {
    readonly new: string
    readonly legacy: string
  }
  // The legacy endpoint is there until an administrator disables it.
  const legacy = oauth.legacy === 'not-configured' ? 'enabled' : oauth.legacy
  read.set('OAuth', `new ${oauth.new}, legacy ${legacy}`)
}

async function readMigration(simulation: Simulation, read: Readings): Promise<void> {
  const port = (await simulation.read('/api/sync-port')).body as {
    readonly state: string
    readonly pending: number
    readonly never_met: number
    readonly unidentified: number
  }
  read.set('sync port', port.state)
  read.set('sync port pending', port.pending)
  read.set('sync port never met', port.never_met)
  read.set('sync port unidentified', port.unidentified)
  const { body } = await simulation.read('/api/migration')
  const migration = body as {
    readonly pending_by_class: readonly {
      readonly class: string | null
      readonly devices: number
    }[]
    readonly in_inventory: number
    readonly never_met: number
  }
  const pending = migration.pending_by_class.map((one): [string, number] => [
    one.class ?? 'unknown',
    one.devices,
  ])
  read.set('pending by class', listed(new Map(pending)))
  read.set('inventory', migration.in_inventory)
  read.set('inventory never met', migration.never_met)
}

async function readSettings(
  simulation: Simulation,
  { policyState }: ExpectedState,
  read: Readings,
): Promise<void> {
  for (const which of ['old', 'next'] as const) {
    if (policyState.standings[which] === 'absent') continue
    const name = SETTING_NAMES[which]
    const { body } = await simulation.read(`/api/enrollment-settings/${encodeURIComponent(name)}`)
    const { setting, dependents } = body as {
      readonly setting: { readonly standing: string }
      readonly dependents: number
    }
    read.set(`standing of ${name}`, setting.standing)
    read.set(`dependents of ${name}`, dependents)
  }
}

async function readTrail(simulation: Simulation, read: Readings): Promise<void> {
  const rows = await trailOf(simulation)
  const counts = new Map<string, number>()
  for (const { action } of rows) counts.set(action, (counts.get(action) ?? 0) + 1)
  for (const [action, count] of counts) read.set(`audit ${action}`, count)
  read.set('audit rows', rows.length)
}

/** A row of the audit trail. */
export interface TrailRow {
  readonly id: number
  readonly who: string
  readonly action: string
  readonly subject: string
}

/** The whole audit trail, newest first. */
export async function trailOf(simulation: Simulation): Promise<readonly TrailRow[]> {
  const rows: TrailRow[] = []
  for (let after: string | null = ''; after !== null;) {
    const page = after === '' ? '' : `&after=${encodeURIComponent(after)}`
    const { body } = await simulation.read(`/api/audit?limit=1000${page}`)
    const answer = body as { readonly items: readonly TrailRow[]; readonly next: string | null }
    rows.push(...answer.items)
    after = answer.next
  }
  return rows
}
