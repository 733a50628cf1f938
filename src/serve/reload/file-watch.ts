/**
 * Watches the files that the configuration in force names, by looking at them now and then: what tells of changes as they
 * happen differs from system to system, and tells nothing of a network's disk.
 */
import type { Millis } from '../../kernel/types.ts'

export interface FileWatchDeps {
  /** How long from the end of one look to the next; asked again after each, and whenever a configuration is in force. */
  every(): Millis | 'off'
  /** Which content a path leads to now. */
  stampOf(path: string): Promise<string>
  /** Reads files again, of which these have changed. */
  changed(paths: readonly string[]): Promise<void>
  /** A look failed, which is a bug; the next one comes all the same. */
  bug(error: unknown): void
  /** Runs once, later; the answer calls it off. */
  after(wait: Millis, run: () => void): () => void
}

/** One per front end, in the primary. */
export class FileWatch {
  readonly #deps: FileWatchDeps
  /** The content that was last read or tried, by path. */
  #stamps: ReadonlyMap<string, string>
  #isLooking = false
  #isBegun = false
  #wait: Millis | 'off' = 'off'
  #cancel: () => void = () => {}

  constructor(files: ReadonlyMap<string, string>, deps: FileWatchDeps) {
    this.#stamps = files
    this.#deps = deps
  }

  /** From now on it looks by itself. */
  begin(): void {
    this.#isBegun = true
    this.#arm()
  }

  /** A configuration is in force that was read from these files. */
  settled(files: ReadonlyMap<string, string>): void {
    this.#stamps = files
    // Each time anew it would never look where reloads are frequent.
    if (this.#isBegun && this.#deps.every() !== this.#wait) this.#arm()
  }

  /** Looks now. Settles when what has changed was read; at once while another look is under way. */
  async look(): Promise<void> {
    if (this.#isLooking) return
    this.#isLooking = true
    try {
      await this.#look()
    } finally {
      this.#isLooking = false
    }
  }

  /** Looks no more by itself. */
  stop(): void {
    this.#isBegun = false
    this.#cancel()
  }

  async #look(): Promise<void> {
    const before = this.#stamps
    const now = new Map<string, string>()
    // One after the other: each may hang on a network's disk, and takes a thread of the runtime with it.
    for (const path of before.keys()) now.set(path, await this.#deps.stampOf(path))
    // Read meanwhile, by a signal perhaps.
    if (this.#stamps !== before) return
    const changed = [...now].filter(([path, stamp]) => before.get(path) !== stamp)
    if (changed.length === 0) return
    // Before they are read: what is refused is not read again until it changes, and a change during the reading is one more.
    this.#stamps = now
    await this.#deps.changed(changed.map(([path]) => path))
  }

  #arm(): void {
    this.#cancel()
    this.#wait = this.#deps.every()
    if (this.#wait === 'off') return
    this.#cancel = this.#deps.after(this.#wait, () => {
      this.look()
        .catch((error: unknown) => this.#deps.bug(error))
        .finally(() => {
          if (this.#isBegun) this.#arm()
        })
    })
  }
}
