/**
 * `npm run test:mutate`: small faults are put into `trust`, `decide`, `message`, what reads and writes HTTP/1.1, and what links
 * certificates and orders revocation lists, one at a time, and the tests of these modules have to notice.
 *   npm run test:mutate -- --module trust
 *   npm run test:mutate -- --file src/decide/match.ts
 *   npm run test:mutate -- --module x509 --file src/x509/pem.ts
 *   npm run test:mutate -- --since main
 */
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { API } from 'typescript/unstable/sync'
import { instrument, type Mutant } from './instrument.ts'
import { playAll, type Verdict } from './play.ts'
import { readArguments, settle } from './survivors.ts'

const MODULES = ['trust', 'decide', 'message']
/**
 * What links certificates to devices, and what orders revocation lists, with the tests that have to notice; and HTTP/1.1, but
 * for `llhttp.ts`: what that does with the memory of the parser no answer shows.
 */
const FILES = [
  'src/fleet/evidence.ts',
  'src/http1/head-text.ts',
  'src/http1/message.ts',
  'src/http1/methods.ts',
  'src/http1/parser.ts',
  'src/http1/send-message.ts',
  'src/revoke/kept-lists.ts',
  'src/revoke/replacement.ts',
  'src/store/devices/device-draft.ts',
  'src/store/devices/linking.ts',
]
const TESTS = [
  'test/fleet/evidence.test.ts',
  'test/http1/head-text.test.ts',
  'test/http1/message.test.ts',
  'test/http1/message-tables.test.ts',
  'test/http1/parser.test.ts',
  'test/http1/send-message.test.ts',
  'test/revoke/kept-lists.test.ts',
  'test/revoke/replacement.test.ts',
  'test/store/devices/linking.test.ts',
]
/** Laws are tried on hundreds of worlds, seconds each; what they alone would notice lacks a row in a table. */
const LAWS = /(?:properties|-random|-web)\.test\.ts$/u
/** Of a hundred mutants. */
const WANTED = 96

const { values } = parseArgs({
  options: {
    module: { type: 'string', multiple: true },
    file: { type: 'string', multiple: true },
    since: { type: 'string' },
    killers: { type: 'boolean', default: false },
  },
})

const root = `${resolve(dirname(fileURLToPath(import.meta.url)), '../..')}/`
process.exitCode = await run()

async function run(): Promise<number> {
  const files = chosenFiles()
  if (files.length === 0) {
    console.error('no file of these modules was chosen')
    return 2
  }
  const started = performance.now()
  const { sources, mutants } = instrumentAll(files)
  // A module beyond these has to be noticed by its own tests.
  const others = (values.module ?? []).filter((module) => !MODULES.includes(module))
  const testFiles = (others.length > 0 ? others : MODULES)
    .flatMap((module) => globSync(`test/${module}/**/*.test.ts`, { cwd: root }))
    .filter((path) => !LAWS.test(path))
    .concat(TESTS)
    .toSorted()
  console.log(`${mutants.length} mutants in ${files.length} files, ${testFiles.length} test files`)
  const verdicts = await playAll({ root, sources, testFiles, mutants }, (done, survived) => {
    const seconds = ((performance.now() - started) / 1000).toFixed(0)
    console.log(`  ${done} of ${mutants.length} after ${seconds} s, ${survived} survived`)
  })
  if (verdicts === undefined) return 1
  if (values.killers) for (const { mutant, killer } of verdicts) console.log(textOf(mutant), killer)
  return conclude(files, verdicts)
}

function chosenFiles(): readonly string[] {
  const all = (values.module ?? MODULES)
    .flatMap((module) => globSync(`src/${module}/**/*.ts`, { cwd: root }))
    .concat(values.module === undefined ? FILES : [])
  const { file, since } = values
  const changed =
    since === undefined
      ? undefined
      : spawnSync('git', ['diff', '--name-only', since, '--', 'src'], { cwd: root })
          .stdout.toString()
          .split('\n')
  return all
    .filter((path) => file === undefined || file.includes(path))
    .filter((path) => changed === undefined || changed.includes(path))
    .toSorted()
}

function instrumentAll(files: readonly string[]) {
  const api = new API({ cwd: root })
  try {
    const project = api.updateSnapshot({ openProjects: [`${root}tsconfig.json`] }).getProjects()[0]
    if (project === undefined) throw new Error('the compiler does not open tsconfig.json')
    const sources = new Map<string, string>()
    const mutants: Mutant[] = []
    for (const path of files) {
      const file = project.program.getSourceFile(root + path)
      if (file === undefined) throw new Error(`the compiler does not read ${path}`)
      const made = instrument(path, { file, checker: project.checker }, mutants.length)
      if (made.mutants.length === 0) continue
      sources.set(path, made.source)
      mutants.push(...made.mutants)
    }
    return { sources, mutants }
  } finally {
    api.close()
  }
}

function conclude(files: readonly string[], verdicts: readonly Verdict[]): number {
  const settled = settle(verdicts, readArguments(`${root}test/mutation/survivors.json`), files)
  const { unargued, stale } = settled
  console.log(`\n${'file'.padEnd(38)} mutants  killed  timed out  argued  open  score`)
  for (const file of files) row(file, (verdict) => verdict.mutant.file === file)
  row('all', () => true)
  for (const { mutant } of unargued)
    console.log(`\nsurvived: ${textOf(mutant)}\n  ${jsonOf(mutant)}`)
  for (const { mutant, why } of stale)
    console.log(`\nstale argument, ${why}: ${JSON.stringify(mutant)}`)
  const dead = verdicts.filter(({ killer }) => killer !== undefined).length
  const isGood = dead * 100 >= verdicts.length * WANTED
  if (!isGood) console.log(`\nwanted at least ${WANTED} % dead`)
  return isGood && unargued.length === 0 && stale.length === 0 ? 0 : 1

  function row(name: string, belongs: (verdict: Verdict) => boolean): void {
    const own = verdicts.filter(belongs)
    if (own.length === 0) return
    const survived = own.filter(({ killer }) => killer === undefined)
    const late = own.filter(({ killer }) => killer === 'time').length
    const open = survived.filter((verdict) => unargued.includes(verdict)).length
    const killed = own.length - survived.length
    const numbers = [own.length, killed - late, late, survived.length - open, open]
    const widths = [7, 6, 9, 6, 4]
    const cells = numbers.map((number, index) => String(number).padStart(widths[index] ?? 0))
    const score = ((100 * killed) / own.length).toFixed(1)
    console.log(`${name.padEnd(38)} ${cells.join('  ')}  ${score.padStart(5)}`)
  }
}

function textOf({ file, line, within, change }: Mutant): string {
  return `${file}:${line} in ${within}: ${change}`
}

function jsonOf({ file, within, code, change }: Mutant): string {
  return JSON.stringify({ file, within, code, change, why: '' })
}
