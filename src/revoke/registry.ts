/**
 * All revocation lists that the enrollment settings name, each kept current. Says which list is in force where; verdicts
 * are made elsewhere.
 */
import type { Instant, Millis } from '../kernel/types.ts'
import type { Limits, Profile } from '../trust/limits.ts'
import type { Certificate } from '../x509/certificate.ts'
import type { Crl } from '../x509/crl.ts'
import {
  CrlRefresher,
  type RefreshResult,
  type CrlSource,
  type ConfiguredCrl,
  type RefreshPorts,
} from './crl-refresher.ts'

/** The lists of one enrollment setting. */
export interface CrlSetting {
  readonly name: string
  readonly lists: readonly CrlSource[]
  readonly refresh: Millis
  /** The CAs of its chain. */
  readonly authorities: readonly Certificate[]
  readonly limits: Limits
  readonly profile: Profile
}

/** A list in force, or the end of one; `place` is its file or URL. */
export interface CrlUpdate {
  readonly setting: string
  readonly place: string
  readonly crl: Crl | undefined
}

/** What the registry has to say. */
export interface CrlEvents {
  /** Another list is in force. */
  changed(update: CrlUpdate): void
  attempted(configured: ConfiguredCrl, result: RefreshResult): void
}

/** What is known about one list. */
export interface CrlFacts {
  readonly setting: string
  readonly number: number
  readonly place: string
  readonly inForce:
    | { readonly thisUpdate: Instant; readonly nextUpdate: Instant; readonly entries: number }
    | undefined
}

/** The file or URL of a list. */
export const placeOf = (source: CrlSource): string =>
  source.kind === 'file' ? source.path : source.url

export class CrlRegistry {
  readonly #events: CrlEvents
  readonly #ports: RefreshPorts
  readonly #refreshers = new Map<string, CrlRefresher>()

  constructor(events: CrlEvents, ports: RefreshPorts) {
    this.#events = events
    this.#ports = ports
  }

  /**
   * Keeps these lists, too. Settles when each new one was asked for once, or after `timeout`; a slow one goes
   * on arriving. The others stay in force until `retainOnly`: requests may still be judged by them.
   */
  async add(settings: readonly CrlSetting[], timeout: Millis): Promise<void> {
    const fresh: CrlRefresher[] = []
    for (const configured of settings.flatMap(configuredCrls)) {
      const key = keyOf(configured)
      const known = this.#refreshers.get(key)
      const refresher = known ?? this.#create(configured)
      known?.reconfigure(configured)
      this.#refreshers.set(key, refresher)
      if (refresher.crl === undefined) fresh.push(refresher)
    }
    await this.#awaitFirst(timeout, fresh)
  }

  /** Keeps no others than these any more. */
  retainOnly(settings: readonly CrlSetting[]): void {
    const kept = new Set(settings.flatMap(configuredCrls).map(keyOf))
    for (const [key, refresher] of this.#refreshers) {
      if (kept.has(key)) continue
      this.#refreshers.delete(key)
      this.#remove(refresher)
    }
  }

  /** Asks for all lists at once, whenever they would have been due. */
  refresh(): void {
    for (const refresher of this.#refreshers.values()) void refresher.refresh()
  }

  facts(): readonly CrlFacts[] {
    return [...this.#refreshers.values()].map(({ configured, crl }) => ({
      setting: configured.setting,
      number: configured.number,
      place: placeOf(configured.source),
      inForce: crl && factsOf(crl),
    }))
  }

  close(): void {
    for (const refresher of this.#refreshers.values()) refresher.close()
  }

  #create(configured: ConfiguredCrl): CrlRefresher {
    return new CrlRefresher(configured, this.#ports, (of, result) => {
      if (result.kind === 'applied') {
        this.#events.changed({ setting: of.setting, place: placeOf(of.source), crl: result.crl })
      }
      this.#events.attempted(of, result)
    })
  }

  #remove(refresher: CrlRefresher): void {
    refresher.close()
    const { setting, source } = refresher.configured
    this.#events.changed({ setting, place: placeOf(source), crl: undefined })
  }

  async #awaitFirst(timeout: Millis, refreshers: readonly CrlRefresher[]): Promise<void> {
    if (refreshers.length === 0) return
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const cancel = this.#ports.after(timeout, resolve)
    await Promise.race([late, Promise.all(refreshers.map((refresher) => refresher.refresh()))])
    cancel()
  }
}

const factsOf = ({ thisUpdate, nextUpdate, entries: { count } }: Crl) => ({
  thisUpdate,
  nextUpdate,
  entries: count,
})

const keyOf = ({ setting, source }: ConfiguredCrl): string => `${setting}\n${placeOf(source)}`

const configuredCrls = ({ name, lists, ...rest }: CrlSetting): readonly ConfiguredCrl[] =>
  lists.map((source, index) => ({ setting: name, number: index + 1, source, ...rest }))
