/**
 * Which device a sighting belongs to, and what it changes about it: decisions 9 and 29 in one place, without SQL. A key
 * was proven in the handshake, so the same key is the same device, sound path or not. An id in a subject alternative
 * name counts only when a CA that is current or previously trusted signed it and the verdict believed that CA; a
 * certificate that was refused leads to a blocked device at most, and binds nothing to it. What a device says of itself
 * never joins it to an approval.
 */
import type { Approval } from '../../decide/policy.ts'
import type { Instant } from '../../kernel/types.ts'
import {
  approveAutomatically,
  knownDraft,
  newDraft,
  applyUnprovenClaims,
  applySighting,
  applyCertificate,
  type DeviceRow,
  type DeviceDraft,
} from './device-draft.ts'
import {
  CertificateRetention,
  type CertificateRow,
  type RetainedRow,
} from './certificate-retention.ts'
import { termOf, termsOf } from './search-terms.ts'
import { caWord } from '../../fleet/evidence.ts'
import type { LinkedExchange, UnknownSighting } from '../callers/linked.ts'
import type { SightedCertificate, Sighting } from '../../fleet/sighting.ts'
import { isCaAdmitting, settingKey } from './approvable.ts'
import type { StoredStanding } from '../settings/enrollment-setting.ts'

/** What the store knew before the batch, as far as the batch can touch it. */
export interface KnownDevices {
  readonly devices: readonly DeviceRow[]
  /** Key → device. */
  readonly keys: ReadonlyMap<string, string>
  /** Signed id → device. */
  readonly ids: ReadonlyMap<string, string>
  /** How many keys each of `devices` has shown; those that never showed a certificate are left out. */
  readonly keyCounts: ReadonlyMap<string, number>
  /** Devices that a signed id leads to, among `devices`. */
  readonly withIds: ReadonlySet<string>
  readonly certificates: ReadonlyMap<string, CertificateRow>
  readonly standings: ReadonlyMap<string, StoredStanding>
  /** Setting and key → when the key was first seen with it, for settings whose cut-off asks. */
  readonly firstSeen: ReadonlyMap<string, number>
  /** Certificates without a sound path that may still be added. */
  readonly unsoundCapacity: number
}

/** What the batch comes to. */
export interface LinkingPlan {
  readonly drafts: readonly DeviceDraft[]
  readonly keys: readonly { key: string; device: string; first_seen: number }[]
  readonly ids: readonly { id: string; device: string }[]
  readonly terms: readonly { term: string; device: string }[]
  readonly certificates: readonly RetainedRow[]
  /** Sightings that belong to no known device. */
  readonly unknown: readonly UnknownSighting[]
  /** What passed through sync ports. */
  readonly exchanges: readonly LinkedExchange[]
  readonly dropped: number
}

/** Where time and new ids come from. */
export interface LinkingDeps {
  readonly now: Instant
  newId(): string
}

/** Works through a batch in the order of time. */
export function plan(
  sightings: readonly Sighting[],
  known: KnownDevices,
  deps: LinkingDeps,
): LinkingPlan {
  const linking = new DeviceLinker(known, deps)
  for (const sighting of [...sightings].sort((one, other) => one.at - other.at)) {
    linking.add(sighting)
  }
  return linking.plan()
}

class DeviceLinker {
  readonly #known: KnownDevices
  readonly #deps: LinkingDeps
  readonly #drafts = new Map<string, DeviceDraft>()
  readonly #inventory = new Map<string, DeviceDraft>()
  readonly #keyOf = new Map<string, string>()
  readonly #idOf = new Map<string, string>()
  readonly #newKeys = new Map<string, { key: string; device: string; first_seen: number }>()
  readonly #newIds = new Map<string, { id: string; device: string }>()
  readonly #terms = new Map<string, { term: string; device: string }>()
  readonly #retention: CertificateRetention
  readonly #unknown: UnknownSighting[] = []
  readonly #exchanges: Sighting[] = []
  readonly #withIds = new Set<string>()
  #dropped = 0

  constructor(known: KnownDevices, deps: LinkingDeps) {
    this.#known = known
    this.#deps = deps
    this.#retention = new CertificateRetention(known)
    for (const row of known.devices) {
      const draft = knownDraft(row, known.keyCounts.get(row.id) ?? 0)
      if (known.withIds.has(row.id)) this.#withIds.add(row.id)
      this.#drafts.set(row.id, draft)
      if (row.inventory_id !== null) this.#inventory.set(row.inventory_id, draft)
    }
    for (const [key, device] of known.keys) this.#keyOf.set(key, device)
    for (const [id, device] of known.ids) this.#idOf.set(id, device)
  }

