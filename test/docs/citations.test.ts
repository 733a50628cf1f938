/**
 * What comments and documents cite exists: decisions in docs/decisions/, requirements in docs/requirements.md, and every
 * path.
 */
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  DECISION_RECORD,
  knownIn,
  readTexts,
  REQUIREMENT_ROW,
  REQUIREMENTS,
  unknownIds,
  unknownPaths,
  type Known,
  type Text,
} from './citations.ts'

const texts = readTexts(join(import.meta.dirname, '../..'))
const known = knownIn(texts)

test('every decision and every requirement that is cited can be looked up', () => {
  expect(unknownIds(texts, known)).toEqual([])
})

test('every path that a comment or a document names is there', () => {
  expect(unknownPaths(texts, known)).toEqual([])
})

test('decisions are numbered without a gap, each record begins with its number, and the list has them all', () => {
  const records = texts
    .filter(({ path }) => DECISION_RECORD.test(path))
    .toSorted((one, other) => (one.path < other.path ? -1 : 1))
  expect(records.map(({ path }) => Number(DECISION_RECORD.exec(path)?.[1]))).toEqual(
    records.map((_, index) => index + 1),
  )
  const list = textOf('docs/decisions/README.md')
  for (const [index, { path, text }] of records.entries()) {
    expect(text, path).toMatch(
      new RegExp(
        `^# ${index + 1}\\. .+\\n\\n_(?:In force|Not built yet|Replaced by [0-9]+)[^]*\\n\\n\\*\\*Decision\\.\\*\\* `,
        'u',
      ),
    )
    expect(list.split(`](${path.split('/').at(-1)})`), path).toHaveLength(2)
  }
})

test('requirements are numbered without a gap, each once, each with what is asked and where it is met', () => {
  const page = textOf(REQUIREMENTS)
  const ids = [...page.matchAll(REQUIREMENT_ROW)].map(([, id = '']) => id)
  const wanted = Map.groupBy(ids, (id) => id.slice(0, 2))
    .entries()
    .flatMap(([source, rows]) =>
      rows.map((_, at) => `${source}-${String(at + 1).padStart(2, '0')}`),
    )
  expect(ids).toEqual([...wanted])
  const rows = page.split('\n').filter((line) => line.startsWith('| S'))
  for (const row of rows) expect(row).toMatch(/^\| S\d-\d\d \| [^|]{20,} \| [^|]{8,} \|$/u)
})

const textOf = (wanted: string): string => texts.find(({ path }) => path === wanted)?.text ?? ''

describe('what leads nowhere is found', () => {
  const some: Known = {
    paths: new Set([
      'src',
      'src/trust',
      'src/trust/limits.ts',
      'config',
      'config/epmm.yaml',
      'demo',
    ]),
    decisions: new Set([9, 10]),
    requirements: new Set(['S0-01']),
  }
  // In pieces, or they would be citations themselves.
  const decision = (numbers: string): string =>
    `decision${numbers.length > 2 ? 's' : ''} ${numbers}`
  const requirement = (number: string): string => ['S0', number].join('-')
  const ids: readonly (readonly [promise: string, text: string, found: readonly string[]])[] = [
    ['a decision', `// (${decision('8')})`, [decision('8')]],
    ['one of several', `// (${decision('9, 8 and 10')})`, [decision('8')]],
    [
      'one of several behind the end of a line',
      `/*\n * ${decision('9')} and\n * 8 */`,
      [decision('8')],
    ],
    ['a capital', `/** ${decision('8').replace('d', 'D')}: */`, [decision('8')]],
    ['a requirement', `test('a (${requirement('02')})')`, [requirement('02')]],
    ['one with a digit too few', `// ${requirement('1')}`, [requirement('1')]],
    ['the end of a range', `// ${requirement('01')} to ${requirement('03')}`, [requirement('03')]],
    ['nothing else', `// ${decision('9 and 10')}, ${requirement('01')}; decision: 8`, []],
  ]
  for (const [promise, text, found] of ids) {
    test(`${promise}, by its id`, () => {
      expect(unknownIds([{ path: 'src/a.ts', text }], some).map(idOf)).toEqual(found)
    })
  }

  const paths: readonly (readonly [promise: string, file: Text, found: readonly string[]])[] = [
    ['a file', comment('see src/trust/gone.ts.'), ['src/trust/gone.ts']],
    ['a folder', comment('all of src/gone/.'), ['src/gone']],
    ['a pattern that nothing meets', comment('config/*.json'), ['config/*.json']],
    ['the end of a path', comment('the bounds (`trust/gone.ts`)'), ['trust/gone.ts']],
    ['a part of a name', comment('`mits.ts`, rust/limits.ts'), ['mits.ts', 'rust/limits.ts']],
    ['a page', comment('From gone.md:'), ['gone.md']],
    ['a folder by its end', page('`gone/` has it'), ['gone']],
    ['a link', page('[here](../gone.svg), [there](gone/)'), ['../gone.svg', 'gone']],
    ['the second line', { path: 'src/a.ts', text: 'a()\n// src/gone.ts' }, ['src/gone.ts']],
    [
      'a comment behind code',
      { path: 'src/a.ts', text: ["a('x')", 'src/gone.ts'].join(' // ') },
      ['src/gone.ts'],
    ],
    ['a comment in YAML', { path: 'config/a.yaml', text: 'a: 1 # gone.ts' }, ['gone.ts']],
    ['nothing in code', { path: 'src/a.ts', text: "import { a } from './gone.ts'" }, []],
    ['nothing of another site', page('[a](https://example.com/src/gone.ts) /etc/gone.md'), []],
    [
      'nothing that is there',
      page(
        'src/, `trust/limits.ts`, limits.ts, config/*.yaml, [x](../src/trust/limits.ts), `demo/`',
      ),
      [],
    ],
  ]
  for (const [promise, file, found] of paths) {
    test(`${promise}, by its path`, () => {
      expect(unknownPaths([file], some).map(idOf)).toEqual(found)
    })
  }

  test('the place is the line that cites it', () => {
    const text = `a()\n/**\n * b (${decision('8')}),\n * src/gone.ts\n */`
    expect(unknownIds([{ path: 'src/a.ts', text }], some)).toEqual([`src/a.ts:3: ${decision('8')}`])
    expect(unknownPaths([{ path: 'src/a.ts', text }], some)).toEqual(['src/a.ts:4: src/gone.ts'])
  })
})

const idOf = (fault: string): string => fault.slice(fault.indexOf(': ') + 2)
const comment = (text: string): Text => ({ path: 'src/a.ts', text: `/** ${text} */` })
const page = (text: string): Text => ({ path: 'docs/a.md', text })
