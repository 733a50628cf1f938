/**
 * What changes while serving: the orders that every process has, one change at a time, whoever asks for it: a person
 * with a new configuration, the store with new rules, the clock with a new ticket secret.
 */
import { randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { Config, Loaded } from '../../config/config.ts'
import type { Fault, Instant, Result } from '../../kernel/types.ts'
import type { StoreRules } from '../../state/rules.ts'
import { buildWorld, type World } from '../../state/world.ts'
import { announceDangers } from '../announce.ts'
import type { Crew } from '../workers/pool.ts'
import { fixedFaults } from './fixed-settings.ts'
import type { OpenLog } from '../log.ts'
import type { ReloadCount } from './metrics.ts'
import type { Revocation } from '../revocation/revocation.ts'
import { Rotation } from './ticket-rotation.ts'
import type { TicketSecret, TicketSource } from './shared-ticket-secret.ts'
import type { Orders } from '../process/process-config.ts'

/** What a reload came to. */
export type ReloadOutcome =
  | { readonly kind: 'applied'; readonly from: number; readonly to: number }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'refused'; readonly faults: readonly Fault[] }

export interface ReignDeps {
  readonly crew: Crew
  readonly journal: OpenLog
  readonly counted: ReloadCount
  readonly revocation: Revocation
  /** Where the secret behind session tickets comes from. */
  readonly tickets: TicketSource
  /** The store's rules, worked out anew for a file that states other things. */
  rulesFor(config: Config): Promise<StoreRules | undefined>
}

/** What it begins with. */
export interface Beginning {
  /** As the file has it; the world is what it amounts to under the rules. */
  readonly config: Config
  readonly rules: StoreRules | undefined
  readonly world: World
  readonly tickets: TicketSecret
}

/** One per front end, in the process that gives the orders. */
export class Reign {
  orders: Orders
  /** What the orders amount to, as this process built it. */
  world: World
  builtAt = Date.now() as Instant
  begun = false
  draining = false
  readonly rotation: Rotation
  readonly #deps: ReignDeps
  #turn: Promise<unknown> = Promise.resolve()

  constructor({ world, config, rules, tickets }: Beginning, deps: ReignDeps) {
    this.orders = {
      config,
      version: 1,
      ticketSecret: tickets.secret,
      accountKey: randomBytes(SECRET_OCTETS),
      rules,
    }
    this.world = world
    this.#deps = deps
    this.rotation = new Rotation(() => this.#rotate())
    this.rotation.replaced(tickets.age)
  }

  /** One at a time: a second trigger waits for the first to end. */
  reload(next: Result<Loaded, readonly Fault[]>): Promise<ReloadOutcome> {
    return this.#next(() => this.#reload(next))
  }

  /** The store has other rules for the whole fleet. What they say of the latch and of CAs is in force before this resolves. */
  rule(rules: StoreRules): Promise<ReloadOutcome> {
    return this.#next(async () => {
      if (this.draining) return { kind: 'unchanged' }
      const outcome = await this.#order(this.orders.config, rules, [])
      const { log } = this.#deps.journal
      const facts = { revision: rules.revision, ...outcome }
      if (outcome.kind === 'refused') {
        log.error(facts, 'a change of the store is not in force: the rules before it are')
      } else log.info(facts, 'a change of the store is in force')
      return outcome
    })
  }

  end(): void {
    this.draining = true
    this.rotation.end()
    this.#deps.revocation.close()
  }

  #next<Value>(work: () => Promise<Value>): Promise<Value> {
    const outcome = this.#turn.then(work)
    this.#turn = outcome.catch(() => undefined)
    return outcome
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
    if (faults.length > 0) {
      const world = buildWorld(config, Date.now() as Instant, { rules: this.orders.rules })
      return { kind: 'refused', faults: world.ok ? faults : [...faults, ...world.failure] }
    }
    return this.#order(config, await this.#deps.rulesFor(config), warnings)
  }

  /** Builds it here first: what this process can build, every worker can, so that no half of a crew moves on alone. */
  async #order(
    config: Config,
    rules: StoreRules | undefined,
    warnings: readonly Fault[],
  ): Promise<ReloadOutcome> {
    const { crew, revocation, journal } = this.#deps
    const world = buildWorld(config, Date.now() as Instant, { rules })
    if (!world.ok) return { kind: 'refused', faults: world.failure }
    for (const { at, message } of [...warnings, ...world.value.warnings]) {
      journal.log.warn({ at }, message)
    }
    const from = this.orders.version
    const orders = { ...this.orders, config, rules, version: from + 1 }
    // New lists first: under hard-fail a setting without its list would turn away its devices.
    await revocation.adopt(world.value)
    const answer = await crew.reload(orders)
    if (answer.kind === 'refused') {
      // The lists of the world that serves on.
      await revocation.restore(this.world)
      return answer
    }
    announceDangers(world.value.config, this.world.config, journal)
    this.orders = orders
    this.world = world.value
    this.builtAt = Date.now() as Instant
    revocation.release(world.value)
    revocation.refresh()
    return { kind: 'applied', from, to: orders.version }
  }

  /** A secret of the store was replaced: perhaps the one behind session tickets, by another replica. */
  sealed(): void {
    this.#retell(() => this.#deps.tickets.look())
  }

  #rotate(): void {
    this.#retell(() => this.#deps.tickets.replace())
  }

  #retell(next: () => Promise<TicketSecret | undefined>): void {
    this.#next(async () => {
      if (this.draining) return
      const tickets = await next()
      if (tickets === undefined) return
      const old = this.orders.ticketSecret
      this.orders = { ...this.orders, ticketSecret: tickets.secret }
      this.rotation.replaced(tickets.age)
      try {
        await this.#deps.crew.reload(this.orders)
        this.#deps.journal.log.info({}, 'ticket secret replaced')
      } finally {
        old.fill(0)
      }
    }).catch((error: unknown) =>
      this.#deps.journal.log.error({ err: error }, 'ticket rotation failed'),
    )
  }
}

const SECRET_OCTETS = 32
