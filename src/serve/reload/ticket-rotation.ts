/**
 * When the secret behind the session tickets is replaced (decision 10): regularly, so that an attacker who reads the
 * memory of tomorrow cannot read the sessions of today; and soon, when a device was held to a session that began before
 * it had a certificate: each time it is resumed, such a session gets a new ticket, and would never end.
 */
import type { Millis } from '../../kernel/types.ts'
import { afterUnref } from '../process/system-clock.ts'

/** Time as it passes, whatever the wall clock says. */
export interface Timer {
  now(): Millis
  /** Runs once, later; the answer calls it off. */
  after(wait: Millis, run: () => void): () => void
}

/** Says when; `rotate` does it. */
export class TicketRotation {
  readonly #rotate: () => void
  readonly #timer: Timer
  #last = -Infinity
  #due = Infinity
  #cancel: () => void = () => {}

  constructor(rotate: () => void, timer: Timer = PROCESS_TIMER) {
    this.#rotate = rotate
    this.#timer = timer
    this.#set(timer.now() + TICKET_SECRET_LIFETIME_MS)
  }

  /**
   * Rotates at once, or ten seconds after the last time: any client that resumes a session without a certificate can
   * cause it, and it makes the tickets of all devices worthless.
   */
  rotateSoon(): void {
    const now = this.#timer.now()
    const at = Math.max(now, this.#last + MIN_INTERVAL_MS)
    if (at >= this.#due) return
    if (at === now) this.#fire()
    else this.#set(at)
  }

  /** What is in use was made that long ago, here or elsewhere. */
  replaced(age: Millis): void {
    if (this.#due === -Infinity) return
    const now = this.#timer.now()
    this.#set(Math.max(now, now - age + TICKET_SECRET_LIFETIME_MS))
  }

  /** No more. */
  stop(): void {
    this.#cancel()
    this.#due = -Infinity
  }

  #set(at: number): void {
    this.#cancel()
    this.#due = at
    this.#cancel = this.#timer.after((at - this.#timer.now()) as Millis, () => this.#fire())
  }

  #fire(): void {
    this.#last = this.#timer.now()
    this.#set(this.#last + TICKET_SECRET_LIFETIME_MS)
    this.#rotate()
  }
}

const PROCESS_TIMER: Timer = {
  now: () => performance.now() as Millis,
  after: afterUnref,
}

/** Decision 10: twelve hours bound how much traffic one stolen secret opens. */
export const TICKET_SECRET_LIFETIME_MS = 12 * 3600 * 1000
/** A rotation builds every TLS context anew, some milliseconds for each; a locked-out device waits no longer than this. */
const MIN_INTERVAL_MS = 10_000
