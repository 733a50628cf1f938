/** The books beside the API's numbers, chapter by chapter. */
import { setTimeout as pause } from 'node:timers/promises'
import { agrees, figuresOf, figureText, type Figure } from './figures.ts'
import { listOf, readings, type Read } from './reading.ts'
import type { World } from './world.ts'

/** One chapter's comparison. */
interface Compared {
  readonly name: string
  readonly books: Figure | undefined
  readonly read: Read | undefined
  readonly isRight: boolean
}

export class Table {
  readonly #world: World
  /** What was printed last of each number. */
  readonly #last = new Map<string, string>()
  #compared = 0
  #wrong = 0
  #all: readonly Compared[] = []

  constructor(world: World) {
    this.#world = world
  }

  get compared(): number {
    return this.#compared
  }

  get wrong(): number {
    return this.#wrong
  }

  /** Compares every number, and prints those that have changed since the last chapter, and those that are wrong. */
  async compare(chapter: string): Promise<void> {
    const { cast } = this.#world
    const began = performance.now()
    await settled(this.#world)
    const settledMs = performance.now() - began
    const read = await readings(this.#world)
    const books = figuresOf(this.#world.books)
    const names = new Set([...books.keys(), ...read.keys()])
    this.#all = [...names].map((name) => {
      const [one, other] = [books.get(name), read.get(name)]
      return { name, books: one, read: other, isRight: one !== undefined && agrees(one, other) }
    })
    const wrong = this.#all.filter(({ isRight }) => !isRight)
    this.#compared += this.#all.length
    this.#wrong += wrong.length
    const changed = this.#all.filter(
      ({ name, books: one, isRight }) => !isRight || this.#last.get(name) !== figureText(one),
    )
    for (const one of changed) {
      this.#last.set(one.name, figureText(one.books))
      cast.say(line(one))
    }
    const verdict =
      wrong.length === 0 ? 'all as in the books' : `${wrong.length} NOT as in the books`
    cast.say(
      `  ${this.#all.length} numbers after "${chapter}": ${verdict} (settled in ${(settledMs / 1000).toFixed(1)} s)`,
    )
  }

  /** Every number as it stood last. */
  printAll(): void {
    const { say } = this.#world.cast
    say(`  ${'number'.padEnd(WIDTH)}  ${'books'.padEnd(WIDE)}  API`)
    for (const one of this.#all) say(line(one))
  }
}

const WIDTH = 38
const WIDE = 24

const line = ({ name, books, read, isRight }: Compared): string =>
  `  ${name.padEnd(WIDTH)}  ${figureText(books).padEnd(WIDE)}  ${figureText(read)}${isRight ? '' : '   DIFFERS'}`

/**
 * Waits until everybody who was met has reached the books of the product: batches wait two seconds in a worker and one
 * in the primary. What is not there after that long will be a difference in the table.
 */
export async function settled(world: World): Promise<void> {
  const entries = [...world.books.entries.values()]
  const met = entries.reduce((sum, { sightings }) => sum + sightings.least, 0)
  const deadline = Date.now() + LONGEST_MS
  for (;;) {
    const items = await listOf(world, '')
    if (items.reduce((sum, { sightings }) => sum + sightings, 0) >= met) break
    if (Date.now() > deadline) break
    await pause(200)
  }
}

/** Three seconds of gathering, and a machine that is busy. */
const LONGEST_MS = 20_000
