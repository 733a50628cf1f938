/** The numbers that the admin API gives, under the names that the books have for them. */
import type { Books, Entry } from './books.ts'
import { SETTING_NAMES } from './devices.ts'
import { APPROVAL_STATES, listed, LISTS } from './figures.ts'
import type { World } from './world.ts'

export type Read = number | string
export type Readings = Map<string, Read>

/** A device as the list shows it. */
export interface Shown {
  readonly id: string
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
  readonly sightings: number
}

/** Every device on a list. */
export async function listOf(world: World, query: string): Promise<readonly Shown[]> {
  const items: Shown[] = []
  for (let after: string | null = ''; after !== null;) {
    const page = after === '' ? '' : `&after=${encodeURIComponent(after)}`
    const { body } = await world.read(`/api/devices?limit=1000&${query}${page}`)
    const answer = body as { readonly items: readonly Shown[]; readonly next: string | null }
    items.push(...answer.items)
    after = answer.next
  }
  return items
}

/** Who is who, by the keys that devices have shown and the ids of the inventory. */
export interface Register {
  readonly idOf: ReadonlyMap<Entry, string>
  readonly keys: number
  readonly certificates: number
  /** Devices that the books do not know, and entries that the product does not. */
  readonly strangers: readonly string[]
}

/** Reads the export, the one answer that holds every row. */
export async function register(world: World): Promise<Register> {
  const { body } = await world.read('/api/export')
  const rows = String(body)
    .trimEnd()
    .split('\n')
    .map(
      (line) =>
        JSON.parse(line) as {
          readonly table?: string
          readonly row?: Readonly<Record<string, unknown>>
        },
    )
  const of = (table: string) => rows.flatMap((one) => (one.table === table ? [one.row ?? {}] : []))
  const byKey = new Map(of('device_keys').map(({ key, device }) => [String(key), String(device)]))
  const devices = of('devices')
  const byInventory = new Map(
    devices.map(({ id, inventory_id: entry }) => [String(entry), String(id)]),
  )
  const idOf = new Map<Entry, string>()
  const strangers: string[] = []
  for (const entry of world.books.entries.values()) {
    const ids = new Set([...entry.keys].map((key) => byKey.get(key)))
    if (entry.inventory !== null) ids.add(byInventory.get(entry.inventory))
    const [id] = ids
    if (ids.size === 1 && id !== undefined) idOf.set(entry, id)
    else strangers.push(`${entry.device.name} is ${[...ids].join(' and ')}`)
  }
  const known = new Set(idOf.values())
  for (const { id } of devices)
    if (!known.has(String(id))) strangers.push(`nobody is ${String(id)}`)
  return { idOf, keys: byKey.size, certificates: of('certificates').length, strangers }
}

/** Reads everything there is a number for. */
export async function readings(world: World): Promise<Readings> {
  const { books } = world
  const read: Readings = new Map()
  for (const { query } of LISTS) {
    const items = await listOf(world, query)
    read.set(`list ${query || 'of all'}`, items.length)
    if (query === '') await compareRecords(world, items, read)
  }
  await readCharts(world, read)
  await readSwitches(world, read)
  await readMigration(world, read)
  await readSettings(world, books, read)
  await readTrail(world, read)
  read.set('upstream named', world.cast.core.tally.named)
  read.set('upstream anonymous', world.cast.core.tally.anonymous)
  return read
}

async function compareRecords(
  world: World,
  items: readonly Shown[],
  read: Readings,
): Promise<void> {
  const { idOf, keys, certificates, strangers } = await register(world)
  const byId = new Map(items.map((one) => [one.id, one]))
  const differences = [...strangers]
  for (const [entry, id] of idOf) {
    const shown = byId.get(id)
    const found = shown === undefined ? ['is on no list'] : differencesOf(entry, shown)
    if (found.length > 0) differences.push(`${entry.device.name}: ${found.join(', ')}`)
  }
  read.set('records that differ', differences.length)
  for (const one of differences.slice(0, 5)) world.cast.say(`  ${one}`)
  read.set('keys', keys)
  read.set('certificates', certificates)
  read.set(
    'sightings',
    items.reduce((sum, { sightings }) => sum + sightings, 0),
  )
}

