/** What a row asks of the certificate besides its class. */
import { Type } from 'typebox'
import {
  group,
  keyFingerprint,
  singleLine,
  listOf,
  optionalListOf,
  patternText,
  normalizeFingerprint,
} from '../reading/schema-types.ts'
import type { MatchRules } from '../../decide/match.ts'
import { parseNamePattern } from '../../decide/name-pattern.ts'
import type { RouteClass } from '../../decide/policy.ts'
import {
  allOrMissing,
  type Maybe,
  missing,
  type Place,
  readEach,
  type Written,
} from '../reading/place.ts'
import { correction, quoted } from '../reading/fault-text.ts'

/** What a row asks of the certificate besides its class. */
export const match = group(
  'What the row asks of the certificate besides its class. Each key that is written must be met; one entry of its list is enough. It can only narrow, and makes no sense where no certificate is asked for.',
  {
    subjectAltNames: Type.Optional(
      listOf(
        "One of the device's subject alternative names: `dns:phone.example.com`, `dns:*.example.com` (everything below), `email:a@example.com`, `email:*@example.com`, `uri:urn:uuid:…`, `uri:spiffe://fleet.example/*` (everything that begins so), `ip:192.0.2.7`, `ip:2001:db8::/32`. A name in the certificate that is itself a wildcard never counts.",
        singleLine('One name, or all below one.', 'dns:, email:, uri: or ip: and a name'),
      ),
    ),
    enrollmentSettings: Type.Optional(
      listOf(
        'The enrollment setting whose CA the path ends at, by its name.',
        singleLine('One setting.', 'the name of an enrollment setting'),
      ),
    ),
    issuerKeys: Type.Optional(
      listOf(
        "The key that signed the device's certificate: of an intermediate where there is one.",
        keyFingerprint('One public key.'),
      ),
    ),
    policies: Type.Optional(
      listOf(
        'A certificate policy for which the path is valid: the certificate names it, and every CA above it allows it (RFC 5280 §6.1.5). Naming any policy covers it.',
        patternText('One policy.', '^[0-2](?:\\.(?:0|[1-9][0-9]{0,18})){1,30}$', {
          wanted: 'an object identifier in dotted decimal, such as 1.3.6.1.4.1.99999.1',
          advice: 'write it in quotes',
        }),
      ),
    ),
  },
)

/** Clients that say that they are too old to renew an expired certificate. */
export const withoutGrace = optionalListOf(
  'Clients that have no grace, by what they say of themselves in User-Agent: Mobile@Work before 10.1 cannot renew what has expired and must register again. A client that says something else has the grace of all others.',
  group('One kind of client.', {
    product: patternText(
      'The product token, such as Name in `Name/10.0 (iPhone)`.',
      "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$",
      {
        wanted: 'a product token such as MobileIron',
        advice: 'write what stands before the slash; `user_agent` in the log shows it',
      },
    ),
    below: Type.Optional(
      patternText(
        'Only versions before this one, and those that name none. Left out: every version.',
        '^[0-9]{1,9}(?:\\.[0-9]{1,9}){0,7}$',
        { wanted: 'a version of numbers and dots, such as 10.1', advice: 'write it in quotes' },
      ),
    ),
  }),
)

/** Whose rules they are. */
export interface RuleOwner {
  /** Of the row. */
  readonly id: string
  readonly kind: RouteClass
  /** The names of all enrollment settings. */
  readonly settings: readonly string[]
}

/** Reads the rules of a row; `undefined` when it has none. */
export function readMatch(
  place: Place<Written<typeof match>>,
  { id, kind, settings }: RuleOwner,
): Maybe<MatchRules | undefined> {
  if (place.written === undefined) return undefined
  if (CLASSES_WITHOUT_CERTIFICATE.has(kind)) {
    const message = `found match on the row ${id} of class ${kind}, wanted none: ${NO_MATCH_REASONS[kind] ?? 'no certificate is asked for there'}: remove it, or give the row another class`
    return place.fault(message, 'key')
  }
  if (Object.keys(place.written).length === 0) {
    if (place.isFaulty) return missing
    const message = `found match without a rule, wanted at least one of ${RULES.join(', ')}: add one, or remove match`
    return place.fault(message, 'key')
  }
  return allOrMissing<MatchRules>({
    subjectAltNames: optionalList(place.at('subjectAltNames'), (name, item) => {
      const pattern = parseNamePattern(name)
      if (pattern.ok) return pattern.value
      return item.fault(`found ${quoted(name)}, ${pattern.failure}: correct it`)
    }),
    enrollmentSettings: optionalList(place.at('enrollmentSettings'), (name, item) => {
      if (settings.includes(name) || settings.length === 0) return name
      const message = `found ${quoted(name)}, wanted the name of an enrollment setting: ${correction(name, settings)}`
      return item.fault(message)
    }),
    issuerKeys: optionalList(place.at('issuerKeys'), normalizeFingerprint),
    policies: optionalList(place.at('policies'), (policy) => policy),
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
  denied: 'every request is refused there',
}

const optionalList = <Value>(
  list: Place<readonly (string | undefined)[]>,
  read: (item: string, place: Place<string>) => Maybe<Value>,
): Maybe<readonly Value[] | undefined> => list.optional((items) => readEach(items, read))
