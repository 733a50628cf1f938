/**
 * Regular expressions that say nearly the same: without an anchor, a repetition or a flag, or with a class turned
 * around.
 */

/** The literals that come of one edit each. */
export function regexEdits(literal: string): readonly string[] {
  const end = literal.lastIndexOf('/')
  const [pattern, flags] = [literal.slice(1, end), literal.slice(end + 1)]
  const without = flags.includes('i') ? [`/${pattern}/${flags.replace('i', '')}`] : []
  return [...edits(pattern).map((edited) => `/${edited}/${flags}`), ...without]
}

function edits(pattern: string): readonly string[] {
  const found: string[] = []
  const cut = (at: number, length: number, instead = ''): void => {
    found.push(pattern.slice(0, at) + instead + pattern.slice(at + length))
  }
  let isInClass = false
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern[at]
    if (character === '\\') {
      at += pattern[at + 1] === 'p' ? pattern.slice(at).indexOf('}') : 1
    } else if (isInClass) {
      isInClass = character !== ']'
    } else if (character === '[') {
      isInClass = true
      const isNegated = pattern[at + 1] === '^'
      cut(at, isNegated ? 2 : 1, isNegated ? '[' : '[^')
      if (isNegated) at += 1
    } else if (character === '^' || character === '$') {
      cut(at, 1)
    } else {
      const repetition = /^(?:[+*]|\{[\d,]+\}|\?)/u.exec(pattern.slice(at))?.[0]
      // The question mark of a group repeats nothing.
      if (repetition === undefined || pattern[at - 1] === '(') continue
      cut(at, repetition.length)
      at += repetition.length - 1
    }
  }
  return found
}
