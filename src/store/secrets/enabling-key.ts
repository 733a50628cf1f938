/**
 * The sealing key that comes with requiring certificates (S2-20): one that the ring holds and the store does not use yet,
 * or a new one. It is planned before, so that what it asks of other instances can be read in time.
 */
import type { Instant } from '../../kernel/types.ts'
import { explainStore } from '../explain.ts'
import type { Db } from '../schema/tables.ts'
import type { HeldKeys } from './held-keys.ts'
import { allInstances, newestReported, type InstanceSeen } from './instances.ts'
import { currentVersion, nextKey } from './key-standing.ts'
import { keyFault } from './key-use.ts'

/** What becomes of the sealing key once certificates are required. */
export type EnablingKey =
  /** The configuration names no key ring: nothing is sealed. */
  | { readonly kind: 'no-ring' }
  /** The ring holds a key that is newer than the current one: an operator made it for this. */
  | EnablingVersion<'held'>
  /** One is made. No other instance has it. */
  | EnablingVersion<'made'>
  /** None can be made here: `why` is a whole sentence without its end. */
  | { readonly kind: 'impossible'; readonly why: string }

interface EnablingVersion<Kind extends string> {
  readonly kind: Kind
  readonly version: number
  readonly lacking: readonly InstanceSeen[]
}

/** Plans it; instances count that reported since `since`, but this one. */
export async function planEnablingKey(
  db: Db,
  { keys, self }: { readonly keys: HeldKeys; readonly self: string | undefined },
  times: { readonly since: Instant; readonly now: Instant },
): Promise<EnablingKey> {
  if (!keys.isThere) return { kind: 'no-ring' }
  const { ring } = keys
  const current = await currentVersion(db)
  const fault = await keyFault(db, current, ring)
  if (fault !== undefined) return { kind: 'impossible', why: explainStore(fault).sentence }
  const others = (all: readonly InstanceSeen[]) => all.filter(({ id }) => id !== self)
  const next = await nextKey(db, { current, ring }, times)
  if (next !== undefined) {
    return { kind: 'held', version: next.version, lacking: others(next.lacking) }
  }
  const why = await keys.whyNotAdded()
  if (why !== undefined) return { kind: 'impossible', why }
  // A version that another instance holds already, perhaps of a key of its own, is not taken a second time.
  const version = Math.max(current, keys.newest, await newestReported(db)) + 1
  return { kind: 'made', version, lacking: others(await allInstances(db, times)) }
}
