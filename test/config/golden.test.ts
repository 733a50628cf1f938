/**
 * Each file in golden/ is a configuration whose first line is the promise and whose last lines, behind `#>`, are
 * what the loader says about it.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { inMemoryFiles } from '../support/config/in-memory-files.ts'

const folder = join(import.meta.dirname, 'golden')
const files = readdirSync(folder).toSorted()

for (const file of files) {
  const text = readFileSync(join(folder, file), 'utf8')
  const promise = text.split('\n')[0]?.slice(2) ?? file
  test(`${file}: ${promise}`, async () => {
    const expected = text.split('\n').filter((line) => line.startsWith('#> '))
    expect(expected.length).toBeGreaterThan(0)
    expect(await said(file, text)).toEqual(expected)
  })
}

test('no sentence repeats a secret that was pasted in', async () => {
  for (const file of files) {
    const lines = await said(file, readFileSync(join(folder, file), 'utf8'))
    expect(lines.filter((line) => /hunter2|123456|c2VjcmV0/.test(line))).toEqual([])
  }
})

async function said(file: string, golden: string): Promise<readonly string[]> {
  const text = golden.replaceAll(/^#> .*\n/gm, '')
  const loaded = await loadConfig(file, { TFE_EMPTY: '' }, inMemoryFiles(file, text))
  const [kind, faults] = loaded.ok ? ['warning', loaded.value.warnings] : ['fault', loaded.failure]
  return faults.map(({ at, message }) => `#> ${kind} ${at}: ${message}`)
}
