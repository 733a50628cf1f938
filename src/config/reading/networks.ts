/** Networks from which rows may be reached, by class and by row. */
import type { RouteClass } from '../../decide/policy.ts'
import { parseNetwork, type Network } from '../../kernel/network.ts'
import { type Maybe, missing, type Place, readEach } from './place.ts'
import { quoted } from './fault-text.ts'
import { listOf, patternText } from './schema-types.ts'

/** The access lists of a table, by class; a class that is missing is open to every network. */
export type AccessLists = ReadonlyMap<RouteClass, readonly Network[]>

/** Reads a list of networks; nothing when there is none. */
export function readNetworks(
  place: Place<readonly (string | undefined)[]>,
): Maybe<readonly Network[] | undefined> {
  if (place.written === undefined) return place.isFaulty ? missing : undefined
  return readEach(place, (text, item) => {
    const network = parseNetwork(text)
    if (network.ok) return network.value
    return item.fault(`found ${quoted(text)}, ${network.failure}: correct it`)
  })
}

/** Reads the lists of all classes; faults are noted at their places. */
export function readAccess(
  place: Place<Readonly<Partial<Record<RouteClass, readonly (string | undefined)[] | undefined>>>>,
): AccessLists {
  const lists = new Map<RouteClass, readonly Network[]>()
  for (const kind of CLASSES) {
    const networks = readNetworks(place.at(kind))
    if (networks !== missing && networks !== undefined) lists.set(kind, networks)
  }
  return lists
}

const CLASSES = ['open', 'device', 'always', 'renewal', 'legacy-oauth'] as const

/** Networks from which something may be reached. */
export const networks = (description: string) =>
  listOf(
    description,
    patternText('One network.', '^[0-9A-Fa-f:.]{2,45}(?:/[0-9]{1,3})?$', {
      wanted: 'a network such as 10.0.0.0/8 or 2001:db8::/32, or one address',
      advice: 'write the address, a slash and the length of the prefix',
    }),
  )
