/** The expected numbers beside the API's, chapter by chapter. */
import { setTimeout as pause } from 'node:timers/promises'
import { agrees, figuresOf, figureText, type Figure } from './expected-numbers.ts'
import { readings, type Read } from './api-numbers.ts'
import { settled, settledAgain } from './settled-numbers.ts'
import type { Simulation } from './simulation.ts'

/** One number, twice. */
interface Compared {
  readonly name: string
  readonly expectedState: Figure | undefined
  readonly read: Read | undefined
  readonly isRight: boolean
}

export class Table {
  readonly #simulation: Simulation
  /** What was printed last of each number. */
  readonly #last = new Map<string, string>()
  #compared = 0
  #wrong = 0
  #all: readonly Compared[] = []

  constructor(simulation: Simulation) {
    this.#simulation = simulation
  }

  get compared(): number {
    return this.#compared
  }

  get wrong(): number {
    return this.#wrong
  }

  /** Compares every number, and prints those that have changed since the last chapter, and those that are wrong. */
  async compare(chapter: string): Promise<void> {
    const { say } = this.#simulation.participants
    const began = performance.now()
    await settled(this.#simulation)
    const seconds = ((performance.now() - began) / 1000).toFixed(1)
    const differences = await this.#readUntilRight()
    const wrong = this.#all.filter(({ isRight }) => !isRight)
    this.#compared += this.#all.length
    this.#wrong += wrong.length
    for (const one of this.#all) {
      const text = figureText(one.expectedState)
      if (one.isRight && this.#last.get(one.name) === text) continue
      this.#last.set(one.name, text)
      say(line(one))
    }
    for (const one of differences.slice(0, 10)) say(`  ${one}`)
    const verdict = wrong.length === 0 ? 'all as expected' : `${wrong.length} NOT as expected`
    say(`  ${this.#all.length} numbers after "${chapter}": ${verdict} (settled in ${seconds} s)`)
  }

  /** Every number as it stood last. */
  printAll(): void {
    const { say } = this.#simulation.participants
    say(`  ${'number'.padEnd(WIDTH)}  ${'expected'.padEnd(WIDE)}  API`)
    for (const one of this.#all) say(line(one))
  }

  /** Reads again for a while when something is not there yet; answers with the records that differ in the end. */
  async #readUntilRight(): Promise<readonly string[]> {
    const deadline = Date.now() + LONGEST_MS
    for (;;) {
      const { startCount } = this.#simulation
      const { read, differences } = await readings(this.#simulation)
      const expectedState = figuresOf(this.#simulation.expectedState)
      this.#all = [...new Set([...expectedState.keys(), ...read.keys()])].map((name) => {
        const [one, other] = [expectedState.get(name), read.get(name)]
        return {
          name,
          expectedState: one,
          read: other,
          isRight: one !== undefined && agrees(one, other),
        }
      })
      const isRight = this.#all.every((one) => one.isRight)
      // What was read in two lives is no picture of either.
      const isWhole = startCount === this.#simulation.startCount
      if (isWhole && (isRight || Date.now() > deadline)) return differences
      await pause(isWhole ? LOOK_AGAIN_MS : 0)
      await settledAgain(this.#simulation)
    }
  }
}

const WIDTH = 38
const WIDE = 24
/** How long after everything has settled a number may be late. */
const LONGEST_MS = 5000
const LOOK_AGAIN_MS = 500

const line = ({ name, expectedState, read, isRight }: Compared): string =>
  `  ${name.padEnd(WIDTH)}  ${figureText(expectedState).padEnd(WIDE)}  ${figureText(read)}${isRight ? '' : '   DIFFERS'}`
