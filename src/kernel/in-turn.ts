/** One after the other, in the order in which they were asked for. */

/**
 * Runs work that takes its time one call at a time: of two that overlap, the one that was asked for first would otherwise
 * end last where it takes longer, and its outcome, which is the older, would be the one that stays.
 */
export function inTurn<Value, Given extends readonly unknown[]>(
  work: (...given: Given) => Promise<Value>,
): (...given: Given) => Promise<Value> {
  let last: Promise<unknown> = Promise.resolve()
  return (...given) => {
    const next = last.then(() => work(...given))
    last = next.catch(() => undefined)
    return next
  }
}
