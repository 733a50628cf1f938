/**
 * `npm run test:cli`: plays every command and every action of `tfe` against a front end that serves, once on SQLite and
 * once on PostgreSQL. A command without a scenario fails the run, and so do an option that no scenario uses, a call of
 * the admin API that no command makes, and a missing PostgreSQL.
 */
import process from 'node:process'
import { parseArgs } from 'node:util'
import { findPostgres, onPostgres } from '../support/store/postgres.ts'
import type { StorePlace } from '../story/serve-process.ts'
import { apiCoverage, describedCalls, WITHOUT_COMMAND } from './api-coverage.ts'
import { helpFaults, leaves } from './command-tree.ts'
import { Player } from './player.ts'
import { SCENARIOS } from './scenarios/all.ts'
import { OTHER_STORES, Stage } from './stage.ts'

const { values } = parseArgs({ options: { store: { type: 'string', default: 'all' } } })
const say = (line: string): void => console.log(line)

// Stopping the run stops what it started.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

process.exitCode = (await runAll()) ? 0 : 1

async function runAll(): Promise<boolean> {
  const runs = [await helpPages()]
  if (values.store !== 'postgres') runs.push(await play('SQLite', { kind: 'sqlite' }))
  if (values.store !== 'sqlite') runs.push(await onPostgreSql())
  say('')
  for (const { name, slowest } of runs)
    if (slowest !== undefined) say(`${name}: slowest ${slowest}`)
  for (const { faults } of runs) for (const fault of faults) say(`✗ ${fault}`)
  for (const [call, why] of WITHOUT_COMMAND) say(`no command makes ${call}: ${why}`)
  say('\nRUN         COMMANDS  LINES  OPTIONS  API CALLS  SECONDS  FAULTS')
  for (const { name, cells, faults } of runs) {
    say([name.padEnd(10), ...cells, String(faults.length).padStart(6)].join('  '))
  }
  return runs.every(({ faults }) => faults.length === 0)
}

interface Run {
  readonly name: string
  readonly cells: readonly string[]
  readonly faults: readonly string[]
  readonly slowest?: string
}

async function helpPages(): Promise<Run> {
  const began = performance.now()
  const faults = await helpFaults()
  return { name: 'help pages', cells: cells([String(leaves().length), '', '', ''], began), faults }
}

async function onPostgreSql(): Promise<Run> {
  const found = await findPostgres()
  if (found.kind === 'missing') {
    return {
      name: 'PostgreSQL',
      cells: cells(['', '', '', ''], performance.now()),
      faults: [found.why],
    }
  }
  const schema = `tfe_cli_play_${process.pid}`
  const schemas = [schema, ...OTHER_STORES.map((name) => `${schema}_${name}`)]
  try {
    await onPostgres(found.url, ...schemas.map((name) => `create schema ${name}`))
    return await play('PostgreSQL', { kind: 'postgres', url: found.url, schema })
  } finally {
    await onPostgres(found.url, ...schemas.map((name) => `drop schema if exists ${name} cascade`))
    await found.stop()
  }
}

/** Plays every scenario on one store. */
async function play(name: string, store: StorePlace): Promise<Run> {
  const began = performance.now()
  const all = leaves()
  await using stage = await Stage.open(store)
  const player = new Player(stage, all)
  const described = await describedCalls(stage.proxy.url)
  for (const scenario of SCENARIOS) await player.play(scenario)
  const { played, usedOptions } = player
  const options = all.flatMap(({ path, options: own }) => own.map((option) => `${path} ${option}`))
  const api = apiCoverage(described, stage.proxy.calls, store.kind)
  const faults = [
    ...player.faults,
    ...all.filter(({ path }) => !played.has(path)).map(({ path }) => `tfe ${path} has no scenario`),
    ...all
      .filter(({ path }) => played.has(path) && !player.checked.has(path))
      .map(({ path }) => `no scenario says what tfe ${path} must answer`),
    ...options
      .filter((option) => !usedOptions.has(option))
      // Of a command without a scenario enough is said.
      .filter((option) => played.has(option.slice(0, option.lastIndexOf(' '))))
      .map((option) => `no scenario uses tfe ${option}`),
    ...api.faults,
  ].map((fault) => `${name}: ${fault}`)
  const lines = [...played.values()].reduce((sum, count) => sum + count, 0)
  const counts = [
    `${played.size}/${all.length}`,
    String(lines),
    `${usedOptions.size}/${options.length}`,
    `${api.covered}/${api.described}`,
  ]
  return { name, cells: cells(counts, began), faults, slowest: player.slowest() }
}

function cells(
  [commands = '', lines = '', options = '', calls = '']: readonly string[],
  began: number,
) {
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  return [
    commands.padStart(8),
    lines.padStart(5),
    options.padStart(7),
    calls.padStart(9),
    seconds.padStart(7),
  ]
}
