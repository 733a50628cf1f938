/**
 * What is in a store whose program was killed a moment ago: whether it is whole, whether every change that was
 * acknowledged is there with its row of the audit trail, and whether the one that was not is there wholly or not at all.
 */
import { join } from 'node:path'
import { rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { Instant, Result } from '../../src/kernel/types.ts'
import { readKeyRing } from '../../src/store/secrets/key-ring.ts'
import { openStore, type Store, type StoreSettings } from '../../src/store/store.ts'
import { SETTING_NAMES } from './devices.ts'
import type { StorePlace } from './serve-process.ts'
import type { Simulation } from './simulation.ts'

/** What was found. */
export interface Findings {
  readonly faults: readonly string[]
  /** Rows that were read, understood and written again elsewhere. */
  readonly rows: number
  readonly auditRows: number
  readonly latch: string
  /** What became of the change that was not acknowledged. */
  readonly pending: 'made' | 'none' | 'not made'
}

/** Looks into the store of a program that is dead. */
export async function inspectKilledStore(
  simulation: Simulation,
  place: StorePlace,
): Promise<Findings> {
  const { folder } = simulation.participants.serveProcess
  const faults: string[] = []
  const settings = settingsOf(folder, place)
  if (settings.kind === 'sqlite') faults.push(...integrityOf(settings.path))
  const store = sure(await openStore(settings, await opening(folder)))
  try {
    const trail = await trailOf(store)
    const pending = settlePending(simulation, trail, faults)
    compareTrail(simulation, trail, faults)
    await compareState(simulation, store, faults)
    const rows = await readBack(store, folder, faults)
    simulation.expectedState.countAudit('store.export')
    const latch = sure(await store.enforcement.current()).state
    return { faults, rows, auditRows: sumOf(trail), latch, pending }
  } finally {
    await store.close()
  }
}

function settingsOf(folder: string, place: StorePlace): StoreSettings {
  return place.kind === 'sqlite'
    ? { kind: 'sqlite', path: join(folder, 'data/tfe.sqlite') }
    : { kind: 'postgres', url: place.url, schema: place.schema }
}

async function opening(folder: string) {
  const ring = sure(await readKeyRing(`file:${join(folder, 'tfe.keys')}`))
  return { clock: { now: () => Date.now() as Instant }, ring, initialSettings: undefined }
}

function integrityOf(path: string): readonly string[] {
  const database = new DatabaseSync(path)
  try {
    const said = database.prepare('pragma integrity_check').all()
    const isWhole = said.length === 1 && said[0]?.['integrity_check'] === 'ok'
    const orphans = database.prepare('pragma foreign_key_check').all()
    return [
      ...(isWhole ? [] : [`integrity check: ${JSON.stringify(said.slice(0, 3))}`]),
      ...(orphans.length === 0 ? [] : [`foreign keys: ${JSON.stringify(orphans.slice(0, 3))}`]),
    ]
  } finally {
    database.close()
  }
}

type Trail = ReadonlyMap<string, number>

async function trailOf(store: Store): Promise<Trail> {
  const counts = new Map<string, number>()
  let after: string | undefined
  do {
    const page = sure(await store.audit.list({ limit: 1000, after }))
    for (const { action } of page.items) counts.set(action, (counts.get(action) ?? 0) + 1)
    after = page.next
  } while (after !== undefined)
  return counts
}

/** Says whether the change under way was made, by its rows of the audit trail: all of them, or none. */
function settlePending(
  simulation: Simulation,
  trail: Trail,
  faults: string[],
): Findings['pending'] {
  const { pending, expectedState } = simulation
  if (pending === undefined) return 'none'
  const wanted = Object.entries(pending.change.trail).filter(([, rows]) => rows > 0)
  const found = wanted.map(
    ([action, rows]) =>
      ((trail.get(action) ?? 0) - (expectedState.trail.get(action)?.least ?? 0)) / rows,
  )
  if (found.every((share) => share === 0)) return 'not made'
  if (!found.every((share) => share === 1)) {
    faults.push(`${pending.change.path}: ${found.join(', ')} of its audit rows are there`)
  }
  pending.isFound = true
  simulation.acknowledge(pending.change)
  return 'made'
}

function compareTrail({ expectedState }: Simulation, trail: Trail, faults: string[]): void {
  for (const action of new Set([...expectedState.trail.keys(), ...trail.keys()])) {
    const { least, most } = expectedState.trail.get(action) ?? { least: 0, most: 0 }
    const found = trail.get(action) ?? 0
    if (found >= least && found <= most) continue
    faults.push(`audit rows of ${action}: ${found}, wanted ${least} to ${most}`)
  }
}

/** Everything that administrators decided is as they were told. */
async function compareState(
  { expectedState }: Simulation,
  store: Store,
  faults: string[],
): Promise<void> {
  const { policyState } = expectedState
  const entries = expectedState.all
  const same = (what: string, found: unknown, wanted: unknown): void => {
    if (found !== wanted) faults.push(`${what}: ${String(found)}, wanted ${String(wanted)}`)
  }
  same('latch', sure(await store.enforcement.current()).state, policyState.enforcement)
  const settings = sure(await store.enrollment.list())
  for (const which of ['old', 'next'] as const) {
    const name = SETTING_NAMES[which]
    const standing = settings.find((one) => one.name === name)?.standing.kind ?? 'absent'
    same(`standing of ${name}`, standing, policyState.standings[which])
  }
  const oauth = sure(await store.oauth.current())
  same('new OAuth endpoint', oauth.mutual, policyState.modern)
  same(
    'legacy OAuth endpoint',
    oauth.legacy === 'disabled' ? 'disabled' : 'enabled',
    policyState.legacy,
  )
  const port = sure(await store.ports.list()).find(({ name }) => name === 'sync')
  same('sync port', port?.state ?? 'open', policyState.sync)
  const documents = sure(await store.documents.list()).length
  same('documents', documents, expectedState.trail.get('document.put')?.least ?? 0)
  for (const approval of ['approved', 'blocked'] as const) {
    const found = sure(await store.devices.count({ approval }, []))
    same(approval, found, entries.filter((one) => one.approval === approval).length)
  }
  const expected = entries.filter(({ inventory }) => inventory !== null).length
  same('inventory', sure(await store.devices.count({ inInventory: true }, [])), expected)
}

/** Exports everything and takes it in again, which reads and understands every column of every row. */
async function readBack(store: Store, folder: string, faults: string[]): Promise<number> {
  const lines: string[] = []
  const exported = sure(
    await store.transfer.export(BY, async (line) => {
      lines.push(line)
      await Promise.resolve()
    }),
  )
  const path = join(folder, 'read-back.sqlite')
  const again = sure(
    await openStore(
      { kind: 'sqlite', path },
      { ...(await opening(folder)), initialSettings: { enforcement: 'recording' } },
    ),
  )
  try {
    const taken = await again.transfer.import(BY, eachOf(lines))
    if (!taken.ok) faults.push(`an export is not taken in: ${JSON.stringify(taken.failure)}`)
    else if (taken.value.rows !== exported.rows) faults.push(`${taken.value.rows} rows came back`)
  } finally {
    await again.close()
    for (const end of ['', '-wal', '-shm', '.lock']) rmSync(path + end, { force: true })
  }
  return exported.rows
}

const BY = { who: 'story', from: 'a look into a dead store' }

async function* eachOf(lines: readonly string[]): AsyncGenerator<string> {
  await Promise.resolve()
  yield* lines
}

const sumOf = (trail: Trail): number => [...trail.values()].reduce((sum, rows) => sum + rows, 0)

function sure<Value>(result: Result<Value, unknown>): Value {
  if (!result.ok) throw new Error(JSON.stringify(result.failure))
  return result.value
}
