/**
 * All revocation lists that the enrollment settings name, each kept current. Says which list is in force where; verdicts
 * are made elsewhere.
 */
import type { Instant, Millis } from '../kernel/types.ts'
import type { Limits, Profile } from '../trust/limits.ts'
import type { Certificate } from '../x509/certificate.ts'
import type { Crl } from '../x509/crl.ts'
import { placeOf, type ListSource } from '../trust/list-source.ts'
import { newestOfEach } from '../trust/revocation.ts'
import { printName } from '../x509/print-name.ts'
import type { CrlFailure } from './crl-failure.ts'
import {
  CrlRefresher,
  type RefreshResult,
  type ConfiguredCrl,
  type RefreshPorts,
} from './crl-refresher.ts'

/** The lists of one enrollment setting. */
export interface CrlSetting {
  readonly name: string
  readonly lists: readonly ListSource[]
  readonly refresh: Millis
  readonly resets: number
  /** The CAs of its chain. */
  readonly authorities: readonly Certificate[]
  readonly limits: Limits
  readonly profile: Profile
}

/** The lists in force of one place, all of them; none where the place is no more. */
export interface CrlUpdate {
  readonly setting: string
  readonly place: string
  readonly crls: readonly Crl[]
}

/** The lists that were in force in a place when this program, or one before it, last took any there. */
export interface KeptCrls {
  readonly setting: string
  readonly place: string
  readonly crls: readonly Crl[]
}

/** What the registry has to say. */
export interface CrlEvents {
  /** Other lists are in force. */
  changed(update: CrlUpdate): void
  /** Lists came into force in a place that it would be harmful to forget. */
  taken(configured: ConfiguredCrl, crls: readonly Crl[]): void
  attempted(configured: ConfiguredCrl, result: RefreshResult): void
}

/** What is known about one place. */
export interface CrlFacts {
  readonly setting: string
  readonly number: number
  readonly source: ListSource
  /** Why the last attempt took nothing; undefined when it did not fail. */
  readonly failure: CrlFailure | undefined
  readonly inForce: readonly ListFacts[]
}

/** What is known about a list in force. */
export interface ListFacts {
  readonly issuer: string
  /** Hexadecimal; undefined where the list has none. */
  readonly number: string | undefined
  readonly thisUpdate: Instant
  readonly nextUpdate: Instant
  readonly entries: number
  /** A newer list of the same CA and scope, from another place, counts in its stead. */
  readonly superseded: boolean
}

export class CrlRegistry {
  readonly #events: CrlEvents
  readonly #ports: RefreshPorts
  readonly #refreshers = new Map<string, CrlRefresher>()
  readonly #kept: Map<string, readonly Crl[]>

  constructor(events: CrlEvents, ports: RefreshPorts, kept: readonly KeptCrls[] = []) {
    this.#events = events
    this.#ports = ports
    this.#kept = new Map(kept.map(({ setting, place, crls }) => [`${setting}\n${place}`, crls]))
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
      const kept = this.#kept.get(key)
      this.#kept.delete(key)
      if (kept !== undefined && refresher.resume(kept)) this.#announce(refresher)
      if (refresher.crls.length === 0) fresh.push(refresher)
      else if (known === undefined) void refresher.refresh()
    }
    await this.#awaitFirst(timeout, fresh)
  }

  /** Keeps no others than these any more: what the others had was in force, and goes on in another place of the setting. */
  retainOnly(settings: readonly CrlSetting[]): void {
    this.#drop(settings, (refresher) => this.#handOver(refresher))
  }

  /** Keeps no others than these any more: what the others had was never in force. */
  forgetOthers(settings: readonly CrlSetting[]): void {
    this.#drop(settings, () => {})
  }

  #drop(settings: readonly CrlSetting[], before: (refresher: CrlRefresher) => void): void {
    const kept = new Set(settings.flatMap(configuredCrls).map(keyOf))
    for (const [key, refresher] of this.#refreshers) {
      if (kept.has(key)) continue
      this.#refreshers.delete(key)
      before(refresher)
      this.#remove(refresher)
    }
  }

  /** Another place of the same setting goes on with its lists: a list that moved must not come back older. */
  #handOver({ configured: { setting, resets }, kept }: CrlRefresher): void {
    const heir = [...this.#refreshers.values()].find(
      ({ configured }) => configured.setting === setting && configured.resets === resets,
    )
    if (heir?.resume(kept) !== true) return
    this.#announce(heir)
    this.#events.taken(heir.configured, heir.kept)
  }

  #announce({ configured: { setting, source }, kept: crls }: CrlRefresher): void {
    this.#events.changed({ setting, place: placeOf(source), crls })
  }

  /** Asks for all lists at once, whenever they would have been due. */
  refresh(): void {
    for (const refresher of this.#refreshers.values()) void refresher.refresh()
  }

  facts(): readonly CrlFacts[] {
    const refreshers = [...this.#refreshers.values()]
    const newest = newestOfEach(refreshers.flatMap(({ keptLists }) => keptLists))
    const counts = ({ der }: Crl): boolean => newest.some((one) => one.newest.crl.der.equals(der))
    return refreshers.map(({ configured, crls, failure }) => ({
      setting: configured.setting,
      number: configured.number,
      source: configured.source,
      failure,
      inForce: crls.map((crl) => ({ ...factsOf(crl), superseded: !counts(crl) })),
    }))
  }

  /** The lists of every place by which the next ones are judged. */
  kept(): readonly KeptCrls[] {
    return [...this.#refreshers.values()].map(({ configured: { setting, source }, kept }) => ({
      setting,
      place: placeOf(source),
      crls: kept,
    }))
  }

  /** The lists of a setting by which the next ones are judged, of every place. */
  crlsOf(setting: string): readonly Crl[] {
    return [...this.#refreshers.values()].flatMap(({ configured, kept }) =>
      configured.setting === setting ? kept : [],
    )
  }

  close(): void {
    for (const refresher of this.#refreshers.values()) refresher.close()
  }

  #create(configured: ConfiguredCrl): CrlRefresher {
    const refresher = new CrlRefresher(configured, this.#ports, (of, result) => {
      if (result.kind === 'applied') {
        this.#announce(refresher)
        this.#events.taken(of, refresher.kept)
      }
      this.#events.attempted(of, result)
    })
    return refresher
  }

  #remove(refresher: CrlRefresher): void {
    refresher.close()
    const { setting, source } = refresher.configured
    this.#events.changed({ setting, place: placeOf(source), crls: [] })
  }

  async #awaitFirst(timeout: Millis, refreshers: readonly CrlRefresher[]): Promise<void> {
    if (refreshers.length === 0) return
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const cancel = this.#ports.after(timeout, resolve)
    await Promise.race([late, Promise.all(refreshers.map((refresher) => refresher.refresh()))])
    cancel()
  }
}

const factsOf = ({
  issuer,
  number,
  thisUpdate,
  nextUpdate,
  entries: { count },
}: Crl): Omit<ListFacts, 'superseded'> => ({
  issuer: printName(issuer),
  number,
  thisUpdate,
  nextUpdate,
  entries: count,
})

const keyOf = ({ setting, source }: ConfiguredCrl): string => `${setting}\n${placeOf(source)}`

const configuredCrls = ({ name, lists, ...rest }: CrlSetting): readonly ConfiguredCrl[] =>
  lists.map((source, index) => ({ setting: name, number: index + 1, source, ...rest }))
