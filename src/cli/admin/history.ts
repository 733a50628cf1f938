/** `tfe history`: what was counted and how the fleet was, in small pictures. */
import type { CommandResult } from '../command-environment.ts'
import { groupSize, merged, sparkline, type Measure } from '../sparkline.ts'
import { formatTable, timeText, wholeCell } from '../table.ts'
import type { CommandContext } from './command-context.ts'

interface History {
  readonly step: string
  readonly times: readonly string[]
  readonly series: readonly Series[]
}

interface Series {
  readonly kind: string
  readonly name: string
  readonly measure: Measure
  readonly values: readonly (number | null)[]
}

/** Draws each kind as a table with a line for each name. */
export function history(context: CommandContext): Promise<CommandResult> {
  const { options, terminal } = context
  const query = new URLSearchParams()
  for (const [option, name] of QUERY) {
    const value = options.get(option)
    if (value !== undefined) query.set(name, value)
  }
  return context.show<History>(`/api/history?${query.toString()}`, (it, view) => {
    const room = view.columns === undefined ? Infinity : Math.max(MIN_SIGNS, view.columns - BESIDE)
    const kinds = [...new Set(it.series.map(({ kind }) => kind))]
    const size = groupSize(it.times.length, room)
    const [first, last] = [it.times.at(0), it.times.at(-1)]
    const span =
      first === undefined || last === undefined
        ? 'no time'
        : `${timeText(first, view)} to ${timeText(last, view)}, by ${it.step}`
    const sign = size === 1 ? `each sign is one ${it.step}` : `each sign is ${size} ${it.step}s`
    return [
      `${span}: ${sign}, drawn up to the most of its own line, blank where nothing was recorded`,
      ...kinds.flatMap((kind) => [
        '',
        ...formatTable(
          [kind.toUpperCase(), 'PICTURE', 'LAST', 'MOST', 'SUM'],
          it.series
            .filter((one) => one.kind === kind)
            .map(({ name, measure, values }) => {
              const drawn = merged(values, measure, room)
              const known = drawn.filter((one) => one !== null)
              return [
                wholeCell(name),
                wholeCell(sparkline(drawn, terminal.signs.levels)),
                drawn.at(-1) ?? null,
                known.length === 0 ? null : Math.max(...known),
                measure === 'count' && known.length > 0
                  ? known.reduce((sum, one) => sum + one, 0)
                  : null,
              ]
            }),
          view,
        ),
      ]),
    ]
  })
}

/** Options by what the API calls them. */
const QUERY = [
  ['kind', 'kinds'],
  ['from', 'from'],
  ['until', 'until'],
  ['step', 'step'],
] as const

/** What a line has beside its picture: the longest names are codes. */
const BESIDE = 60
/** Fewer say nothing. */
const MIN_SIGNS = 12
