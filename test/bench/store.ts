/**
 * How long the questions of the portal take on a large fleet, how fast sightings are taken in, and how much memory
 * this process holds meanwhile.
 *   node scripts/node26.mjs test/bench/store.ts [--devices 1000000] [--on sqlite|postgres] [--sightings 20000]
 * PostgreSQL is the one that TFE_POSTGRES_URL names, or the system's own, started for the run.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import type { Fingerprint, Instant, KeyFingerprint, Result } from '../../src/kernel/types.ts'
import { explainStore } from '../../src/store/explain.ts'
import { allDeparting } from '../../src/store/devices/departing-devices.ts'
import type { DeviceFilter } from '../../src/store/devices/device-filter.ts'
import type { DeviceListRequest } from '../../src/store/devices/devices.ts'
import type { StoreFailure } from '../../src/store/failure.ts'
import type { Sighting } from '../../src/fleet/sighting.ts'
import { openStore, type Store, type StoreSettings } from '../../src/store/store.ts'
import { createHash } from 'node:crypto'
import { findPostgres, onPostgres } from '../support/store/postgres.ts'

const { values } = parseArgs({
  options: {
    devices: { type: 'string', default: '1000000' },
    sightings: { type: 'string', default: '20000' },
    on: { type: 'string', default: 'sqlite' },
  },
})
const FLEET = Number(values.devices)
const BATCH = 5000
const START = Date.UTC(2026, 0, 1)
/** Once they are known, all are seen at one time: now. */
const LATER = START + 300 * 86_400_000
const ADMIN = { who: 'bench', from: 'bench' }
const CLASSES = ['ios-maw', 'ios-mdm', 'macos-mdm', 'android-maw', 'win10'] as const

const EPMM = allDeparting(
  {
    profile: 'epmm-11.5',
    setting: undefined,
    isRequired: true,
    storefrontCertificates: undefined,
  },
  'sync',
)

await using place = await placeFor(values.on)
const store = sure(
  await openStore(place.settings, {
    clock: { now: () => Date.now() as Instant },
    ring: { keys: new Map() },
    initialSettings: { enforcement: 'recording' },
  }),
)
try {
  await fill(store)
  await ask(store)
  await seeAgain(store)
  await follow(store)
  const size = place.size()
  if (size !== undefined)
    say('file', `${Math.round(size / 1e6)} MB, ${Math.round(size / FLEET)} octets per device`)
  say(
    'memory',
    `${Math.round(process.resourceUsage().maxRSS / 1024)} MiB at most, in this process with SQLite's thread`,
  )
} finally {
  await store.close()
}

async function fill(store: Store): Promise<void> {
  const setting = { source: 'local', chain: [] } as const
  sure(
    await store.enrollment.seed(ADMIN, [
      { ...setting, name: 'current', standing: { kind: 'current' } },
      {
        ...setting,
        name: 'previous',
        standing: {
          kind: 'previously-trusted',
          retiredAt: START as Instant,
          cutOff: 'not-before',
          sunset: undefined,
        },
      },
    ]),
  )
  const began = performance.now()
  for (let start = 0; start < FLEET; start += BATCH) {
    const many = Math.min(BATCH, FLEET - start)
    sure(
      await store.sightings.record(
        Array.from({ length: many }, (_, index) => sighting(start + index)),
      ),
    )
    const done = start + many
    if (done % 100_000 === 0 || done === FLEET) {
      const rate = Math.round((done / (performance.now() - began)) * 1000)
      console.error(`${done} devices learned, ${rate} per second`)
    }
  }
  const rate = Math.round((FLEET / (performance.now() - began)) * 1000)
  say('learning', `${FLEET} devices never seen before, ${rate} per second in batches of ${BATCH}`)
}

async function ask(store: Store): Promise<void> {
  const minimums = [{ class: 'android-maw', rank: 3 }]
  const page = (filter: DeviceFilter, order: DeviceListRequest['order'], after?: string) =>
    store.devices.list({ filter, order, after, limit: 50, minimums })
  let deep: string | undefined
  for (let turn = 0; turn < 20; turn += 1) deep = sure(await page({}, 'last-seen', deep)).next
  const lists: readonly (readonly [string, () => Promise<Result<unknown, StoreFailure>>])[] = [
    ['list, newest first', () => page({}, 'last-seen')],
    ['list, twenty pages on', () => page({}, 'last-seen', deep)],
    ['list, unapproved', () => page({ approval: 'unapproved' }, 'first-seen')],
    ['list, unapproved, newest first', () => page({ approval: 'unapproved' }, 'newest')],
    ['list, unapproved, last seen first', () => page({ approval: 'unapproved' }, 'last-seen')],
    [
      'list, failed and class',
      () => page({ authentication: 'failed', class: 'win10' }, 'first-seen'),
    ],
    [
      'list, agents that must upgrade',
      () => page({ authentication: 'must-upgrade' }, 'first-seen'),
    ],
    [
      'list, filters that leave nothing',
      () => page({ class: 'win10', approval: 'blocked' }, 'last-seen'),
    ],
    ['search, one signed id', () => page({ text: idOf(FLEET >> 1) }, 'first-seen')],
    [
      'search, beginning of an id',
      () => page({ text: idOf(FLEET >> 1).slice(0, 8) }, 'first-seen'),
    ],
    ['search, a word of every subject', () => page({ text: 'example' }, 'first-seen')],
    ['search, id and common word', () => page({ text: `example ${idOf(7)}` }, 'first-seen')],
    ['count, one filter', () => store.devices.count({ approval: 'unapproved' }, minimums)],
    ['count, everything', () => store.devices.count({}, minimums)],
    ['readiness and all charts', () => store.devices.charts(minimums)],
    [
      'list, those on the sync port that should not be',
      () => page({ departing: EPMM[0]?.[1] }, 'last-seen'),
    ],
    ['list, a departure of no device', () => page({ departing: EPMM[2]?.[1] }, 'last-seen')],
    ['count, every departure', () => store.devices.departures(EPMM)],
    ['devices under a setting', () => store.enrollment.dependents('previous')],
    ['audit, last page', () => store.audit.list({ limit: 50 })],
  ]
  for (const [name, question] of lists) {
    const took: number[] = []
    for (let turn = 0; turn < 9; turn += 1) {
      const began = performance.now()
      sure(await question())
      took.push(performance.now() - began)
    }
    took.sort((one, other) => one - other)
    say(name, `${(took[4] ?? 0).toFixed(1)} ms (worst of nine ${(took[8] ?? 0).toFixed(1)})`)
  }
  const one = sure(await page({}, 'last-seen')).items[0]
  const began = performance.now()
  sure(await store.devices.find(one?.id ?? ''))
  say('one device whole', `${(performance.now() - began).toFixed(1)} ms`)
}

