/**
 * A `CrlRefresher` keeps the lists of one place current: it fetches, verifies, and keeps the last good ones whatever
 * happens.
 */
import { createHash } from 'node:crypto'
import type { LookupFunction } from 'node:net'
import type { Clock } from '../kernel/ports.ts'
import { fail, ok, type Instant, type Millis, type Result } from '../kernel/types.ts'
import type { Limits, Profile } from '../trust/limits.ts'
import type { ListSource } from '../trust/list-source.ts'
import { verifyList, type RevocationList } from '../trust/revocation.ts'
import type { Certificate } from '../x509/certificate.ts'
import { parseCrls, type Crl } from '../x509/crl.ts'
import type { CrlFailure } from './crl-failure.ts'
import { FETCH_LIMITS, fetchCrl, type Validators } from './fetch.ts'
import { readCrlFile, type FileStamp } from './file.ts'
import { departuresOf, objectionTo, type ListFinding } from './departures.ts'
import { afterTaking, keptLists, type KeptLists } from './kept-lists.ts'
import { judgeReplacements } from './replacement.ts'
import { nextDelay } from './schedule.ts'

/** A place of lists, and the CAs that they may come from. */
export interface ConfiguredCrl {
  readonly setting: string
  /** Which of the setting's places, from 1. */
  readonly number: number
  readonly source: ListSource
  readonly refresh: Millis
  readonly authorities: readonly Certificate[]
  readonly limits: Limits
  readonly profile: Profile
  /** How often an administrator let older lists take the place of newer ones; another count lets the next ones do so. */
  readonly resets: number
}

/** What one attempt came to. */
export type RefreshResult =
  | ({ readonly kind: 'applied' } & TakenLists)
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'failed'; readonly why: CrlFailure }

/** Lists that come into force. */
export interface TakenLists {
  readonly crls: readonly [Crl, ...Crl[]]
  /** What is odd about them, and about their file. */
  readonly findings: readonly ListFinding[]
  /** How many of the same file are by CAs outside the chain, and are left aside. */
  readonly foreign: number
}

/** Time, chance and names, as arguments. */
export interface RefreshPorts {
  readonly clock: Clock
  /** From 0 to 1. */
  chance(): number
  /** Runs `run` once, after `wait`; the returned function cancels it. */
  after(wait: Millis, run: () => void): () => void
  /** Asks for the addresses of a server's name, as `dns.lookup` does. */
  readonly lookup: LookupFunction
}

/** Hears of every attempt that is news: an unchanged file is none, nor is the same failure of a file again. */
export type RefreshListener = (configured: ConfiguredCrl, result: RefreshResult) => void

export class CrlRefresher {
  readonly #ports: RefreshPorts
  readonly #onResult: RefreshListener
  readonly #stop = new AbortController()
  #configured: ConfiguredCrl
  #lists: KeptLists = { inForce: [], onlyCompared: [] }
  #lastSeen: Validators | FileStamp | undefined
  /** Of the octets that were taken last. */
  #taken: string | undefined
  /** An administrator has said that the next lists may be older. */
  #mayBeOlder = false
  /** Why the octets seen last were not taken. */
  #rejection: CrlFailure | undefined
  #failures = 0
  #failure: CrlFailure | undefined
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

  /** The lists in force. */
  get crls(): readonly Crl[] {
    return this.#lists.inForce.map(({ crl }) => crl)
  }

  /** The lists in force, and those by which the next ones are judged besides: to be kept and handed on together. */
  get kept(): readonly Crl[] {
    return this.#kept.map(({ crl }) => crl)
  }

  /** The same, with who signed each. */
  get keptLists(): readonly RevocationList[] {
    return this.#kept
  }

  /** Why the last attempt took nothing; undefined when it did not fail. */
  get failure(): CrlFailure | undefined {
    return this.#failure
  }

  /** Takes other settings; a list that does not verify under them is dropped, and all are fetched again. */
  reconfigure(configured: ConfiguredCrl): void {
    const isReset = configured.resets !== this.#configured.resets
    const isOtherProfile = configured.profile !== this.#configured.profile
    this.#configured = configured
    const before = this.#kept.length
    this.#lists = keptLists(this.#verified(this.kept), configured.profile)
    const isWhole = this.#kept.length === before && this.crls.length > 0
    if (isReset) this.#mayBeOlder = true
    if (isReset || isOtherProfile || !isWhole) this.#forgetSeen()
  }

