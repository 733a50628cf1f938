/** What the counts of two commits say, and the exit status that follows. */

/** Instructions per operation, in the order of the operations: one number per block, or one per round. */
export interface Counts {
  readonly base: readonly (readonly number[])[]
  readonly now: readonly (readonly number[])[]
}

export interface Report {
  /** One per operation. */
  readonly lines: readonly string[]
  /** Why no verdict by this limit would mean anything. */
  readonly complaint: string | undefined
  /** 0 when every operation is within the limit, 1 when one is above, 2 when the limit is below the noise. */
  readonly status: 0 | 1 | 2
}

/** Compares the medians of the rounds; `limit` is in per cent. The noise is the spread of the commit whose rounds differ more. */
export function reportOn(titles: readonly string[], counts: Counts, limit: number): Report {
  const compared = titles.map((title, index) => {
    const base = medianAndSpread(counts.base[index] ?? [])
    const now = medianAndSpread(counts.now[index] ?? [])
    const difference = ((now.median - base.median) / base.median) * 100
    const noise = Math.max(base.spread, now.spread)
    const isOnlyRound = counts.base[index]?.length === 1
    const cells = [
      `base ${thousands(base.median)}`,
      `now ${thousands(now.median)}`,
      `${difference < 0 ? '' : '+'}${difference.toFixed(2)} %`,
      isOnlyRound ? '(noise unknown: one round)' : `(noise ${noise.toFixed(2)} %)`,
      difference <= limit ? 'within' : 'ABOVE THE LIMIT',
    ]
    return { line: `${title.padEnd(24)} ${cells.join('   ')}`, difference, noise }
  })
  const noise = Math.max(...compared.map((one) => one.noise))
  const isWithin = compared.every(({ difference }) => difference <= limit)
  const lines = compared.map(({ line }) => line)
  if (noise <= limit) return { lines, complaint: undefined, status: isWithin ? 0 : 1 }
  const complaint = `--limit: found ${limit}, less than the noise of ${noise.toFixed(2)} %, wanted at least that: raise it, or measure on a quieter machine`
  return { lines, complaint, status: 2 }
}

/** The median, and by how many per cent of it the largest number lies above the smallest. */
function medianAndSpread(numbers: readonly number[]): { median: number; spread: number } {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  const median = ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2
  return { median, spread: (((sorted.at(-1) ?? 0) - (sorted[0] ?? 0)) / median) * 100 }
}

export const thousands = (count: number): string => (count / 1000).toFixed(1)
