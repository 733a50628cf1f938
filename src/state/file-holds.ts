/**
 * What of the configuration file's word about enrollment settings holds although the store owns them (decision 30): a
 * word that is stricter than the store's. It narrows, is stored nowhere, and ends with the line in the file.
 *
 * Stricter are `distrusted`, `removed` and an earlier sunset. `staged`, `current`, and `previously-trusted` of a setting
 * that the store has as current are not: they are what a file says that is older than a command. Were they to hold,
 * each promotion would have to be written into the file of every replica in the same moment.
 */
import type { Instant } from '../kernel/types.ts'
import type { EnrollmentSetting, TrustSettings } from '../config/trust/types.ts'
import type { Standing } from '../decide/policy.ts'

/** What the file says of enrollment settings. */
export type FileTrust = Pick<TrustSettings, 'enrollmentSettings' | 'removed'>

/** Where the store has a setting; it remembers which were removed. */
export type StandingInStore = Standing | { readonly kind: 'removed' }

/** The stricter word of the file, and its place there. */
export type HeldWord =
  | { readonly kind: 'distrusted'; readonly at: string }
  | { readonly kind: 'removed'; readonly at: string }
  | { readonly kind: 'sunset'; readonly at: string; readonly sunset: Instant }

/** The word of the file that holds against the store's of a setting; undefined where the store's is in force. */
export function heldWord(
  name: string,
  /** Undefined where the store never had one of that name. */
  stored: StandingInStore | undefined,
  { enrollmentSettings, removed }: FileTrust,
): HeldWord | undefined {
  const away = removed.find((one) => one.name === name)
  if (away !== undefined) {
    // A distrusted setting that is forgotten would no longer keep its keys off every path.
    const isGone = stored === undefined || ['removed', 'distrusted'].includes(stored.kind)
    return isGone ? undefined : { kind: 'removed', at: away.at }
  }
  const written = enrollmentSettings.find((one) => one.name === name)
  if (written === undefined) return undefined
  const { at, standing } = written
  if (standing.kind === 'distrusted') {
    return stored?.kind === 'distrusted' ? undefined : { kind: 'distrusted', at }
  }
  if (standing.kind !== 'previously-trusted' || stored?.kind !== 'previously-trusted') {
    return undefined
  }
  const { sunset } = standing
  const isEarlier = sunset !== undefined && sunset < (stored.sunset ?? Number.POSITIVE_INFINITY)
  return isEarlier ? { kind: 'sunset', at, sunset } : undefined
}

/** The standing that requests are judged by: the store's, narrowed by the word of the file that holds. */
export function standingInForce(
  name: string,
  stored: StandingInStore,
  trust: FileTrust,
): StandingInStore {
  const held = heldWord(name, stored, trust)
  if (held === undefined) return stored
  if (held.kind !== 'sunset') return { kind: held.kind }
  return stored.kind === 'previously-trusted' ? { ...stored, sunset: held.sunset } : stored
}

/** Settings that the file distrusts, and the store does not know: their keys are refused all the same. */
export const distrustedByFileAlone = (
  stored: readonly { readonly name: string }[],
  trust: FileTrust,
): readonly EnrollmentSetting[] =>
  trust.enrollmentSettings.filter(
    ({ name }) =>
      stored.every((one) => one.name !== name) &&
      heldWord(name, undefined, trust)?.kind === 'distrusted',
  )
