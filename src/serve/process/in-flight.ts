/**
 * What a drain still waits for when the last socket has closed: connections and requests whose line is to be written. A
 * socket is gone before its events are, and a program that ends in between loses the lines of those it cut off.
 */
export class InFlight {
  #count = 0
  #onSettled: (() => void) | undefined

  begin(): void {
    this.#count += 1
  }

  end(): void {
    this.#count -= 1
    if (this.#count === 0) this.#onSettled?.()
  }

  /** Settles when everything is recorded, or after `timeout` milliseconds. */
  async settled(timeout: number): Promise<void> {
    if (this.#count === 0) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#onSettled = resolve
    const late = setTimeout(resolve, timeout)
    await promise
    clearTimeout(late)
  }
}
