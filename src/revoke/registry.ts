/**
 * All revocation lists that the enrollment settings name, each kept current. Says which list is in force where; who
 * judges by it is not its business.
 */
import type { Instant, Millis } from '../kernel/types.ts'
import type { Limits } from '../trust/limits.ts'
import type { Certificate } from '../x509/certificate.ts'
import type { Crl } from '../x509/crl.ts'
import { Keeper, type Attempt, type ListSource, type Watched, type World } from './keeper.ts'

/** The lists of one enrollment setting. */
export interface WatchedSetting {
  readonly name: string
  readonly lists: readonly ListSource[]
  readonly refresh: Millis
  /** The CAs of its chain. */
  readonly authorities: readonly Certificate[]
  readonly limits: Limits
}

/** A list in force, or the end of one; `place` is its file or URL. */
export interface Bulletin {
  readonly setting: string
  readonly place: string
  readonly crl: Crl | undefined
}

/** What the registry has to say. */
export interface Events {
  /** Another list is in force. */
  changed(bulletin: Bulletin): void
  tried(watched: Watched, attempt: Attempt): void
}

/** What is known about one list. */
export interface ListFacts {
  readonly setting: string
  readonly number: number
  readonly place: string
  readonly inForce:
    | { readonly thisUpdate: Instant; readonly nextUpdate: Instant; readonly entries: number }
    | undefined
}

/** The file or URL of a list. */
export const placeOf = (source: ListSource): string =>
  source.kind === 'file' ? source.path : source.url

export class Registry {
  readonly #events: Events
  readonly #world: World
  readonly #keepers = new Map<string, Keeper>()

  constructor(events: Events, world: World) {
    this.#events = events
    this.#world = world
  }

  /**
   * Keeps these lists, too. Settles when each new one was asked for once, or when `patience` is over; a slow one goes
   * on arriving. The others stay in force until `release`: whoever judges by them may do so for a while yet.
   */
  async adopt(settings: readonly WatchedSetting[], patience: Millis): Promise<void> {
    const fresh: Keeper[] = []
    for (const watched of settings.flatMap(watchedOf)) {
      const key = keyOf(watched)
      const known = this.#keepers.get(key)
      const keeper = known ?? this.#hire(watched)
      known?.adopt(watched)
      this.#keepers.set(key, keeper)
      if (keeper.crl === undefined) fresh.push(keeper)
    }
    await this.#within(patience, fresh)
  }

  /** Keeps no others than these any more. */
  release(settings: readonly WatchedSetting[]): void {
    const kept = new Set(settings.flatMap(watchedOf).map(keyOf))
    for (const [key, keeper] of this.#keepers) {
      if (kept.has(key)) continue
      this.#keepers.delete(key)
      this.#dismiss(keeper)
    }
  }

  /** Asks for all lists at once, whenever they would have been due. */
  refresh(): void {
    for (const keeper of this.#keepers.values()) void keeper.refresh()
  }

  facts(): readonly ListFacts[] {
    return [...this.#keepers.values()].map(({ watched, crl }) => ({
      setting: watched.setting,
      number: watched.number,
      place: placeOf(watched.source),
      inForce:
        crl === undefined
          ? undefined
          : {
              thisUpdate: crl.thisUpdate,
              nextUpdate: crl.nextUpdate,
              entries: crl.entries.count,
            },
    }))
  }

  close(): void {
    for (const keeper of this.#keepers.values()) keeper.close()
  }

  #hire(watched: Watched): Keeper {
    return new Keeper(watched, this.#world, (of, attempt) => {
      if (attempt.kind === 'applied') {
        this.#events.changed({ setting: of.setting, place: placeOf(of.source), crl: attempt.crl })
      }
      this.#events.tried(of, attempt)
    })
  }

  #dismiss(keeper: Keeper): void {
    keeper.close()
    const { setting, source } = keeper.watched
    this.#events.changed({ setting, place: placeOf(source), crl: undefined })
  }

  async #within(patience: Millis, keepers: readonly Keeper[]): Promise<void> {
    if (keepers.length === 0) return
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const callOff = this.#world.after(patience, resolve)
    await Promise.race([late, Promise.all(keepers.map((keeper) => keeper.refresh()))])
    callOff()
  }
}

const keyOf = ({ setting, source }: Watched): string => `${setting}\n${placeOf(source)}`

function watchedOf({
  name,
  lists,
  refresh,
  authorities,
  limits,
}: WatchedSetting): readonly Watched[] {
  return lists.map((source, index) => ({
    setting: name,
    number: index + 1,
    source,
    refresh,
    authorities,
    limits,
  }))
}
