/**
 * What went wrong with upstreams, gathered per process and passed on in batches to the process that keeps the list. Only
 * failures come here: a request that succeeds costs nothing.
 */
import type { Instant } from '../kernel/types.ts'
import { Batch } from './batch.ts'
import type { DescribedError, UpstreamError } from '../kernel/upstream-error.ts'

/** Something that went wrong, once or `count` times. */
export interface UpstreamErrorEntry extends DescribedError, Omit<UpstreamError, 'describe'> {
  readonly count: number
  readonly first: Instant
  readonly last: Instant
}

/** An `UpstreamErrorSink` keeps the list. */
export interface UpstreamErrorSink {
  /** `lost` counts errors whose kind did not fit into the buffer. */
  onUpstreamErrors(errors: readonly UpstreamErrorEntry[], lost: number): void
}

/** An `UpstreamErrorBuffer` gathers errors, those with the same key as one with a count. One per process. */
export class UpstreamErrorBuffer {
  readonly #batch: Batch<string, PendingError>

  constructor(sink: UpstreamErrorSink, { waitMs = WAIT_MS, limit = MAX_WAITING } = {}) {
    this.#batch = new Batch({ waitMs, limit }, (errors, lost) =>
      sink.onUpstreamErrors(errors.map(entryOf), lost),
    )
  }

  add(event: UpstreamError, now: Instant): void {
    const key = errorKey(event)
    const { items, limit } = this.#batch
    const pending = items.get(key)
    if (pending !== undefined) {
      pending.count += 1
      pending.last = now
      pending.event = event
    } else if (items.size < limit) items.set(key, { event, count: 1, first: now, last: now })
    else this.#batch.lost += 1
    this.#batch.schedule()
  }

  /** Passes on what has gathered, at once. */
  flush(): void {
    this.#batch.flush()
  }
}

/** Returns what errors of one list entry have in common: the server, the fault, and how it was met. */
export const errorKey = (error: Omit<UpstreamError, 'describe'>): string =>
  [error.upstream, error.server, error.during, error.code, error.detail ?? '', error.allowed].join(
    '\n',
  )

interface PendingError {
  /** The last one: its words are reported. */
  event: UpstreamError
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
