/**
 * A front end from its start to its end: the crew, the status listener, the rotation of tickets and the reloads,
 * written once for one process and for many.
 */
import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { isDeepStrictEqual } from 'node:util'
import type { Loaded } from '../config/config.ts'
import { fail, ok, type Fault, type Instant, type Result } from '../kernel/types.ts'
import { Forecast } from '../record/forecast.ts'
import { buildWorld } from '../state/world.ts'
import { clusterCrew } from './cluster-crew.ts'
import type { Crew, Orders } from './crew.ts'
import { localCrew } from './local-crew.ts'
import type { OpenLog } from './log.ts'
import { ReloadCount } from './reload-count.ts'
import { Revocation } from './revocation.ts'
import { Rotation } from './rotation.ts'
import { explainRuntime, type TlsVersion } from './runtime-fault.ts'
import { runtimeFault, type Observe } from './self-test.ts'
import { statusListener } from './status-listener.ts'

/** What a reload came to. */
export type ReloadOutcome =
  | { readonly kind: 'applied'; readonly from: number; readonly to: number }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'refused'; readonly faults: readonly Fault[] }

/** A front end that serves. */
export interface Serving {
  readonly ports: Readonly<Record<string, number>>
  readonly statusPort: number
  reload(next: Result<Loaded, readonly Fault[]>): Promise<ReloadOutcome>
  drain(): Promise<void>
}

/** How the crew is made up; `entry` is what a worker runs. */
export interface ServingOptions {
  readonly journal: OpenLog
  readonly entry: { readonly script: string; readonly args: readonly string[] }
  /** How the self-test looks at a peer; what a runtime shows unless a test plays another one. */
  readonly observe?: Observe
}

/** Starts everything a configuration asks for, or says what stands in the way and leaves nothing running. */
export async function startServing(
  loaded: Loaded,
  { journal, entry, observe }: ServingOptions,
): Promise<Result<Serving, readonly Fault[]>> {
  const { config } = loaded
  const world = buildWorld(config, Date.now() as Instant)
  if (!world.ok) return world
  tell(journal, [...loaded.warnings, ...world.value.warnings])
  for (const { kind, at, sentence } of config.dangers) {
    journal.log.warn({ dangerous: kind, at }, sentence)
  }
  const size = config.workers === 'auto' ? availableParallelism() : config.workers
  const unshared = size === 1 ? [] : portFaults(config)
  if (unshared.length > 0) return fail(unshared)
  const tested = performance.now()
  const unfit = await runtimeFaults(config, observe)
  if (unfit.length > 0) return fail(unfit)
  const selfTestMs = Math.round(performance.now() - tested)
  const crew = size === 1 ? localCrew(journal) : clusterCrew(size, entry, journal)
  const counted = new ReloadCount()
  const revocation = new Revocation({ journal, revise: (bulletin) => crew.revise(bulletin) })
  const state = new State(loaded, { crew, journal, counted, revocation })
  const forecast = new Forecast({
    clock: { now: () => Date.now() as Instant },
    grace: () => state.orders.config.grace,
  })
  const parts = { crew, counted, revocation, state, forecast }
  const status = await listenForStatus(config.metrics, parts)
  if (!status.ok) return status
  await revocation.adopt(world.value)
  const answer = await crew.start(state.orders, {
    lockedOut: () => state.rotation.soon(),
    sighted: (sightings, lost) => forecast.sighted(sightings, lost),
  })
  if (answer.kind === 'refused') {
    state.end()
    await crew.drain()
    await status.value.close()
    return fail(answer.faults)
  }
  state.begun = true
  const { ports } = answer
  journal.log.info(
    { workers: size, ports, status_port: status.value.port, self_test_ms: selfTestMs },
    'serving',
  )
  return ok({
    ports,
    statusPort: status.value.port,
    reload: (next) => state.reload(next),
    async drain() {
      state.end()
      journal.log.info({}, 'draining')
      await crew.drain()
      await status.value.close()
      journal.log.info({}, 'drained')
      await journal.end()
    },
  })
}

/** Whether this runtime can be leaned on, over every version that some listener speaks. */
async function runtimeFaults(
  { listeners }: Loaded['config'],
  observe: Observe | undefined,
): Promise<readonly Fault[]> {
  const spoken = VERSIONS.filter((version) =>
    listeners.some(({ tls }) => tls.minVersion <= version && version <= tls.maxVersion),
  )
  const fault = await runtimeFault(spoken, observe)
  if (fault === undefined) return []
  const { node, openssl } = process.versions
  const { sentence, nextStep } = explainRuntime(fault, `Node ${node} (OpenSSL ${openssl})`)
  return [{ at: fault.kind, message: `${sentence}; ${nextStep}` }]
}

const VERSIONS: readonly TlsVersion[] = ['TLSv1.2', 'TLSv1.3']

/** The system would choose another port for each worker. */
function portFaults({ listeners }: Loaded['config']): readonly Fault[] {
  return listeners
    .filter(({ port }) => port === 0)
    .map(({ at, name }) => ({
      at,
      message: `found port 0 for listener ${name} and several workers, wanted one port for all: name a port, or set \`workers: 1\``,
    }))
}

interface StateDeps {
  readonly crew: Crew
  readonly journal: OpenLog
  readonly counted: ReloadCount
  readonly revocation: Revocation
}

/** What changes while serving: the orders, one reload at a time. */
class State {
  orders: Orders
  begun = false
  draining = false
  readonly rotation: Rotation
  readonly #deps: StateDeps
  #turn: Promise<unknown> = Promise.resolve()

