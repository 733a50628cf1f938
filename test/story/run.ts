/**
 * `npm run test:story`: one story of a fleet, from its first registration to the end of its first CA, over the admin
 * API and real connections of 500 simulated devices, on SQLite and on PostgreSQL. Every number that the API gives is
 * held against the simulation's own expected state. Exit status 1 on any difference, and when PostgreSQL is missing.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { findPostgres, onPostgres, startPostgres } from '../support/store/postgres.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { CHAPTERS } from './chapters.ts'
import { startCore } from './core.ts'
import { makeFleet, makeAbsentDevices, mintAuthorities } from './devices.ts'
import { ServeProcess, type StorePlace } from './serve-process.ts'
import { writeMaterial } from './certificates.ts'
import { RandomKills } from './random-kills.ts'
import { Table } from './comparison-table.ts'
import { Simulation } from './simulation.ts'

const { values } = parseArgs({
  options: {
    store: { type: 'string', default: 'all' },
    devices: { type: 'string', default: '500' },
    kill: { type: 'string', default: '0' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})
const seed = Number(values.seed)
const size = Number(values.devices)
const kills = Number(values.kill)
const say = (line: string): void => console.log(line)

/** What `tfe init` and `tfe admin create` leave in the audit trail. */
const SETUP: readonly [string, number][] = [
  ['enrollment.seed', 1],
  ['key.rotate', 1],
  ['admin.create', 1],
  ['token.create', 1],
]

// Stopping the story stops what it started.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

process.exitCode = (await runAll()) ? 0 : 1

async function runAll(): Promise<boolean> {
  say(`the story of ${size} devices; --seed ${seed} plays it again`)
  const verdicts: boolean[] = []
  if (values.store !== 'postgres') verdicts.push(await play('SQLite', { kind: 'sqlite' }))
  if (values.store !== 'sqlite') verdicts.push(await onPostgreSql())
  return verdicts.every(Boolean)
}

async function onPostgreSql(): Promise<boolean> {
  if (kills === 0) {
    const found = await findPostgres()
    return found.kind === 'missing' ? missing(found.why) : await playOn(found)
  }
  // One that is to fall has to be our own.
  const own = await startPostgres()
  if (own.kind === 'missing') return missing(own.why)
  return await playOn(own, async () => {
    await own.halt('SIGQUIT')
    await own.resume()
  })
}

function missing(why: string): false {
  say(`\nPostgreSQL: MISSING: ${why}`)
  return false
}

async function playOn(
  { url, stop }: { readonly url: string; readonly stop: () => Promise<void> },
  database?: () => Promise<void>,
): Promise<boolean> {
  const schema = `tfe_story_${process.pid}`
  try {
    await onPostgres(url, `create schema ${schema}`)
    return await play('PostgreSQL', { kind: 'postgres', url, schema }, database)
  } finally {
    await onPostgres(url, `drop schema if exists ${schema} cascade`)
    await stop()
  }
}

/** Plays the whole story on one store. */
async function play(
  name: string,
  store: StorePlace,
  database?: () => Promise<void>,
): Promise<boolean> {
  const began = performance.now()
  const seconds = (): string => `${((performance.now() - began) / 1000).toFixed(1)} s`
  say(`\n== ${name}`)
  const folder = mkdtempSync(join(tmpdir(), 'tfe-story-'))
  const random = new SeededRandom(seed)
  const authorities = mintAuthorities()
  const material = writeMaterial(folder, authorities)
  await using core = await startCore(material)
  const serveProcess = await ServeProcess.create({
    folder,
    store,
    upstreamPort: core.port,
    legacyPort: core.legacyPort,
  })
  const simulation = new Simulation({
    serveProcess,
    core,
    authorities,
    devices: makeFleet(size, authorities, random),
    absentDevices: makeAbsentDevices(5),
    siteRoot: material.siteRoot,
    say,
  })
  for (const [action, rows] of SETUP) simulation.expectedState.countAudit(action, rows)
  const table = new Table(simulation)
  await serveProcess.start()
  const reaper =
    kills === 0
      ? undefined
      : new RandomKills(simulation, {
          kills,
          seed,
          place: store,
          moments: momentsOf(size),
          database,
        })
  let passed = 0
  if (reaper === undefined) simulation.moment = (weight) => void (passed += weight)
  try {
    for (const { title, play: chapter } of CHAPTERS) {
      say(`\n${title} (${seconds()})`)
      if (reaper !== undefined) reaper.chapter = title
      await chapter(simulation)
      await reaper?.settle()
      await table.compare(title)
    }
    await reaper?.settle()
  } finally {
    await serveProcess.stop()
  }
  say(`\n${name}: every number as it stands at the end`)
  table.printAll()
  const killed = reaper?.verdict()
  if (killed === undefined) say(`  ${passed} moments`)
  else say(`  ${killed.text}`)
  const isWell = table.wrong === 0 && simulation.faults.length === 0 && killed?.isWell !== false
  say(
    `\n${name}: ${table.compared} numbers compared, ${table.wrong} differ, ${simulation.faults.length} other faults, ${seconds()}`,
  )
  for (const fault of simulation.faults) say(`  ${fault}`)
  if (isWell) rmSync(folder, { recursive: true, force: true })
  else
    say(
      `configuration and store are left in ${folder}; the log's complaints:\n${serveProcess.complaints.slice(-20).join('\n')}`,
    )
  return isWell
}

/** Somewhat less than what all moments of a story weigh together, so that every one of those chosen comes. */
function momentsOf(devices: number): number {
  return Math.round(3300 + devices * 4.7)
}
