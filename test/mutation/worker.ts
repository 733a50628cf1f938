/**
 * A thread that plays mutants against the tests, one after the other. It can be stopped from outside when one of them
 * never ends.
 */
import process from 'node:process'
import { parentPort, workerData } from 'node:worker_threads'
import type { Mutant } from './instrument.ts'
import { LoadedTests, type Test } from './loaded-tests.ts'

/** What the thread is told. */
export interface Task {
  readonly root: string
  readonly sources: ReadonlyMap<string, string>
  readonly testFiles: readonly string[]
  readonly mutants: readonly Mutant[]
  /** From an earlier thread; it takes a while to find out. */
  readonly coverage: Coverage | undefined
}

/** What each test reaches, and how long it takes. */
export interface Coverage {
  /** The mutants that are reached while files are loaded, before any test. */
  readonly loading: ReadonlySet<number>
  readonly tests: readonly {
    readonly reached: ReadonlySet<number>
    readonly milliseconds: number
  }[]
}

/** What the thread says. */
export type Report =
  | { readonly kind: 'covered'; readonly coverage: Coverage }
  | { readonly kind: 'broken'; readonly test: string }
  | { readonly kind: 'begun'; readonly id: number }
  | { readonly kind: 'judged'; readonly id: number; readonly killer: string | undefined }
  /** Modules are never unloaded: time for another thread. */
  | { readonly kind: 'tired' }

/** So many loads of everything from scratch fit comfortably into memory. */
const MAX_RENEWALS = 400

const { root, sources, testFiles, mutants, coverage: known } = workerData as Task
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin.
const say = (report: Report): void => parentPort?.postMessage(report)
const loadedTests = new LoadedTests(root, sources)
const { toggle } = loadedTests
let renewals = 0

// What a mutant leaves behind unhandled is its own affair.
process.on('unhandledRejection', () => undefined)

toggle.reached = new Set()
let tests: readonly Test[] = await loadAll()
const coverage = known ?? (await cover())
toggle.reached = undefined
if (coverage !== undefined) {
  if (known === undefined) say({ kind: 'covered', coverage })
  await play(coverage)
}

async function play(covered: Coverage): Promise<void> {
  let controlled = ''
  for (const mutant of mutants) {
    // The control: loaded anew, and without any mutant, the tests pass.
    if (mutant.file !== controlled) {
      controlled = mutant.file
      const broken = await killerInFresh({ ...mutant, id: -1 }, () => true)
      if (broken !== undefined) {
        say({ kind: 'broken', test: `${broken}, with ${mutant.file} loaded anew` })
        return
      }
    }
    if (renewals > MAX_RENEWALS) {
      say({ kind: 'tired' })
      return
    }
    say({ kind: 'begun', id: mutant.id })
    const killer = await killerOf(mutant, covered)
    toggle.active = -1
    say({ kind: 'judged', id: mutant.id, killer })
  }
}

async function loadAll(): Promise<readonly Test[]> {
  const all: Test[] = []
  for (const file of testFiles) all.push(...(await loadedTests.load(file)))
  return all
}

/** What is not affected is not loaded again, and keeps its place: what each test reaches is known by its place. */
async function loadAnew(affected: ReadonlySet<string>): Promise<readonly Test[]> {
  const all: Test[] = []
  for (const file of testFiles) {
    if (affected.has(file)) all.push(...(await loadedTests.load(file)))
    else all.push(...tests.filter((test) => test.file === file))
  }
  return all
}

async function cover(): Promise<Coverage | undefined> {
  const loading = new Set(toggle.reached)
  const covered: Coverage['tests'][number][] = []
  for (const test of tests) {
    const reached = new Set<number>()
    toggle.reached = reached
    const begun = performance.now()
    // Twice, because mutants are played against one load.
    const passed = (await loadedTests.passes(test)) && (await loadedTests.passes(test))
    covered.push({ reached, milliseconds: performance.now() - begun })
    if (!passed) {
      say({ kind: 'broken', test: `${test.file}: ${test.name}` })
      return undefined
    }
  }
  return { loading, tests: covered }
}

/** The test that notices; nothing when none does. */
async function killerOf(mutant: Mutant, covered: Coverage): Promise<string | undefined> {
  const reaching = tests
    .map((test, index) => ({ test, seen: covered.tests[index] }))
    .filter(({ seen }) => seen?.reached.has(mutant.id) === true)
    .toSorted((one, other) => (one.seen?.milliseconds ?? 0) - (other.seen?.milliseconds ?? 0))
    .map(({ test }) => test)
  toggle.active = mutant.id
  for (const test of reaching) {
    if (await loadedTests.passes(test)) continue
    // What the sources remember may be left over from another mutant: then the test fails without this one, too.
    toggle.active = -1
    if (await loadedTests.passes(test)) return nameOf(test)
    const affected = loadedTests.renew(mutant.file)
    renewals += 1
    tests = await loadAnew(affected)
    break
  }
  // Nothing is remembered in a world that was loaded under the mutant.
  const isStatic = covered.loading.has(mutant.id)
  const near = new Set(reaching.map(({ file }) => file))
  return killerInFresh(mutant, (file) => isStatic || near.has(file))
}

async function killerInFresh(
  mutant: Mutant,
  concerns: (file: string) => boolean,
): Promise<string | undefined> {
  const affected = loadedTests.renew(mutant.file)
  renewals += 1
  toggle.active = mutant.id
  const module = mutant.file.split('/')[1]
  const files = testFiles.filter((file) => affected.has(file) && concerns(file))
  const nearFirst = files.toSorted(
    (one, other) => Number(other.includes(`/${module}/`)) - Number(one.includes(`/${module}/`)),
  )
  for (const file of nearFirst) {
    try {
      for (const test of await loadedTests.load(file)) {
        if (!(await loadedTests.passes(test))) return nameOf(test)
      }
    } catch {
      return `${file}: loading it`
    }
  }
  return undefined
}

function nameOf({ file, name }: Test): string {
  return `${file}: ${name}`
}
