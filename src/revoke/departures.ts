/**
 * What is odd about a list or its file although the list is whole: some CAs never number their lists, some programs write
 * files that RFC 7468 would have otherwise. Profile `private` takes and tells it, profile `strict` refuses it.
 */
import type { Profile } from '../trust/limits.ts'
import type { Crl, CrlFile } from '../x509/crl.ts'
import { FILE_DEPARTURES, type FileDeparture } from '../x509/file/file-departure.ts'
import type { NumberFinding } from './replacement.ts'

/** A closed union: the same word in the log and in a refusal. */
export type ListDeparture = 'algorithm-parameters' | 'lax-encoding' | 'unnumbered' | FileDeparture

/** What there is to tell about lists that were taken. */
export type ListFinding = NumberFinding | ListDeparture

/** A file that profile `strict` does not take. */
export interface ListDepartsFromProfile {
  readonly kind: 'crl-departs-from-profile'
  readonly found: readonly ListDeparture[]
}

/** Everything that is odd about a file and the lists in it, each once. */
export function departuresOf({ crls, departures }: CrlFile): readonly ListDeparture[] {
  const found = new Set<ListDeparture>(departures)
  for (const { version, number, laxities } of crls) {
    if (version === 2 && number === undefined) found.add('unnumbered')
    for (const laxity of laxities) {
      found.add(laxity === 'algorithm-parameters' ? laxity : 'lax-encoding')
    }
  }
  return [...found]
}

/** What a profile has against a file; nothing where it only tells what is odd. */
export function objectionTo(file: CrlFile, profile: Profile): ListDepartsFromProfile | undefined {
  if (profile !== 'strict') return undefined
  const found = departuresOf(file)
  return found.length === 0 ? undefined : { kind: 'crl-departs-from-profile', found }
}

/** The same of a list that was taken from its file before, maybe in another profile. */
export const objectionToList = (crl: Crl, profile: Profile): ListDepartsFromProfile | undefined =>
  objectionTo({ crls: [crl], departures: new Set() }, profile)

/** Each as the end of a sentence that begins with "the list". */
export const LIST_FINDINGS: Readonly<Record<ListFinding, string>> = {
  'same-number': 'has the same number as the one before, though it is later',
  'no-number': 'has no number, though the one before had one',
  unnumbered: 'has no number (RFC 5280 §5.2.3), so that its time alone says which of two is newer',
  'algorithm-parameters':
    'is signed with an algorithm that is named with parameters that it should not have (RFC 5758 §3.2)',
  'lax-encoding': 'is not encoded exactly as DER demands (X.690 §10)',
  ...inFile(FILE_DEPARTURES),
}

function inFile<Key extends string>(
  texts: Readonly<Record<Key, string>>,
): Readonly<Record<Key, string>> {
  const told = Object.entries<string>(texts).map(([key, text]) => [
    key,
    `stands in a file that ${text}`,
  ])
  return Object.fromEntries(told) as Record<Key, string>
}