  add(sighting: Sighting): void {
    const { certificate } = sighting
    if (certificate === undefined) return this.#addWithoutCertificate(sighting)
    const ids = this.#provenIds(sighting, certificate)
    const blocked = ids === undefined ? this.#blockedBy(certificate) : undefined
    if (blocked !== undefined) return this.#addRefused(blocked, sighting, certificate)
    const draft =
      this.#deviceOf(certificate, ids ?? []) ?? this.#newDevice(sighting, certificate, ids ?? [])
    this.#exchanges.push(sighting)
    if (draft === undefined) {
      this.#dropped += sighting.count
      this.#unknown.push({ sighting, label: undefined })
      return
    }
    this.#bindKey(certificate, draft, sighting.at)
    for (const id of ids ?? []) this.#bindId(id, draft)
    const wasNamed = draft.row.reported_id !== null
    applySighting(draft, sighting)
    applyCertificate(draft, sighting, certificate)
    // Words only of what is kept: one key can sign any number of names for itself.
    if (this.#retention.hasCapacity(certificate)) this.#addSearchTerms(draft, certificate, wasNamed)
    if (ids !== undefined && this.#approvesItself(sighting, certificate))
      approveAutomatically(draft, this.#deps.now)
    this.#retention.retain(certificate, sighting)
  }

  plan(): LinkingPlan {
    return {
      drafts: [...this.#drafts.values()],
      keys: [...this.#newKeys.values()],
      ids: [...this.#newIds.values()],
      terms: [...this.#terms.values()],
      certificates: this.#retention.retained(),
      unknown: this.#unknown,
      exchanges: this.#exchanges.flatMap(({ at, listener, exchange, certificate }) =>
        exchange === undefined
          ? []
          : [{ at, listener, exchange, device: this.#knownBy(certificate) }],
      ),
      dropped: this.#dropped,
    }
  }

  /** A key that was only ever shown in certificates of no known CA makes no known device: any client makes one for itself. */
  #knownBy(certificate: SightedCertificate | undefined): string | undefined {
    const draft = certificate && this.#draft(this.#keyOf.get(certificate.key))
    return draft === undefined || draft.row.not_after === 0 ? undefined : draft.row.id
  }

  /** Without a certificate nothing is proven: it was no known device, and what it says labels an entry that never showed one. */
  #addWithoutCertificate(sighting: Sighting): void {
    const { reportedId } = sighting
    const entry = this.#entry(reportedId)
    if (entry !== undefined && entry.keys === 0) applyUnprovenClaims(entry, sighting)
    this.#exchanges.push(sighting)
    this.#unknown.push({ sighting, label: reportedId === undefined ? undefined : labelOf(entry) })
  }

  /** The ids that the certificate proves; undefined for one that proves nothing. */
  #provenIds(
    { verdict, code }: Sighting,
    { sound, setting, signedIds }: SightedCertificate,
  ): readonly string[] | undefined {
    const standing = this.#standing(setting)?.kind
    // A staged or distrusted CA may sign what it likes: it joins no client to an approved device.
    const isTrusted = sound && (standing === 'current' || standing === 'previously-trusted')
    return isTrusted && caWord(verdict, code) === 'accepted' ? signedIds : undefined
  }

  /** The blocked device that a refused certificate names or whose key it has, if any. */
  #blockedBy({ key, sound, signedIds }: SightedCertificate): DeviceDraft | undefined {
    const named = sound ? this.#namedBy(signedIds) : []
    return [this.#draft(this.#keyOf.get(key)), ...named].find(
      (one) => one?.row.approval === 'blocked',
    )
  }

  /** The devices that these ids lead to; an entry that was blocked before it showed a key is one of them. */
  #namedBy(ids: readonly string[]): readonly DeviceDraft[] {
    const entries = ids.map((id) => this.#entry(id)).filter(isBlockedEntry)
    return [...ids.map((id) => this.#draft(this.#idOf.get(id))), ...entries].filter(
      (one) => one !== undefined,
    )
  }

  /** The blocked device was seen, and that is all: its next approval must not reach a key that nothing vouched for. */
  #addRefused(draft: DeviceDraft, sighting: Sighting, certificate: SightedCertificate): void {
    applySighting(draft, sighting)
    if (!this.#keyOf.has(certificate.key)) return
    applyCertificate(draft, sighting, certificate)
    this.#retention.retain(certificate, sighting)
  }

  #deviceOf({ key }: SightedCertificate, ids: readonly string[]): DeviceDraft | undefined {
    const byKey = this.#draft(this.#keyOf.get(key))
    const byId = this.#namedBy(ids)
    const all = byKey === undefined ? byId : [byKey, ...byId]
    // As the verdict has it: evidence that leads to two devices leads to the blocked one, else to the approved one.
    const decided = (approval: Approval) => all.find(({ row }) => row.approval === approval)
    const first = decided('blocked') ?? decided('approved')
    if (first !== undefined) return first
    // Its first certificate may have been refused, and then its key made a device that it is not.
    const isPassedOver = byKey !== undefined && this.#isUndecided(byKey)
    return isPassedOver ? (byId[0] ?? byKey) : all[0]
  }

  #draft(id: string | undefined): DeviceDraft | undefined {
    return id === undefined ? undefined : this.#drafts.get(id)
  }

  #entry(id: string | undefined): DeviceDraft | undefined {
    return id === undefined ? undefined : this.#inventory.get(id)
  }

  #standing(setting: string | undefined): StoredStanding | undefined {
    return setting === undefined ? undefined : this.#known.standings.get(setting)
  }

  #newDevice(
    { reportedId, verdict, code }: Sighting,
    { sound }: SightedCertificate,
    ids: readonly string[],
  ): DeviceDraft | undefined {
    if (!sound && this.#retention.isFull) return undefined
    // A device that takes an inventory entry over by a name of its own choosing gains a name: the entry carries no approval.
    const claimed = caWord(verdict, code) === 'refused' ? undefined : reportedId
    for (const id of [...ids, claimed]) {
      const entry = this.#entry(id)
      // A block waits for the device that proves the id: one that merely claims it would take the block away.
      if (entry?.keys === 0 && !isBlockedEntry(entry)) return entry
    }
    const draft = newDraft(this.#deps.newId())
    this.#drafts.set(draft.row.id, draft)
    return draft
  }

  #bindKey({ key }: SightedCertificate, draft: DeviceDraft, at: Instant): void {
    const device = draft.row.id
    const before = this.#keyOf.get(key)
    if (before === device) return
    this.#keyOf.set(key, device)
    draft.keys += 1
    const left = this.#draft(before)
    if (left !== undefined) this.#leave(left, draft)
    this.#newKeys.set(key, { key, device, first_seen: at })
    // The new key is approved or blocked because its device is: snapshots judge by key and have to learn of it.
    if (draft.row.approval !== 'unapproved') draft.overlay = true
  }

  /** A key went to another device. What was only this key under another name is that device now. */
  #leave(left: DeviceDraft, draft: DeviceDraft): void {
    left.keys -= 1
    if (left.keys > 0 || !this.#isUndecided(left) || left.row.inventory_id !== null) return
    left.deleted = true
    draft.row.sightings += left.row.sightings
  }

  /** Whether nothing but its keys tells this device from others: no approval, no block and no signed id. */
  #isUndecided({ row }: DeviceDraft): boolean {
    return row.approval === 'unapproved' && !this.#withIds.has(row.id)
  }

