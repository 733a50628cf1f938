/**
 * The extensions about certificate policies (RFC 5280 §4.2.1.4, .5 and .11), read; `trust/` applies them.
 */
import { primitive, TAG, type DerReader } from '../der.ts'

export interface PolicyMapping {
  readonly issuerDomain: string
  readonly subjectDomain: string
}

/** RFC 5280 §4.2.1.11; how many more certificates may pass before each takes hold. */
export interface PolicyConstraints {
  readonly requireExplicitPolicy: number | undefined
  readonly inhibitPolicyMapping: number | undefined
}

export function readPolicies(list: DerReader): readonly string[] {
  const policies: string[] = []
  if (!list.more) list.refuse('missing-element')
  while (list.more) {
    if (policies.length === MAX_POLICIES) list.refuse('too-many-elements')
    const policy = list.enter(TAG.sequence)
    policies.push(policy.oid())
    if (policy.more) policy.element(TAG.sequence)
    policy.end()
  }
  return policies
}

export function readPolicyMappings(list: DerReader): readonly PolicyMapping[] {
  const mappings: PolicyMapping[] = []
  if (!list.more) list.refuse('missing-element')
  while (list.more) {
    if (mappings.length === MAX_POLICIES) list.refuse('too-many-elements')
    const pair = list.enter(TAG.sequence)
    mappings.push({ issuerDomain: pair.oid(), subjectDomain: pair.oid() })
    pair.end()
  }
  return mappings
}

export function readPolicyConstraints(fields: DerReader): PolicyConstraints {
  // §4.2.1.11: not an empty sequence.
  if (!fields.more) fields.refuse('missing-element')
  const requireExplicitPolicy = fields.tag === primitive(0) ? fields.count(primitive(0)) : undefined
  const inhibitPolicyMapping = fields.tag === primitive(1) ? fields.count(primitive(1)) : undefined
  fields.end()
  return { requireExplicitPolicy, inhibitPolicyMapping }
}

/** Bridges between governments map some dozens. */
const MAX_POLICIES = 128