  /**
   * Goes on with lists that were taken before, here or in another place of the setting; what does not verify is left out,
   * and what is newer here stays. Tells whether any of those kept changed.
   */
  resume(crls: readonly Crl[]): boolean {
    const before = this.#kept
    this.#lists = keptLists([...before, ...this.#verified(crls)], this.#configured.profile)
    const after = this.#kept
    return after.length !== before.length || after.some((list) => !before.includes(list))
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

  get #kept(): readonly RevocationList[] {
    return [...this.#lists.inForce, ...this.#lists.onlyCompared]
  }

  async #refreshOnce(): Promise<void> {
    const result = await this.#attempt()
    if (this.#stop.signal.aborted) return
    const again = result.kind === 'failed' && result.why.kind === this.#failure?.kind
    const recovered = result.kind === 'unchanged' && this.#failure !== undefined
    this.#failures = result.kind === 'failed' ? this.#failures + 1 : 0
    this.#failure = result.kind === 'failed' ? result.why : undefined
    const isPolled = this.#configured.source.kind !== 'url'
    if (isPolled && !recovered && (again || result.kind === 'unchanged')) return
    this.#onResult(this.#configured, result)
  }

  /** What is wrong with us must not end the process: a place that cannot be read is told, and the others go on. */
  async #attempt(): Promise<RefreshResult> {
    try {
      return await this.#fetchAndVerify()
    } catch (error) {
      // What was seen was not judged: it is to be read again.
      this.#forgetSeen()
      return { kind: 'failed', why: { kind: 'crl-internal-error', error } }
    }
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
    if (source.kind === 'upload') return ok(Buffer.from(source.octets))
    const known = typeof seen === 'object' ? seen : undefined
    const { signal } = this.#stop
    const { lookup } = this.#ports
    const fetched = await fetchCrl(source.url, { known, limits: FETCH_LIMITS, lookup, signal })
    if (!fetched.ok) return fetched
    if (fetched.value.kind === 'unchanged') return ok(undefined)
    this.#lastSeen = fetched.value.validators
    return ok(fetched.value.octets)
  }

  #take(octets: Buffer): RefreshResult {
    const digest = createHash('sha256').update(octets).digest('hex')
    if (this.#taken === digest && !this.#mayBeOlder) {
      this.#rejection = undefined
      return { kind: 'unchanged' }
    }
    const taken = this.#read(octets)
    this.#rejection = taken.ok ? undefined : taken.failure
    if (!taken.ok) return { kind: 'failed', why: taken.failure }
    const { lists, ...rest } = taken.value
    const [first, ...others] = lists
    const isSame = this.#isInForce(lists) && !this.#mayBeOlder
    this.#lists = afterTaking(lists, this.#mayBeOlder ? [] : this.#kept)
    this.#taken = digest
    this.#mayBeOlder = false
    if (isSame) return { kind: 'unchanged' }
    return { kind: 'applied', crls: [first.crl, ...others.map(({ crl }) => crl)], ...rest }
  }

  /** After a restart the lists that were kept come again. */
  #isInForce(lists: readonly RevocationList[]): boolean {
    const before = this.#lists.inForce
    return (
      lists.length === before.length &&
      lists.every(({ crl }) => before.some((one) => one.crl.der.equals(crl.der)))
    )
  }

  #read(octets: Buffer): Result<ReadLists, CrlFailure> {
    const file = parseCrls(octets)
    if (!file.ok) return file
    const { crls } = file.value
    const objection = objectionTo(file.value, this.#configured.profile)
    if (objection !== undefined) return fail(objection)
    const lists: RevocationList[] = []
    let stranger: CrlFailure | undefined
    for (const crl of crls) {
      const list = verifyList(crl, this.#configured.authorities, this.#configured.limits)
      if (list.ok) lists.push(list.value)
      else if (list.failure.kind !== 'crl-of-another-ca') return list
      else stranger = list.failure
    }
    const [first, ...others] = lists
    if (first === undefined) return fail(stranger ?? NO_LIST)
    const foreign = crls.length - lists.length
    const findings: readonly ListFinding[] = departuresOf(file.value)
    const taken = { lists: [first, ...others], foreign, findings } as const
    if (this.#mayBeOlder) return ok(taken)
    const judged = judgeReplacements(taken.lists, this.#kept, this.#configured.profile)
    if (!judged.ok) return judged
    const { finding } = judged.value
    return ok(finding === undefined ? taken : { ...taken, findings: [finding, ...findings] })
  }

  /** What a CA of the chain has signed of lists that were taken before. */
  #verified(crls: readonly Crl[]): readonly RevocationList[] {
    return crls.flatMap((crl) => {
      const list = verifyList(crl, this.#configured.authorities, this.#configured.limits)
      return list.ok ? [list.value] : []
    })
  }

  #forgetSeen(): void {
    this.#lastSeen = undefined
    this.#taken = undefined
    this.#rejection = undefined
  }

  #schedule(): void {
    if (this.#stop.signal.aborted) return
    this.#cancelTimer()
    this.#cancelTimer = this.#ports.after(this.#delay(), () => void this.refresh())
  }

  #delay(): Millis {
    const { source, refresh } = this.#configured
    if (source.kind === 'file') return FILE_POLL_MS
    // What was uploaded stays as it is.
    if (source.kind === 'upload') return UPLOAD_POLL_MS
    const ends = this.crls.map(({ nextUpdate }) => nextUpdate)
    const nextUpdate = ends.length === 0 ? undefined : (Math.min(...ends) as Instant)
    const [now, chance] = [this.#ports.clock.now(), this.#ports.chance()]
    return nextDelay({ failures: this.#failures, nextUpdate }, { refresh, now, chance })
  }
}

/** A look at a file's date costs nothing, and a revocation takes effect within two seconds. */
const FILE_POLL_MS = 1000 as Millis
const UPLOAD_POLL_MS = 86_400_000 as Millis

const NO_LIST: CrlFailure = { kind: 'crl-pem-unfit', detail: 'found no list, wanted one' }

interface ReadLists extends Omit<TakenLists, 'crls'> {
  readonly lists: readonly [RevocationList, ...RevocationList[]]
}
