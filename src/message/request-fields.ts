/**
 * The fields of a request as the upstream may see them: nothing hop-by-hop, nothing that only we may say, and then
 * what we say. Stripping comes before adding, so that no `Connection: Client-Cert` can remove our field.
 */
import { appendedForwarding } from './forwarding-fields.ts'
import { isHopByHop, nominate, withoutNominated } from './hop-by-hop.ts'
import type { ForwardingList } from './inbound-forwarding.ts'
import { memoized } from './memo.ts'
import { spoofGuard } from './spoof.ts'

/** What becomes of a device's field, told by its name. */
export type FieldFilter = (name: string) => 'keep' | 'drop' | 'connection' | 'host' | ForwardingList

/** What is the same for all requests of a connection to an upstream; worked out once. */
export interface FieldPlan {
  readonly filter: FieldFilter
  /** What `Host` says upstream; `undefined` keeps the device's. */
  readonly host: string | undefined
  /** Name, value, name, value …: what we say about the device. */
  readonly identity: readonly string[]
  /** Name, value, name, value …: where the request came from. */
  readonly forwarding: readonly string[]
  /** The inbound list that `forwarding` is appended to; undefined drops every one. */
  readonly appendedTo: ForwardingList | undefined
}

/**
 * Makes the sieve; one per snapshot. `ours` are the names that any upstream's settings give to identity fields
 * (`identityNames`), and names or families that the operator added.
 */
export function fieldFilter(ours: readonly string[]): FieldFilter {
  const isSpoof = spoofGuard(ours)
  return memoized((name) => {
    const lower = name.toLowerCase()
    if (lower === 'host') return 'host'
    if (lower === 'connection') return 'connection'
    // In this spelling alone: any other one is dropped like what a device says of itself.
    if (lower === 'x-forwarded-for' || lower === 'forwarded') return lower
    // We answer 100 (Continue) ourselves; an upstream that answered it again would confuse the device.
    if (isHopByHop(lower) || lower === 'expect') return 'drop'
    return isSpoof(name) ? 'drop' : 'keep'
  })
}

/** Builds name, value, name, value … from the fields of a request; one walk, order and spelling as they came. */
export function requestFields(raw: readonly string[], plan: FieldPlan): string[] {
  const { filter, host, identity, forwarding, appendedTo } = plan
  const fields: string[] = []
  let nominated: ReadonlySet<string> = NO_NAMES
  let inbound: { readonly list: ForwardingList; readonly values: string[] } | undefined
  for (let index = 1; index < raw.length; index += 2) {
    const name = raw[index - 1]
    const value = raw[index]
    if (name === undefined || value === undefined) continue
    const kind = filter(name)
    switch (kind) {
      case 'keep':
        fields.push(name, value)
        break
      case 'host':
        fields.push(name, host ?? value)
        break
      case 'connection':
        nominated = nominate(value, nominated)
        break
      case 'forwarded':
      case 'x-forwarded-for':
        // Beyond what `Connection` may nominate: a client must not make us forget what its proxy said of it.
        if (kind === appendedTo) (inbound ??= { list: kind, values: [] }).values.push(value)
        break
      case 'drop':
        break
    }
  }
  const kept = withoutNominated(fields, nominated)
  const origin = inbound === undefined ? forwarding : appendedForwarding(forwarding, inbound)
  kept.push(...identity, ...origin)
  return kept
}

const NO_NAMES: ReadonlySet<string> = new Set()
