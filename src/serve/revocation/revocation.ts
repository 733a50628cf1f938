/**
 * Revocation lists while serving: one process fetches, every process judges. With workers it is the primary that
 * fetches: one connection per list and machine, and one voice about what is in force.
 */
import type { Config } from '../../config/config.ts'
import type { Instant, Millis } from '../../kernel/types.ts'
import { explainList } from '../../revoke/failure.ts'
import type { Attempt, Watched, World as Surroundings } from '../../revoke/keeper.ts'
import { placeOf, Registry, type Bulletin } from '../../revoke/registry.ts'
import { watchedIn, type Chains } from '../../state/watched.ts'
import type { OpenLog } from '../log.ts'
import { RevocationMetrics } from './metrics.ts'

/** What this needs from the house. */
export interface RevocationDeps {
  readonly journal: OpenLog
  revise(bulletin: Bulletin): void
}

export class Revocation {
  readonly #registry: Registry
  readonly #metrics = new RevocationMetrics()
  readonly #journal: OpenLog
  #config: Config | undefined

  constructor(deps: RevocationDeps) {
    this.#journal = deps.journal
    this.#registry = new Registry(
      {
        changed: (bulletin) => deps.revise(bulletin),
        tried: (watched, attempt) => this.#tried(watched, attempt),
      },
      SURROUNDINGS,
    )
  }

  /** Keeps the lists of this world, too; the first attempt at each new one is waited for, within reason. */
  async adopt(world: Chains): Promise<void> {
    this.#config = world.config
    await this.#registry.adopt(watchedIn(world), PATIENCE_MS)
  }

  /** This world is in force: what only the ones before it asked for is let go. */
  release(world: Chains): void {
    this.#registry.release(watchedIn(world))
  }

  /** This world stays in force: what its successor had asked for is let go. */
  async restore(world: Chains): Promise<void> {
    await this.adopt(world)
    this.release(world)
  }

  /** Asks for every list now. */
  refresh(): void {
    this.#registry.refresh()
  }

  /** A sentence where a list that must be there never was. */
  unready(): string | undefined {
    const hard = this.#config?.trust.enrollmentSettings.filter(
      ({ crl, standing }) => crl?.failure === 'hard-fail' && standing.kind !== 'distrusted',
    )
    const missing = this.#registry.facts().find(({ setting, inForce }) => {
      return inForce === undefined && hard?.some(({ name }) => name === setting)
    })
    if (missing === undefined) return undefined
    return `list ${missing.number} of what ${missing.setting} has revoked was never read`
  }

  text(): Promise<string> {
    return this.#metrics.text(this.#registry.facts(), Date.now())
  }

  close(): void {
    this.#registry.close()
  }

  #tried(watched: Watched, attempt: Attempt): void {
    this.#metrics.tried(watched, attempt)
    const { log } = this.#journal
    const where = { setting: watched.setting, list: placeOf(watched.source) }
    if (attempt.kind === 'applied') {
      const { thisUpdate, nextUpdate, entries } = attempt.crl
      const facts = {
        entries: entries.count,
        this_update: new Date(thisUpdate).toISOString(),
        next_update: new Date(nextUpdate).toISOString(),
      }
      log.info({ ...where, ...facts }, 'revocation list in force')
    }
    if (attempt.kind !== 'failed') return
    const { sentence, nextStep } = explainList(attempt.why)
    const facts = { code: attempt.why.kind, reason: sentence, next_step: nextStep }
    log.warn({ ...where, ...facts }, 'revocation list not taken: the one before stays in force')
  }
}

const SURROUNDINGS: Surroundings = {
  clock: { now: () => Date.now() as Instant },
  chance: () => Math.random(),
  after(wait, run) {
    const timer = setTimeout(run, wait)
    // Nothing to wait for when all else has ended.
    timer.unref()
    return () => clearTimeout(timer)
  },
}

/** A start or a reload that waits longer looks stuck; a list that is later takes effect when it comes. */
const PATIENCE_MS = 10_000 as Millis
