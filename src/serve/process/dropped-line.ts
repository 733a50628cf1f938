/** When a line is due about connections that are turned away, or closed to make room: at the first, and then once a minute with how many there were. */
export class DroppedLine {
  readonly #now: () => number
  #count = 0
  #saidAt = -Infinity

  /** `now` in milliseconds, on a clock that only goes forward. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Counts one more; tells how many there were since the last line where one is due. */
  due(): number | undefined {
    this.#count += 1
    const now = this.#now()
    if (now - this.#saidAt < EVERY_MS) return undefined
    const count = this.#count
    this.#saidAt = now
    this.#count = 0
    return count
  }
}

/** Anybody can open connections: a line for each would fill the disk. */
const EVERY_MS = 60_000