  constructor({ config }: Loaded, deps: StateDeps) {
    const [ticketSecret, accountKey] = [randomBytes(SECRET_OCTETS), randomBytes(SECRET_OCTETS)]
    this.orders = { config, version: 1, ticketSecret, accountKey, rules: undefined }
    this.#deps = deps
    this.rotation = new Rotation(() => this.#rotate())
  }

  /** One at a time: a second trigger waits for the first to end. */
  reload(next: Result<Loaded, readonly Fault[]>): Promise<ReloadOutcome> {
    const outcome = this.#turn.then(() => this.#reload(next))
    this.#turn = outcome.catch(() => undefined)
    return outcome
  }

  end(): void {
    this.draining = true
    this.rotation.end()
    this.#deps.revocation.close()
  }

  async #reload(next: Result<Loaded, readonly Fault[]>): Promise<ReloadOutcome> {
    const outcome = await this.#apply(next)
    this.#deps.counted.count(outcome.kind)
    const { log } = this.#deps.journal
    if (outcome.kind === 'refused') {
      log.error({ faults: outcome.faults }, 'reload refused: the old configuration serves on')
    } else log.info(outcome, `reload ${outcome.kind}`)
    return outcome
  }

  async #apply(next: Result<Loaded, readonly Fault[]>): Promise<ReloadOutcome> {
    if (!next.ok) return { kind: 'refused', faults: next.failure }
    const { config, warnings } = next.value
    if (isDeepStrictEqual(config, this.orders.config)) {
      // Whoever asks for a reload may be waiting for a revocation.
      this.#deps.revocation.refresh()
      return { kind: 'unchanged' }
    }
    const faults = fixedFaults(this.orders.config, config)
    // Built here first: what this process can build, every worker can, so that no half of a crew moves on alone.
    const world = buildWorld(config, Date.now() as Instant)
    if (!world.ok) return { kind: 'refused', faults: [...faults, ...world.failure] }
    if (faults.length > 0) return { kind: 'refused', faults }
    tell(this.#deps.journal, [...warnings, ...world.value.warnings])
    const from = this.orders.version
    const orders = { ...this.orders, config, version: from + 1 }
    // New lists first: under hard-fail a setting without its list would turn away its devices.
    await this.#deps.revocation.adopt(world.value)
    const answer = await this.#deps.crew.reload(orders)
    if (answer.kind === 'refused') {
      await this.#restore()
      return answer
    }
    this.orders = orders
    this.#deps.revocation.release(world.value)
    this.#deps.revocation.refresh()
    return { kind: 'applied', from, to: orders.version }
  }

  /** The lists of the configuration that serves on. */
  async #restore(): Promise<void> {
    const world = buildWorld(this.orders.config, Date.now() as Instant)
    if (world.ok) await this.#deps.revocation.restore(world.value)
  }

  #rotate(): void {
    this.#turn = this.#turn
      .then(async () => {
        if (this.draining) return
        const old = this.orders.ticketSecret
        this.orders = { ...this.orders, ticketSecret: randomBytes(SECRET_OCTETS) }
        try {
          await this.#deps.crew.reload(this.orders)
          this.#deps.journal.log.info({}, 'ticket secret replaced')
        } finally {
          old.fill(0)
        }
      })
      .catch((error: unknown) =>
        this.#deps.journal.log.error({ err: error }, 'ticket rotation failed'),
      )
  }
}

/** What a reload cannot change, because it is bound or counted: the operator is told rather than half obeyed. */
function fixedFaults(before: Loaded['config'], after: Loaded['config']): readonly Fault[] {
  const faults: Fault[] = []
  if (!isDeepStrictEqual(before.workers, after.workers)) {
    faults.push({
      at: 'workers',
      message: `found ${after.workers}, wanted ${before.workers} as at the start: restart to change it`,
    })
  }
  if (before.log.level !== after.log.level) {
    faults.push({
      at: 'log.level',
      message: `found ${after.log.level}, wanted ${before.log.level} as at the start: restart to change it`,
    })
  }
  const { address, port } = before.metrics
  if (address !== after.metrics.address || port !== after.metrics.port) {
    faults.push({
      at: after.metrics.at,
      message: `found ${after.metrics.address}:${after.metrics.port}, wanted ${address}:${port} as bound: restart to change it`,
    })
  }
  return faults
}

interface StatusParts {
  readonly crew: Crew
  readonly counted: ReloadCount
  readonly revocation: Revocation
  readonly state: State
  readonly forecast: Forecast
}

async function listenForStatus(
  at: Loaded['config']['metrics'],
  { crew, counted, revocation, state, forecast }: StatusParts,
): Promise<Result<Awaited<ReturnType<typeof statusListener>>, readonly Fault[]>> {
  try {
    return ok(
      await statusListener(at, {
        // The forecast last: a scrape makes every process tell whom it saw.
        metrics: async () => {
          const ours = [await crew.scrape(), await counted.text(), await revocation.text()]
          return ours.join('') + (await forecast.text())
        },
        unready: () => {
          if (state.draining) return 'draining'
          return state.begun ? (crew.amiss() ?? revocation.unready()) : 'starting'
        },
      }),
    )
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    const message = `cannot bind ${at.address}:${at.port} for metrics and health (${code}): choose another port, or end what uses it`
    return fail([{ at: at.at, message }])
  }
}

function tell({ log }: OpenLog, warnings: readonly Fault[]): void {
  for (const { at, message } of warnings) log.warn({ at }, message)
}

const SECRET_OCTETS = 32
