/**
 * What went wrong with upstreams, gathered per process and told in batches to whoever keeps the list. Only failures
 * come here: a request that succeeds costs nothing.
 */
import type { Instant } from '../kernel/types.ts'
import type { Explanation } from '../kernel/explanation.ts'

/** Something that went wrong, once or `count` times. */
export interface UpstreamErrorEntry
  extends UpstreamErrorExplanation, Omit<UpstreamErrorEvent, 'describe'> {
  readonly count: number
  readonly first: Instant
  readonly last: Instant
}

/** One failure as it happens; the words are asked for once per batch. */
export interface UpstreamErrorEvent {
  readonly upstream: string
  readonly server: string
  readonly during: 'check' | 'request'
  /** Both from closed lists. */
  readonly code: string
  readonly detail: string | undefined
  /** The connection is used all the same. */
  readonly allowed: boolean
  readonly describe: () => UpstreamErrorExplanation
}

/** The sentence is the exact text of the last of them. */
interface UpstreamErrorExplanation extends Explanation {
  readonly chain: readonly PresentedCertificate[]
}

/** A certificate that was presented; names are the peer's. */
export interface PresentedCertificate {
  readonly subject: string
  readonly issuer: string
  readonly not_after: string
  readonly sha256: string
}

/** Whoever keeps the list. */
export interface UpstreamErrorSink {
  /** `lost` counts errors for whose kind there was no room. */
  onUpstreamErrors(errors: readonly UpstreamErrorEntry[], lost: number): void
}

/** Gathers errors; one per process. */
export class UpstreamErrorBuffer {
  readonly #sink: UpstreamErrorSink
  readonly #waitMs: number
  readonly #limit: number
  readonly #waiting = new Map<string, PendingError>()
  #lost = 0
  #timer: NodeJS.Timeout | undefined

  constructor(sink: UpstreamErrorSink, { waitMs = WAIT_MS, limit = MAX_WAITING } = {}) {
    this.#sink = sink
    this.#waitMs = waitMs
    this.#limit = limit
  }

  add(event: UpstreamErrorEvent, now: Instant): void {
    const key = errorKey(event)
    const pending = this.#waiting.get(key)
    if (pending !== undefined) {
      pending.count += 1
      pending.last = now
      pending.event = event
    } else if (this.#waiting.size < this.#limit) {
      this.#waiting.set(key, { event, count: 1, first: now, last: now })
    } else this.#lost += 1
    this.#timer ??= setTimeout(() => this.flush(), this.#waitMs).unref()
  }

  /** Passes on what has gathered, at once. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#waiting.size === 0) return
    const errors = [...this.#waiting.values()].map(entryOf)
    const lost = this.#lost
    this.#waiting.clear()
    this.#lost = 0
    this.#sink.onUpstreamErrors(errors, lost)
  }
}

/** What is one entry of a list: the same server, with the same fault, met in the same way. */
export const errorKey = (error: Omit<UpstreamErrorEvent, 'describe'>): string =>
  [error.upstream, error.server, error.during, error.code, error.detail ?? '', error.allowed].join(
    '\n',
  )

interface PendingError {
  /** The last one: its words are told. */
  event: UpstreamErrorEvent
  count: number
  readonly first: Instant
  last: Instant
}

function entryOf({ event, count, first, last }: PendingError): UpstreamErrorEntry {
  const { describe, ...facts } = event
  return { ...facts, ...describe(), count, first, last }
}

/** A batch costs a message between processes, and an operator who has just corrected something looks at once. */
const WAIT_MS = 1000
/** A hundred servers with a fault each, in a second: what is beyond that is one outage, and the log has all of it. */
const MAX_WAITING = 100
