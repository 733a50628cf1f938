/** A row of numbers as a line of signs, as high as they are. */

/** How values that share a sign become one: counts add up, of states the last stands. */
export type Measure = 'count' | 'state'

/** Values, put together so that there are at most so many; what was not recorded stays unknown. */
export function merged(
  values: readonly (number | null)[],
  measure: Measure,
  most: number,
): readonly (number | null)[] {
  const size = groupSize(values.length, most)
  return Array.from({ length: Math.ceil(values.length / size) }, (_, at) => {
    const group = values.slice(at * size, (at + 1) * size).filter((one) => one !== null)
    if (group.length === 0) return null
    return measure === 'state' ? (group.at(-1) ?? null) : group.reduce((sum, one) => sum + one, 0)
  })
}

/** How many values share a sign. */
export const groupSize = (values: number, most: number): number =>
  Math.max(1, Math.ceil(values / Math.max(1, most)))

/** The line: blank where nothing was recorded, lowest for nought, and up to the largest of them. */
export function sparkline(values: readonly (number | null)[], levels: string): string {
  const signs = levels.split('')
  const most = Math.max(0, ...values.map((one) => one ?? 0))
  return values
    .map((one) => {
      if (one === null) return ' '
      const part = most === 0 ? 0 : Math.ceil((Math.max(0, one) / most) * (signs.length - 1))
      return signs[part] ?? ''
    })
    .join('')
}
