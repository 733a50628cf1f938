/**
 * `npm run bench -- --curves`: what a unit of work costs as something grows that an operator has much of. One thing is
 * varied at a time; nginx stands beside where it knows the thing at all. Sizes are `--sizes ID=N,N...`.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Curve, CurveFigures, CurvePoint } from '../../../scripts/performance/curve-figures.ts'
import { spreadOf } from '../../../scripts/performance/figures.ts'
import { plainText } from '../../../scripts/performance/tables.ts'
import { BenchFault } from './bench-fault.ts'
import type { Candidate } from './candidate.ts'
import { curvePlans, type CurvePlan } from './curve-plans.ts'
import { prepareLoad } from './load.ts'
import { machineText } from './machine.ts'
import { deviceOptions, measureWork, type Bench } from './measure.ts'
import type { BenchOptions } from './options.ts'
import { currentCommit, ROOT } from './prepare.ts'
import type { OpenBench } from './setup.ts'
import { start, type Running } from './start.ts'

/** Measures and prints all curves, or those that `--only` names. Judges nothing: a curve has no limit. */
export async function drawCurves(options: BenchOptions, opened: OpenBench): Promise<boolean> {
  const plans = chosen(options, await curvePlans(opened))
  const curves: Curve[] = []
  const columns = new Map<string, CurveFigures['columns'][number]>()
  for (const plan of plans) {
    const points: CurvePoint[] = []
    for (const size of options.sizes.get(plan.id) ?? plan.sizes) {
      const candidates = await plan.candidates(size)
      for (const { name, title, version } of candidates) columns.set(name, { name, title, version })
      points.push(await pointOf(opened.bench, { plan, size, candidates }))
    }
    const { id, title, work } = plan
    curves.push({ id, title, work: work.title, unit: 'us', points })
    console.log(`\n${title}: CPU time per ${work.title}, us`)
    console.log(plainText(tableOf(points, [...columns.values()])))
  }
  const { rounds, scale } = options
  keep(options, {
    taken: new Date().toISOString().slice(0, 10),
    commit: currentCommit(),
    rounds,
    scale,
    machine: machineText(),
    columns: [...columns.values()],
    curves,
  })
  return true
}

interface Point {
  readonly plan: CurvePlan
  readonly size: number
  readonly candidates: readonly Candidate[]
}

async function pointOf(bench: Bench, { plan, size, candidates }: Point): Promise<CurvePoint> {
  await using stack = new AsyncDisposableStack()
  const all: Running[] = []
  for (const candidate of candidates) {
    all.push(stack.use(await start(candidate, bench.site, bench.cpus.measured)))
  }
  const work = plan.workAt?.(size) ?? plan.work
  const connections = plan.restingAt?.(size) ?? 0
  for (const running of all) {
    if (connections === 0) continue
    const resting = { work: 'idle', connections, ...deviceOptions(bench, running) }
    stack.use(await prepareLoad(bench.loadProgram, resting, bench.cpus.others))
  }
  bench.tell(`${plan.title}, ${size.toLocaleString('en')}: ready`)
  const samples = await measureWork(bench, work, all)
  const values = [...samples].map(([name, found]) => [name, spreadOf(found)] as const)
  return { size, values: Object.fromEntries(values) }
}

function chosen({ only, sizes }: BenchOptions, plans: readonly CurvePlan[]): readonly CurvePlan[] {
  const known = plans.map(({ id }) => id)
  const unknown = [...(only ?? []), ...sizes.keys()].filter((id) => !known.includes(id))
  if (unknown.length > 0) {
    throw new BenchFault(`found no curve ${unknown.join(', ')}, wanted some of ${known.join(', ')}`)
  }
  return plans.filter(({ id }) => only?.has(id) ?? true)
}

const tableOf = (points: readonly CurvePoint[], columns: CurveFigures['columns']) => [
  ['', ...columns.map(({ title }) => title)],
  ...points.map(({ size, values }) => [
    size.toLocaleString('en'),
    ...columns.map(({ name }) => {
      const [median, least, most] = values[name] ?? []
      return median === undefined ? '' : `${median} (${least} to ${most})`
    }),
  ]),
]

function keep({ output, isWriting, only }: BenchOptions, figures: CurveFigures): void {
  const text = `${JSON.stringify(figures, null, 1)}\n`
  if (output !== undefined) writeFileSync(output, text)
  if (!isWriting) return
  if (only !== undefined) {
    throw new BenchFault('--write keeps whole runs only: leave out --only')
  }
  writeFileSync(join(ROOT, 'docs/performance-curves.json'), text)
  console.log(
    'wrote the figures of the curves: run `npm run generate` for the page and its picture',
  )
}
