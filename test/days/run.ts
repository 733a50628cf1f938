/**
 * `npm run test:days`: the tests that can notice the date, on five days besides today. Exit status 1 when a test fails
 * on one of them, or when there is no faketime.
 *   npm run test:days -- --day 2038-01-20 test/wire
 *
 * Each day begins at an instant and time goes on from there, for every process that a test starts: OpenSSL, curl,
 * workers, and a PostgreSQL that the tests start themselves. One that `TFE_POSTGRES_URL` names keeps its own clock, so
 * the run does not use it.
 *
 * What runs is decided by `readsClock`, not by a list: a test file is left out when neither it nor anything that it
 * imports at run time reads the date or leaves it to others (OpenSSL, another process, a package). A pure function gets
 * its instant as an argument, and gets the same one on every day.
 */
import { spawnSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { readsClock } from './clock-readers.ts'
import { beginningAt, lackingClock } from './clock.ts'

const DAY = 86_400_000
const ROOT = join(import.meta.dirname, '../..')
const VITEST = join(ROOT, 'node_modules/vitest/vitest.mjs')

interface Day {
  readonly name: string
  readonly at: number
  readonly why: string
}

const days = (now: number): readonly Day[] => [
  { name: 'tomorrow', at: now + DAY, why: 'what was minted for today' },
  { name: 'next-year', at: now + 366 * DAY, why: 'what was minted for a year' },
  { name: '2028-02-29', at: Date.UTC(2028, 1, 29, 10), why: 'a leap day' },
  {
    name: '2038-01-20',
    at: Date.UTC(2038, 0, 20, 10),
    why: 'the day after seconds since 1970 outgrow 31 bits',
  },
  { name: '2051', at: Date.UTC(2051, 5, 1, 10), why: 'GeneralizedTime (RFC 5280 §4.1.2.5)' },
]

interface Count {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  /** Files or hooks that failed as a whole. */
  readonly broken: boolean
}

process.exitCode = run()

function run(): number {
  const { values, positionals } = parseArgs({
    options: { day: { type: 'string', multiple: true } },
    allowPositionals: true,
  })
  const lacking = lackingClock()
  if (lacking !== undefined) return complain(lacking)
  const all = days(Date.now())
  const unknown = values.day?.find((name) => all.every((day) => day.name !== name))
  if (unknown !== undefined) {
    return complain(`wanted --day ${all.map(({ name }) => name).join(' or ')}, found '${unknown}'`)
  }
  const files = globSync('test/**/*.test.ts', { cwd: ROOT }).sort()
  const readers = files.filter((file) => readsClock(join(ROOT, file)))
  console.log(`${readers.length} of ${files.length} test files can notice the date`)
  const chosen = readers.filter(
    (file) => positionals.length === 0 || positionals.some((part) => file.includes(part)),
  )
  if (chosen.length === 0) return complain(`none of them is named ${positionals.join(' or ')}`)
  const played = all
    .filter(({ name }) => values.day === undefined || values.day.includes(name))
    .map((day) => ({ day, count: play(day, chosen) }))
  console.log('\nday         passed  failed  skipped')
  for (const { day, count } of played) console.log(row(day, count))
  return played.every(({ count }) => isWell(count)) ? 0 : 1
}

function complain(why: string): number {
  console.error(why)
  return 1
}

/** Runs the files as it is on that day; vitest shows how far it is. */
function play({ name, at, why }: Day, files: readonly string[]): Count {
  console.log(`\n${name}: it is ${new Date(at).toISOString()} (${why}), ${files.length} files`)
  const folder = mkdtempSync(join(tmpdir(), 'tfe-days-'))
  const report = join(folder, 'report.json')
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
    const { TFE_POSTGRES_URL: _, ...environment } = process.env
    const { status, error } = spawnSync(
      process.execPath,
      [...process.execArgv, VITEST, 'run', ...reporters, ...files],
      { cwd: ROOT, stdio: 'inherit', env: { ...environment, ...beginningAt(at) } },
    )
    if (error !== undefined) throw error
    return countIn(report, status === 0)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function countIn(report: string, isGreen: boolean): Count {
  const told = JSON.parse(readFileSync(report, 'utf8')) as Readonly<Record<string, number>>
  const passed = told['numPassedTests'] ?? 0
  const failed = told['numFailedTests'] ?? 0
  return { passed, failed, skipped: told['numPendingTests'] ?? 0, broken: !isGreen && failed === 0 }
}

function isWell({ passed, failed, broken }: Count): boolean {
  return passed > 0 && failed === 0 && !broken
}

function row({ name }: Day, count: Count): string {
  const numbers = [count.passed, count.failed].map((one) => String(one).padStart(6)).join('  ')
  const rest = `${numbers}  ${String(count.skipped).padStart(7)}`
  return `${name.padEnd(10)}  ${rest}${count.broken ? '  a file failed as a whole' : ''}`
}
