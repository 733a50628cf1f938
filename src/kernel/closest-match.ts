/**
 * The known word that was most likely meant: at most a third of its letters mistyped (Damerau-Levenshtein
 * distance, neighbours swapped counting once), and letter case never counting at all.
 */
export function closestMatch(typed: string, known: readonly string[]): string | undefined {
  // Longer words are not typing slips, and comparing them costs their product.
  if (typed.length > 60) return undefined
  let best: string | undefined
  let least = Number.POSITIVE_INFINITY
  for (const candidate of known) {
    const away = distance(typed.toLowerCase(), candidate.toLowerCase())
    if (away < least && away <= Math.max(1, Math.floor(candidate.length / 3))) {
      best = candidate
      least = away
    }
  }
  return best
}

function distance(left: string, right: string): number {
  let before: readonly number[] = []
  let above: readonly number[] = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let row = 1; row <= left.length; row += 1) {
    const current: number[] = [row]
    for (let column = 1; column <= right.length; column += 1) {
      const same = left[row - 1] === right[column - 1] ? 0 : 1
      const swapped = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]
      current.push(
        Math.min(
          (above[column] ?? 0) + 1,
          (current[column - 1] ?? 0) + 1,
          (above[column - 1] ?? 0) + same,
          swapped ? (before[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
        ),
      )
    }
    before = above
    above = current
  }
  return above[right.length] ?? 0
}
