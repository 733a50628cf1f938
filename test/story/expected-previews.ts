/**
 * What the story expects of previews: each device with a certificate is judged on every kind of row, before and after a
 * change, by the story's own rules.
 */
import type { ExpectedDevice, ExpectedState } from './expected-state.ts'
import { expectedOutcomeOf, type PolicyState } from './expected-verdicts.ts'
import { PLACES } from './client-kinds.ts'

/** A change, and the moment that is judged by. */
export interface PreviewedChange {
  readonly after: PolicyState
  readonly now: number
}

/** A verdict on one row that a change alters. */
export interface AlteredVerdict {
  readonly from: string
  readonly to: string
  readonly admitted: boolean
  readonly staysAdmitted: boolean
}

/** How many devices previews judge: those of which there is a certificate. */
export const judgedBy = ({ all }: ExpectedState): number =>
  all.filter(({ retained }) => retained !== undefined).length

/** Devices that are refused on a row where they are admitted now, by the code that they get. */
export function cutOffBy(
  expectedState: ExpectedState,
  change: PreviewedChange,
): ReadonlyMap<string, number> {
  const codes = expectedState.all.flatMap((entry) =>
    alteredFor(entry, expectedState.policyState, change)
      .filter(({ admitted, staysAdmitted }) => admitted && !staysAdmitted)
      .map(({ to }) => to)
      .slice(0, 1),
  )
  return counted(codes)
}

/** What is altered, and for how many devices; each device once for all rows that change alike. */
export function alteredBy(
  expectedState: ExpectedState,
  change: PreviewedChange,
): ReadonlyMap<string, number> {
  return counted(
    expectedState.all.flatMap((entry) => [
      ...new Set(
        alteredFor(entry, expectedState.policyState, change).map((it) =>
          alteredText(entry.setting, it),
        ),
      ),
    ]),
  )
}

/** A change as it is shown beside that of the API. */
export const alteredText = (
  setting: string | null,
  { from, to, admitted, staysAdmitted }: AlteredVerdict,
): string =>
  `${setting}: ${from}${admitted ? '' : ' (refused)'} to ${to}${staysAdmitted ? '' : ' (refused)'}`

function alteredFor(
  { retained, approval }: ExpectedDevice,
  before: PolicyState,
  { after, now }: PreviewedChange,
): readonly AlteredVerdict[] {
  if (retained === undefined) return []
  const requester = { certificate: retained, approval }
  return Object.values(PLACES).flatMap((place) => {
    const [one, other] = [before, after].map((state) =>
      expectedOutcomeOf(requester, place, state, now),
    )
    if (one === undefined || other === undefined) return []
    const [admitted, staysAdmitted] = [one.status === 200, other.status === 200]
    if (one.code === other.code && admitted === staysAdmitted) return []
    return [{ from: one.code, to: other.code, admitted, staysAdmitted }]
  })
}

function counted(texts: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  return counts
}
