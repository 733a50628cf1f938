/**
 * Certificate policies along a path (RFC 5280 §6.1.3 (d)–(f), §6.1.4 (a), (b), (h)–(j), §6.1.5). Every policy is
 * acceptable to us, so all that matters is whether one runs through the whole path where a CA demands that. The
 * tree of the RFC can be made to grow without bound; level by level it cannot (RFC 9618), and the answer is the same.
 */
import type { Certificate } from '../x509/certificate.ts'
import { isSelfIssued } from './anchor.ts'

const ANY_POLICY = '2.5.29.32.0'

/** A policy valid at the certificate reached so far → the policies that stand for it in the next one. */
type Level = ReadonlyMap<string, ReadonlySet<string>>

/** §6.1.2 (a): every path begins here, and most end without another. */
const START: Level = new Map([[ANY_POLICY, new Set([ANY_POLICY])]])

/** The state variables of §6.1.2 that concern policies; lives for one path. */
export class PolicyGraph {
  #level: Level | undefined = START
  // How many more certificates until each takes hold; the RFC's n + 1, longer than any path, is infinity here.
  #explicit = Infinity
  #mapping = Infinity
  #any = Infinity

  /** §6.1.3 (d)–(f) for the next certificate; `false` when a policy is demanded and none is left. */
  process(certificate: Certificate, isLeaf: boolean): boolean {
    const { policies } = certificate.extensions
    if (policies === undefined) this.#level = undefined
    else if (this.#level !== undefined) {
      const anyAllowed = this.#any > 0 || (!isLeaf && isSelfIssued(certificate))
      this.#level = nextLevel(this.#level, policies, anyAllowed)
    }
    return this.#explicit > 0 || this.#level !== undefined
  }

  /** §6.1.4: takes on what this CA says about everything below it; `false` for a forbidden mapping. */
  prepare(ca: Certificate): boolean {
    const { policyMappings, policyConstraints, inhibitAnyPolicy } = ca.extensions
    if (policyMappings !== undefined) {
      for (const { issuerDomain, subjectDomain } of policyMappings) {
        if (issuerDomain === ANY_POLICY || subjectDomain === ANY_POLICY) return false
      }
      this.#map(policyMappings)
    }
    if (!isSelfIssued(ca)) {
      this.#explicit = Math.max(0, this.#explicit - 1)
      this.#mapping = Math.max(0, this.#mapping - 1)
      this.#any = Math.max(0, this.#any - 1)
    }
    this.#explicit = Math.min(this.#explicit, policyConstraints?.requireExplicitPolicy ?? Infinity)
    this.#mapping = Math.min(this.#mapping, policyConstraints?.inhibitPolicyMapping ?? Infinity)
    this.#any = Math.min(this.#any, inhibitAnyPolicy ?? Infinity)
    return true
  }

  /** §6.1.5: whether the leaf leaves us with a policy, if one is demanded. */
  concludes(leaf: Certificate): boolean {
    const demanded =
      this.#explicit <= 1 || leaf.extensions.policyConstraints?.requireExplicitPolicy === 0
    return !demanded || this.#level !== undefined
  }

  /** The policies valid at the certificate reached so far, in its own domain. */
  get valid(): readonly string[] {
    return [...(this.#level?.keys() ?? [])]
  }

  /** §6.1.4 (b). */
  #map(mappings: NonNullable<Certificate['extensions']['policyMappings']>): void {
    if (this.#level === undefined) return
    const level = new Map(this.#level)
    for (const [from, pairs] of Map.groupBy(mappings, ({ issuerDomain }) => issuerDomain)) {
      if (this.#mapping === 0) level.delete(from)
      else if (level.has(from) || level.has(ANY_POLICY)) {
        level.set(from, new Set(pairs.map(({ subjectDomain }) => subjectDomain)))
      }
    }
    this.#level = level.size === 0 ? undefined : level
  }
}

/**
 * The policies for which a path is valid (RFC 5280 §6.1.5 (g)), in the leaf's own domain: those that the leaf names,
 * or covers with anyPolicy, and that every CA above it allows. For a path that is sound already.
 */
export function validPolicies(
  certificates: readonly Certificate[],
  anchor: { readonly certificate: Certificate },
): readonly string[] {
  const [leaf, ...issuers] = certificates
  if (leaf === undefined) return []
  const graph = new PolicyGraph()
  graph.prepare(anchor.certificate)
  for (const issuer of issuers.toReversed()) {
    graph.process(issuer, false)
    graph.prepare(issuer)
  }
  graph.process(leaf, true)
  return graph.valid
}

/** §6.1.3 (d): which of the certificate's policies the level above leads to. */
function nextLevel(
  above: Level,
  policies: readonly string[],
  anyAllowed: boolean,
): Level | undefined {
  const expected = new Set([...above.values()].flatMap((policy) => [...policy]))
  const level = new Map<string, ReadonlySet<string>>()
  for (const policy of policies) {
    if (policy === ANY_POLICY) continue
    if (expected.has(policy) || above.has(ANY_POLICY)) level.set(policy, new Set([policy]))
  }
  if (policies.includes(ANY_POLICY) && anyAllowed) {
    for (const policy of expected) level.set(policy, new Set([policy]))
  }
  return level.size === 0 ? undefined : level
}
