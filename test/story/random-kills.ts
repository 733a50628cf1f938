/**
 * Ends the program at moments that follow from a seed: `kill -9` of primary and workers at one blow, a look into the
 * dead store, another start, and everybody who may have been forgotten comes back.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { SeededRandom } from '../support/seeded-random.ts'
import type { StorePlace } from './serve-process.ts'
import { inspectKilledStore } from './killed-store.ts'
import type { Simulation } from './simulation.ts'

/**
 * What was seen this long before a sudden end may be lost with it: two seconds of gathering in a worker, one in the
 * primary, and a transaction, on a machine that is busy. What was seen before that has to be there.
 */
export const LOSS_BOUND_MS = 6000

/** How often, where, and what else dies. */
export interface KillPlan {
  readonly kills: number
  readonly seed: number
  readonly place: StorePlace
  /** The weight of all moments of the story together, or somewhat less. */
  readonly moments: number
  /** Ends the database the hard way and starts it again; the program is dead meanwhile. Nothing where it is a file. */
  readonly database: (() => Promise<void>) | undefined
}

export class RandomKills {
  readonly #simulation: Simulation
  readonly #plan: KillPlan
  readonly #random: SeededRandom
  readonly #moments: number[]
  #passed = 0
  #killed = 0
  #databases = 0
  #made = 0
  #faults = 0
  #isBusy = false
  #killing: Promise<void> = Promise.resolve()
  /** Where the story is. */
  chapter = ''

  constructor(simulation: Simulation, plan: KillPlan) {
    this.#simulation = simulation
    this.#plan = plan
    this.#random = new SeededRandom(plan.seed, 1)
    const { kills, moments } = plan
    this.#moments = Array.from({ length: kills }, () => this.#random.below(moments)).sort(
      (one, other) => one - other,
    )
    simulation.moment = (weight, lastsMs) => this.#moment(weight, lastsMs)
    simulation.participants.say(HEADS)
  }

  /** How it went, as one line. */
  verdict(): { readonly text: string; readonly isWell: boolean } {
    const { kills } = this.#plan
    const isWell = this.#killed === kills && this.#faults === 0
    const text = `${this.#killed} of ${kills} times killed, the database ${this.#databases} times with it; ${this.#made} changes were made and not acknowledged; ${this.#faults} faults in dead stores`
    return { text, isWell }
  }

  /** Settles when every end that was due has come, those that came too close upon each other too, and the program is up. */
  async settle(): Promise<void> {
    for (;;) {
      await this.#killing
      if ((this.#moments[0] ?? Infinity) > this.#passed) return
      this.#moment(0, 1)
    }
  }

  #moment(weight: number, lastsMs: number): void {
    this.#passed += weight
    const next = this.#moments[0]
    if (next === undefined || this.#passed < next || this.#isBusy) return
    this.#moments.shift()
    this.#isBusy = true
    this.#killing = this.#killOnce(this.#random.below(lastsMs)).catch((error: unknown) => {
      this.#simulation.fault(`after a sudden end: ${String(error)}`)
      // Nothing can go on from here.
      process.exitCode = 1
      process.exit()
    })
  }

  async #killOnce(afterMs: number): Promise<void> {
    await pause(afterMs)
    const { promise, resolve } = Promise.withResolvers<void>()
    const simulation = this.#simulation
    const { serveProcess, say } = simulation.participants
    const { chapter } = this
    const during = simulation.pending?.change.path
    simulation.up = promise
    simulation.startCount += 1
    const killedAt = Date.now()
    await serveProcess.kill()
    this.#killed += 1
    const { database, place } = this.#plan
    const isWithDatabase = database !== undefined && this.#random.oneIn(5)
    if (isWithDatabase) {
      await database()
      this.#databases += 1
    }
    const found = await inspectKilledStore(simulation, place)
    this.#faults += found.faults.length
    if (found.pending === 'made') this.#made += 1
    await serveProcess.start()
    const again = simulation.expectedState.forgetSince(killedAt - LOSS_BOUND_MS)
    await simulation.resend(again)
    const cells = [
      String(this.#killed),
      chapter,
      during === undefined ? '-' : `${during}: ${found.pending}`,
      isWithDatabase ? 'yes' : '-',
      String(found.auditRows),
      found.latch,
      String(found.rows),
      String(again.length),
      `${((Date.now() - killedAt) / 1000).toFixed(1)} s`,
      found.faults.length === 0 ? 'whole' : `FAULTY: ${found.faults.join('; ')}`,
    ]
    say(rowOf(cells))
    this.#isBusy = false
    resolve()
  }
}

const WIDTHS = [4, 42, 58, 9, 6, 10, 6, 6, 7, 0]
const rowOf = (cells: readonly string[]): string =>
  `  ${cells.map((cell, index) => cell.padEnd(WIDTHS[index] ?? 0)).join(' ')}`
const HEADS = rowOf([
  'kill',
  'in the chapter',
  'change under way',
  'database',
  'audit',
  'latch',
  'rows',
  'again',
  'took',
  'store',
])
