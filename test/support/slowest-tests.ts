/**
 * A vitest reporter that prints the slowest tests after a run, so that a test that has grown slow is seen by its author.
 */
import type { Reporter, TestModule } from 'vitest/node'

/** Fewer would hide the second offender, more would hide the summary. */
const ROWS = 10

/** What is faster than this, in milliseconds, is not worth a row. */
const FAST_MS = 1000

export default class SlowestTests implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules
      .flatMap((module) => [...module.children.allTests()])
      .map((one) => ({
        ms: one.diagnostic()?.duration ?? 0,
        name: `${one.module.relativeModuleId} > ${one.fullName}`,
      }))
      .filter(({ ms }) => ms >= FAST_MS)
      .toSorted((a, b) => b.ms - a.ms)
      .slice(0, ROWS)
    if (tests.length === 0) return
    console.log(`\nslowest of ${modules.length} files, in seconds`)
    for (const { ms, name } of tests) console.log(`${(ms / 1000).toFixed(1).padStart(7)}  ${name}`)
  }
}
