/**
 * Takes over secrets of the store that were replaced: the configuration in force is read again, with the files that it names,
 * by the document that it was read from, because the file itself may be half edited.
 */
import type { LoadedConfig } from '../../config/config.ts'
import type { Fault, Result } from '../../kernel/types.ts'

type Read = Result<LoadedConfig, readonly Fault[]>

export interface SecretReplacementDeps {
  /** Reads a document again, with what its references hold now. */
  read(document: Buffer): Promise<Read>
  /** Applies what was read, unless another document has come into force by its turn; what it was refused for. */
  apply(next: Read, isInForce: () => boolean): Promise<readonly Fault[] | 'overtaken'>
}

/** One per front end, in the primary. */
export class SecretReplacement {
  /** Why secrets were refused when they were last read again; those before them are in force. */
  faults: readonly Fault[] = []
  readonly #deps: SecretReplacementDeps
  /** What the configuration in force was read from. */
  #document: Buffer
  #isDue = false
  #isRunning = false

  constructor(document: Buffer, deps: SecretReplacementDeps) {
    this.#document = document
    this.#deps = deps
  }

  /** What was read from this document is in force, with the secrets that the store had then. */
  settled(document: Buffer): void {
    this.#document = document
    this.faults = []
  }

  /** Reads them again; those that are replaced meanwhile are read once more, however many they are. */
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
