/** Every number that a chart shows is a metric, of devices that are silent since the start, too. */
import { join } from 'node:path'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import type { Instant } from '../../../src/kernel/types.ts'
import { openStore } from '../../../src/store/store.ts'
import { frontEnd } from '../../cases/front-end.ts'
import { isCommand } from '../../support/commands.ts'
import { conventionFaults, promtoolFindings } from '../../support/metrics/conventions.ts'
import { readExposition, valueIn } from '../../support/metrics/exposition.ts'
import { aRing } from '../../support/store/backends.ts'
import { aCertificate, ADMIN, aSighting, DAY, unwrap } from '../../support/store/sightings.ts'

const NOW = Date.now() as Instant
const SUNSET = '2100-01-01T00:00:00Z'
const TRUST = `
  enrollmentSettings:
    - { name: Fleet, standing: current, chain: 'file:fleet.pem' }
    - { name: Old Fleet, standing: previously-trusted, retiredAt: 2099-01-01T00:00:00Z, sunset: ${SUNSET}, chain: 'file:previous.pem' }`

type Metric = readonly [name: string, labels?: Readonly<Record<string, string>>]

/** Which metric has which number of `GET /api/charts`, by where it stands and what stands beside it. */
const METRICS: readonly (readonly [RegExp, (beside: Beside) => Metric])[] = [
  [/^devices$/u, () => ['tfe_devices']],
  [/^success_rate$/u, () => ['tfe_authentication_success_ratio']],
  [
    /^readiness\.\d+\.devices$/u,
    ({ state }) => ['tfe_devices_by_readiness', labelled('state', state)],
  ],
  [/^approval\.\w+$/u, ({ key }) => ['tfe_devices_by_approval', labelled('state', key)]],
  [
    /^migration\.\d+\.devices$/u,
    ({ status }) => ['tfe_devices_by_migration', labelled('state', status)],
  ],
  [
    /^classes\.\d+\.devices$/u,
    (it) => ['tfe_devices_by_class', labelled('class', it['class'] ?? 'unknown')],
  ],
  [/^callers\.uncertified$/u, () => ['tfe_devices_uncertified']],
  [/^callers\.known_hosts$/u, () => ['tfe_known_hosts']],
  [/^callers\.requests\.\d+\.requests$/u, (it) => ['tfe_unknown_device_requests', placeOf(it)]],
  [/^callers\.requests\.\d+\.named$/u, (it) => ['tfe_unknown_device_requests_named', placeOf(it)]],
  [/^callers\.named\.\d+\.devices$/u, (it) => ['tfe_devices_uncertified_named', placeOf(it)]],
]

/** How many days are looked back on is the same everywhere, and stands in the help of the metrics. */
const CONSTANT = /^callers\.days$/u

/** The texts among them. */
type Beside = Readonly<Record<string, string | undefined>>

const labelled = (label: string, value = '') => ({ [label]: value })

const placeOf = ({ listener = '', row = '', code = '' }: Beside) => ({ listener, row, code })

/** Every number of a document, with its place and the texts that stand beside it. */
function numbersIn(
  value: unknown,
  at: readonly string[] = [],
  beside: Beside = {},
): readonly (readonly [place: string, value: number, beside: Beside])[] {
  if (typeof value === 'number') return [[at.join('.'), value, { ...beside, key: at.at(-1) }]]
  if (typeof value !== 'object' || value === null) return []
  const entries = Object.entries(value)
  const texts = entries.filter((one): one is [string, string] => typeof one[1] === 'string')
  return entries.flatMap(([key, one]) => numbersIn(one, [...at, key], Object.fromEntries(texts)))
}

