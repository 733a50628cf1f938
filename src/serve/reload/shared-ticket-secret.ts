/**
 * The secret behind session tickets, shared between replicas through the store (decisions 10 and 18), so that a device
 * resumes wherever the balancer sends it. It is sealed with the key ring, in one row that each rotation overwrites.
 * Whoever cannot have it goes on with a secret of its own: its sessions are not resumed elsewhere, and that is all.
 */
import { randomBytes } from 'node:crypto'
import type { Clock } from '../../kernel/ports.ts'
import type { Instant, Millis } from '../../kernel/types.ts'
import { explainStore } from '../../store/explain.ts'
import type { StoreFailure } from '../../store/failure.ts'
import type { Store } from '../../store/port.ts'
import type { Expected } from '../../store/version.ts'
import { TICKET_SECRET, type Opened } from '../../store/secrets/secrets.ts'
import type { OpenLog } from '../log.ts'
import { TICKETS_LIVE_MS } from './ticket-rotation.ts'

/** A secret, and how long somebody has been deriving tickets from it. */
export interface TicketSecret {
  readonly secret: Buffer
  readonly age: Millis
}

/** Where ticket secrets come from. */
export interface TicketSource {
  /** Another secret than the one in use; never fails. */
  replace(): Promise<TicketSecret>
  /** The one that is to be used from now on, if it is another than the one in use. */
  look(): Promise<TicketSecret | undefined>
}

/** For the one who shares with nobody: chance, in memory, and nothing that outlives the process. */
export const OWN_TICKETS: TicketSource = {
  replace: () => Promise.resolve(ownSecret()),
  look: () => Promise.resolve(undefined),
}

/** The store's. Calls come one at a time. */
export class TicketShare implements TicketSource {
  readonly #secrets: Pick<Store['secrets'], 'open' | 'put'>
  readonly #log: OpenLog['log']
  readonly #clock: Clock
  /** Which of the store's secrets is in use; undefined while it is one of our own. */
  #inUse: Row | undefined
  /** Why the store did not help last time. */
  #why: StoreFailure | undefined
  /** What was said of it last. */
  #told: StoreFailure['kind'] | undefined

  constructor(secrets: Pick<Store['secrets'], 'open' | 'put'>, log: OpenLog['log'], clock: Clock) {
    this.#secrets = secrets
    this.#log = log
    this.#clock = clock
  }

  /** What to begin with. */
  async begin(): Promise<TicketSecret> {
    return (await this.look()) ?? this.#onOurOwn()
  }

  async replace(): Promise<TicketSecret> {
    const { version } = this.#inUse ?? {}
    const shared = version === undefined ? await this.look() : await this.#put(version)
    return shared ?? this.#onOurOwn()
  }

  async look(): Promise<TicketSecret | undefined> {
    const found = await this.#secrets.open(TICKET_SECRET)
    if (!found.ok) {
      // A row that nobody can open is overwritten by whoever holds the store's current key, and by no other.
      const { kind } = found.failure
      const isUseless = kind === 'seal-broken' || kind === 'key-missing'
      return isUseless ? this.#put('any') : this.#apart(found.failure)
    }
    if (found.value === undefined) return this.#put(0)
    const { secret, version, updatedAt } = found.value
    const age = this.#ageOf(updatedAt)
    const isInUse = version === this.#inUse?.version && updatedAt === this.#inUse.updatedAt
    if (isInUse) return undefined
    return age < TICKETS_LIVE_MS
      ? this.#shared({ version, updatedAt }, { secret, age })
      : this.#put(version)
  }

  /** Puts a new one in the place of the one that is known; whoever was faster is followed. */
  async #put(expected: Expected): Promise<TicketSecret | undefined> {
    const { secret, age } = ownSecret()
    const put = await this.#secrets.put(BY, { name: TICKET_SECRET, secret, quiet: true }, expected)
    if (put.ok) return this.#shared(put.value, { secret, age })
    secret.fill(0)
    if (put.failure.kind !== 'stale') return this.#apart(put.failure)
    const theirs = await this.#secrets.open(TICKET_SECRET)
    if (!theirs.ok) return this.#apart(theirs.failure)
    // Removed in this very moment: the news of that is on its way, and asks once more.
    if (theirs.value === undefined) return this.#onOurOwn()
    const { secret: other, updatedAt } = theirs.value
    return this.#shared(theirs.value, { secret: other, age: this.#ageOf(updatedAt) })
  }

  #shared({ version, updatedAt }: Row, secret: TicketSecret): TicketSecret {
    if (this.#told !== undefined) this.#log.info({}, 'the ticket secret is shared again')
    // After a removal versions begin anew.
    this.#inUse = { version, updatedAt }
    this.#why = undefined
    this.#told = undefined
    return secret
  }

  /** Nothing changes for whoever has a secret, shared or not, until it is due. */
  #apart(why: StoreFailure): undefined {
    this.#why = why
  }

  /** Said once for each reason. */
  #onOurOwn(): TicketSecret {
    this.#inUse = undefined
    const why = this.#why
    if (why !== undefined && why.kind !== this.#told) {
      this.#told = why.kind
      const { code, sentence, nextStep } = explainStore(why)
      const facts = { code, reason: sentence, next_step: nextStep }
      this.#log.warn(
        facts,
        'the ticket secret is not shared: no other instance resumes our sessions',
      )
    }
    return ownSecret()
  }

  /** Clocks of replicas differ by seconds; a row from the future is new. */
  #ageOf(updatedAt: Instant): Millis {
    return Math.max(0, this.#clock.now() - updatedAt) as Millis
  }
}

type Row = Pick<Opened, 'updatedAt' | 'version'>

const ownSecret = (): TicketSecret => ({ secret: randomBytes(SECRET_OCTETS), age: 0 as Millis })

const BY = { who: 'auto', from: 'ticket rotation' }
/** As long as what HKDF makes of it, SHA-256. */
const SECRET_OCTETS = 32
