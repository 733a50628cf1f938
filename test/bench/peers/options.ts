/** What `npm run bench` is told. */
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { BenchFault } from './bench-fault.ts'
import { WORKS, type Work } from './works.ts'

export interface BenchOptions {
  readonly rounds: number
  /** The part of the units of a round that is done. */
  readonly scale: number
  /** The commit to compare with. */
  readonly base: string
  /** Names of candidates; undefined means all. */
  readonly only: ReadonlySet<string> | undefined
  readonly works: readonly Work[]
  readonly isIdleWanted: boolean
  readonly cpus: { readonly measured: number; readonly others: number }
  readonly workers: number
  readonly isCurves: boolean
  /** Sizes of curves, by their id; a curve without has its own. */
  readonly sizes: ReadonlyMap<string, readonly number[]>
  readonly output: string | undefined
  readonly isWriting: boolean
}

/** The last commit before the data path was made anew. */
const BASE = '3eabe9ff'

/** Part of the units that a trial does. */
const SMALL = 0.1

/** Reads the command line. Throws a `BenchFault` that says what was wanted. */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parse(args)
  const isCurves = values.curves
  const isSmall = choice('scale', values.scale, ['full', 'small']) === 'small'
  const [measured = -1, others = -1] =
    values.cpus === undefined ? allowedCpus() : list(values.cpus).map(Number)
  if (!(measured >= 0 && others >= 0 && measured !== others)) {
    throw new BenchFault(
      'found fewer than two processors, wanted one for whom is measured and one for the rest: --cpus 0,1',
    )
  }
  if (values.write && isSmall) throw new BenchFault('--write keeps no figures of --scale small')
  const works = values.works === undefined ? undefined : new Set(list(values.works))
  for (const id of works ?? []) choice('works', id, [...WORKS.map((work) => work.id), 'idle'])
  return {
    rounds: wholeNumber('rounds', values.rounds ?? (isCurves ? '3' : '7')),
    scale: isSmall ? SMALL : 1,
    base: values.base,
    only: values.only === undefined ? undefined : new Set(list(values.only)),
    works: WORKS.filter(({ id }) => works?.has(id) ?? true),
    isIdleWanted: works?.has('idle') ?? true,
    cpus: { measured, others },
    workers: wholeNumber('workers', values.workers),
    isCurves,
    sizes: new Map(values.sizes.map(sizesOf)),
    output: values.output,
    isWriting: values.write,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        rounds: { type: 'string' },
        scale: { type: 'string', default: 'full' },
        base: { type: 'string', default: BASE },
        only: { type: 'string' },
        works: { type: 'string' },
        cpus: { type: 'string' },
        workers: { type: 'string', default: '1' },
        curves: { type: 'boolean', default: false },
        sizes: { type: 'string', multiple: true, default: [] },
        output: { type: 'string' },
        write: { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    throw new BenchFault(String(error), { cause: error })
  }
}

const list = (text: string): readonly string[] => text.split(',')

/** `--sizes devices=1000,10000` */
function sizesOf(text: string): readonly [string, readonly number[]] {
  const [id = '', sizes = ''] = text.split('=')
  return [id, list(sizes).map((size) => wholeNumber('sizes', size, 0))]
}

function wholeNumber(name: string, text: string, least = 1): number {
  const number = Number(text)
  if (Number.isInteger(number) && number >= least) return number
  throw new BenchFault(`--${name}: found ${text}, wanted a whole number from ${least} on`)
}

function choice(name: string, text: string, known: readonly string[]): string {
  if (known.includes(text)) return text
  throw new BenchFault(`--${name}: found ${text}, wanted one of ${known.join(', ')}`)
}

/** The first two processors that this process may use. */
function allowedCpus(): readonly number[] {
  const status = process.platform === 'linux' ? readFileSync('/proc/self/status', 'utf8') : ''
  const ranges = /^Cpus_allowed_list:\s+(.+)$/mu.exec(status)?.[1] ?? ''
  return ranges.split(',').flatMap((range) => {
    const [first = Number.NaN, last = first] = range.split('-').map(Number)
    return Number.isNaN(first)
      ? []
      : Array.from({ length: last - first + 1 }, (_, at) => first + at)
  })
}
