/**
 * Writes what is derived from the sources; `--check` writes nothing and exits 1 when something is stale.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { jsonSchemaText } from '../src/config/json-schema.ts'
import { referenceText } from '../src/config/reference.ts'
import { identityFieldsText } from './identity-fields.ts'
import { performanceFiles } from './performance/files.ts'
import { refusalsText } from './refusals.ts'

const root = join(import.meta.dirname, '..')

/** Every generated file, by its path from the top of the project. */
const GENERATED: ReadonlyMap<string, () => string> = new Map([
  ['config/tfe.schema.json', jsonSchemaText],
  ['docs/configuration.md', referenceText],
  ['docs/identity-fields.md', identityFieldsText],
  ['docs/refusals.md', refusalsText],
  ...performanceFiles(root),
])

const checkOnly = process.argv.includes('--check')
const stale: string[] = []

for (const [path, make] of GENERATED) {
  const file = join(root, path)
  const text = make()
  const there = await readFile(file, 'utf8').catch(() => undefined)
  if (there === text) continue
  stale.push(path)
  if (checkOnly) continue
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, text)
}

if (checkOnly && stale.length > 0) {
  process.exitCode = 1
  console.error(
    `${stale.join(' and ')}: found text that its sources no longer give, wanted it fresh: run \`npm run generate\` and commit the result`,
  )
} else if (checkOnly) console.log(`${GENERATED.size} generated files are fresh`)
else console.log(stale.length === 0 ? 'nothing to write' : `wrote ${stale.join(' and ')}`)
