/** What is wrong with one input, in the order in which it was found, the first hundred of it: an author can make millions. */
import { countText } from './count-text.ts'

/** Collects faults, and counts those that are too many to keep. */
export class FaultList<Fault extends { readonly message: string }> {
  readonly #kept: Fault[] = []
  /** The first that was not kept. */
  #next: Fault | undefined
  #more = 0

  add(fault: Fault): void {
    if (this.#kept.length < MAX_FAULTS) {
      this.#kept.push(fault)
      return
    }
    this.#next ??= fault
    this.#more += 1
  }

  /** Adds what another list has kept and counted. */
  join({ all, more }: FaultList<Fault>): void {
    for (const fault of all) this.add(fault)
    // One of them was added above, in the words of all.
    this.#more += Math.max(more - 1, 0)
  }

  /** How many were not kept. */
  get more(): number {
    return this.#more
  }

  /** Those that were kept, and where some were not, one in the place of the first of these that says how many. */
  get all(): readonly Fault[] {
    if (this.#next === undefined) return this.#kept
    const message = `found ${countText(this.#more, 'more fault')} from here on, wanted none: mend those above first`
    return [...this.#kept, { ...this.#next, message }]
  }
}

/** A file with more is another one than was meant. */
export const MAX_FAULTS = 100
