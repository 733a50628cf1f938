/**
 * What an administrator decided about single devices, over the compiled configuration: it changes while that stays, and
 * a change costs what changed (decision 19). A primary sends deltas to its workers; each process holds one of these,
 * and no request waits for a store. What is small and changes trust itself travels with the process configuration
 * instead (`store-rules.ts`).
 */
import type { Approval, FleetPolicy, Members } from '../decide/policy.ts'
import { unreachable, type KeyFingerprint } from '../kernel/types.ts'
import { digestOf, type SignedIdDigest } from '../trust/signed-ids.ts'
import { KeyTable, packKeys, type PackedKeys, type TableKey } from './key-table.ts'

/** What changed; plain data for structured clone. `revision` is the store's, once this is applied. */
export type OverlayDelta =
  /** All that follows up to `end` replaces everything at once: no device is judged by half of it. */
  | { readonly kind: 'begin'; readonly revision: number }
  | { readonly kind: 'end'; readonly revision: number }
  /** Approvals as they are now, made by `approvalsDelta`. */
  | { readonly kind: 'approvals'; readonly revision: number; readonly keys: PackedKeys }
  /** Approvals of the devices that signed ids lead to, as they are now, made by `signedIdsDelta`. */
  | { readonly kind: 'signed-ids'; readonly revision: number; readonly ids: PackedKeys }
  /** Keys that were seen under a setting before it retired; for its cut-off `known-devices`. Sent before that cut-off. */
  | {
      readonly kind: 'known'
      readonly revision: number
      readonly setting: string
      readonly keys: PackedKeys
    }
  /** The cut-off of a setting does not ask for known keys any more. */
  | { readonly kind: 'unknown'; readonly revision: number; readonly setting: string }
  | { readonly kind: 'denied'; readonly revision: number; readonly entries: readonly DenialDelta[] }

/** One entry of the deny list that came or went; serials as `<issuer key>:<serial>`. */
export interface DenialDelta {
  readonly of: 'key' | 'serial'
  readonly value: string
  readonly denied: boolean
}

/** Approvals as a delta; `unapproved` forgets the key. */
export const approvalsDelta = (
  revision: number,
  changes: readonly { readonly key: KeyFingerprint; readonly approval: Approval }[],
): OverlayDelta => ({
  kind: 'approvals',
  revision,
  keys: packKeys(changes.map(({ key, approval }) => [key, APPROVALS.indexOf(approval)])),
})

/** Signed ids as a delta; one whose device is neither approved nor blocked is forgotten. */
export const signedIdsDelta = (
  revision: number,
  changes: readonly { readonly id: string; readonly approval: Approval }[],
): OverlayDelta => ({
  kind: 'signed-ids',
  revision,
  ids: packKeys(changes.map(({ id, approval }) => [digestOf(id), APPROVALS.indexOf(approval)])),
})

/** Known keys as a delta. */
export const knownDelta = (
  revision: number,
  setting: string,
  keys: readonly KeyFingerprint[],
): OverlayDelta => ({
  kind: 'known',
  revision,
  setting,
  keys: packKeys(keys.map((key) => [key, KNOWN])),
})

/** The place of an approval is its word in the table. */
const APPROVALS: readonly Approval[] = ['unapproved', 'approved', 'blocked']
const KNOWN = 1

/** Which devices a delta may have restricted: none, the holders of some keys or signed ids, or any. */
export type Restricted =
  | { readonly kind: 'none' }
  | { readonly kind: 'keys'; readonly has: (key: KeyFingerprint) => boolean }
  | { readonly kind: 'ids'; readonly has: (digest: SignedIdDigest) => boolean }
  | { readonly kind: 'any' }

/** One per process. */
export class Overlay {
  #content = new OverlayContent()
  /** What is gathered between `begin` and `end`. */
  #next: OverlayContent | undefined
  #revision = 0

  /** The revision of the store that this is; 0 before the first. */
  get revision(): number {
    return this.#revision
  }

  approvalOf(key: KeyFingerprint): Approval {
    return this.#content.approvalOf(key)
  }

  wasKnown(setting: string, key: KeyFingerprint): boolean {
    return this.#content.known.get(setting)?.valueFor(key) === KNOWN
  }

