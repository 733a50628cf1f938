/** Many inputs through both paths, some of them at a time. */
import { compared, isSameButForTime, outcomeOf, ownFault, type DifferenceClass } from './compare.ts'
import type { Input } from './mutate.ts'
import { nodePath } from './node-path.ts'
import { ourPath } from './our-path.ts'
import { play, type Path, type Sending } from './play.ts'

/** What is played. */
export interface Campaign {
  readonly count: number
  readonly input: (number: number) => Input
  /** Ours, unless a control plants a fault in it. */
  readonly path?: Path
  readonly progress?: (tally: Tally) => void
}

/** What came of it. */
export interface Tally {
  readonly inputs: number
  readonly classes: ReadonlyMap<DifferenceClass, number>
  /** Inputs that differ in no way that was argued for, escaped, the first of them only. */
  readonly faults: readonly string[]
  readonly differing: number
}

/** Plays all inputs; stops when it has found as many faults as anybody reads. */
export async function campaign({
  count,
  input,
  path = ourPath(),
  progress,
}: Campaign): Promise<Tally> {
  const paths = { node: nodePath(), ours: path }
  const classes = new Map<DifferenceClass, number>()
  const faults: string[] = []
  let [next, inputs] = [0, 0]
  const tally = (): Tally => ({ inputs, classes, faults, differing: faults.length })
  const lane = async (): Promise<void> => {
    while (next < count && faults.length < MAX_FAULTS) {
      const number = next
      next += 1
      const verdict = await judged(paths, input(number), number)
      inputs += 1
      if (verdict.kind === 'argued') classes.set(verdict.name, (classes.get(verdict.name) ?? 0) + 1)
      else if (verdict.kind === 'fault') faults.push(`${number}: ${verdict.what}`)
      if (inputs % PROGRESS_EVERY === 0) progress?.(tally())
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  for (const one of Object.values(paths)) one[Symbol.dispose]()
  return tally()
}

/** One line for people. */
export function summary({ inputs, classes, differing }: Tally): string {
  const named = [...classes].map(([name, count]) => `${name} ${count}`).toSorted()
  return `${inputs} inputs, ${differing} differ, classes: ${named.join('; ') || 'none'}`
}

/** Inputs that are under way at the same time: they share the turns of the event loop that each waits for. */
const LANES = 64
const MAX_FAULTS = 10
const PROGRESS_EVERY = 10_000

interface Paths {
  readonly node: Path
  readonly ours: Path
}

async function judged(paths: Paths, { octets, sending }: Input, number: number) {
  const waiting = { ...sending, waits: true }
  const [first, second, again] = await Promise.all([
    play(paths.node, waiting),
    play(paths.ours, waiting),
    play(paths.ours, otherwise(octets, sending, number)),
  ])
  const [node, ours, other] = [
    outcomeOf(first, 'node'),
    outcomeOf(second, 'ours'),
    outcomeOf(again, 'ours'),
  ]
  const fault = (what: string) => {
    const facts = { reads: sending.reads, node, ours, other }
    return { kind: 'fault', what: `${what} ${JSON.stringify(facts)}` } as const
  }
  const own = ownFault(second) ?? ownFault(again)
  if (own !== undefined) return fault(own)
  if (!isSameButForTime(ours, other)) return fault('the reads change the outcome')
  const verdict = compared(octets, node, ours)
  return verdict.kind === 'fault' ? fault(verdict.what) : verdict
}

/** The same octets in one read, or in reads that arrive together. */
const otherwise = (octets: string, { reads }: Sending, number: number): Sending =>
  number % 2 === 0 ? { reads: [octets], waits: false } : { reads, waits: false }
