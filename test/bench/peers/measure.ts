/** Measures: rounds in which every candidate does the same work in turn, so that a busy machine affects all alike. */
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { BenchFault } from './bench-fault.ts'
import type { Candidate, Site } from './candidate.ts'
import { LARGE_OCTETS } from './answers.ts'
import { prepareLoad, type LoadOptions } from './load.ts'
import { cpuSeconds, residentKib } from './process-tree.ts'
import { start, type Running } from './start.ts'
import { IDLE, type Work } from './works.ts'
import type { Command } from '../../support/programs/debian13.ts'

/** What a run has prepared, and how much of it is wanted. */
export interface Bench {
  readonly site: Site
  readonly loadProgram: (args: readonly string[]) => Command
  readonly answers: string
  /** The processor of whom is measured, and that of all others. */
  readonly cpus: { readonly measured: number; readonly others: number }
  readonly rounds: number
  /** Of the units of a round, the part that is done. */
  readonly scale: number
  readonly tell: (text: string) => void
}

/** One value per round, by the name of the candidate. */
export type Samples = ReadonlyMap<string, readonly number[]>

/** CPU time per unit in microseconds. The candidates stay up from work to work. */
export async function measureWork(
  bench: Bench,
  work: Work,
  all: readonly Running[],
): Promise<Samples> {
  const able = all.filter(({ candidate }) => work.isForFloor || candidate.isFloor !== true)
  const samples = new Map(able.map(({ candidate }) => [candidate.name, [] as number[]]))
  for (let round = -1; round < bench.rounds; round += 1) {
    // Another is the first in each round.
    const turn = able.map((_, index) => able[(index + Math.max(round, 0)) % able.length])
    for (const running of turn) {
      if (running === undefined) continue
      // Engines compile what they have run often: a round before the first is not counted.
      const wanted = round < 0 ? (work.warmUp ?? work.turns) : work.turns
      const turns = Math.max(1, Math.round(wanted * bench.scale))
      const cost = await naming(running, () => costOf(bench, { work, turns }, running))
      if (round >= 0) samples.get(running.candidate.name)?.push(cost)
      running.emptyLog()
    }
    if (round >= 0) bench.tell(`${work.title}: round ${round + 1} of ${bench.rounds}`)
  }
  return samples
}

async function costOf(
  bench: Bench,
  { work, turns }: { readonly work: Work; readonly turns: number },
  running: Running,
): Promise<number> {
  const answer = work.load['path'] === '/large' ? 'large' : 'small'
  const options = {
    ...work.load,
    ...deviceOptions(bench, running),
    turns,
    expect: join(bench.answers, answer),
    ...(work.isNeverSeen === true ? { devices: turns, ...issuer(bench) } : {}),
  }
  await using load = await prepareLoad(bench.loadProgram, options, bench.cpus.others)
  // What the last handshakes left to do is not of this work.
  await pause(SETTLE_MS)
  const before = cpuSeconds(running.pid)
  await load.run()
  const seconds = cpuSeconds(running.pid) - before
  running.demandAlive()
  const units = work.per === 'turn' ? turns : (turns * LARGE_OCTETS) / 1e6
  return (seconds / units) * 1e6
}

/** Has a fault say whom it was found with, and that it has ended where that is the cause. */
async function naming(running: Running, measure: () => Promise<number>): Promise<number> {
  try {
    return await measure()
  } catch (error) {
    running.demandAlive()
    const text = error instanceof Error ? error.message : String(error)
    throw new BenchFault(`${running.candidate.title}: ${text}`, { cause: error })
  }
}

/** How the one device of a run calls a server. */
export const deviceOptions = ({ site }: Bench, { port }: Pick<Running, 'port'>): LoadOptions => ({
  port,
  certificate: join(site.pki, 'device.pem'),
  key: join(site.pki, 'device.key'),
})

const issuer = ({ site }: Bench): LoadOptions => ({
  issuer: join(site.pki, 'devices.pem'),
  'issuer-key': join(site.pki, 'devices.key'),
})

/**
 * KiB that an idle connection holds, one value per round. Each candidate is started anew, does some of everything first,
 * and is measured while so many connections rest that have made one request each.
 */
export async function measureIdle(
  bench: Bench,
  candidates: readonly Candidate[],
  connections = Math.round(IDLE.connections * bench.scale),
): Promise<Samples> {
  const samples = new Map(candidates.map(({ name }) => [name, [] as number[]]))
  const rounds = Math.min(bench.rounds, IDLE_ROUNDS)
  for (let round = 0; round < rounds; round += 1) {
    for (const candidate of candidates) {
      samples.get(candidate.name)?.push(await idleCost(bench, candidate, connections))
    }
    bench.tell(`${IDLE.title}: round ${round + 1} of ${rounds}`)
  }
  return samples
}

async function idleCost(bench: Bench, candidate: Candidate, connections: number): Promise<number> {
  await using running = await start(candidate, bench.site, bench.cpus.measured)
  // Awaited here: it would be ended otherwise while it is measured.
  return await naming(running, () => restingCost(bench, running, connections))
}

async function restingCost(bench: Bench, running: Running, connections: number): Promise<number> {
  await pause(REST_MS)
  const before = residentKib(running.pid)
  for (const [work, turns] of [
    ['connect', 300],
    ['keep', 3000],
  ] as const) {
    const options = { work, connections: 16, turns, ...deviceOptions(bench, running) }
    await using load = await prepareLoad(bench.loadProgram, options, bench.cpus.others)
    await load.run()
  }
  const options = { work: 'idle', connections, ...deviceOptions(bench, running) }
  await using load = await prepareLoad(bench.loadProgram, options, bench.cpus.others)
  await pause(REST_MS * 2)
  const kib = (residentKib(running.pid) - before) / connections
  // Says so when one was lost meanwhile.
  await load.run()
  return kib
}

const SETTLE_MS = 30
const REST_MS = 1500
/** Memory hardly differs from start to start. */
const IDLE_ROUNDS = 3