  /** As the judge asks; a view that always shows the present. */
  readonly approvals: FleetPolicy['approvals'] = { approvalOf: (key) => this.approvalOf(key) }
  readonly blockedIds: FleetPolicy['blockedIds'] = membersOfTable(() => this.#content.blockedIds)
  readonly approvedIds: FleetPolicy['approvedIds'] = membersOfTable(() => this.#content.approvedIds)
  readonly known: FleetPolicy['known'] = { wasKnown: (setting, key) => this.wasKnown(setting, key) }

  /** The deny list of the configuration, and ours. */
  deniedWith(keys: Members<KeyFingerprint>, serials: Members<string>) {
    return {
      keys: union(keys, () => this.#content.keys),
      serials: union(serials, () => this.#content.serials),
    }
  }

  /** Takes a delta in, and returns which devices it may have restricted. */
  apply(delta: OverlayDelta): Restricted {
    if (delta.kind === 'begin') {
      this.#next = new OverlayContent()
      return NONE
    }
    if (delta.kind === 'end') {
      this.#content = this.#next ?? this.#content
      this.#next = undefined
      this.#revision = delta.revision
      return { kind: 'any' }
    }
    if (this.#next !== undefined) {
      applyDelta(this.#next, delta)
      return NONE
    }
    this.#revision = delta.revision
    return applyDelta(this.#content, delta)
  }

  /** The deltas that make another one like this, in the middle of being replaced as it may be. */
  *deltas(): Generator<OverlayDelta> {
    const revision = this.#revision
    yield { kind: 'begin', revision }
    yield* this.#content.deltas(revision)
    yield { kind: 'end', revision }
    if (this.#next === undefined) return
    yield { kind: 'begin', revision }
    yield* this.#next.deltas(revision)
  }
}

class OverlayContent {
  readonly approvals = new KeyTable()
  /** Two tables: the blocked are few, and asked for with every request. */
  readonly blockedIds = new KeyTable()
  readonly approvedIds = new KeyTable()
  readonly known = new Map<string, KeyTable>()
  readonly keys = new Set<KeyFingerprint>()
  readonly serials = new Set<string>()

  approvalOf(key: KeyFingerprint): Approval {
    return APPROVALS[this.approvals.valueFor(key)] ?? 'unapproved'
  }

  *deltas(revision: number): Generator<OverlayDelta> {
    for (const page of this.approvals.pages()) yield { kind: 'approvals', revision, keys: page }
    for (const table of [this.approvedIds, this.blockedIds]) {
      for (const page of table.pages()) yield { kind: 'signed-ids', revision, ids: page }
    }
    for (const [setting, table] of this.known) {
      for (const page of table.pages()) yield { kind: 'known', revision, setting, keys: page }
    }
    const entries = [...entriesOf('key', this.keys), ...entriesOf('serial', this.serials)]
    if (entries.length > 0) yield { kind: 'denied', revision, entries }
  }
}

type ContentDelta = Exclude<OverlayDelta, { readonly kind: 'begin' | 'end' }>

function applyDelta(content: OverlayContent, delta: ContentDelta): Restricted {
  switch (delta.kind) {
    case 'approvals': {
      content.approvals.unpack(delta.keys)
      // Who was just approved loses nothing; who was blocked or forgotten may.
      return delta.keys.values.every((value) => APPROVALS[value] === 'approved')
        ? NONE
        : { kind: 'keys', has: membersOf(delta.keys) }
    }
    case 'signed-ids': {
      content.approvedIds.unpack(onlyOf('approved', delta.ids))
      content.blockedIds.unpack(onlyOf('blocked', delta.ids))
      return delta.ids.values.every((value) => APPROVALS[value] === 'approved')
        ? NONE
        : { kind: 'ids', has: membersOf(delta.ids) }
    }
    case 'known': {
      const table = content.known.get(delta.setting) ?? new KeyTable()
      content.known.set(delta.setting, table)
      table.unpack(delta.keys)
      return NONE
    }
    case 'unknown':
      content.known.delete(delta.setting)
      return { kind: 'any' }
    case 'denied':
      for (const entry of delta.entries) deny(content, entry)
      return delta.entries.some(({ denied }) => denied) ? { kind: 'any' } : NONE
    default:
      return unreachable(delta)
  }
}

function membersOf(keys: PackedKeys): (key: TableKey) => boolean {
  const table = new KeyTable()
  // Those that are forgotten have the word 0, which would leave them out.
  table.unpack({ octets: keys.octets, values: new Uint8Array(keys.values.length).fill(KNOWN) })
  return (key) => table.valueFor(key) !== 0
}

function deny({ keys, serials }: OverlayContent, { of, value, denied }: DenialDelta): void {
  const list: Set<string> = of === 'key' ? keys : serials
  if (denied) list.add(value)
  else list.delete(value)
}

const entriesOf = (of: DenialDelta['of'], values: Iterable<string>): readonly DenialDelta[] =>
  [...values].map((value) => ({ of, value, denied: true }))

/** What of a delta belongs into the table of one approval; the others are forgotten there. */
const onlyOf = (approval: Approval, { octets, values }: PackedKeys): PackedKeys => ({
  octets,
  values: values.map((value) => (APPROVALS[value] === approval ? value : 0)),
})

const membersOfTable = (table: () => KeyTable): Members<SignedIdDigest> => ({
  has: (digest) => table().valueFor(digest) !== 0,
  get size() {
    return table().size
  },
})

function union<Member>(fixed: Members<Member>, own: () => ReadonlySet<Member>): Members<Member> {
  return {
    has: (member) => fixed.has(member) || own().has(member),
    get size() {
      return fixed.size + own().size
    },
  }
}

const NONE: Restricted = { kind: 'none' }
