/**
 * Counts the instructions of a keep-alive GET and of a full handshake, in the working tree and in another commit.
 *   npm run bench:instructions -- --base REV [--rounds 3] [--limit 3] [--blocks 8]
 * Prints thousands of instructions per operation for both, the difference in per cent, and the noise. Exit status 1 when
 * the working tree takes more than `--limit` per cent above the base, 2 when something is missing, an answer was wrong or
 * the limit is below the noise. Needs Linux, git and valgrind; takes some 160 seconds of CPU time for each commit and round.
 *
 * Both front ends run as `scripts/tfe.mjs serve --config FILE` under callgrind, with the flags of their own commit and
 * the installed `node_modules` of the working tree. Devices and upstream live in this process, outside valgrind.
 *
 * - *What is counted:* user-space instructions of all threads, compilation and garbage collection included. A handshake
 *   is a new connection, client certificate of a device never seen before, one request, and the close.
 * - *Warm-up without counting*, which is faster: the engine optimises what has run a thousand times, and that took three
 *   times the instructions of the operations that ran meanwhile. After 1,400 handshakes and 4,000 requests it is done.
 * - *Blocks:* the operations run in blocks, base and working tree in turn, so that a busy machine affects both alike
 *   (timers fire more often per operation: at most 2 % of a GET). Late compilations and full collections make single blocks
 *   dearer, never cheaper: what counts is the mean of the cheaper half of the blocks. So a change that costs only in
 *   full collections is not seen here; `npm run bench` sees it.
 * - *Rounds:* each starts both front ends anew, since what the engine optimises when differs from start to start. What
 *   counts is the median of the rounds of a commit. How far its rounds lie apart is the noise; the larger one of both
 *   commits is printed, and a limit below it is refused, because no verdict by it would mean anything. One round has no
 *   noise to show.
 * - *Expected noise:* a commit compared with itself, on two cores with thirty other processes that wanted them, differed by 0.35 %
 *   and 0.04 % (handshakes with TLS 1.3 and 1.2) and 0.37 % (GET). No flags of the engine are set for repeatability:
 *   `--single-threaded` gave the same figures and the same noise.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { startCounted, type CountedFront } from './counted-front.ts'
import { reportOn, thousands, type Counts } from './instruction-report.ts'
import {
  handshakes,
  keepConnection,
  startUpstream,
  writeConfiguration,
  type KeptConnection,
  type Place,
} from './one-by-one.ts'

interface Candidate {
  readonly name: 'base' | 'now'
  readonly front: CountedFront
  readonly place: Place
  readonly kept: KeptConnection
}

interface Operation {
  readonly title: string
  /** How many make a block: several collections of the young generation, which come every megabyte. */
  readonly perBlock: number
  readonly warmUp: number
  readonly run: (candidate: Candidate, times: number) => Promise<void>
}

// In the order of the warm-up: each handshake has a request, too.
const OPERATIONS: readonly Operation[] = [
  {
    title: 'full handshake, TLS 1.3',
    perBlock: 30,
    warmUp: 700,
    run: ({ place }, times) => handshakes(place, 'TLSv1.3', times),
  },
  {
    title: 'full handshake, TLS 1.2',
    perBlock: 30,
    warmUp: 700,
    run: ({ place }, times) => handshakes(place, 'TLSv1.2', times),
  },
  {
    title: 'keep-alive GET',
    perBlock: 300,
    warmUp: 2600,
    run: ({ kept }, times) => kept.get(times),
  },
]

const began = performance.now()
const { values } = parseArgs({
  options: {
    base: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    limit: { type: 'string', default: '3' },
    blocks: { type: 'string', default: '8' },
  },
})
const limit = numberFrom('limit', values.limit)
const rounds = numberFrom('rounds', values.rounds)
const blocks = numberFrom('blocks', values.blocks)
const cleanup = new AsyncDisposableStack()
let ending: Promise<void> | undefined
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void end().finally(() => process.exit(2)))
}
try {
  const counts = await measure()
  console.log(`thousands of instructions per operation, base ${values.base}, rounds ${rounds}`)
  const titles = OPERATIONS.map(({ title }) => title)
  const { lines, complaint, status } = reportOn(titles, counts, limit)
  for (const line of lines) console.log(line)
  if (complaint !== undefined) console.error(complaint)
  await end()
  process.exit(status)
} catch (error) {
  await end()
  giveUp(error instanceof Error ? error.message : String(error))
}

/** Stops and removes everything once, whether the end or a signal came first. */
function end(): Promise<void> {
  ending ??= cleanup.disposeAsync()
  return ending
}

