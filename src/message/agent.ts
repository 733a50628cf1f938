/**
 * What a client says of itself in `User-Agent` (RFC 9110 §10.1.5). Anybody may say anything there, so it may only
 * ever narrow: a client that lies to get around a rule gets what all others have.
 */

/** Clients of a product, up to a version or all of them. */
export interface AgentRule {
  /** The product token, compared without regard to case. */
  readonly product: string
  /** Versions from this one on are not meant; `undefined` means every version. */
  readonly below: string | undefined
}

/** The rule as people read it. */
export const agentRuleText = ({ product, below }: AgentRule): string =>
  below === undefined ? product : `${product} below ${below}`

/** The first rule that means the client, if any; one that names the product and no version that we can read is meant. */
export function ruleFor(
  userAgent: string | undefined,
  rules: readonly AgentRule[],
): AgentRule | undefined {
  if (userAgent === undefined || rules.length === 0) return undefined
  const products = productsIn(userAgent.slice(0, MAX_READ))
  return rules.find(({ product, below }) =>
    products.some(
      (one) =>
        one.name === product.toLowerCase() && (below === undefined || isBelow(one.version, below)),
    ),
  )
}

/** `Name/1.2.3 (a comment) Other`: comments are not products, however much one looks like it. */
function productsIn(
  userAgent: string,
): readonly { readonly name: string; readonly version: string }[] {
  return userAgent
    .toLowerCase()
    .replaceAll(/\([^()]*\)/gu, ' ')
    .split(/\s/u)
    .filter((word) => word !== '')
    .map((word) => {
      const slash = word.indexOf('/')
      return slash === -1
        ? { name: word, version: '' }
        : { name: word.slice(0, slash), version: word.slice(slash + 1) }
    })
}

/** Number by number; what is missing counts as 0, what is no number as older than any. */
function isBelow(version: string, below: string): boolean {
  const found = /^\d{1,9}(?:\.\d{1,9}){0,7}/u.exec(version)?.[0]
  if (found === undefined) return true
  const [ours, theirs] = [numbersOf(found), numbersOf(below)]
  for (let index = 0; index < Math.max(ours.length, theirs.length); index += 1) {
    const difference = (ours[index] ?? 0) - (theirs[index] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}

const numbersOf = (version: string): readonly number[] => version.split('.').map(Number)

/** Honest agents say who they are within this much. */
const MAX_READ = 512
