/** What a run is held to, from the acceptance of the data path: multiples of nginx in the same run. */
import { ratioIn, type FigureRow, type Figures } from '../../../scripts/performance/figures.ts'

/** One demand, and what was found. */
export interface Verdict {
  readonly what: string
  readonly found: number
  readonly atMost: number
  /** What is wanted in the end; not judged. */
  readonly aim?: number
  readonly isMet: boolean
}

/** At most, and aimed at. */
const RATIOS: Readonly<Record<string, readonly [atMost: number, aim: number]>> = {
  get: [1.8, 1.4],
  post: [2.1, 1.6],
  full13: [1.35, 1.2],
  full12: [1.45, 1.2],
  new13: [1.6, 1.4],
  new12: [1.7, 1.4],
  resumed12: [2.7, 2.0],
  bulk: [1.9, 1.4],
}

/** Who must not be cheaper than we are, by row; and by how much we have to be cheaper than they. */
const AHEAD_OF: readonly (readonly [row: string, name: string, times: number])[] = [
  ['get', 'apache', 1],
  ['get', 'caddy', 1],
  ['post', 'apache', 1],
  ['post', 'caddy', 1],
  ['get', 'http-proxy', 3],
]

/** KiB that an idle connection may hold beyond the floor's, and what is aimed at. */
const [IDLE_BEYOND, IDLE_AIM] = [6, 45]

/** What several workers may cost, as a multiple of one. */
const SEVERAL = 1.15

/** Judges what was measured; a demand whose figures were left out of the run is named in `unjudged`. */
export function judge({ rows }: Pick<Figures, 'rows'>): {
  readonly verdicts: readonly Verdict[]
  readonly unjudged: readonly string[]
} {
  const verdicts: Verdict[] = []
  const unjudged: string[] = []
  const demand = (what: string, found: number | undefined, limits: Limits): void => {
    if (found === undefined || Number.isNaN(limits.atMost)) unjudged.push(what)
    else verdicts.push({ what, found, ...limits, isMet: found <= limits.atMost })
  }
  const rowOf = (id: string): FigureRow => rows.find((row) => row.id === id) ?? emptyRow(id)
  for (const [id, [atMost, aim]] of Object.entries(RATIOS)) {
    const row = rowOf(id)
    demand(`${row.title}, times nginx`, ratioIn(row, 'tfe'), { atMost, aim })
  }
  for (const [id, name, times] of AHEAD_OF) {
    const row = rowOf(id)
    demand(`${row.title}, times ${name}`, ratioIn(row, 'tfe', name), { atMost: 1 / times })
  }
  const { values } = rowOf('idle')
  const atMost = (values['floor']?.[0] ?? Number.NaN) + IDLE_BEYOND
  demand('idle connection, KiB', values['tfe']?.[0], { atMost, aim: IDLE_AIM })
  return { verdicts, unjudged }
}

/** Judges a run with several workers beside one. */
export function judgeWorkers({ rows }: Pick<Figures, 'rows'>, workers: number): readonly Verdict[] {
  return rows
    .filter(({ id }) => id === 'get' || id === 'post')
    .map((row) => {
      const found = ratioIn(row, `tfe-${workers}`, 'tfe') ?? Number.NaN
      const what = `${row.title}, ${workers} workers, times one`
      return { what, found, atMost: SEVERAL, isMet: found <= SEVERAL }
    })
}

/** One line for a terminal. */
export function verdictText({ what, found, atMost, aim, isMet }: Verdict): string {
  const aimed = aim === undefined ? '' : `, aim ${aim}`
  return `${isMet ? 'holds   ' : 'EXCEEDED'}  ${what}: ${found.toFixed(2)}, at most ${atMost.toFixed(2)}${aimed}`
}

type Limits = Pick<Verdict, 'atMost' | 'aim'>

const emptyRow = (id: string): FigureRow => ({ id, title: id, unit: 'us', values: {} })
