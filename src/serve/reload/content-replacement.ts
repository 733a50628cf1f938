/**
 * Takes over secrets of the store and files that were replaced: the configuration in force is read again, with the files that it names,
 * by the document that it was read from, because the file itself may be half edited.
 */
import type { LoadedConfig } from '../../config/config.ts'
import type { Fault, Result } from '../../kernel/types.ts'

type Read = Result<LoadedConfig, readonly Fault[]>

export interface ContentReplacementDeps {
  /** Reads a document again, with what its references hold now. */
  read(document: Buffer): Promise<Read>
  /** Applies what was read, unless another document has come into force by its turn; what it was refused for. */
  apply(next: Read, isInForce: () => boolean): Promise<readonly Fault[] | 'overtaken'>
}

/** One per front end, in the primary. */
export class ContentReplacement {
  /** Why content was refused when it was last read again; that before it is in force. */
  faults: readonly Fault[] = []
  readonly #deps: ContentReplacementDeps
  /** What the configuration in force was read from. */
  #document: Buffer
  #isDue = false
  #isRunning = false

  constructor(document: Buffer, deps: ContentReplacementDeps) {
    this.#document = document
    this.#deps = deps
  }

  /** What was read from this document is in force, with what its references held then. */
  settled(document: Buffer): void {
    this.#document = document
    this.faults = []
  }

  /** Reads it again; what is replaced meanwhile is read once more, however often that is. */
  async replaced(): Promise<void> {
    this.#isDue = true
    if (this.#isRunning) return
    this.#isRunning = true
    try {
      while (this.#isDue) {
        this.#isDue = false
        await this.#take(this.#document)
      }
    } finally {
      this.#isRunning = false
    }
  }

  async #take(document: Buffer): Promise<void> {
    const next = await this.#deps.read(document)
    const faults = await this.#deps.apply(next, () => this.#document === document)
    if (faults === 'overtaken') this.#isDue = true
    else this.faults = faults
  }
}
