/** One after the other, in the order in which they were asked for. */

/**
 * Runs work that takes its time one call at a time: of two that overlap, the one that was asked for first would otherwise
 * end last where it takes longer, and its outcome, which is the older, would be the one that stays.
 */
export function inTurn<Value>(work: () => Promise<Value>): () => Promise<Value> {
  let last: Promise<unknown> = Promise.resolve()
  return () => {
    const next = last.then(work)
    last = next.catch(() => undefined)
    return next
  }
}
