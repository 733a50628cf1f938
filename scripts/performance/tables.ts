/** The figures of a run as rows of texts: for a terminal and for a page. */
import {
  ratioIn,
  REFERENCE,
  spreadIn,
  type FigureColumn,
  type FigureRow,
  type Figures,
} from './figures.ts'

export type TextTable = readonly (readonly string[])[]

/** What each costs: medians. */
export const costTable = (figures: Pick<Figures, 'columns' | 'rows'>): TextTable =>
  tableOf(
    figures,
    ({ unit, title }) => `${title}, ${unit}`,
    (row, name) => {
      const [median] = row.values[name] ?? []
      return median === undefined ? '' : shortNumber(median)
    },
  )

/** The same as multiples of the reference's. */
export const ratioTable = (
  figures: Pick<Figures, 'columns' | 'rows'>,
  reference: string = REFERENCE,
): TextTable =>
  tableOf(
    figures,
    ({ title }) => title,
    (row, name) => {
      const ratio = ratioIn(row, name, reference)
      return ratio === undefined ? '' : ratio.toFixed(2)
    },
  )

/** How far the rounds of each lie apart. */
export const spreadTable = (figures: Pick<Figures, 'columns' | 'rows'>): TextTable =>
  tableOf(
    figures,
    ({ title }) => title,
    (row, name) => {
      const spread = row.values[name]
      return spread === undefined ? '' : `${(spreadIn(spread) * 100).toFixed(0)} %`
    },
  )

/** What a CPU-second carries, which is how others state the bulk row. */
export const carriedTable = (figures: Pick<Figures, 'columns' | 'rows'>): TextTable =>
  tableOf(
    { ...figures, rows: figures.rows.filter(({ unit }) => unit === 'us per MB') },
    () => 'bulk, MB per CPU-second',
    (row, name) => {
      const [median] = row.values[name] ?? []
      return median === undefined ? '' : (1e6 / median).toFixed(0)
    },
  )

function tableOf(
  { columns, rows }: Pick<Figures, 'columns' | 'rows'>,
  title: (row: FigureRow) => string,
  cell: (row: FigureRow, name: string) => string,
): TextTable {
  const head = ['', ...columns.map(({ title }) => title)]
  return [head, ...rows.map((row) => [title(row), ...columns.map(({ name }) => cell(row, name))])]
}

/** Only these columns, and only rows in which one of them has a value. */
export function narrowed<Of extends Pick<Figures, 'columns' | 'rows'>>(
  figures: Of,
  isWanted: (column: FigureColumn) => boolean,
): Of {
  const columns = figures.columns.filter(isWanted)
  const rows = figures.rows.filter(({ values }) => columns.some(({ name }) => name in values))
  return { ...figures, columns, rows }
}

/** For a terminal: the first column to the left, numbers to the right. */
export function plainText(table: TextTable): string {
  const widths = (table[0] ?? []).map((_, at) =>
    Math.max(...table.map((row) => row[at]?.length ?? 0)),
  )
  const line = (row: readonly string[]): string =>
    row
      .map((text, at) =>
        at === 0 ? text.padEnd(widths[at] ?? 0) : text.padStart((widths[at] ?? 0) + 2),
      )
      .join('')
      .trimEnd()
  return table.map(line).join('\n')
}

/** For a page, with the first column to the left, as Prettier sets it. */
export function markdown(table: TextTable): string {
  const widths = (table[0] ?? []).map((_, at) =>
    Math.max(3, ...table.map((row) => row[at]?.length ?? 0)),
  )
  const line = (row: readonly string[]): string =>
    `| ${row.map((text, at) => (at === 0 ? text.padEnd(widths[at] ?? 0) : text.padStart(widths[at] ?? 0))).join(' | ')} |`
  const [head = [], ...rows] = table
  const rule = `| ${widths.map((width, at) => (at === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`
  return [line(head), rule, ...rows.map(line)].join('\n')
}

const shortNumber = (value: number): string =>
  value < 100 ? value.toPrecision(3) : Math.round(value).toString()
