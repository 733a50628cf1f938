/** What a row asks of the certificate besides its class. */
import type { MatchRules } from '../../decide/match.ts'
import { parseNamePattern } from '../../decide/name-pattern.ts'
import type { RouteClass } from '../../decide/policy.ts'
import { nearest } from '../../kernel/closest-match.ts'
import type { KeyFingerprint } from '../../kernel/types.ts'
import {
  type Desk,
  every,
  fault,
  isFaulty,
  type Maybe,
  missing,
  whole,
} from '../reading/read-context.ts'
import type { Document } from '../schema.ts'
import { quoted } from '../reading/fault-text.ts'
import type { Draft } from '../shape.ts'
import type { Path } from '../reading/yaml-text.ts'

type Row = NonNullable<Document['routes']>[string]['rows'][number]
type Written = Draft<NonNullable<Row['match']>>

/** Where a row stands, and what it is. */
export interface MatchPlace {
  /** Of the row. */
  readonly path: Path
  readonly id: string
  readonly kind: RouteClass
  /** The names of all enrollment settings. */
  readonly settings: readonly string[]
}

/** Reads the rules of a row; `undefined` when it has none. */
export function readMatch(
  desk: Desk,
  { path: row, id, kind, settings }: MatchPlace,
  written: Written | undefined,
): Maybe<MatchRules | undefined> {
  if (written === undefined) return undefined
  const path = [...row, 'match']
  if (UNASKED.has(kind)) {
    const message = `found match on the row ${id} of class ${kind}, wanted none: ${WHY_NOT[kind] ?? 'no certificate is asked for there'}: remove it, or give the row another class`
    return fault(desk, path, message, 'key')
  }
  if (Object.keys(written).length === 0) {
    if (isFaulty(desk, path)) return missing
    const message = `found match without a rule, wanted at least one of ${RULES.join(', ')}: add one, or remove match`
    return fault(desk, path, message, 'key')
  }
  return whole<MatchRules>({
    subjectAltNames: list(written.subjectAltNames, (name: string, index) => {
      const pattern = parseNamePattern(name)
      if (pattern.ok) return pattern.value
      const place = [...path, 'subjectAltNames', index]
      return fault(desk, place, `found ${quoted(name)}, ${pattern.failure}: correct it`)
    }),
    enrollmentSettings: list(written.enrollmentSettings, (name: string, index) =>
      settings.includes(name) || settings.length === 0
        ? name
        : unknownSetting(desk, [...path, 'enrollmentSettings', index], { name, settings }),
    ),
    issuerKeys: list(written.issuerKeys, fingerprint),
    policies: list(written.policies, (policy: string) => policy),
  })
}

const RULES: readonly (keyof MatchRules)[] = [
  'subjectAltNames',
  'enrollmentSettings',
  'issuerKeys',
  'policies',
]

const UNASKED: ReadonlySet<RouteClass> = new Set(['open', 'legacy-oauth', 'denied'])
const WHY_NOT: Readonly<Partial<Record<RouteClass, string>>> = { denied: 'nobody passes there' }

function list<Item, Value>(
  items: readonly (Item | undefined)[] | undefined,
  read: (item: Item, index: number) => Maybe<Value>,
): Maybe<readonly Value[] | undefined> {
  return items === undefined ? undefined : every(items, read)
}

function unknownSetting(
  desk: Desk,
  path: Path,
  { name, settings }: { readonly name: string; readonly settings: readonly string[] },
): typeof missing {
  const meant = nearest(name, settings)
  const advice =
    meant === undefined ? `choose one of ${settings.join(', ')}` : `did you mean ${meant}?`
  const message = `found ${quoted(name)}, wanted the name of an enrollment setting: ${advice}`
  return fault(desk, path, message)
}

/** The shape check has seen 64 digits; colons and case are the operator's. */
export const fingerprint = (written: string): KeyFingerprint =>
  written.replaceAll(':', '').toLowerCase() as KeyFingerprint
