/**
 * Names → addresses, so that a name whose resolver hangs costs no other name its answer. The question itself stays the
 * system's (`getaddrinfo`): hosts files, nsswitch and search domains count as everywhere else on the machine.
 *
 * `getaddrinfo` waits in a thread of libuv's pool, for as long as the system's resolver likes, and libuv lends half of the
 * pool to such waits (`UV__WORK_SLOW_IO`). One question for each dial would fill that half with questions about one name,
 * and every other name, of an upstream that is well, would wait behind them.
 */
import { ADDRCONFIG, type LookupAddress } from 'node:dns'
import { lookup as systemLookup } from 'node:dns/promises'
import type { LookupFunction } from 'node:net'
import process from 'node:process'
import { codeOrText, errorCode } from '../../kernel/error-code.ts'
import { NO_ANSWER } from '../upstream-failure.ts'
import { isOutOfDescriptors } from './descriptors.ts'

/** Asks the system for all addresses of a name, in its order. */
export type AskSystem = (hostname: string) => Promise<readonly LookupAddress[]>

/** A `StaleName` is a name whose last known addresses are used because it gets no answer. */
export interface StaleName {
  readonly hostname: string
  /** False when it has been answered again, or no longer exists. */
  readonly isStale: boolean
  /** The system's code, or `ETIMEOUT` while there is no answer. */
  readonly code: string
}

export interface NameLookupsOptions {
  readonly ask?: AskSystem
  /** Questions that wait at a time; half of them at most are about names that were slow the last time. */
  readonly atATime?: number
  /** Milliseconds; any clock that never goes back. */
  readonly now?: () => number
  readonly times?: Partial<LookupTimes>
}

/** Milliseconds. */
export interface LookupTimes {
  /** For how long an answer is used without asking again. */
  readonly fresh: number
  /** From a question that failed to the next one. */
  readonly retry: number
  /** How long a dial waits for new addresses where it has old ones. */
  readonly patience: number
  /** How long a dial waits where it has none. */
  readonly limit: number
}

/** `NameLookups` is the memory of names, and the queue of questions, of one process. */
export class NameLookups {
  /** Told when a name begins and when it ceases to be used with addresses that could not be confirmed. */
  onStale: (change: StaleName) => void = () => {}
  readonly #ask: AskSystem
  readonly #atATime: number
  readonly #now: () => number
  readonly #times: LookupTimes
  /** The least recently used first. */
  readonly #names = new Map<string, Name>()
  readonly #queue = new Set<Name>()
  readonly #asking = new Set<Name>()

  constructor({ ask = askSystem, atATime, now, times }: NameLookupsOptions = {}) {
    this.#ask = ask
    this.#atATime = atATime ?? lookupThreads(process.env['UV_THREADPOOL_SIZE'])
    this.#now = now ?? (() => performance.now())
    this.#times = { ...TIMES, ...times }
  }

  /** For `net.connect` and `http.request`, in place of `dns.lookup`. */
  readonly lookup: LookupFunction = (hostname, { all = false, family }, done) => {
    void this.addresses(hostname).then(
      (found) => {
        const wanted = found.filter((one) => isOfFamily(one, family))
        const [first] = wanted
        if (first === undefined) done(noAddress(hostname), '')
        else if (all) done(null, wanted)
        else done(null, first.address, first.family)
      },
      (error: NodeJS.ErrnoException) => done(error, ''),
    )
  }

