/**
 * `npm run test:story`: one story of a fleet, from its first registration to the end of its first CA, over the admin
 * API and real connections of 500 simulated devices, on SQLite and on PostgreSQL. Every number that the API gives is
 * held against the simulation's own books. Exit status 1 on any difference, and when PostgreSQL is missing.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { findPostgres, onPostgres } from '../support/postgres.ts'
import { Random } from '../support/random.ts'
import { CHAPTERS } from './chapters.ts'
import { startCore } from './core.ts'
import { makeFleet, makeGhosts, mintAuthorities } from './devices.ts'
import { House, type StorePlace } from './house.ts'
import { writeMaterial } from './material.ts'
import { Table } from './table.ts'
import { World } from './world.ts'

const { values } = parseArgs({
  options: {
    store: { type: 'string', default: 'all' },
    devices: { type: 'string', default: '500' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})
const seed = Number(values.seed)
const size = Number(values.devices)
const say = (line: string): void => console.log(line)

/** What `tfe init` and `tfe admin create` leave in the audit trail. */
const FOUNDING: readonly [string, number][] = [
  ['enrollment.seed', 1],
  ['key.rotate', 1],
  ['admin.create', 1],
  ['token.create', 1],
]

process.exitCode = (await runAll()) ? 0 : 1

async function runAll(): Promise<boolean> {
  say(`the story of ${size} devices; --seed ${seed} plays it again`)
  const verdicts: boolean[] = []
  if (values.store !== 'postgres') verdicts.push(await play('SQLite', { kind: 'sqlite' }))
  if (values.store !== 'sqlite') verdicts.push(await onPostgreSql())
  return verdicts.every(Boolean)
}

async function onPostgreSql(): Promise<boolean> {
  const found = await findPostgres()
  if (found.kind === 'missing') {
    say(`\nPostgreSQL: MISSING: ${found.why}`)
    return false
  }
  const schema = `tfe_story_${process.pid}`
  try {
    await onPostgres(found.url, `create schema ${schema}`)
    return await play('PostgreSQL', { kind: 'postgres', url: found.url, schema })
  } finally {
    await onPostgres(found.url, `drop schema if exists ${schema} cascade`)
    await found.stop()
  }
}

/** Plays the whole story on one store. */
async function play(name: string, store: StorePlace): Promise<boolean> {
  const began = performance.now()
  const seconds = (): string => `${((performance.now() - began) / 1000).toFixed(1)} s`
  say(`\n== ${name}`)
  const folder = mkdtempSync(join(tmpdir(), 'tfe-story-'))
  const random = new Random(seed)
  const authorities = mintAuthorities()
  const material = writeMaterial(folder, authorities)
  await using core = await startCore(material)
  const house = await House.found({ folder, store, upstreamPort: core.port })
  const world = new World({
    house,
    core,
    authorities,
    devices: makeFleet(size, authorities, random),
    ghosts: makeGhosts(5),
    siteRoot: material.siteRoot,
    say,
  })
  for (const [action, rows] of FOUNDING) world.books.wrote(action, rows)
  const table = new Table(world)
  await house.start()
  try {
    for (const { title, play: chapter } of CHAPTERS) {
      say(`\n${title} (${seconds()})`)
      await chapter(world)
      await table.compare(title)
    }
  } finally {
    await house.stop()
  }
  say(`\n${name}: every number as it stands at the end`)
  table.printAll()
  const isWell = table.wrong === 0 && world.faults.length === 0
  say(
    `\n${name}: ${table.compared} numbers compared, ${table.wrong} differ, ${world.faults.length} other faults, ${seconds()}`,
  )
  for (const fault of world.faults) say(`  ${fault}`)
  if (isWell) rmSync(folder, { recursive: true, force: true })
  else
    say(
      `configuration and store are left in ${folder}; the log's complaints:\n${house.complaints.slice(-20).join('\n')}`,
    )
  return isWell
}
