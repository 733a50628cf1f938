/**
 * Checks that names and words which `CHANGELOG.md` lists as retired are found nowhere in `src`, `test`, `scripts` and
 * `docs`: whole words, any case. `npm run check:words` runs it; with `--counts` it prints how often each is found, and
 * `--names FILE` takes one name a line from a file instead of the changelog.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const FOLDERS = ['src', 'test', 'scripts', 'docs'] as const

/** One place where a retired word stands. */
export interface Found {
  readonly word: string
  readonly at: string
}

/** Takes the words out of the first column of the table under "Retired names"; several may share a cell. */
export function retiredWords(changelog: string): readonly string[] {
  const section = changelog.split(/^## /m).find((part) => part.startsWith('Retired names')) ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('| `'))
  return rows.flatMap((row) => {
    const [, cell = ''] = row.split('|')
    return [...cell.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word)
  })
}

/** Finds `words` in `texts`, which map a path to its text. A word counts whole: `cat` is not found in `concat`. */
export function findWords(
  words: readonly string[],
  texts: ReadonlyMap<string, string>,
): readonly Found[] {
  if (words.length === 0) return []
  const escaped = words.map((word) => word.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  const pattern = new RegExp(`(?<![A-Za-z0-9_])(?:${escaped.join('|')})(?![A-Za-z0-9_])`, 'gi')
  return [...texts].flatMap(([path, text]) =>
    text.split('\n').flatMap((line, index) =>
      [...line.matchAll(pattern)].map(([word]) => ({
        word: word.toLowerCase(),
        at: `${path}:${index + 1}`,
      })),
    ),
  )
}

function run(): number {
  const { values } = parseArgs({
    options: { counts: { type: 'boolean', default: false }, names: { type: 'string' } },
  })
  const root = dirname(dirname(fileURLToPath(import.meta.url)))
  const words =
    values.names === undefined
      ? retiredWords(readFileSync(join(root, 'CHANGELOG.md'), 'utf8'))
      : readFileSync(values.names, 'utf8')
          .split('\n')
          .map((line) => line.trim())
          .filter((line) => line !== '' && !line.startsWith('#'))
  if (words.length === 0) {
    console.error('found no retired names, wanted the table "Retired names" of CHANGELOG.md')
    return 2
  }
  const paths = execFileSync('git', ['ls-files', '--', ...FOLDERS], { cwd: root, encoding: 'utf8' })
  const texts = new Map(
    paths
      .trim()
      .split('\n')
      .map((path) => [path, readFileSync(join(root, path), 'utf8')] as const),
  )
  const found = findWords(words, texts)
  if (values.counts) {
    for (const word of words) {
      console.log(`${found.filter((one) => one.word === word.toLowerCase()).length}\t${word}`)
    }
  } else
    for (const { at, word } of found)
      console.error(`${at}: '${word}' is retired; CHANGELOG.md has the word in its place`)
  if (found.length > 0) return 1
  console.log(`${words.length} retired names, found 0 times in ${FOLDERS.join(', ')}`)
  return 0
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  process.exitCode = run()
}