  /** Names that are used with addresses that could not be confirmed, for the metrics. */
  get stale(): number {
    return [...this.#names.values()].filter(({ isStale }) => isStale).length
  }

  /** All addresses, in the system's order; rejects with the system's error, or `ETIMEOUT`. */
  async addresses(hostname: string): Promise<readonly LookupAddress[]> {
    const name = this.#named(hostname)
    const { known, failure } = name
    const now = this.#now()
    if (known !== undefined && now - known.at < this.#times.fresh) return known.addresses
    if (failure !== undefined && now - failure.at < this.#times.retry) {
      if (known === undefined) throw failure.error
      return known.addresses
    }
    this.#enqueue(name)
    if (known === undefined) return await this.#answer(name, this.#times.limit)
    // It was waited for once, and once is enough until it answers; what is merely slow is not worth a wait while young.
    const { fresh, limit } = this.#times
    if (name.isStale || (name.isSlow && now - known.at < fresh + limit)) return known.addresses
    try {
      return await this.#answer(name, this.#times.patience)
    } catch (error) {
      // That there is no such name is an answer, and the caller's to be told.
      if (name.known === undefined) throw error
      return this.#stale(name, name.known.addresses, codeOrText(error))
    }
  }

  #named(hostname: string): Name {
    const key = hostname.toLowerCase()
    const name = this.#names.get(key) ?? new Name(key)
    this.#names.delete(key)
    this.#names.set(key, name)
    if (this.#names.size > MAX_NAMES) {
      const oldest = [...this.#names.values()].find((one) => !this.#isWaiting(one))
      if (oldest !== undefined) this.#names.delete(oldest.hostname)
    }
    return name
  }

  #isWaiting = (name: Name): boolean => this.#queue.has(name) || this.#asking.has(name)

  #enqueue(name: Name): void {
    if (this.#isWaiting(name)) return
    name.next = Promise.withResolvers()
    // Its waiters may all have gone.
    name.next.promise.catch(() => {})
    this.#queue.add(name)
    this.#askNext()
  }

  #askNext(): void {
    for (const name of this.#queue) {
      if (this.#asking.size >= this.#atATime) return
      if (name.isSlow && this.#slow >= Math.max(1, Math.floor(this.#atATime / 2))) continue
      this.#queue.delete(name)
      this.#asking.add(name)
      void this.#askFor(name)
    }
  }

  get #slow(): number {
    return [...this.#asking].filter(({ isSlow }) => isSlow).length
  }

  async #askFor(name: Name): Promise<void> {
    let isLate = false
    const late = setTimeout(() => {
      isLate = true
      name.isSlow = true
    }, this.#times.patience).unref()
    try {
      const addresses = await this.#ask(name.hostname)
      name.known = { addresses, at: this.#now() }
      name.failure = undefined
      this.#fresh(name, 'answered')
      name.next?.resolve(addresses)
    } catch (error) {
      this.#failed(name, error instanceof Error ? error : new Error(String(error)))
    } finally {
      clearTimeout(late)
      name.isSlow = isLate
      this.#asking.delete(name)
      this.#askNext()
    }
  }

  #failed(name: Name, error: Error): void {
    // Without a descriptor the resolver asks nothing, and says that there is no such name: that is not to be remembered.
    if (isOutOfDescriptors()) {
      name.next?.reject(Object.assign(new Error('no descriptor is left'), { code: 'EMFILE' }))
      return
    }
    name.failure = { error, at: this.#now() }
    const code = codeOrText(error)
    if (NO_SUCH_NAME.has(errorCode(error))) {
      name.known = undefined
      this.#fresh(name, code)
    } else if (name.known !== undefined) this.#stale(name, name.known.addresses, code)
    name.next?.reject(error)
  }

  async #answer(name: Name, limit: number): Promise<readonly LookupAddress[]> {
    const { promise: late, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => reject(noAnswer(name.hostname)), limit)
    try {
      return await Promise.race([name.next?.promise ?? late, late])
    } finally {
      clearTimeout(timer)
    }
  }

  #stale(name: Name, addresses: readonly LookupAddress[], code: string): readonly LookupAddress[] {
    if (!name.isStale) {
      name.isStale = true
      this.onStale({ hostname: name.hostname, isStale: true, code })
    }
    return addresses
  }

  #fresh(name: Name, code: string): void {
    if (!name.isStale) return
    name.isStale = false
    this.onStale({ hostname: name.hostname, isStale: false, code })
  }
}

/** What is remembered of a name. */
class Name {
  readonly hostname: string
  known: { readonly addresses: readonly LookupAddress[]; readonly at: number } | undefined
  failure: { readonly error: Error; readonly at: number } | undefined
  /** The answer that is waited for now. */
  next: PromiseWithResolvers<readonly LookupAddress[]> | undefined
  /** No answer came in time, the last time or now. */
  isSlow = false
  isStale = false

  constructor(hostname: string) {
    this.hostname = hostname
  }
}

const TIMES: LookupTimes = {
  // `getaddrinfo` tells no time to live. HAProxy holds an answer as long (`hold valid`), and an operator who moves a
  // service counts on half a minute at least.
  fresh: 10_000,
  // A name that has just been created is to be found soon, and a resolver that fails is not to be pelted.
  retry: 1000,
  // An answer takes milliseconds, from across the world half a second.
  patience: 1000,
  // Two attempts of five seconds with each of three servers, as resolv.conf(5) allows: nothing useful comes after that.
  limit: 30_000,
}

/** The names of a large configuration, and of servers that others redirect us to. */
const MAX_NAMES = 1000

/** Node's code for EAI_NONAME and EAI_NODATA; whatever else fails says nothing about the name. */
const NO_SUCH_NAME: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA'])

/** How many questions libuv lets wait at a time, in a pool of this size (uv__work_submit). */
export function lookupThreads(poolSize: string | undefined): number {
  const size = Number(poolSize)
  return Math.floor(((Number.isInteger(size) && size > 0 ? Math.min(size, 1024) : 4) + 1) / 2)
}

/** As `net.connect` asks, so that a machine without IPv6 is not given addresses of it. */
const askSystem: AskSystem = (hostname) =>
  systemLookup(hostname, { all: true, hints: process.platform === 'win32' ? 0 : ADDRCONFIG })

const isOfFamily = (one: LookupAddress, family: number | string | undefined): boolean =>
  family === 4 || family === 'IPv4'
    ? one.family === 4
    : family === 6 || family === 'IPv6'
      ? one.family === 6
      : true

const noAddress = (hostname: string): NodeJS.ErrnoException =>
  Object.assign(new Error(`no address of that family: ${hostname}`), { code: 'ENODATA' })

const noAnswer = (hostname: string): NodeJS.ErrnoException =>
  Object.assign(new Error(`no answer about ${hostname}`), { code: NO_ANSWER })

/** The names of this process: the threads that questions wait in are the process's, too. */
export const PROCESS_LOOKUPS = new NameLookups()
