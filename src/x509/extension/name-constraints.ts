/**
 * The name constraints extension (RFC 5280 §4.2.1.10), read; `trust/` applies it.
 */
import { constructed, primitive, TAG, type DerReader } from '../der.ts'
import { readGeneralName, type GeneralName } from '../general-name.ts'

/** RFC 5280 §4.2.1.10. */
export interface NameConstraints {
  readonly permitted: readonly Subtree[]
  readonly excluded: readonly Subtree[]
}

export interface Subtree {
  readonly base: GeneralName
  /** Whether minimum and maximum are what this profile allows: zero and absent. */
  readonly plain: boolean
}

/** Reads NameConstraints. */
export function readNameConstraints(fields: DerReader): NameConstraints {
  // §4.2.1.10: not an empty sequence.
  if (!fields.more) fields.refuse('missing-element')
  const permitted = readSubtrees(fields.optional(constructed(0)))
  const excluded = readSubtrees(fields.optional(constructed(1)))
  fields.end()
  return { permitted, excluded }
}

function readSubtrees(list: DerReader | undefined): readonly Subtree[] {
  const subtrees: Subtree[] = []
  if (list === undefined) return subtrees
  if (!list.more) list.refuse('missing-element')
  while (list.more) {
    if (subtrees.length === MAX_SUBTREES) list.refuse('too-many-elements')
    const fields = list.enter(TAG.sequence)
    const base = readGeneralName(fields)
    const minimum = fields.tag === primitive(0) ? fields.count(primitive(0)) : 0
    const maximum = fields.tag === primitive(1) ? fields.count(primitive(1)) : undefined
    fields.end()
    subtrees.push({ base, plain: minimum === 0 && maximum === undefined })
  }
  return subtrees
}

/** Government bridges carry some hundred; the work they cause is bounded again where names meet constraints. */
const MAX_SUBTREES = 4096
