import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readsClock } from './clock-readers.ts'

const folder = mkdtempSync(join(tmpdir(), 'tfe-clock-readers-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let count = 0
function written(source: string): string {
  count += 1
  const path = join(folder, `file-${count}.ts`)
  writeFileSync(path, source)
  return path
}

const from = (path: string): string => `./${path.slice(folder.length + 1)}`

const CASES: readonly [what: string, source: string, expected: boolean][] = [
  ['a call of Date.now', 'const at = Date.now()', true],
  ['Date.now handed on', 'const clock = { now: Date.now }', true],
  ['the present built', 'const at = new Date()', true],
  ['a written date', "const at = new Date('2026-01-01')", false],
  ['another process', "import { spawn } from 'node:child_process'", true],
  ['TLS, imported on several lines', "import {\n  connect,\n} from 'node:tls'", true],
  ['TLS, imported for its effect', "import 'node:tls'", true],
  ['TLS, exported on', "export { connect } from 'node:tls'", true],
  ['a type of TLS', "import type { TLSSocket } from 'node:tls'", false],
  ['a package', "import { fetch } from 'undici'", true],
  ['an import that is computed', 'const module = await import(name)', true],
  [
    'what knows no date',
    "import { join } from 'node:path'\nconst began = performance.now()",
    false,
  ],
]

test.each(CASES)('%s: what can notice the date is told', (_, source, expected) => {
  expect(readsClock(written(source))).toBe(expected)
})

test('a reading is found behind two imports, one of which comes back', () => {
  const last = written('export const now = () => Date.now()')
  const middle = written(`export * from '${from(last)}'`)
  const first = written(`import { now } from '${from(middle)}'`)
  writeFileSync(middle, `import '${from(first)}'\nexport * from '${from(last)}'`)
  expect(readsClock(first)).toBe(true)
})

test('imports in a circle without a clock end', () => {
  const one = written('')
  const other = written(`import '${from(one)}'`)
  writeFileSync(one, `import '${from(other)}'`)
  expect(readsClock(one)).toBe(false)
})
