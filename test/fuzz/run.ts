/**
 * `npm run test:fuzz`: a million inputs through everything that reads what a stranger sends.
 *   npm run test:fuzz -- --inputs 50000 --seed 7
 *   npm run test:fuzz -- --seed 7 --first 4711 --inputs 1
 *   npm run test:fuzz -- --replay fuzz-failures/7-4711.hex
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { campaign, type Failure, type Tally } from './campaign.ts'
import { failureIn, failureText } from './failure-file.ts'
import { TARGETS } from './targets.ts'

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    first: { type: 'string', default: '0' },
    replay: { type: 'string' },
  },
})

process.exitCode = values.replay === undefined ? run() : replay(values.replay)

function run(): number {
  const [seed, first, inputs] = [values.seed, values.first, values.inputs].map(wholeNumber)
  if (seed === undefined || first === undefined || inputs === undefined) {
    console.error('wanted whole numbers for --inputs, --seed and --first')
    return 2
  }
  const started = performance.now()
  const share = Math.ceil(inputs / TARGETS.length)
  console.log(`${inputs} inputs with seed ${seed}: ${share} for each of ${TARGETS.length} targets`)
  const failures = TARGETS.flatMap((target) => {
    console.log(`\n${target.name}`)
    const tally = campaign(target, {
      seed,
      first,
      inputs: share,
      progress: (done, { failures: broken }) => {
        const seconds = ((performance.now() - started) / 1000).toFixed(0)
        console.log(`  ${done} of ${share} done after ${seconds} s, ${broken.length} failures`)
      },
    })
    tell(tally)
    return tally.failures
  })
  for (const failure of failures) keep(failure)
  console.log(failures.length === 0 ? '\nno promise was broken' : `\n${failures.length} failures`)
  return failures.length === 0 ? 0 : 1
}

/** Exit code 1 when the input still breaks a promise. */
function replay(file: string): number {
  const { target: name, input } = failureIn(readFileSync(file, 'utf8'))
  const target = TARGETS.find((one) => one.name === name)
  if (target === undefined) {
    console.error(`found target '${name}' in ${file}, wanted one of those there are`)
    return 2
  }
  const once = { ...target, make: () => input }
  const { words, failures } = campaign(once, { seed: 0, first: 0, inputs: 1 })
  console.log([...words.keys()].join('\n'))
  for (const { what } of failures) console.log(what)
  return failures.length === 0 ? 0 : 1
}

function tell({ words, slowest }: Tally): void {
  const most = [...words].sort(([, one], [, other]) => other - one)
  for (const [word, count] of most) console.log(`  ${String(count).padStart(9)}  ${word}`)
  console.log(`  the slowest was number ${slowest.number}: ${slowest.ms.toFixed(1)} ms`)
}

function keep(failure: Failure): void {
  mkdirSync('fuzz-failures', { recursive: true })
  const file = join('fuzz-failures', `${failure.target}-${failure.seed}-${failure.number}.hex`)
  writeFileSync(file, failureText(failure))
  console.log(`${file}: ${failure.what.split('\n')[0] ?? ''}`)
}

function wholeNumber(text: string): number | undefined {
  return /^\d{1,10}$/u.test(text) ? Number(text) : undefined
}
