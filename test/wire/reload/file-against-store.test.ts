/**
 * A configuration file that says another thing than the store (decision 30), with real devices. Before, each of these
 * reloads was answered "applied", `standing: distrusted` included, and the device was still admitted with 200.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Instant } from '../../../src/kernel/types.ts'
import { openStore, type Store } from '../../../src/store/store.ts'
import type { Leaf } from '../../support/certificates/mint.ts'
import { Device } from '../../support/devices/device.ts'
import { clientTls, fleet, product, type Product } from '../../support/front-ends/product.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'

const REQUEST = 'GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n'
const FLEET = "{ name: Fleet, standing: current, chain: 'file:fleet.pem' }"
const OLD =
  "{ name: Old Fleet, standing: previously-trusted, retiredAt: 2100-01-01T00:00:00Z, chain: 'file:previous.pem' }"

/** A folder of its own outlives a front end, so that the next one starts with the same store. */
class World implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'tfe-one-truth-'))
  readonly #upstream = rawUpstream(upstreamTlsOptions, answering(OK))

  async start(settings: readonly string[], yaml: Readonly<Record<string, string>> = {}) {
    return await product(await this.options(settings, yaml))
  }

  async options(settings: readonly string[], yaml: Readonly<Record<string, string>> = {}) {
    return {
      upstreamPort: (await this.#upstream).port,
      yaml: {
        store: ` { sqlite: '${join(this.folder, 'tfe.sqlite')}' }`,
        trust: `\n  enrollmentSettings:\n${settings.map((one) => `    - ${one}\n`).join('')}`,
        ...yaml,
      },
    }
  }

  async [Symbol.asyncDispose]() {
    await (await this.#upstream)[Symbol.asyncDispose]()
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** As another program opens it. */
  async store(): Promise<Store & AsyncDisposable> {
    const opened = await openStore(
      { kind: 'sqlite', path: join(this.folder, 'tfe.sqlite') },
      {
        clock: { now: () => Date.now() as Instant },
        ring: { keys: new Map() },
        initialSettings: undefined,
      },
    )
    if (!opened.ok) throw new Error(opened.failure.kind)
    return { ...opened.value, [Symbol.asyncDispose]: () => opened.value.close() }
  }

  async standings(): Promise<Readonly<Record<string, string>>> {
    await using store = await this.store()
    const all = await store.enrollment.list()
    if (!all.ok) throw new Error(all.failure.kind)
    return Object.fromEntries(all.value.map(({ name, standing }) => [name, standing.kind]))
  }
}

async function verdict({ port }: Product, leaf: Leaf): Promise<string> {
  await using device = await Device.to(port, clientTls(port, leaf))
  device.send(REQUEST)
  return (await device.response()).startLine.split(' ')[1] ?? ''
}

const text = async ({ statusPort }: Product, path: string): Promise<string> =>
  (await fetch(`http://127.0.0.1:${statusPort}${path}`)).text()

const errors = ({ lines }: Product) => lines.filter(({ level }) => level === 'error')

/** The file's words that hold, and the command that each is told with. */
const STRICTER = [
  {
    what: 'distrusts a CA that the store trusts',
    settings: [FLEET, "{ name: Old Fleet, standing: distrusted, chain: 'file:previous.pem' }"],
    command: "`tfe ca distrust 'Old Fleet'`",
    verdict: '403',
  },
  {
    what: 'has removed a CA that the store trusts',
    settings: [FLEET, "{ name: Old Fleet, standing: removed, chain: 'file:previous.pem' }"],
    command: "`tfe ca remove 'Old Fleet'`",
    verdict: '403',
  },
  {
    what: 'ends a CA earlier than the store',
    settings: [
      FLEET,
      "{ name: Old Fleet, standing: previously-trusted, retiredAt: 2020-01-01T00:00:00Z, sunset: 2021-01-01T00:00:00Z, chain: 'file:previous.pem' }",
    ],
    command: "`tfe ca amend 'Old Fleet' --sunset 2021-01-01T00:00:00.000Z`",
    verdict: '403',
  },
] as const

for (const { what, settings, command, verdict: expected } of STRICTER) {
  test(`a file that ${what} refuses a reload, and holds at a start, unstored`, async () => {
    await using world = new World()
    {
      await using frontEnd = await world.start([FLEET, OLD])
      expect(await verdict(frontEnd, fleet.old)).toBe('200')
      const outcome = await frontEnd.reload(await world.options(settings))
      expect(outcome.kind).toBe('refused')
      const faults = outcome.kind === 'refused' ? outcome.faults : []
      expect(faults).toHaveLength(1)
      expect(faults[0]?.at).toMatch(/tfe\.yaml:\d+:\d+/u)
      expect(faults[0]?.message).toContain(`run ${command}`)
      // What served before the reload serves on.
      expect(await verdict(frontEnd, fleet.old)).toBe('200')
      expect(await text(frontEnd, '/metrics')).toMatch(/^tfe_config_held_differences 0$/mu)
    }
    const before = await world.standings()
    await using frontEnd = await world.start(settings)
    expect(await verdict(frontEnd, fleet.old)).toBe(expected)
    // Narrowing: no other device is concerned.
    expect(await verdict(frontEnd, fleet.device)).toBe('200')
    expect(await world.standings()).toEqual(before)
    expect(errors(frontEnd)).toHaveLength(1)
    expect(String(errors(frontEnd)[0]?.['msg'])).toContain(command)
    const ready = await text(frontEnd, '/readyz')
    expect(ready).toMatch(/^ready\n/u)
    expect(ready).toContain('the configuration file is stricter than the store')
    expect(await text(frontEnd, '/metrics')).toMatch(/^tfe_config_held_differences 1$/mu)
    // The same file again is no news; one that says less is taken, and the store's word is in force again.
    expect((await frontEnd.reload(await world.options(settings))).kind).toBe('unchanged')
    expect((await frontEnd.reload(await world.options([FLEET, OLD]))).kind).toBe('applied')
    expect(await verdict(frontEnd, fleet.old)).toBe('200')
    expect(await text(frontEnd, '/readyz')).toBe('ready\n')
  })
}

test('a command makes the store say it, and the same reload is applied without a difference', async () => {
  await using world = new World()
  await using frontEnd = await world.start([FLEET, OLD])
  const next = await world.options(STRICTER[0].settings)
  expect((await frontEnd.reload(next)).kind).toBe('refused')
  await using store = await world.store()
  const by = { who: 'test', from: 'test' }
  expect((await store.enrollment.distrust(by, 'Old Fleet', 'any')).ok).toBe(true)
  await frontEnd.waitForLine(({ msg }) => msg === 'a change of the store is in force')
  expect(await frontEnd.reload(next)).toEqual({ kind: 'applied', from: 2, to: 3 })
  expect(await verdict(frontEnd, fleet.old)).toBe('403')
})

test('a CA that the file alone distrusts refuses a reload, and admits no device after a start', async () => {
  await using world = new World()
  const settings = [FLEET, "{ name: Stolen, standing: distrusted, chain: 'file:previous.pem' }"]
  {
    await using frontEnd = await world.start([FLEET, OLD])
    const outcome = await frontEnd.reload(await world.options([...settings, OLD]))
    const faults = outcome.kind === 'refused' ? outcome.faults : []
    // The store knows its chain by another name, and can be told by that.
    expect(faults.map(({ message }) => message)).toEqual([
      expect.stringContaining("run `tfe ca distrust 'Old Fleet'`"),
    ])
  }
  await using frontEnd = await world.start([...settings, OLD])
  expect(await verdict(frontEnd, fleet.old)).toBe('403')
  expect(await verdict(frontEnd, fleet.device)).toBe('200')
})

const LOOSER = [
  {
    what: 'still calls previously trusted what the store distrusts',
    settings: [FLEET, OLD],
    change: (store: Store) =>
      store.enrollment.distrust({ who: 'test', from: 'test' }, 'Old Fleet', 'any'),
    named: 'found standing: previously-trusted of Old Fleet, and the store says distrusted',
  },
  {
    what: 'has no sunset where the store has one',
    settings: [FLEET, OLD],
    change: (store: Store) =>
      store.enrollment.amend({ who: 'test', from: 'test' }, 'Old Fleet', {
        expected: 'any',
        retirement: { sunset: Date.parse('2021-01-01T00:00:00Z') as Instant },
      }),
    named:
      'found no sunset of Old Fleet, and the store says sunset: 2021-01-01T00:00:00.000Z, which is in force; run `tfe ca amend',
  },
]

for (const { what, settings, change, named } of LOOSER) {
  test(`a file that ${what} is applied, named, and admits no device`, async () => {
    await using world = new World()
    await using frontEnd = await world.start(settings)
    {
      await using store = await world.store()
      expect((await change(store)).ok).toBe(true)
    }
    await frontEnd.waitForLine(({ msg }) => String(msg).startsWith(named))
    const outcome = await frontEnd.reload(await world.options(settings, { grace: ' 20d' }))
    expect(outcome).toMatchObject({
      kind: 'applied',
      differences: [{ message: expect.stringContaining(named) as unknown }],
    })
    expect(await verdict(frontEnd, fleet.old)).toBe('403')
    expect(errors(frontEnd)).toEqual([])
  })
}

test('a file from which a setting in force has vanished is refused, and is taken once a command removed it', async () => {
  await using world = new World()
  await using frontEnd = await world.start([FLEET, OLD])
  const outcome = await frontEnd.reload(await world.options([FLEET]))
  const faults = outcome.kind === 'refused' ? outcome.faults : []
  expect(faults.map(({ message }) => message)).toEqual([
    expect.stringContaining('found no enrollment setting Old Fleet, which is in force'),
  ])
  expect(await verdict(frontEnd, fleet.old)).toBe('200')
  await using store = await world.store()
  const removal = { expected: 'any', force: true } as const
  const by = { who: 'test', from: 'test' }
  expect((await store.enrollment.remove(by, 'Old Fleet', removal)).ok).toBe(true)
  await frontEnd.waitForLine(({ msg }) => msg === 'a change of the store is in force')
  expect((await frontEnd.reload(await world.options([FLEET]))).kind).toBe('applied')
  expect(await verdict(frontEnd, fleet.old)).toBe('403')
})

test('a file in which a setting was renamed is refused: it would lose what hangs on the name', async () => {
  await using world = new World()
  await using frontEnd = await world.start([FLEET, OLD])
  const renamed = OLD.replace('Old Fleet', 'Older Fleet')
  const outcome = await frontEnd.reload(await world.options([FLEET, renamed]))
  expect(outcome.kind).toBe('refused')
})

test('required in the file refuses a reload of a store that records; a start holds it, and it goes with its line', async () => {
  await using world = new World()
  const recording = { enforcement: ' recording' }
  {
    await using frontEnd = await world.start([FLEET, OLD], recording)
    expect(await verdict(frontEnd, fleet.unknown)).toBe('200')
    const outcome = await frontEnd.reload(
      await world.options([FLEET, OLD], { enforcement: ' required' }),
    )
    const faults = outcome.kind === 'refused' ? outcome.faults : []
    expect(faults.map(({ message }) => message)).toEqual([
      expect.stringContaining('run `tfe enforce require`'),
    ])
    expect(await verdict(frontEnd, fleet.unknown)).toBe('200')
  }
  await using frontEnd = await world.start([FLEET, OLD], { enforcement: ' required' })
  expect(await verdict(frontEnd, fleet.unknown)).toBe('403')
  expect(errors(frontEnd)).toHaveLength(1)
  expect(await text(frontEnd, '/metrics')).toMatch(
    /^tfe_certificates_required\{said_by="file"\} 1$/mu,
  )
  {
    await using store = await world.store()
    expect(await store.enforcement.current()).toMatchObject({ value: { state: 'recording' } })
  }
  expect((await frontEnd.reload(await world.options([FLEET, OLD], recording))).kind).toBe('applied')
  expect(await verdict(frontEnd, fleet.unknown)).toBe('200')
})

test('recording in the file of a latched store is named, and admits no stranger', async () => {
  await using world = new World()
  await using frontEnd = await world.start([FLEET, OLD], { enforcement: ' recording' })
  await using store = await world.store()
  const retention = { saveAuthentication: false, saveDecryption: false }
  const by = { who: 'test', from: 'test' }
  expect((await store.enforcement.require(by, retention, 'any')).ok).toBe(true)
  await frontEnd.waitForLine(
    ({ level, msg }) =>
      level === 'warn' &&
      String(msg).startsWith(
        'found enforcement: recording, and the store says that certificates are required for good',
      ),
  )
  expect(await verdict(frontEnd, fleet.unknown)).toBe('403')
  expect(await text(frontEnd, '/metrics')).toMatch(
    /^tfe_certificates_required\{said_by="latch"\} 1$/mu,
  )
})

test('without a store the file is all there is: what it says stricter is applied', async () => {
  await using world = new World()
  const none = { store: ' { dangerousNone: true }' }
  await using frontEnd = await world.start([FLEET, OLD], none)
  const next = await world.options(STRICTER[0].settings, none)
  expect((await frontEnd.reload(next)).kind).toBe('applied')
  expect(await verdict(frontEnd, fleet.old)).toBe('403')
})