async function seeAgain(store: Store): Promise<void> {
  const many = Number(values.sightings)
  const began = performance.now()
  for (let start = 0; start < many; start += BATCH) {
    // Strewn over the whole fleet: neighbours would share pages and flatter.
    const batch = Array.from({ length: BATCH }, (_, index) =>
      sighting(((start + index) * 7919) % FLEET, LATER),
    )
    sure(await store.sightings.record(batch))
  }
  const seconds = (performance.now() - began) / 1000
  say(
    'sightings of known devices',
    `${Math.round(many / seconds)} per second, ${Math.round((many / seconds) * 60)} per minute`,
  )
}

async function follow(store: Store): Promise<void> {
  let began = performance.now()
  let keys = 0
  let after: string | undefined
  do {
    const some = sure(await store.approvals.keys('approved', { after, limit: 1000 }))
    keys += some.items.length
    after = some.next
  } while (after !== undefined)
  say(
    'overlay from nothing',
    `${keys} keys in ${((performance.now() - began) / 1000).toFixed(1)} s`,
  )
  const revision = sure(await store.feed.revision())
  const [device] = sure(
    await store.devices.list({ filter: {}, order: 'last-seen', limit: 1, minimums: [] }),
  ).items
  began = performance.now()
  sure(await store.approvals.block(ADMIN, [{ id: device?.id ?? '' }]))
  say('block, acknowledged', `${(performance.now() - began).toFixed(1)} ms`)
  began = performance.now()
  sure(await store.feed.since(revision))
  say('what changed since', `${(performance.now() - began).toFixed(1)} ms`)
}

function sighting(number: number, at = START + number * 10): Sighting {
  const key = digest(`key ${number}`) as KeyFingerprint
  const failed = number % 20 === 0
  return {
    at: at as Instant,
    count: 1,
    listener: 'devices',
    certificate: {
      fingerprint: digest(`certificate ${number}`) as Fingerprint,
      key,
      issuerKey: digest('issuer') as KeyFingerprint,
      serial: number.toString(16).padStart(16, '0'),
      issuer: 'CN=Bench CA,O=Example',
      subject: `CN=${digest(`subject ${number}`).slice(0, 16)},O=Example`,
      signedIds: [idOf(number)],
      notBefore: START as Instant,
      notAfter: (START + 365 * 86_400_000) as Instant,
      setting: number % 10 === 0 ? 'previous' : 'current',
      sound: true,
    },
    reportedId: undefined,
    class: CLASSES[number % CLASSES.length],
    agent: 'agent',
    agentVersion: `${number % 5}.0`,
    agentRank: number % 5,
    verdict: failed ? 'refuse' : 'admit',
    code: failed ? 'expired' : 'verified',
    authentication: failed ? 'failed' : 'succeeded',
    migration: number % 50 === 0 ? 'pending' : undefined,
    approvesItself: number % 4 !== 0,
  }
}

function idOf(number: number): string {
  return digest(`device ${number}`).slice(0, 32)
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function say(what: string, result: string): void {
  console.log(`${what.padEnd(36)} ${result}`)
}

function sure<Value>(result: Result<Value, StoreFailure>): Value {
  if (!result.ok) throw new Error(explainStore(result.failure).sentence)
  return result.value
}

interface BenchPlace extends AsyncDisposable {
  readonly settings: StoreSettings
  size(): number | undefined
}

async function placeFor(on: string): Promise<BenchPlace> {
  if (on === 'postgres') {
    const found = await findPostgres()
    if (found.kind === 'missing') throw new Error(found.why)
    const schema = `tfe_bench_${process.pid}`
    await onPostgres(found.url, `create schema ${schema}`)
    return {
      settings: { kind: 'postgres', url: found.url, schema },
      size: () => undefined,
      async [Symbol.asyncDispose]() {
        await onPostgres(found.url, `drop schema ${schema} cascade`)
        await found.stop()
      },
    }
  }
  const folder = mkdtempSync(join(tmpdir(), 'tfe-bench-store-'))
  const path = join(folder, 'store.db')
  return {
    settings: { kind: 'sqlite', path },
    size: () => statSync(path).size,
    async [Symbol.asyncDispose]() {
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
