/**
 * `npm run test:explained`: for 500 random devices and states the verdict of a real request is that of the explanation of
 * its certificate, its device and its reference, of the preview's "before", and of its row in the list.
 *   npm run test:explained -- --seed 7 --count 60
 *   npm run test:explained -- --seed 7 --state 3
 */
import process from 'node:process'
import { parseArgs } from 'node:util'
import { playState } from './play-state.ts'
import { SOURCES, Tally } from './tally.ts'

/** As many show every class of verdict. */
const WHOLE = 500

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: String(WHOLE) },
    /** Plays this state alone. */
    state: { type: 'string' },
  },
})
const seed = Number(values.seed)
const count = Number(values.count)
const only = values.state === undefined ? undefined : Number(values.state)
const say = (line: string): void => console.log(line)

/** Devices of a state. */
const DEVICES = 20
/** States at a time: much of one is waiting until its store is written. */
const AT_A_TIME = 2

// Stopping the run stops what it started.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

if ([seed, count, only ?? 0].every((one) => Number.isSafeInteger(one) && one >= 0) && count > 0) {
  process.exitCode = (await runAll()) ? 0 : 1
} else {
  console.error('wanted whole numbers for --seed, --count and --state')
  process.exitCode = 2
}

async function runAll(): Promise<boolean> {
  const began = performance.now()
  const seconds = (): string => `${((performance.now() - began) / 1000).toFixed(0)} s`
  say(`${count} devices; --seed ${seed} --count ${count} compares them again`)
  const tally = new Tally()
  const broken: string[] = []
  const states = Math.ceil(count / DEVICES)
  const waiting = Array.from({ length: states }, (_, state) => state)
    .filter((state) => only === undefined || state === only)
    .values()
  const next = async (): Promise<void> => {
    for (const state of waiting) {
      const first = state * DEVICES
      const devices = Math.min(DEVICES, count - first)
      await playState({ seed, state, first, devices }, tally).catch((error: unknown) => {
        broken.push(`state ${state} came to no end: ${String(error).slice(0, 500)}`)
      })
      say(
        `  ${tally.devices} of ${count} devices, ${tally.differences.length} differ, ${seconds()}`,
      )
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, next))
  return judged(tally, { broken, seconds: seconds() })
}

interface Ended {
  /** States that came to no end: what they had to show was not seen. */
  readonly broken: readonly string[]
  readonly seconds: string
}

function judged(tally: Tally, { broken, seconds }: Ended): boolean {
  const { differences, devices, closed } = tally
  say('\nverdicts')
  for (const [text, times] of tally.classes()) say(`  ${String(times).padStart(4)}  ${text}`)
  say(`  ${String(closed).padStart(4)}  of them by a connection that ended before a request`)
  say('\nsources')
  for (const source of SOURCES)
    say(
      `  ${source.padEnd(12)} ${tally.devicesOf(source)} devices, ${tally.comparisons(source)} comparisons`,
    )
  say('')
  for (const { state, source, where, said, wanted } of differences)
    say(`✗ state ${state}, ${source}: ${where}\n    said    ${said}\n    wanted  ${wanted}`)
  // A few devices cannot show all there is, and those of one state not even every manner.
  const missing = only === undefined ? tally.missing(count >= WHOLE) : []
  for (const text of broken) say(`✗ ${text}`)
  for (const text of missing) say(`✗ no device met ${text}`)
  const idle = tally.idle()
  for (const source of idle) say(`✗ nothing was compared with the ${source}`)
  say(
    `${devices} devices: ${differences.length} differ, ${missing.length} classes of verdicts were not seen; seed ${seed}, ${seconds}`,
  )
  return differences.length + missing.length + idle.length + broken.length === 0 && devices > 0
}
