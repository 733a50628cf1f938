/** The picture of curves: cost against size, a panel for each curve. */
import type { Curve, CurveFigures } from './curve-figures.ts'
import { escapeXml, scaleLog, tickText } from './svg.ts'

const COLOURS: Readonly<Record<string, string>> = { nginx: '#5b6770', tfe: '#0b7a5b' }

const [WIDTH, HEAD, PANEL, ACROSS] = [960, 44, { width: 300, height: 230 }, 3]
/** Room around the lines of a panel: for its title, its axes and their numbers. */
const MARGIN = { left: 52, right: 16, top: 44, bottom: 34 }

/** The picture of all curves. */
export function curvesPictureText({ columns, curves }: CurveFigures): string {
  const height = HEAD + Math.ceil(curves.length / ACROSS) * PANEL.height + 12
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="12" role="img" aria-labelledby="t d">`,
    `  <title id="t">Cost against size</title>`,
    `  <desc id="d">${escapeXml(curves.map(inWords).join('; '))}</desc>`,
    `  <rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    ...columns.flatMap(({ name, title }, index) => [
      `  <path d="M${30 + index * 120} 24h22" stroke="${COLOURS[name] ?? '#000'}" stroke-width="3"/>`,
      `  <text x="${58 + index * 120}" y="28" fill="#1c2b3a">${escapeXml(title)}</text>`,
    ]),
    ...curves.flatMap((curve, index) => [
      `  <g transform="translate(${15 + (index % ACROSS) * (PANEL.width + 15)} ${HEAD + Math.floor(index / ACROSS) * PANEL.height})">`,
      ...panel(curve).map((line) => `    ${line}`),
      '  </g>',
    ]),
    '</svg>',
    '',
  ].join('\n')
}

/** Ours, from the first size to the last. */
function inWords({ title, points }: Curve): string {
  const ours = points.map(({ size, values }) => `${size} ${values['tfe']?.[0] ?? 'not measured'}`)
  return `${title}, microseconds: ${ours.join(', ')}`
}

function panel({ title, work, points }: Curve): readonly string[] {
  // None of something stands where one would.
  const sizes = points.map(({ size }) => size)
  const x = scaleLog(
    [Math.max(1, sizes[0] ?? 1), Math.max(1, sizes.at(-1) ?? 1)],
    [MARGIN.left, PANEL.width - MARGIN.right],
  )
  const top = roundUp(
    Math.max(1, ...points.flatMap(({ values }) => Object.values(values).map(([, , most]) => most))),
  )
  const [low, high] = [PANEL.height - MARGIN.bottom, MARGIN.top]
  const y = (value: number): number => Math.round((low - (value / top) * (low - high)) * 10) / 10
  const names = [...new Set(points.flatMap(({ values }) => Object.keys(values)))]
  return [
    `<text x="${MARGIN.left}" y="16" fill="#1c2b3a" font-weight="600">${escapeXml(title)}</text>`,
    `<text x="${MARGIN.left}" y="32" fill="#44566a">${escapeXml(work)}, µs</text>`,
    ...[0, top / 2, top].flatMap((value) => [
      `<path d="M${MARGIN.left} ${y(value)}H${PANEL.width - MARGIN.right}" stroke="#dde4ec"/>`,
      `<text x="${MARGIN.left - 6}" y="${y(value) + 4}" text-anchor="end" fill="#44566a">${tickText(value)}</text>`,
    ]),
    ...sizes.map(
      (size) =>
        `<text x="${x(size)}" y="${low + 16}" text-anchor="middle" fill="#44566a">${tickText(size)}</text>`,
    ),
    ...names.flatMap((name) => {
      const there = points.flatMap(({ size, values }) => {
        const spread = values[name]
        return spread === undefined ? [] : [{ at: x(size), spread }]
      })
      const path = there.map(({ at, spread }) => `${at} ${y(spread[0])}`).join('L')
      const colour = COLOURS[name] ?? '#000'
      return [
        `<path d="M${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
        ...there.flatMap(({ at, spread: [median, least, most] }) => [
          `<path d="M${at} ${y(least)}V${y(most)}" stroke="${colour}" opacity="0.5"/>`,
          `<circle cx="${at}" cy="${y(median)}" r="3.5" fill="${colour}"/>`,
        ]),
      ]
    }),
  ]
}

/** To one, two or five and zeros, which an axis can end with. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value))
  return power * ([1, 2, 5].find((step) => step * power >= value) ?? 10)
}
