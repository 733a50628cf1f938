/**
 * A `CrlRefresher` keeps one list current: it fetches, verifies, and keeps the last good one whatever happens.
 */
import type { Clock } from '../kernel/ports.ts'
import { ok, type Instant, type Millis, type Result } from '../kernel/types.ts'
import type { Limits, Profile } from '../trust/limits.ts'
import { verifyList, type RevocationList } from '../trust/revocation.ts'
import type { Certificate } from '../x509/certificate.ts'
import { parseCrl, type Crl } from '../x509/crl.ts'
import type { CrlFailure } from './crl-failure.ts'
import { FETCH_LIMITS, fetchCrl, type Validators } from './fetch.ts'
import { readCrlFile, type FileStamp } from './file.ts'
import { nextDelay } from './schedule.ts'
import { judgeReplacement, type NumberFinding } from './replacement.ts'

/** A list to be kept, and the CAs that it may come from. */
export interface ConfiguredCrl {
  readonly setting: string
  /** Which of the setting's lists, from 1. */
  readonly number: number
  readonly source: CrlSource
  readonly refresh: Millis
  readonly authorities: readonly Certificate[]
  readonly limits: Limits
  readonly profile: Profile
}

/** Where a list is found. */
export type CrlSource =
  { readonly kind: 'file'; readonly path: string } | { readonly kind: 'url'; readonly url: string }

/** What one attempt came to. */
export type RefreshResult =
  | { readonly kind: 'applied'; readonly crl: Crl; readonly finding: NumberFinding | undefined }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'failed'; readonly why: CrlFailure }

/** A list that may come into force. */
interface ReadList {
  readonly list: RevocationList
  readonly finding: NumberFinding | undefined
}

/** Time and chance, as arguments. */
export interface RefreshPorts {
  readonly clock: Clock
  /** From 0 to 1. */
  chance(): number
  /** Runs `run` once, after `wait`; the returned function cancels it. */
  after(wait: Millis, run: () => void): () => void
}

/** Hears of every attempt that is news: an unchanged file is none, nor is the same failure of a file again. */
export type RefreshListener = (configured: ConfiguredCrl, result: RefreshResult) => void

export class CrlRefresher {
  readonly #ports: RefreshPorts
  readonly #onResult: RefreshListener
  readonly #stop = new AbortController()
  #configured: ConfiguredCrl
  #inForce: RevocationList | undefined
  #lastSeen: Validators | FileStamp | undefined
  /** Why the octets seen last were not taken. */
  #rejection: CrlFailure | undefined
  #failures = 0
  #failure: CrlFailure['kind'] | undefined
  #running: Promise<void> | undefined
  #cancelTimer: () => void = () => {}

  constructor(configured: ConfiguredCrl, ports: RefreshPorts, onResult: RefreshListener) {
    this.#configured = configured
    this.#ports = ports
    this.#onResult = onResult
  }

  get configured(): ConfiguredCrl {
    return this.#configured
  }

  /** The list in force. */
  get crl(): Crl | undefined {
    return this.#inForce?.crl
  }

  /** Takes other settings; a list that does not verify under them is dropped and fetched again. */
  reconfigure(configured: ConfiguredCrl): void {
    this.#configured = configured
    const verified = this.crl === undefined ? undefined : this.#verified(this.crl)
    this.#inForce = verified?.ok === true ? verified.value : undefined
    if (this.#inForce === undefined) this.#lastSeen = undefined
  }

  /** Asks now; a second call while asking waits for the first. */
  refresh(): Promise<void> {
    this.#cancelTimer()
    this.#running ??= this.#refreshOnce().finally(() => {
      this.#running = undefined
      this.#schedule()
    })
    return this.#running
  }

  close(): void {
    this.#stop.abort()
    this.#cancelTimer()
  }

  async #refreshOnce(): Promise<void> {
    const result = await this.#fetchAndVerify()
    if (this.#stop.signal.aborted) return
    const again = result.kind === 'failed' && result.why.kind === this.#failure
    const recovered = result.kind === 'unchanged' && this.#failure !== undefined
    this.#failures = result.kind === 'failed' ? this.#failures + 1 : 0
    this.#failure = result.kind === 'failed' ? result.why.kind : undefined
    const isFile = this.#configured.source.kind === 'file'
    if (isFile && !recovered && (again || result.kind === 'unchanged')) return
    this.#onResult(this.#configured, result)
  }

  async #fetchAndVerify(): Promise<RefreshResult> {
    const octets = await this.#octets()
    if (!octets.ok) return { kind: 'failed', why: octets.failure }
    // The same octets as before are as good or as bad as they were.
    if (octets.value === undefined) {
      return this.#rejection === undefined
        ? { kind: 'unchanged' }
        : { kind: 'failed', why: this.#rejection }
    }
    return this.#take(octets.value)
  }

  async #octets(): Promise<Result<Buffer | undefined, CrlFailure>> {
    const { source } = this.#configured
    const seen = this.#lastSeen
    if (source.kind === 'file') {
      const read = await readCrlFile(source.path, typeof seen === 'string' ? seen : undefined)
      if (!read.ok) return read
      if (read.value.kind === 'unchanged') return ok(undefined)
      this.#lastSeen = read.value.stamp
      return ok(read.value.octets)
    }
    const known = typeof seen === 'object' ? seen : undefined
    const { signal } = this.#stop
    const fetched = await fetchCrl(source.url, { known, limits: FETCH_LIMITS, signal })
    if (!fetched.ok) return fetched
    if (fetched.value.kind === 'unchanged') return ok(undefined)
    this.#lastSeen = fetched.value.validators
    return ok(fetched.value.octets)
  }

  #take(octets: Buffer): RefreshResult {
    if (this.crl?.der.equals(octets) === true) {
      this.#rejection = undefined
      return { kind: 'unchanged' }
    }
    const taken = this.#read(octets)
    this.#rejection = taken.ok ? undefined : taken.failure
    if (!taken.ok) return { kind: 'failed', why: taken.failure }
    const { list, finding } = taken.value
    this.#inForce = list
    return { kind: 'applied', crl: list.crl, finding }
  }

  #read(octets: Buffer): Result<ReadList, CrlFailure> {
    const crl = parseCrl(octets)
    if (!crl.ok) return crl
    const verified = this.#verified(crl.value)
    if (!verified.ok) return verified
    const list = verified.value
    if (this.#inForce === undefined) return ok({ list, finding: undefined })
    const judged = judgeReplacement(list, this.#inForce, this.#configured.profile)
    return judged.ok ? ok({ list, finding: judged.value.finding }) : judged
  }

  #verified(crl: Crl): Result<RevocationList, CrlFailure> {
    return verifyList(crl, this.#configured.authorities, this.#configured.limits)
  }

  #schedule(): void {
    if (this.#stop.signal.aborted) return
    this.#cancelTimer()
    this.#cancelTimer = this.#ports.after(this.#delay(), () => void this.refresh())
  }

  #delay(): Millis {
    const { source, refresh } = this.#configured
    if (source.kind === 'file') return FILE_POLL_MS
    const nextUpdate: Instant | undefined = this.crl?.nextUpdate
    const [now, chance] = [this.#ports.clock.now(), this.#ports.chance()]
    return nextDelay({ failures: this.#failures, nextUpdate }, { refresh, now, chance })
  }
}

/** A look at a file's date costs nothing, and a revocation takes effect within two seconds. */
const FILE_POLL_MS = 1000 as Millis
