/** Networks from which rows may be reached, by class and by row. */
import type { RouteClass } from '../../decide/policy.ts'
import { parseNetwork, type Network } from '../../kernel/network.ts'
import { type ReadContext, readEach, fault, isFaulty, type Maybe, missing } from './read-context.ts'
import { quoted } from './fault-text.ts'
import type { Path } from './yaml-text.ts'
import { listOf, patternText } from './schema-types.ts'

/** The access lists of a table, by class; a class that is missing is open to every network. */
export type AccessLists = ReadonlyMap<RouteClass, readonly Network[]>

/** Reads a list of networks; nothing when there is none. */
export function readNetworks(
  context: ReadContext,
  path: Path,
  written: readonly (string | undefined)[] | undefined,
): Maybe<readonly Network[] | undefined> {
  if (written === undefined) return isFaulty(context, path) ? missing : undefined
  return readEach(written, (text: string, index) => {
    const network = parseNetwork(text)
    if (network.ok) return network.value
    const message = `found ${quoted(text)}, ${network.failure}: correct it`
    return fault(context, [...path, index], message)
  })
}

/** Reads the lists of all classes; faults are added to the context. */
export function readAccess(
  context: ReadContext,
  path: Path,
  written: Readonly<Partial<Record<RouteClass, readonly (string | undefined)[] | undefined>>>,
): AccessLists {
  const lists = new Map<RouteClass, readonly Network[]>()
  for (const kind of CLASSES) {
    const networks = readNetworks(context, [...path, kind], written[kind])
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
