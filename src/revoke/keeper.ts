/**
 * Keeps one list current: fetches it, believes it or not, and holds on to the last good one whatever happens.
 */
import type { Clock } from '../kernel/ports.ts'
import { fail, ok, type Instant, type Millis, type Result } from '../kernel/types.ts'
import type { Limits } from '../trust/limits.ts'
import { verifyList, type RevocationList } from '../trust/revocation.ts'
import type { Certificate } from '../x509/certificate.ts'
import { parseCrl, type Crl } from '../x509/crl.ts'
import type { ListFailure } from './failure.ts'
import { FETCH_LIMITS, fetchList, type Validators } from './fetch.ts'
import { readListFile, type FileMark } from './file.ts'
import { nextDelay } from './schedule.ts'
import { unfitSuccessor } from './successor.ts'

/** A list to be kept, and the CAs that it may come from. */
export interface Watched {
  readonly setting: string
  /** Which of the setting's lists, from 1. */
  readonly number: number
  readonly source: ListSource
  readonly refresh: Millis
  readonly authorities: readonly Certificate[]
  readonly limits: Limits
}

/** Where a list is found. */
export type ListSource =
  { readonly kind: 'file'; readonly path: string } | { readonly kind: 'url'; readonly url: string }

/** What one attempt came to. */
export type Attempt =
  | { readonly kind: 'applied'; readonly crl: Crl }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'failed'; readonly why: ListFailure }

/** Time and chance, as arguments. */
export interface World {
  readonly clock: Clock
  /** From 0 to 1. */
  chance(): number
  /** Runs once, later; the answer calls it off. */
  after(wait: Millis, run: () => void): () => void
}

/** Hears of every attempt that is news: an unchanged file is none, nor is the same failure of a file again. */
export type Listener = (watched: Watched, attempt: Attempt) => void

export class Keeper {
  readonly #world: World
  readonly #hear: Listener
  readonly #stop = new AbortController()
  #watched: Watched
  #inForce: RevocationList | undefined
  #seen: Validators | FileMark | undefined
  /** Why the octets seen last were not taken. */
  #refused: ListFailure | undefined
  #failures = 0
  #failure: ListFailure['kind'] | undefined
  #running: Promise<void> | undefined
  #callOff: () => void = () => {}

  constructor(watched: Watched, world: World, hear: Listener) {
    this.#watched = watched
    this.#world = world
    this.#hear = hear
  }

  get watched(): Watched {
    return this.#watched
  }

  /** The list in force. */
  get crl(): Crl | undefined {
    return this.#inForce?.crl
  }

  /** Takes on other settings; a list that they do not bear out is let go, and asked for again. */
  adopt(watched: Watched): void {
    this.#watched = watched
    const believed = this.crl === undefined ? undefined : this.#believed(this.crl)
    this.#inForce = believed?.ok === true ? believed.value : undefined
    if (this.#inForce === undefined) this.#seen = undefined
  }

  /** Asks now; a second call while asking waits for the first. */
  refresh(): Promise<void> {
    this.#callOff()
    this.#running ??= this.#attempt().finally(() => {
      this.#running = undefined
      this.#schedule()
    })
    return this.#running
  }

  close(): void {
    this.#stop.abort()
    this.#callOff()
  }

  async #attempt(): Promise<void> {
    const attempt = await this.#try()
    if (this.#stop.signal.aborted) return
    const again = attempt.kind === 'failed' && attempt.why.kind === this.#failure
    const recovered = attempt.kind === 'unchanged' && this.#failure !== undefined
    this.#failures = attempt.kind === 'failed' ? this.#failures + 1 : 0
    this.#failure = attempt.kind === 'failed' ? attempt.why.kind : undefined
    const isFile = this.#watched.source.kind === 'file'
    if (isFile && !recovered && (again || attempt.kind === 'unchanged')) return
    this.#hear(this.#watched, attempt)
  }

  async #try(): Promise<Attempt> {
    const octets = await this.#octets()
    if (!octets.ok) return { kind: 'failed', why: octets.failure }
    // The same octets as before are as good or as bad as they were.
    if (octets.value === undefined) {
      return this.#refused === undefined
        ? { kind: 'unchanged' }
        : { kind: 'failed', why: this.#refused }
    }
    const taken = this.#take(octets.value)
    return taken.ok ? taken.value : { kind: 'failed', why: taken.failure }
  }

  async #octets(): Promise<Result<Buffer | undefined, ListFailure>> {
    const { source } = this.#watched
    const seen = this.#seen
    if (source.kind === 'file') {
      const read = await readListFile(source.path, typeof seen === 'string' ? seen : undefined)
      if (!read.ok) return read
      if (read.value.kind === 'unchanged') return ok(undefined)
      this.#seen = read.value.mark
      return ok(read.value.octets)
    }
    const known = typeof seen === 'object' ? seen : undefined
    const { signal } = this.#stop
    const fetched = await fetchList(source.url, { known, limits: FETCH_LIMITS, signal })
    if (!fetched.ok) return fetched
    if (fetched.value.kind === 'unchanged') return ok(undefined)
    this.#seen = fetched.value.validators
    return ok(fetched.value.octets)
  }

  #take(octets: Buffer): Result<Attempt, ListFailure> {
    if (this.crl?.der.equals(octets) === true) {
      this.#refused = undefined
      return ok({ kind: 'unchanged' })
    }
    const taken = this.#read(octets)
    this.#refused = taken.ok ? undefined : taken.failure
    if (!taken.ok) return taken
    this.#inForce = taken.value
    return ok({ kind: 'applied', crl: taken.value.crl })
  }

  #read(octets: Buffer): Result<RevocationList, ListFailure> {
    const crl = parseCrl(octets)
    if (!crl.ok) return crl
    const believed = this.#believed(crl.value)
    if (!believed.ok || this.#inForce === undefined) return believed
    const unfit = unfitSuccessor(believed.value, this.#inForce)
    return unfit === undefined ? believed : fail(unfit)
  }

  #believed(crl: Crl): Result<RevocationList, ListFailure> {
    return verifyList(crl, this.#watched.authorities, this.#watched.limits)
  }

  #schedule(): void {
    if (this.#stop.signal.aborted) return
    this.#callOff()
    this.#callOff = this.#world.after(this.#delay(), () => void this.refresh())
  }

  #delay(): Millis {
    const { source, refresh } = this.#watched
    if (source.kind === 'file') return FILE_MS
    const nextUpdate: Instant | undefined = this.crl?.nextUpdate
    const [now, chance] = [this.#world.clock.now(), this.#world.chance()]
    return nextDelay({ failures: this.#failures, nextUpdate }, { refresh, now, chance })
  }
}

/** A look at a file's date costs nothing, and a revocation takes effect within two seconds. */
const FILE_MS = 1000 as Millis
