/** What an administrator is told of a reference that leads to no refusal, or to several. */
import type { NotKeptRefusals } from '../../../fleet/kept-refusal.ts'
import { countText } from '../../../kernel/count-text.ts'
import { HOUR_MS, isoText, type Millis } from '../../../kernel/types.ts'
import type { StoredRefusal } from '../../../store/refusals/refusal-row.ts'
import { adminProblem, type AdminProblem } from '../../problem.ts'

/** Three things can be true of it, and the store cannot tell which: only what was counted is said. */
export function unknownReference(
  reference: string,
  { keep, notKept }: { readonly keep: Millis; readonly notKept: readonly NotKeptRefusals[] },
): AdminProblem {
  const causes = [
    'this fleet never issued it',
    `it is older than the ${lengthText(keep)} for which refusals are kept`,
    ...(notKept.length === 0
      ? []
      : [
          `it is one of those that were counted and not kept: ${notKept.map(countedText).join('; ')}`,
        ]),
  ]
  return adminProblem({
    status: 404,
    code: 'reference-unknown',
    detail: `found no refusal with the reference ${reference}: ${causes.slice(0, -1).join(', ')}, or ${causes.at(-1)}`,
    nextStep:
      'compare it letter by letter with what the device shows; one of the last seconds is there in a moment; otherwise search the logs of every replica for it',
  })
}

/** What begins several references names them, the newest first. */
export const ambiguousReference = (
  reference: string,
  refusals: readonly StoredRefusal[],
): AdminProblem =>
  adminProblem({
    status: 409,
    code: 'reference-ambiguous',
    detail: `${reference} begins several references, ${refusals.map((one) => `${one.reference} (${one.code})`).join(', ')} among them`,
    nextStep: 'write more of it',
  })

function countedText({ code, known, owner, refusals, first, last }: NotKeptRefusals): string {
  const many = countText(refusals, 'refusal')
  const whose = ((): string => {
    if (owner === undefined) return known ? 'of several known devices' : 'from several addresses'
    return known ? `of the device with the key ${owner}` : `from ${owner}`
  })()
  return `${many} with ${code} ${whose} between ${isoText(first)} and ${isoText(last)}`
}

function lengthText(length: Millis): string {
  const hours = Math.floor(length / HOUR_MS)
  return hours % 24 === 0 ? countText(hours / 24, 'day') : countText(hours, 'hour')
}
