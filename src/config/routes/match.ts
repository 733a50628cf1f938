/** What a row asks of the certificate besides its class. */
import type { MatchRules } from '../../decide/match.ts'
import { parseNamePattern } from '../../decide/name-pattern.ts'
import type { RouteClass } from '../../decide/policy.ts'
import { closestMatch } from '../../kernel/closest-match.ts'
import type { KeyFingerprint } from '../../kernel/types.ts'
import {
  type ReadContext,
  readEach,
  fault,
  isFaulty,
  type Maybe,
  missing,
  allOrMissing,
} from '../reading/read-context.ts'
import type { ConfigDocument } from '../schema.ts'
import { quoted } from '../reading/fault-text.ts'
import type { DeepPartial } from '../shape.ts'
import type { Path } from '../reading/yaml-text.ts'

type Row = NonNullable<ConfigDocument['routes']>[string]['rows'][number]
type Written = DeepPartial<NonNullable<Row['match']>>

/** Where a row stands, and what it is. */
export interface MatchContext {
  /** Of the row. */
  readonly path: Path
  readonly id: string
  readonly kind: RouteClass
  /** The names of all enrollment settings. */
  readonly settings: readonly string[]
}

/** Reads the rules of a row; `undefined` when it has none. */
export function readMatch(
  context: ReadContext,
  { path: row, id, kind, settings }: MatchContext,
  written: Written | undefined,
): Maybe<MatchRules | undefined> {
  if (written === undefined) return undefined
  const path = [...row, 'match']
  if (CLASSES_WITHOUT_CERTIFICATE.has(kind)) {
    const message = `found match on the row ${id} of class ${kind}, wanted none: ${NO_MATCH_REASONS[kind] ?? 'no certificate is asked for there'}: remove it, or give the row another class`
    return fault(context, path, message, 'key')
  }
  if (Object.keys(written).length === 0) {
    if (isFaulty(context, path)) return missing
    const message = `found match without a rule, wanted at least one of ${RULES.join(', ')}: add one, or remove match`
    return fault(context, path, message, 'key')
  }
  return allOrMissing<MatchRules>({
    subjectAltNames: optionalList(written.subjectAltNames, (name: string, index) => {
      const pattern = parseNamePattern(name)
      if (pattern.ok) return pattern.value
      const place = [...path, 'subjectAltNames', index]
      return fault(context, place, `found ${quoted(name)}, ${pattern.failure}: correct it`)
    }),
    enrollmentSettings: optionalList(written.enrollmentSettings, (name: string, index) =>
      settings.includes(name) || settings.length === 0
        ? name
        : unknownSetting(context, [...path, 'enrollmentSettings', index], { name, settings }),
    ),
    issuerKeys: optionalList(written.issuerKeys, normalizeFingerprint),
    policies: optionalList(written.policies, (policy: string) => policy),
  })
}

const RULES: readonly (keyof MatchRules)[] = [
  'subjectAltNames',
  'enrollmentSettings',
  'issuerKeys',
  'policies',
]

const CLASSES_WITHOUT_CERTIFICATE: ReadonlySet<RouteClass> = new Set([
  'open',
  'legacy-oauth',
  'denied',
])
const NO_MATCH_REASONS: Readonly<Partial<Record<RouteClass, string>>> = {
  denied: 'nobody passes there',
}

function optionalList<Item, Value>(
  items: readonly (Item | undefined)[] | undefined,
  read: (item: Item, index: number) => Maybe<Value>,
): Maybe<readonly Value[] | undefined> {
  return items === undefined ? undefined : readEach(items, read)
}

function unknownSetting(
  context: ReadContext,
  path: Path,
  { name, settings }: { readonly name: string; readonly settings: readonly string[] },
): typeof missing {
  const suggestion = closestMatch(name, settings)
  const advice =
    suggestion === undefined
      ? `choose one of ${settings.join(', ')}`
      : `did you mean ${suggestion}?`
  const message = `found ${quoted(name)}, wanted the name of an enrollment setting: ${advice}`
  return fault(context, path, message)
}

/** The shape check has seen 64 digits; colons and case are the operator's. */
export const normalizeFingerprint = (written: string): KeyFingerprint =>
  written.replaceAll(':', '').toLowerCase() as KeyFingerprint
