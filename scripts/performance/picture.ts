/** The picture of a comparison: what each costs as a multiple of nginx, one line per kind of work, medians as marks, rounds as bars. */
import { ratioIn, REFERENCE, type FigureColumn, type FigureRow, type Figures } from './figures.ts'
import { escapeXml, scaleLog, tickText } from './svg.ts'

/** Marks by candidate: colours that differ for colour-blind readers, and shapes that differ without colour. */
const MARKS: Readonly<Record<string, readonly [shape: Shape, colour: string]>> = {
  nginx: ['diamond', '#5b6770'],
  haproxy: ['square', '#0072b2'],
  apache: ['triangle', '#b5540d'],
  caddy: ['square', '#56a4d8'],
  'http-proxy': ['triangle', '#a03c78'],
  floor: ['ring', '#5b6770'],
  before: ['ring', '#0b7a5b'],
  tfe: ['circle', '#0b7a5b'],
}

type Shape = 'circle' | 'diamond' | 'ring' | 'square' | 'triangle'

const [WIDTH, LEFT, RIGHT] = [960, 200, 30]
const [LEGEND, LINE, FOOT] = [64, 40, 44]
const TICKS = [0.25, 0.5, 1, 2, 4, 8]

/** The picture of a comparison. Candidates that have no mark here are left out. */
export function pictureText(figures: Figures): string {
  const columns = figures.columns.filter(({ name }) => name in MARKS)
  const height = LEGEND + figures.rows.length * LINE + FOOT
  const bottom = height - FOOT
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="13" role="img" aria-labelledby="t d">`,
    `  <title id="t">Cost of each kind of work, as a multiple of nginx</title>`,
    `  <desc id="d">${escapeXml(inWords(figures))}</desc>`,
    `  <rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    ...legend(columns),
    ...TICKS.flatMap((tick) => tickLines(tick, bottom)),
    `  <text x="${LEFT}" y="${height - 8}" fill="#44566a">times nginx of the same run (logarithmic); less is better; a bar reaches from the cheapest to the dearest round</text>`,
    ...figures.rows.flatMap((row, index) => line(row, columns, LEGEND + (index + 0.5) * LINE)),
    '</svg>',
    '',
  ].join('\n')
}

/** What the picture shows, for readers who cannot see it: our own marks. */
const inWords = ({ rows }: Figures): string =>
  rows.map((row) => `${row.title}: ${ratioIn(row, 'tfe')?.toFixed(2) ?? 'not measured'}`).join('; ')

const across = scaleLog([TICKS[0] ?? 1, 10], [LEFT, WIDTH - RIGHT])

function legend(columns: readonly FigureColumn[]): readonly string[] {
  const step = (WIDTH - 60) / Math.max(1, columns.length)
  return columns.flatMap(({ name, title }, index) => {
    const x = 34 + index * step
    return [
      `  ${mark(name, x, 26)}`,
      `  <text x="${x + 13}" y="31" fill="#1c2b3a">${escapeXml(title)}</text>`,
    ]
  })
}

function tickLines(tick: number, bottom: number): readonly string[] {
  const x = across(tick)
  const stroke = tick === 1 ? '#5b6770' : '#dde4ec'
  return [
    `  <path d="M${x} ${LEGEND - 8}V${bottom}" stroke="${stroke}"/>`,
    `  <text x="${x}" y="${bottom + 16}" text-anchor="middle" fill="#44566a">${tickText(tick)}</text>`,
  ]
}

function line(row: FigureRow, columns: readonly FigureColumn[], y: number): readonly string[] {
  const [reference] = row.values[REFERENCE] ?? []
  const title = `  <text x="${LEFT - 16}" y="${y + 5}" text-anchor="end" fill="#1c2b3a" font-weight="600">${escapeXml(row.title)}</text>`
  if (reference === undefined) return [title]
  // Ours last, so that it lies above the others.
  return [
    title,
    ...columns.flatMap(({ name }) => {
      const spread = row.values[name]
      if (spread === undefined) return []
      const [median, least, most] = spread.map((value) => across(value / reference))
      const [, colour = ''] = MARKS[name] ?? []
      return [
        `  <path d="M${least} ${y}H${most}" stroke="${colour}" stroke-width="2" opacity="0.35"/>`,
        `  ${mark(name, median ?? 0, y)}`,
      ]
    }),
  ]
}

function mark(name: string, x: number, y: number): string {
  const [shape = 'circle', colour = '#000'] = MARKS[name] ?? []
  switch (shape) {
    case 'circle':
      return `<circle cx="${x}" cy="${y}" r="7" fill="${colour}"/>`
    case 'ring':
      return `<circle cx="${x}" cy="${y}" r="5" fill="#fff" stroke="${colour}" stroke-width="2"/>`
    case 'diamond':
      return `<path d="M${x} ${y - 6}l6 6-6 6-6-6z" fill="${colour}"/>`
    case 'square':
      return `<rect x="${x - 5}" y="${y - 5}" width="10" height="10" fill="${colour}"/>`
    case 'triangle':
      return `<path d="M${x} ${y - 6}l6 11h-12z" fill="${colour}"/>`
  }
}
