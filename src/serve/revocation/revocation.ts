/**
 * Revocation lists while serving: one process fetches, every process judges. With workers it is the primary that
 * fetches: one connection per list and machine, and one process that says which lists are in force.
 */
import type { Config } from '../../config/config.ts'
import { PROCESS_LOOKUPS } from '../../forward/connect/name-lookups.ts'
import { explanationFields } from '../../kernel/explanation.ts'
import type { Millis } from '../../kernel/types.ts'
import { explainCrlFailure } from '../../revoke/crl-failure.ts'
import { LIST_FINDINGS } from '../../revoke/departures.ts'
import type { ConfiguredCrl, RefreshPorts, RefreshResult } from '../../revoke/crl-refresher.ts'
import { CrlRegistry, type CrlFacts, type CrlUpdate, type KeptCrls } from '../../revoke/registry.ts'
import { placeOf, placeText } from '../../trust/list-source.ts'
import type { MissingList } from '../../state/missing-lists.ts'
import type { Crl } from '../../x509/crl.ts'
import { printName } from '../../x509/print-name.ts'
import { countText } from '../../kernel/count-text.ts'
import { listWarnings } from '../../state/list-warnings.ts'
import {
  configuredCrls,
  LoadedCrls,
  revocationPolicy,
  type CompiledTrust,
} from '../../state/revocation-policy.ts'
import type { ProcessLogger } from '../log.ts'
import { logStaleName } from '../process/upstream-log.ts'
import { afterUnref, SYSTEM_CLOCK } from '../process/system-clock.ts'
import { RevocationMetrics } from './metrics.ts'

/** What `Revocation` is made with. */
export interface RevocationDeps {
  readonly logger: ProcessLogger
  applyCrlUpdate(update: CrlUpdate): void
  /** What was in force when the store was last told; none without a store. */
  readonly kept?: readonly KeptCrls[] | undefined
  /** Keeps what came into force, so that a restart does not forget it. */
  keep?(place: KeptCrls & { readonly resets: number }): void
}

export class Revocation {
  readonly #registry: CrlRegistry
  readonly #metrics = new RevocationMetrics()
  readonly #logger: ProcessLogger
  #config: Config | undefined
  #missing: readonly MissingList[] = []
  #told: ReadonlySet<string> = new Set()

  constructor(deps: RevocationDeps) {
    this.#logger = deps.logger
    // With workers it is this process that asks for the servers of lists; alone it is the one that serves, which says the same.
    PROCESS_LOOKUPS.onStale = (change) => logStaleName(this.#logger.log, change)
    this.#registry = new CrlRegistry(
      {
        changed: (update) => deps.applyCrlUpdate(update),
        taken: ({ setting, source, resets }, crls) =>
          deps.keep?.({ setting, place: placeOf(source), resets, crls }),
        attempted: (watched, attempt) => this.#logAttempt(watched, attempt),
      },
      ENVIRONMENT,
      deps.kept,
    )
  }

  /** Keeps the lists of this configuration, too; the first attempt at each new one is waited for, up to a bound. */
  async adopt(compiled: CompiledTrust): Promise<void> {
    this.#config = compiled.config
    await this.#registry.add(configuredCrls(compiled), FIRST_READ_TIMEOUT_MS)
  }

  /** This configuration is in force: lists that only the ones before it asked for are dropped. */
  release(compiled: CompiledTrust & { readonly missingLists: readonly MissingList[] }): void {
    this.#registry.retainOnly(configuredCrls(compiled))
    this.#missing = compiled.missingLists
    this.#logWarnings(compiled)
  }

  /** Logs what is new among the warnings about the lists in force: one that stands is said once. */
  #logWarnings(compiled: CompiledTrust): void {
    const policy = revocationPolicy(compiled, this.loaded())
    const warnings = listWarnings(compiled, policy, SYSTEM_CLOCK.now())
    for (const { at, message } of warnings) {
      if (!this.#told.has(message)) this.#logger.log.warn({ at }, message)
    }
    this.#told = new Set(warnings.map(({ message }) => message))
  }

  /** This configuration stays in force: lists that only its refused successor asked for are dropped. */
  async restore(compiled: CompiledTrust): Promise<void> {
    await this.adopt(compiled)
    this.#registry.forgetOthers(configuredCrls(compiled))
  }

  /** Asks for every list now. */
  refresh(): void {
    this.#registry.refresh()
  }

  /** A sentence where a list that must be there never was. */
  notReadyReason(): string | undefined {
    const hard = this.#config?.trust.enrollmentSettings.filter(
      ({ crl, standing }) => crl?.failure === 'hard-fail' && standing.kind !== 'distrusted',
    )
    const missing = this.#registry.facts().find(({ setting, inForce }) => {
      return inForce.length === 0 && hard?.some(({ name }) => name === setting)
    })
    if (missing === undefined) return undefined
    return `revocation list ${missing.number} of setting ${missing.setting} has no list in force`
  }

  /** The lists in force, as the processes that judge have them. */
  loaded(): LoadedCrls {
    const lists = new LoadedCrls()
    for (const { setting, place, crls } of this.#registry.kept()) lists.set(setting, place, crls)
    return lists
  }

  /** What is known about the lists of every setting. */
  facts(): readonly CrlFacts[] {
    return this.#registry.facts()
  }

  /** The lists of a setting that are in force, of every place. */
  crlsInForce(setting: string): readonly Crl[] {
    return this.#registry.crlsOf(setting)
  }

  text(): Promise<string> {
    return this.#metrics.text(this.#registry.facts(), this.#missing, Date.now())
  }

  close(): void {
    this.#registry.close()
  }

  #logAttempt(watched: ConfiguredCrl, attempt: RefreshResult): void {
    this.#metrics.countAttempt(watched, attempt)
    const { log } = this.#logger
    const where = { setting: watched.setting, list: placeText(watched.source) }
    if (attempt.kind === 'applied') {
      for (const { issuer, number, thisUpdate, nextUpdate, entries } of attempt.crls) {
        const facts = {
          issuer: printName(issuer),
          number,
          entries: entries.count,
          this_update: new Date(thisUpdate).toISOString(),
          next_update: new Date(nextUpdate).toISOString(),
        }
        log.info({ ...where, ...facts }, 'revocation list in force')
      }
      const { findings, foreign } = attempt
      if (foreign > 0) {
        const detail = `${countText(foreign, 'list is', 'lists are')} by CAs outside the chain of this enrollment setting`
        log.warn({ ...where, foreign, detail }, 'revocation lists left aside')
      }
      for (const finding of findings) {
        const detail = `the list ${LIST_FINDINGS[finding]}`
        const isOfNumber = finding === 'same-number' || finding === 'no-number'
        const message = isOfNumber
          ? 'revocation list is newer by its time alone'
          : 'revocation list departs from the profile'
        log.warn({ ...where, finding, detail }, message)
      }
    }
    if (attempt.kind !== 'failed') return
    const { kind: code } = attempt.why
    const facts = explanationFields({ code, ...explainCrlFailure(attempt.why) })
    const err = code === 'crl-internal-error' ? { err: attempt.why.error } : {}
    log.warn(
      { ...where, ...facts, ...err },
      'revocation list not taken: the one before stays in force',
    )
  }
}

const ENVIRONMENT: RefreshPorts = {
  clock: SYSTEM_CLOCK,
  chance: () => Math.random(),
  after: afterUnref,
  lookup: PROCESS_LOOKUPS.lookup,
}

/** A start or a reload that waits longer looks stuck; a list that is later takes effect when it comes. */
const FIRST_READ_TIMEOUT_MS = 10_000 as Millis