/** A store with a device for each chart, none of which calls any more. */
async function fill(path: string): Promise<void> {
  await using stack = new AsyncDisposableStack()
  const store = unwrap(
    await openStore(
      { kind: 'sqlite', path },
      { clock: { now: () => NOW }, ring: aRing(1), initialSettings: { enforcement: 'recording' } },
    ),
  )
  stack.defer(() => store.close())
  const at = { at: NOW }
  const notAfter = (days: number) => (NOW + days * DAY + DAY / 2) as Instant
  unwrap(
    await store.inventory.import(ADMIN, [
      { id: 'inv-1', class: 'ios-maw' },
      { id: 'host', pending: true },
    ]),
  )
  unwrap(
    await store.sightings.record([
      aSighting(aCertificate('a', { setting: 'Fleet', notAfter: notAfter(5) }), at),
      aSighting(aCertificate('b', { setting: 'Fleet', notAfter: notAfter(400) }), {
        ...at,
        approvesItself: true,
      }),
      aSighting(aCertificate('c', { setting: 'Old Fleet', notAfter: notAfter(100) }), {
        ...at,
        class: undefined,
      }),
      // Of a CA that is trusted no more, and too long expired.
      aSighting(aCertificate('d', { setting: 'Gone', notAfter: notAfter(100) }), at),
      aSighting(aCertificate('e', { setting: 'Old Fleet', notAfter: notAfter(-50) }), {
        ...at,
        verdict: 'refuse',
        code: 'expired',
        authentication: 'failed',
      }),
      aSighting(undefined, {
        ...at,
        count: 3,
        row: 'device',
        code: 'no-certificate',
        authentication: 'no-info',
        wouldRefuse: true,
        reportedId: 'inv-1',
      }),
    ]),
  )
  const [host] = unwrap(
    await store.devices.list({
      filter: { text: 'host' },
      order: 'first-seen',
      limit: 1,
      minimums: [],
    }),
  ).items
  unwrap(await store.silentDevices.mark(ADMIN, host?.id ?? '', 'the server itself'))
}

/** Both as one front end said them, which is started once. */
let shown: Promise<{ readonly text: string; readonly body: unknown }> | undefined
const show = () => (shown ??= read())

async function read() {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-numbers-'))
  await using stack = new AsyncDisposableStack()
  stack.defer(() => rmSync(folder, { recursive: true, force: true }))
  const store = join(folder, 'store.sqlite')
  await fill(store)
  const on = stack.use(await frontEnd({ store, yaml: { trust: TRUST, enforcement: ' recording' } }))
  await expect.poll(() => on.text('/metrics')).toContain('tfe_devices ')
  const text = await on.text('/metrics')
  return { text, body: (await on.call('GET', '/api/charts')).body }
}

test('each number of the charts is a metric of the same value', async () => {
  const { text, body } = await show()
  const numbers = numbersIn(body).filter(([at]) => !CONSTANT.test(at))
  expect(numbers.length).toBeGreaterThan(20)
  for (const [at, value, beside] of numbers) {
    const metric = METRICS.find(([place]) => place.test(at))?.[1](beside)
    // A chart that shows a new number fails here until it is a metric.
    expect([at, metric && valueIn(text, ...metric)]).toEqual([at, value])
  }
  // Nothing above compares noughts alone.
  const kinds = new Set(numbers.filter(([, value]) => value > 0).map(([at]) => at.split('.').at(0)))
  expect(kinds).toEqual(
    new Set([
      'devices',
      'readiness',
      'success_rate',
      'approval',
      'migration',
      'classes',
      'callers',
    ]),
  )
})

test('devices that are silent since the start are counted by when their certificates expire', async () => {
  const { text } = await show()
  const expiring = ['0-7d', '8-30d', '61-270d', 'later', 'expired'] as const
  expect(expiring.map((expires) => valueIn(text, 'tfe_devices_by_expiry', { expires }))).toEqual([
    1, 0, 1, 1, 1,
  ])
})

test('what is left of a previously trusted CA is a metric, and so is its sunset', async () => {
  const { text } = await show()
  const setting = { setting: 'Old Fleet' }
  expect(valueIn(text, 'tfe_previously_trusted_devices', setting)).toBe(1)
  expect(valueIn(text, 'tfe_previously_trusted_sunset_timestamp_seconds', setting)).toBe(
    Date.parse(SUNSET) / 1000,
  )
})

test('the metrics of the fleet keep to the conventions', async () => {
  const { text } = await show()
  expect(conventionFaults(readExposition(text))).toEqual([])
})

test.skipIf(!isCommand('promtool'))('promtool finds nothing in them', async () => {
  const { text } = await show()
  expect(promtoolFindings(text)).toEqual([])
})
