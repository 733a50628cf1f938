/**
 * What an enrollment setting asks of revocation, as the admin API shows it.
 */
import { Type, type Static } from 'typebox'
import { isoText } from '../../../kernel/types.ts'
import { explainCrlFailure } from '../../../revoke/crl-failure.ts'
import type { CrlFacts, ListFacts } from '../../../revoke/registry.ts'
import { placeOf } from '../../../trust/list-source.ts'
import { REVOCATION_FAILURES, LIST_KINDS } from '../../../store/schema/vocabulary.ts'
import type { ListPoint } from '../../../store/settings/revocation-lists.ts'
import type { StoredSetting } from '../../../store/settings/enrollment-setting.ts'
import { nullable, strictObject, stringEnum, time } from '../../schemas.ts'

/** What follows while it is unknown whether a certificate was revoked. */
export const failureShape = stringEnum(
  REVOCATION_FAILURES,
  '`hard-fail` refuses while it is unknown whether a certificate was revoked; `soft-fail` admits.',
)
/** Bounds as in the configuration file. */
export const graceShape = Type.Integer({
  minimum: 0,
  maximum: 30 * 86_400,
  description: 'Seconds for which a list counts after its nextUpdate, under `hard-fail`.',
})
export const refreshShape = Type.Integer({
  minimum: 1,
  maximum: 7 * 86_400,
  description: 'How often a URL is asked again, in seconds.',
})

const listInForce = strictObject({
  issuer: Type.String(),
  number: nullable(Type.String({ description: 'Hexadecimal; null where the list has none.' })),
  this_update: time('When it was made.'),
  next_update: time('By when its successor is promised.'),
  entries: Type.Integer({ description: 'Certificates that it names.' }),
  superseded: Type.Boolean({
    description:
      'A newer list of the same CA and scope, from another place, counts in its stead; this one is kept so that no older one can come back.',
  }),
})

const source = strictObject({
  number: Type.Integer({ description: 'Its place in the list, from 1.' }),
  kind: stringEnum(LIST_KINDS),
  place: Type.String({ description: 'The path, the URL, or the SHA-256 of what was uploaded.' }),
  in_force: Type.Array(listInForce),
  problem: nullable(
    strictObject(
      { code: Type.String(), detail: Type.String(), next_step: Type.String() },
      'Why the last attempt took nothing; what was in force stays.',
    ),
  ),
})

/** The revocation lists of a setting. */
export const revocationShape = strictObject({
  setting: Type.String(),
  failure: nullable(failureShape),
  grace: nullable(graceShape),
  refresh: nullable(refreshShape),
  resets: Type.Integer({
    description: 'How often an administrator let an older list take the place of a newer one.',
  }),
  lists: Type.Array(source),
  points: Type.Array(strictObject({ url: Type.String(), last_seen: time('In a certificate.') }), {
    description: 'Where certificates of devices under the setting say that its list is.',
  }),
  warning: nullable(Type.String({ description: 'What is missing; null where nothing is.' })),
  version: Type.Integer({ description: 'Of the setting.' }),
})

/** What is known besides the setting itself. */
export interface RevocationFacts {
  readonly facts: readonly CrlFacts[]
  readonly points: readonly ListPoint[]
  readonly warning: string | undefined
}

/** What an administrator is shown. */
export function shownRevocation(
  { name, revocation, resets, version }: StoredSetting,
  { facts, points, warning }: RevocationFacts,
): Static<typeof revocationShape> {
  const asked = typeof revocation === 'string' ? undefined : revocation
  const ours = facts.filter(({ setting }) => setting === name)
  return {
    setting: name,
    failure: asked?.failure ?? null,
    grace: asked === undefined ? null : asked.grace / 1000,
    refresh: asked === undefined ? null : asked.refresh / 1000,
    resets,
    lists: (asked?.lists ?? []).map((one, index) => {
      const place = placeOf(one)
      const known = ours.find((fact) => placeOf(fact.source) === place)
      return {
        number: index + 1,
        kind: one.kind,
        place,
        in_force: (known?.inForce ?? []).map(shownList),
        problem: shownProblem(known),
      }
    }),
    points: points
      .filter(({ setting }) => setting === name)
      .map(({ url, lastSeen }) => ({ url, last_seen: isoText(lastSeen) })),
    warning: warning ?? null,
    version,
  }
}

const shownList = (it: ListFacts) => ({
  issuer: it.issuer,
  number: it.number ?? null,
  this_update: isoText(it.thisUpdate),
  next_update: isoText(it.nextUpdate),
  entries: it.entries,
  superseded: it.superseded,
})

function shownProblem(known: CrlFacts | undefined) {
  if (known?.failure === undefined) return null
  const { sentence, nextStep } = explainCrlFailure(known.failure)
  return { code: known.failure.kind, detail: sentence, next_step: nextStep }
}
