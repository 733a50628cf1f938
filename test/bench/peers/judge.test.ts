/** What `npm run bench` makes of its figures: verdicts, tables and pictures. */
import { describe, expect, test } from 'vitest'
import type { CurveFigures } from '../../../scripts/performance/curve-figures.ts'
import { curvesPictureText } from '../../../scripts/performance/curves-picture.ts'
import {
  ratioIn,
  spreadOf,
  type FigureRow,
  type Figures,
} from '../../../scripts/performance/figures.ts'
import { performanceText } from '../../../scripts/performance/page.ts'
import { pictureText } from '../../../scripts/performance/picture.ts'
import { plainText, ratioTable } from '../../../scripts/performance/tables.ts'
import { judge, judgeWorkers } from './judge.ts'
import { readOptions } from './options.ts'

type Medians = Readonly<Record<string, number>>

const row = (id: string, medians: Medians): FigureRow => ({
  id,
  title: id,
  unit: id === 'idle' ? 'KiB' : 'us',
  values: Object.fromEntries(
    Object.entries(medians).map(([name, median]) => [name, [median, median - 1, median + 1]]),
  ),
})

const columns = ['nginx', 'tfe', 'nginx-log', 'tfe-log'].map((name) => ({
  name,
  title: name,
  version: '1 & 2',
}))

const figuresOf = (rows: readonly FigureRow[]): Figures => ({
  taken: '2026-01-01',
  commit: 'abc',
  rounds: 7,
  scale: 1,
  machine: 'a machine',
  columns,
  rows,
})

describe('a demand', () => {
  const rows: readonly (readonly [
    promise: string,
    id: string,
    medians: Medians,
    isMet: boolean,
  ])[] = [
    ['holds at its limit', 'get', { nginx: 100, tfe: 180 }, true],
    ['is exceeded just above it', 'get', { nginx: 100, tfe: 180.1 }, false],
    ['of the POST is its own', 'post', { nginx: 100, tfe: 210 }, true],
    ['of bulk counts what a megabyte costs', 'bulk', { nginx: 100, tfe: 191 }, false],
    ['wants us ahead of Apache', 'get', { tfe: 100, apache: 99 }, false],
    ['wants us ahead of Caddy', 'post', { tfe: 100, caddy: 99 }, false],
    ['wants http-proxy three times dearer', 'get', { tfe: 100, 'http-proxy': 299 }, false],
    ['is content with just that', 'get', { tfe: 100, 'http-proxy': 300 }, true],
    ['allows an idle connection six beyond the floor', 'idle', { tfe: 76, floor: 70 }, true],
    ['allows no more', 'idle', { tfe: 76.1, floor: 70 }, false],
  ]
  for (const [promise, id, medians, isMet] of rows) {
    test(promise, () => {
      const { verdicts } = judge({ rows: [row(id, medians)] })
      expect(verdicts.map((verdict) => verdict.isMet)).toEqual([isMet])
    })
  }

  test('whose figures are missing is named, and not taken for one that holds', () => {
    const { verdicts, unjudged } = judge({ rows: [row('idle', { tfe: 50 })] })
    expect(verdicts).toEqual([])
    expect(unjudged).toHaveLength(14)
    expect(unjudged).toContain('idle connection, KiB')
  })

  test('of two workers compares them with one', () => {
    const rows = [row('get', { tfe: 100, 'tfe-2': 115 }), row('post', { tfe: 100, 'tfe-2': 116 })]
    expect(judgeWorkers({ rows }, 2).map(({ isMet }) => isMet)).toEqual([true, false])
  })

  test('of workers that were not measured is not met', () => {
    const rows = [row('get', { tfe: 100 })]
    expect(judgeWorkers({ rows }, 2).map(({ isMet }) => isMet)).toEqual([false])
  })
})

