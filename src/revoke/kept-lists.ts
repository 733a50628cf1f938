/**
 * What lists that were taken are good for: the newest of each sequence is in force, unless the profile has something
 * against it. Those that are not in force are kept all the same: were one forgotten, an older list could come into force.
 */
import type { Profile } from '../trust/limits.ts'
import { newestOfEach, sequenceKey, type RevocationList } from '../trust/revocation.ts'
import { objectionToList } from './departures.ts'

/** Lists that were taken in one place. */
export interface KeptLists {
  /** They say which certificates are revoked. */
  readonly inForce: readonly RevocationList[]
  /**
   * They say nothing about certificates, only which lists are older: the newest of a sequence that the profile does not
   * take, and a numbered list in whose place one without a number has come.
   */
  readonly onlyCompared: readonly RevocationList[]
}

/**
 * Returns what lists that were taken before are good for in a profile, maybe another one than when they were taken. The
 * newest of a sequence counts or none of it does: what it has taken the place of does not come into force again.
 */
export function keptLists(lists: readonly RevocationList[], profile: Profile): KeptLists {
  const inForce: RevocationList[] = []
  const onlyCompared: RevocationList[] = []
  for (const { newest, numbered } of newestOfEach(lists)) {
    const isTaken = objectionToList(newest.crl, profile) === undefined
    ;(isTaken ? inForce : onlyCompared).push(newest)
    if (numbered !== undefined) onlyCompared.push(numbered)
  }
  return { inForce, onlyCompared }
}

/** Whether each sequence of these lists has one in force: of a CA whose list is only compared, nothing is known. */
export function speakForAll({ inForce, onlyCompared }: KeptLists): boolean {
  const going = new Set(inForce.map(sequenceKey))
  return inForce.length > 0 && onlyCompared.every((list) => going.has(sequenceKey(list)))
}

/**
 * Returns what is kept once these lists were taken after others: a numbered list in whose place one without a number comes
 * is kept. A sequence that has ended, such as that of an old key, is over.
 */
export function afterTaking(
  lists: readonly RevocationList[],
  before: readonly RevocationList[],
): KeptLists {
  const going = new Set(lists.map(sequenceKey))
  const all = [...lists, ...before.filter((list) => going.has(sequenceKey(list)))]
  const onlyCompared = newestOfEach(all).flatMap(({ numbered }) =>
    numbered === undefined || lists.includes(numbered) ? [] : [numbered],
  )
  return { inForce: lists, onlyCompared }
}
