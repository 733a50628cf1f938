/**
 * Which test files can notice what day it is: all but those that reach nothing but modules known to read no clock.
 */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * Modules of others that tell nothing of the date. TLS, child processes, workers, databases and HTTP are missing on
 * purpose: what a file does with them, another clock may judge. So is every package: a file that imports one is run.
 */
const WITHOUT_A_CLOCK: ReadonlySet<string> = new Set([
  'node:assert/strict',
  'node:buffer',
  'node:crypto',
  'node:events',
  'node:fs',
  'node:net',
  'node:os',
  'node:path',
  'node:process',
  'node:stream',
  'node:url',
  'node:util',
  'vitest',
])

/** True when `file`, or anything that it imports at run time, may read the date. */
export function readsClock(file: string): boolean {
  const met = new Set<string>()
  const reads = (path: string): boolean => {
    if (met.has(path)) return false
    met.add(path)
    const source = readFileSync(path, 'utf8')
    if (PRESENT.test(source)) return true
    return importsOf(source).some((name) =>
      name.startsWith('.') ? reads(join(dirname(path), name)) : !WITHOUT_A_CLOCK.has(name),
    )
  }
  return reads(file)
}

/** `performance.now()` is missing: it counts from the start of the process and knows no date. */
const PRESENT = /\bDate\.now\b|\bnew Date\(\)|\bTemporal\b|\bimport\((?!['"])/u

/** What is imported as more than a type; comments that look like an import count, which errs on the safe side. */
function importsOf(source: string): readonly string[] {
  return [...source.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? '')
}

const IMPORT =
  /^(?:import|export)(?! type\b)(?:[^'"]*?\bfrom)?\s*['"]([^'"]+)['"]|\bimport\(['"]([^'"]+)['"]/gmu
