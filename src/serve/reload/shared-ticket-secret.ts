/**
 * The secret behind session tickets, shared between replicas through the store (decisions 10 and 18), so that a device
 * resumes wherever the balancer sends it. It is sealed with the key ring, in one row that each rotation overwrites.
 * A replica that cannot have it goes on with a secret of its own: its sessions are not resumed elsewhere, and that is
 * all.
 */
import { randomBytes } from 'node:crypto'
import { explanationFields } from '../../kernel/explanation.ts'
import type { Clock } from '../../kernel/ports.ts'
import type { Instant, Millis } from '../../kernel/types.ts'
import { explainStore } from '../../store/explain.ts'
import type { StoreFailure } from '../../store/failure.ts'
import type { Store } from '../../store/port.ts'
import type { ExpectedVersion } from '../../store/versioned-rows.ts'
import { TICKET_SECRET } from '../../store/secrets/secret-limits.ts'
import { type OpenedSecret } from '../../store/secrets/secrets.ts'
import type { ProcessLogger } from '../log.ts'
import { TICKET_SECRET_LIFETIME_MS } from './ticket-rotation.ts'

/** A secret, and how long tickets have been derived from it, by any replica. */
export interface TicketSecret {
  readonly secret: Buffer
  readonly age: Millis
}

/** Where ticket secrets come from. */
export interface TicketSource {
  /** The one to begin with. */
  begin(): Promise<TicketSecret>
  /** Another secret than the one in use; never fails. */
  replace(): Promise<TicketSecret>
  /** The one that is to be used from now on, if it is another than the one in use. */
  refresh(): Promise<TicketSecret | undefined>
}

/** Random secrets for a process that shares none: in memory, and nothing that outlives the process. */
export const LOCAL_TICKETS: TicketSource = {
  begin: () => Promise.resolve(newSecret()),
  replace: () => Promise.resolve(newSecret()),
  refresh: () => Promise.resolve(undefined),
}

/** The store's. Calls come one at a time. */
export class SharedTicketSecret implements TicketSource {
  readonly #secrets: Pick<Store['secrets'], 'open' | 'put'>
  readonly #log: ProcessLogger['log']
  readonly #clock: Clock
  /** Which of the store's secrets is in use; undefined while it is one of our own. */
  #inUse: Row | undefined
  /** Why the store did not help last time. */
  #failure: StoreFailure | undefined
  /** What was said of it last. */
  #reported: StoreFailure['kind'] | undefined

  constructor(
    secrets: Pick<Store['secrets'], 'open' | 'put'>,
    log: ProcessLogger['log'],
    clock: Clock,
  ) {
    this.#secrets = secrets
    this.#log = log
    this.#clock = clock
  }

  async begin(): Promise<TicketSecret> {
    return (await this.refresh()) ?? this.#useLocal()
  }

  async replace(): Promise<TicketSecret> {
    const { version } = this.#inUse ?? {}
    const shared = version === undefined ? await this.refresh() : await this.#put(version)
    return shared ?? this.#useLocal()
  }

  async refresh(): Promise<TicketSecret | undefined> {
    const found = await this.#secrets.open(TICKET_SECRET)
    if (!found.ok) {
      // A row that no replica can open is overwritten by one that holds the store's current key, and by no other.
      const { kind } = found.failure
      const isUseless = kind === 'seal-broken' || kind === 'key-missing'
      return isUseless ? this.#put('any') : this.#noteFailure(found.failure)
    }
    if (found.value === undefined) return this.#put(0)
    const { secret, version, updatedAt } = found.value
    const age = this.#ageOf(updatedAt)
    const isInUse = version === this.#inUse?.version && updatedAt === this.#inUse.updatedAt
    if (isInUse) return undefined
    return age < TICKET_SECRET_LIFETIME_MS
      ? this.#useShared({ version, updatedAt }, { secret, age })
      : this.#put(version)
  }

  /** Puts a new one in the place of the one that is known; where another replica was faster, its secret is used. */
  async #put(expected: ExpectedVersion): Promise<TicketSecret | undefined> {
    const { secret, age } = newSecret()
    const put = await this.#secrets.put(
      ACTOR,
      { name: TICKET_SECRET, secret, unaudited: true },
      expected,
    )
    if (put.ok) return this.#useShared(put.value, { secret, age })
    secret.fill(0)
    if (put.failure.kind !== 'stale') return this.#noteFailure(put.failure)
    const theirs = await this.#secrets.open(TICKET_SECRET)
    if (!theirs.ok) return this.#noteFailure(theirs.failure)
    // Removed in this very moment: the change watcher will report that, and `refresh` is called once more.
    if (theirs.value === undefined) return this.#useLocal()
    const { secret: other, updatedAt } = theirs.value
    return this.#useShared(theirs.value, { secret: other, age: this.#ageOf(updatedAt) })
  }

  #useShared({ version, updatedAt }: Row, secret: TicketSecret): TicketSecret {
    if (this.#reported !== undefined) this.#log.info({}, 'the ticket secret is shared again')
    // After a removal versions begin anew.
    this.#inUse = { version, updatedAt }
    this.#failure = undefined
    this.#reported = undefined
    return secret
  }

  /** Keeps the reason. A secret in use, shared or not, stays in use until it is due. */
  #noteFailure(why: StoreFailure): undefined {
    this.#failure = why
  }

  /** Said once for each reason. */
  #useLocal(): TicketSecret {
    this.#inUse = undefined
    const why = this.#failure
    if (why !== undefined && why.kind !== this.#reported) {
      this.#reported = why.kind
      const facts = explanationFields(explainStore(why))
      this.#log.warn(
        facts,
        'the ticket secret is not shared: no other instance resumes our sessions',
      )
    }
    return newSecret()
  }

  /** Clocks of replicas differ by seconds; a row from the future is new. */
  #ageOf(updatedAt: Instant): Millis {
    return Math.max(0, this.#clock.now() - updatedAt) as Millis
  }
}

type Row = Pick<OpenedSecret, 'updatedAt' | 'version'>

const newSecret = (): TicketSecret => ({ secret: randomBytes(SECRET_OCTETS), age: 0 as Millis })

const ACTOR = { who: 'auto', from: 'ticket rotation' }
/** As long as what HKDF makes of it, SHA-256. */
const SECRET_OCTETS = 32