  #bindId(id: string, draft: DeviceDraft): void {
    this.#withIds.add(draft.row.id)
    // A blocked entry of the inventory takes its id from the device that proved it before: its key goes there, too.
    const isEntrys = draft.row.approval === 'blocked' && draft.row.inventory_id === id
    if (!this.#idOf.has(id) || (isEntrys && this.#idOf.get(id) !== draft.row.id)) {
      // Snapshots judge by the ids of approved and blocked devices: they have to learn of this one.
      if (draft.row.approval !== 'unapproved') draft.overlay = true
      this.#idOf.set(id, draft.row.id)
      this.#newIds.set(id, { id, device: draft.row.id })
    }
    const entry = this.#entry(id)
    if (entry === undefined || draft.row.inventory_id !== null) return
    // A signed id takes the entry from a device that merely claimed it.
    draft.row.inventory_id = entry.row.inventory_id
    draft.row.inventory_name = entry.row.inventory_name
    entry.row.inventory_id = null
    entry.row.inventory_name = null
    entry.deleted = entry.keys === 0
    for (const name of (draft.row.inventory_name ?? '').split(/\s/)) {
      const term = termOf(name)
      if (term !== '') this.#terms.set(`${term}\n${draft.row.id}`, { term, device: draft.row.id })
    }
    this.#inventory.set(id, draft)
  }

  #addSearchTerms({ row }: DeviceDraft, certificate: SightedCertificate, wasNamed: boolean): void {
    const newTerms = new Set<string>()
    if (!this.#known.certificates.has(certificate.fingerprint)) {
      for (const term of termsOf(certificate)) newTerms.add(term)
    }
    // One name per device, the first that was kept: a device may give itself another with every request. The row
    // shows its newest; to take the older word back could take one from it that a certificate left there.
    if (!wasNamed && row.reported_id !== null) newTerms.add(termOf(row.reported_id))
    for (const term of newTerms) {
      if (term !== '') this.#terms.set(`${term}\n${row.id}`, { term, device: row.id })
    }
  }

  #approvesItself({ approvesItself, at }: Sighting, certificate: SightedCertificate): boolean {
    const { setting, key, notBefore } = certificate
    if (!approvesItself || setting === undefined) return false
    const standing = this.#standing(setting)
    const firstSeen = Math.min(at, this.#known.firstSeen.get(settingKey(setting, key)) ?? at)
    return isCaAdmitting({ setting, standing, notBefore, key, firstSeen }, this.#deps.now)
  }
}

/** An entry that showed a certificate of its own is told by that, and not by what others call themselves. */
function labelOf(entry: DeviceDraft | undefined): UnknownSighting['label'] {
  if (entry === undefined) return 'unlisted'
  return entry.row.not_after === 0 ? 'inventory' : undefined
}

const isBlockedEntry = (entry: DeviceDraft | undefined): boolean =>
  entry?.keys === 0 && entry.row.approval === 'blocked'
