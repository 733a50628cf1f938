/**
 * Remembers what was worked out about field names. Devices of a fleet use a few dozen spellings, so nearly every
 * field costs one look-up; but anybody may make up names, so the memory is bounded.
 */

/** The same answers as `classify`, mostly remembered. */
export function memoized<Answer>(classify: (name: string) => Answer): (name: string) => Answer {
  const answers = new Map<string, Answer>()
  return (name) => {
    const known = answers.get(name)
    if (known !== undefined) return known
    const answer = classify(name)
    if (name.length > MAX_LENGTH) return answer
    // Forgetting all is cheaper than keeping an order, and one round of requests later the honest names are back.
    // To stop learning instead would let one peer slow everybody else down for good.
    if (answers.size >= MAX_NAMES) answers.clear()
    answers.set(name, answer)
    return answer
  }
}

/** Ten times what a mixed fleet uses. */
const MAX_NAMES = 512
/**
 * Real names end near 40. A name may hold the text that it was cut from, 2 KB at most (`http1/llhttp.ts`); so the whole memory
 * stays near 1 MB.
 */
const MAX_LENGTH = 64