describe('figures', () => {
  test('are a median with the least and the most', () => {
    expect(spreadOf([3, 1, 2])).toEqual([2, 1, 3])
    expect(spreadOf([4, 1, 2, 3])).toEqual([2.5, 1, 4])
    expect(() => spreadOf([])).toThrow('found no samples')
  })

  test('of who did not do the work have no ratio', () => {
    expect(ratioIn(row('get', { nginx: 100 }), 'tfe')).toBeUndefined()
    expect(ratioIn(row('get', { tfe: 100 }), 'tfe')).toBeUndefined()
  })

  test('are shown as a table whose numbers stand below each other', () => {
    const figures = figuresOf([row('get', { nginx: 100, tfe: 150 })])
    expect(plainText(ratioTable(figures))).toBe(
      ['     nginx   tfe  nginx-log  tfe-log', 'get   1.00  1.50'].join('\n'),
    )
  })
})

describe('the page', () => {
  const comparison = figuresOf([
    row('get', { nginx: 100, tfe: 150, 'nginx-log': 110, 'tfe-log': 220 }),
    row('idle', { nginx: 35, tfe: 45 }),
  ])
  const curves: CurveFigures = {
    ...comparison,
    curves: [
      {
        id: 'rows',
        title: 'rows <before>',
        work: 'keep-alive GET',
        unit: 'us',
        points: [10, 1000].map((size) => ({ size, values: { tfe: [size, size, size + 1] } })),
      },
    ],
  }

  test('claims nothing where nothing was measured', () => {
    const text = performanceText({ comparison: undefined, curves: undefined })
    expect(text).toContain('No run has been kept yet')
    expect(text).not.toContain('.svg')
  })

  test('compares a server that logs with nginx that logs, too', () => {
    const text = performanceText({ comparison, curves })
    expect(text).toContain('| get  |  1.00 | 1.50 |')
    expect(text).toContain('| get |      1.00 |    2.00 |')
  })

  test('has a picture with a mark for each figure of the first look', () => {
    const text = pictureText(comparison)
    expect(text.match(/<circle /gu)).toHaveLength(3)
    expect(text).toContain('get: 1.50; idle: 1.29')
  })

  test('has curves that begin at the edge where the first size is none', () => {
    const points = [0, 1000].map((size) => ({ size, values: { tfe: [5, 4, 6] as const } }))
    const from0 = { ...curves, curves: curves.curves.map((curve) => ({ ...curve, points })) }
    expect(curvesPictureText(from0)).toContain('<circle cx="52" ')
    expect(curvesPictureText(from0)).not.toMatch(/NaN|Infinity/u)
  })

  test('has a picture in which titles are text, whatever stands in them', () => {
    expect(curvesPictureText(curves)).toContain('rows &lt;before>')
  })
})

describe('the command line', () => {
  const refused: readonly (readonly [promise: string, args: readonly string[], said: string])[] = [
    ['rounds that are no number', ['--rounds', 'x'], '--rounds: found x'],
    ['no rounds', ['--rounds', '0'], '--rounds: found 0'],
    ['an unknown work', ['--works', 'get,put'], '--works: found put'],
    ['an unknown scale', ['--scale', 'tiny'], '--scale: found tiny'],
    ['an unknown option', ['--fast'], '--fast'],
    ['one processor for both', ['--cpus', '1,1'], 'two processors'],
    ['figures of a trial', ['--write', '--scale', 'small', '--cpus', '0,1'], '--write keeps no'],
    ['a size that is none', ['--curves', '--cpus', '0,1', '--sizes', 'rows=ten'], '--sizes'],
  ]
  for (const [promise, args, said] of refused) {
    test(`refuses ${promise}`, () => {
      expect(() => readOptions(args)).toThrow(said)
    })
  }

  test('measures everything in seven rounds unless told otherwise', () => {
    const options = readOptions(['--cpus', '0,1'])
    expect(options).toMatchObject({ rounds: 7, scale: 1, workers: 1, isIdleWanted: true })
    expect(options.works).toHaveLength(9)
  })
})