/** Where the record of a device is not what the books say. */
export function differencesOf(entry: Entry, shown: Shown): readonly string[] {
  const pairs: readonly [string, unknown, unknown][] = [
    ['inventory', entry.inventory, shown.inventory?.id ?? null],
    ['class', entry.class, shown.class],
    ['agent', entry.product, shown.agent],
    ['version', entry.version, shown.agent_version],
    ['listener', entry.listener, shown.listener],
    ['verdict', entry.verdict, shown.verdict],
    ['code', entry.code, shown.code],
    ['authentication', entry.authentication, shown.authentication],
    ['approval', entry.approval, shown.approval],
    ['awaiting', entry.awaiting, shown.awaiting],
    ['migration', entry.migration, shown.migration],
    ['setting', entry.setting, shown.setting],
    ['not after', entry.notAfter, shown.not_after === null ? null : Date.parse(shown.not_after)],
  ]
  const found = pairs.flatMap(([what, books, api]) =>
    books === api ? [] : [`${what} ${String(books)} in the books, ${String(api)} from the API`],
  )
  const { least, most } = entry.sightings
  if (shown.sightings >= least && shown.sightings <= most) return found
  return [...found, `sightings ${least} to ${most} in the books, ${shown.sightings} from the API`]
}

async function readCharts(world: World, read: Readings): Promise<void> {
  const { body } = await world.read('/api/charts')
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

async function readSwitches(world: World, read: Readings): Promise<void> {
  const { body } = await world.read('/api/enforcement')
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
  const oauth = (await world.read('/api/oauth')).body as {
    readonly new: string
    readonly legacy: string
  }
  // The legacy endpoint is there until somebody disables it.
  const legacy = oauth.legacy === 'not-configured' ? 'enabled' : oauth.legacy
  read.set('OAuth', `new ${oauth.new}, legacy ${legacy}`)
}

async function readMigration(world: World, read: Readings): Promise<void> {
  const port = (await world.read('/api/sync-port')).body as {
    readonly state: string
    readonly pending: number
    readonly never_met: number
    readonly unidentified: number
  }
  read.set('sync port', port.state)
  read.set('sync port pending', port.pending)
  read.set('sync port never met', port.never_met)
  read.set('sync port unidentified', port.unidentified)
  const { body } = await world.read('/api/migration')
  const migration = body as { readonly in_inventory: number; readonly never_met: number }
  read.set('inventory', migration.in_inventory)
  read.set('inventory never met', migration.never_met)
}

async function readSettings(world: World, { regime }: Books, read: Readings): Promise<void> {
  for (const which of ['old', 'next'] as const) {
    if (regime.standings[which] === 'absent') continue
    const name = SETTING_NAMES[which]
    const { body } = await world.read(`/api/enrollment-settings/${encodeURIComponent(name)}`)
    const { setting, dependents } = body as {
      readonly setting: { readonly standing: string }
      readonly dependents: number
    }
    read.set(`standing of ${name}`, setting.standing)
    read.set(`dependents of ${name}`, dependents)
  }
}

async function readTrail(world: World, read: Readings): Promise<void> {
  const rows = await trailOf(world)
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
export async function trailOf(world: World): Promise<readonly TrailRow[]> {
  const rows: TrailRow[] = []
  for (let after: string | null = ''; after !== null;) {
    const page = after === '' ? '' : `&after=${encodeURIComponent(after)}`
    const { body } = await world.read(`/api/audit?limit=1000${page}`)
    const answer = body as { readonly items: readonly TrailRow[]; readonly next: string | null }
    rows.push(...answer.items)
    after = answer.next
  }
  return rows
}