/** One number per round. */
async function measure(): Promise<Counts> {
  const { base: revision } = values
  if (revision === undefined) throw new Error('found no --base, wanted the commit to compare with')
  for (const tool of ['valgrind', 'vgdb']) demandTool(tool)
  const now = git('rev-parse', '--show-toplevel')
  const commit = git('rev-parse', '--verify', `${revision}^{commit}`)
  const folder = mkdtempSync(join(tmpdir(), 'tfe-instructions-'))
  cleanup.defer(() => rmSync(folder, { recursive: true, force: true }))
  const base = join(folder, 'tree')
  git('worktree', 'add', '--detach', '--quiet', base, commit)
  cleanup.defer(() => void git('worktree', 'remove', '--force', base))
  symlinkSync(join(now, 'node_modules'), join(base, 'node_modules'))
  const upstream = cleanup.use(await startUpstream())
  const counted: Counts[] = []
  for (let round = 1; round <= rounds; round += 1) {
    const roundFolder = join(folder, `round-${round}`)
    counted.push(await measureOnce({ folder: roundFolder, base, now, upstreamPort: upstream.port }))
    tell(`round ${round} is done`)
  }
  const perRound = (name: Candidate['name']) =>
    OPERATIONS.map((_, index) => counted.map((counts) => cheaperHalf(counts[name][index] ?? [])))
  return { base: perRound('base'), now: perRound('now') }
}

interface Round {
  readonly folder: string
  /** Where the trees of both commits are. */
  readonly base: string
  readonly now: string
  readonly upstreamPort: number
}

/** One number per block. */
async function measureOnce({ folder, base, now, upstreamPort }: Round): Promise<Counts> {
  const fronts = cleanup.use(new AsyncDisposableStack())
  const start = async (name: Candidate['name'], tree: string): Promise<Candidate> => {
    const own = join(folder, name)
    mkdirSync(own, { recursive: true })
    const place = { address: ownAddress(), port: name === 'base' ? 18_843 : 18_844 }
    const config = writeConfiguration(own, place, upstreamPort)
    const options = { tree, config, ...place, folder: join(own, 'callgrind') }
    const front = fronts.use(startCounted(options))
    await front.serving
    tell(`${name} serves`)
    const candidate = { name, front, place, kept: await keepConnection(place) }
    for (const { run, title, warmUp } of OPERATIONS) {
      await run(candidate, warmUp)
      tell(`${name}: ${warmUp} times ${title} to warm up`)
    }
    await front.instrument()
    // Callgrind translates everything once more.
    for (const { run, perBlock } of OPERATIONS) await run(candidate, perBlock)
    tell(`${name} is warm`)
    return candidate
  }
  const counts = await countBlocks(await Promise.all([start('base', base), start('now', now)]))
  await fronts.disposeAsync()
  return counts
}

async function countBlocks(candidates: readonly Candidate[]): Promise<Counts> {
  const counts = {
    base: OPERATIONS.map((): number[] => []),
    now: OPERATIONS.map((): number[] => []),
  }
  for (let block = 0; block < blocks; block += 1) {
    // Each is the first in every other block.
    const turn = block % 2 === 0 ? candidates : candidates.toReversed()
    for (const [index, { run, perBlock }] of OPERATIONS.entries()) {
      for (const candidate of turn) {
        const total = await candidate.front.count(() => run(candidate, perBlock))
        // Nothing runs in so few: it was not counted.
        if (!(total > perBlock * 1000)) throw new Error(`callgrind counted ${total} instructions`)
        counts[candidate.name][index]?.push(total / perBlock)
      }
    }
    const last = (of: readonly (readonly number[])[]) => of.map((it) => thousands(it.at(-1) ?? 0))
    tell(
      `block ${block + 1}: base ${last(counts.base).join(' ')}, now ${last(counts.now).join(' ')}`,
    )
  }
  return counts
}

/** The mean of the cheaper half. */
function cheaperHalf(numbers: readonly number[]): number {
  const half = numbers.toSorted((a, b) => a - b).slice(0, Math.ceil(numbers.length / 2))
  return half.reduce((sum, it) => sum + it, 0) / half.length
}

/** An address of the loop-back that no other run uses: the ports can be fixed, and no log line is parsed for them. */
function ownAddress(): string {
  const { pid } = process
  return `127.${(pid >> 16) + 1}.${(pid >> 8) & 255}.${pid & 255}`
}

function demandTool(tool: string): void {
  try {
    execFileSync(tool, ['--help'], { stdio: 'ignore' })
  } catch {
    throw new Error(`${tool} is not installed, and this needs it: apt-get install valgrind`)
  }
}

function git(...args: readonly string[]): string {
  return execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8' }).trim()
}

function tell(text: string): void {
  console.error(`${((performance.now() - began) / 1000).toFixed(0).padStart(5)} s  ${text}`)
}

function numberFrom(name: string, text: string): number {
  const number = Number(text)
  if (!(number > 0)) return giveUp(`--${name}: found ${text}, wanted a number above 0`)
  if (name !== 'limit' && !Number.isInteger(number)) {
    return giveUp(`--${name}: found ${text}, wanted a whole number`)
  }
  return number
}

function giveUp(message: string): never {
  console.error(message)
  process.exit(2)
}
