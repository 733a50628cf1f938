/** Compares servers: starts them, measures every work, prints tables and verdicts. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { spreadOf, type FigureRow, type Figures } from '../../../scripts/performance/figures.ts'
import {
  carriedTable,
  costTable,
  narrowed,
  plainText,
  ratioTable,
  spreadTable,
} from '../../../scripts/performance/tables.ts'
import { BenchFault } from './bench-fault.ts'
import type { Candidate } from './candidate.ts'
import { loggingCandidates, plainCandidates, workerCandidates } from './candidates.ts'
import { judge, judgeWorkers, verdictText, type Verdict } from './judge.ts'
import { machineText } from './machine.ts'
import { measureIdle, measureWork, type Bench, type Samples } from './measure.ts'
import type { BenchOptions } from './options.ts'
import { currentCommit, ROOT } from './prepare.ts'
import type { OpenBench } from './setup.ts'
import { start, type Running } from './start.ts'
import { IDLE, WORKS, type Work } from './works.ts'

/** What the second look, and the one at several workers, are about. */
const FEWER: ReadonlySet<string> = new Set(['get', 'post', 'full13', 'resumed12'])

/** The comparison of the page. Gives whether every limit holds. */
export async function compare(
  options: BenchOptions,
  { bench, prepared }: OpenBench,
): Promise<boolean> {
  const plain = wanted(options, await plainCandidates(prepared, options.base))
  const logging = wanted(options, await loggingCandidates(prepared))
  const isFewer = ({ name }: Candidate): boolean => logging.some((one) => one.name === name)
  const rows = await measureAll(bench, [...plain, ...logging], options.works, isFewer)
  if (options.isIdleWanted) rows.push(rowOf(IDLE, 'KiB', await measureIdle(bench, plain)))
  const figures = figuresOf(options, [...plain, ...logging], rows)
  printTables(narrowed(figures, ({ name }) => !name.endsWith('-log')))
  if (logging.length > 0) {
    console.log(
      '\nWith a line of the access log for each request, times nginx that writes one, too',
    )
    const second = narrowed(figures, ({ name }) => name.endsWith('-log'))
    console.log(plainText(ratioTable(second, 'nginx-log')))
  }
  keep(options, figures)
  const { verdicts, unjudged } = judge(figures)
  for (const what of unjudged) console.log(`not measured: ${what}`)
  return told(verdicts)
}

/** One worker beside several on one processor: what handing connections over and keeping apart costs. */
export async function compareWorkers(
  options: BenchOptions,
  { bench, prepared }: OpenBench,
): Promise<boolean> {
  const candidates = await workerCandidates(prepared, options.workers)
  const works = options.works.filter(({ id }) => FEWER.has(id))
  const rows = await measureAll(bench, candidates, works, () => false)
  const figures = figuresOf(options, candidates, rows)
  console.log(`\nCPU time per unit, medians of ${options.rounds}`)
  console.log(plainText(costTable(figures)))
  console.log('\nspread')
  console.log(plainText(spreadTable(figures)))
  if (options.output !== undefined) writeFigures(options.output, figures)
  return told(judgeWorkers(figures, options.workers))
}

async function measureAll(
  bench: Bench,
  candidates: readonly Candidate[],
  works: readonly Work[],
  isFewer: (candidate: Candidate) => boolean,
): Promise<FigureRow[]> {
  await using stack = new AsyncDisposableStack()
  const all: Running[] = []
  for (const candidate of candidates) {
    all.push(stack.use(await start(candidate, bench.site, bench.cpus.measured)))
    bench.tell(`${candidate.title} ${candidate.version} serves`)
  }
  const rows: FigureRow[] = []
  for (const work of works) {
    const able = all.filter(({ candidate }) => FEWER.has(work.id) || !isFewer(candidate))
    const samples = await measureWork(bench, work, able)
    rows.push(rowOf(work, work.per === 'MB' ? 'us per MB' : 'us', samples))
  }
  return rows
}

function wanted({ only }: BenchOptions, all: readonly Candidate[]): readonly Candidate[] {
  const unknown = [...(only ?? [])].filter((name) => !NAMES.has(name))
  if (unknown.length > 0) {
    const known = [...NAMES].join(', ')
    throw new BenchFault(`--only: found ${unknown.join(', ')}, wanted some of ${known}`)
  }
  return all.filter(({ name }) => only?.has(name) ?? true)
}

const NAMES: ReadonlySet<string> = new Set(
  'nginx haproxy apache caddy http-proxy floor before tfe nginx-log haproxy-log tfe-log'.split(' '),
)

const rowOf = (
  { id, title }: Pick<Work, 'title'> & { readonly id: string },
  unit: FigureRow['unit'],
  samples: Samples,
): FigureRow => ({
  id,
  title,
  unit,
  values: Object.fromEntries([...samples].map(([name, values]) => [name, spreadOf(values)])),
})

function figuresOf(
  { rounds, scale }: BenchOptions,
  candidates: readonly Candidate[],
  rows: readonly FigureRow[],
): Figures {
  return {
    taken: new Date().toISOString().slice(0, 10),
    commit: currentCommit(),
    rounds,
    scale,
    machine: machineText(),
    columns: candidates.map(({ name, title, version }) => ({ name, title, version })),
    rows,
  }
}

function printTables(figures: Figures): void {
  const { rounds, scale, machine } = figures
  console.log(
    `${machine}; medians of ${rounds} rounds${scale < 1 ? `, ${scale} of the units` : ''}`,
  )
  console.log(`\nCPU time per unit\n${plainText(costTable(figures))}`)
  const carried = carriedTable(figures).slice(1)
  if (carried.length > 0)
    console.log(plainText(carriedTable(figures)).split('\n').slice(1).join('\n'))
  console.log(`\ntimes nginx of the same run\n${plainText(ratioTable(figures))}`)
  console.log(
    `\nspread: most less least, as a part of the median\n${plainText(spreadTable(figures))}`,
  )
  console.log('')
  for (const { title, version } of figures.columns) console.log(`${title} ${version}`)
}

function keep({ output, isWriting, only, works }: BenchOptions, figures: Figures): void {
  if (output !== undefined) writeFigures(output, figures)
  if (!isWriting) return
  if (only !== undefined || works.length < WORKS.length) {
    throw new BenchFault('--write keeps whole runs only: leave out --only and --works')
  }
  writeFigures(join(ROOT, 'docs/performance.json'), figures)
  console.log('wrote docs/performance.json: run `npm run generate` for the page and its picture')
}

const writeFigures = (file: string, figures: Figures): void =>
  writeFileSync(file, `${JSON.stringify(figures, null, 1)}\n`)

function told(verdicts: readonly Verdict[]): boolean {
  console.log('')
  for (const verdict of verdicts) console.log(verdictText(verdict))
  return verdicts.every(({ isMet }) => isMet)
}
