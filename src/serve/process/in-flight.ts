/**
 * Whom a drain still waits for when the last socket has closed: connections and requests whose line is to be written. A
 * socket is gone before its events are, and a program that ends in between loses the lines of those it cut off.
 */
export class Unrecorded {
  #count = 0
  #none: (() => void) | undefined

  begin(): void {
    this.#count += 1
  }

  end(): void {
    this.#count -= 1
    if (this.#count === 0) this.#none?.()
  }

  /** Settles when everything is recorded, or after `patience` milliseconds. */
  async none(patience: number): Promise<void> {
    if (this.#count === 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#none = resolve
    const late = setTimeout(resolve, patience)
    await promise
    clearTimeout(late)
  }
}
