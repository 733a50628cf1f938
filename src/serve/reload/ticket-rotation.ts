/**
 * When the secret behind the session tickets is replaced (decision 10): regularly, so that whoever steals the memory
 * of tomorrow cannot read the sessions of today; and soon, when a device was held to a session that began before it
 * had a certificate: each time it is resumed, such a session gets a new ticket, and would never end.
 */
import type { Millis } from '../../kernel/types.ts'

/** Time as it passes, whatever the wall clock says. */
export interface Alarm {
  now(): Millis
  /** Runs once, later; the answer calls it off. */
  in(wait: Millis, run: () => void): () => void
}

/** Says when; `rotate` does it. */
export class Rotation {
  readonly #rotate: () => void
  readonly #alarm: Alarm
  #last = -Infinity
  #due = Infinity
  #callOff: () => void = () => {}

  constructor(rotate: () => void, alarm: Alarm = PROCESS_ALARM) {
    this.#rotate = rotate
    this.#alarm = alarm
    this.#set(alarm.now() + TICKETS_LIVE_MS)
  }

  /** At once, or as soon as may be: whoever resumes without a certificate can ask for it, and it costs everybody's tickets. */
  soon(): void {
    const now = this.#alarm.now()
    const at = Math.max(now, this.#last + APART_MS)
    if (at >= this.#due) return
    if (at === now) this.#turn()
    else this.#set(at)
  }

  /** What is in use was made that long ago, here or elsewhere. */
  replaced(age: Millis): void {
    if (this.#due === -Infinity) return
    const now = this.#alarm.now()
    this.#set(Math.max(now, now - age + TICKETS_LIVE_MS))
  }

  /** No more. */
  end(): void {
    this.#callOff()
    this.#due = -Infinity
  }

  #set(at: number): void {
    this.#callOff()
    this.#due = at
    this.#callOff = this.#alarm.in((at - this.#alarm.now()) as Millis, () => this.#turn())
  }

  #turn(): void {
    this.#last = this.#alarm.now()
    this.#set(this.#last + TICKETS_LIVE_MS)
    this.#rotate()
  }
}

const PROCESS_ALARM: Alarm = {
  now: () => performance.now() as Millis,
  in(wait, run) {
    const timer = setTimeout(run, wait)
    // Nothing to wait for when all else has ended.
    timer.unref()
    return () => clearTimeout(timer)
  },
}

/** Decision 10: twelve hours bound how much traffic one stolen secret opens. */
export const TICKETS_LIVE_MS = 12 * 3600 * 1000
/** A rotation builds every TLS context anew, some milliseconds for each; a locked-out device waits no longer than this. */
const APART_MS = 10_000
