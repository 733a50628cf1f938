/**
 * Which device a sighting belongs to, and what it changes about it: decision 9 in one place, without SQL. A key was
 * proven in the handshake, so the same key is the same device, sound path or not. An id in a subject alternative
 * name counts only when a CA that is current or previously trusted signed it. What a device says of itself never
 * joins it to an approval.
 */
import type { Selectable } from 'kysely'
import type { Instant } from '../../kernel/types.ts'
import {
  approveAutomatically,
  newDraft,
  applyUnprovenClaims,
  applySighting,
  applyCertificate,
  type DeviceRow,
  type DeviceDraft,
} from './device-draft.ts'
import { termOf, termsOf } from './search-terms.ts'
import type { SightedCertificate, Sighting } from '../../fleet/sighting.ts'
import type { Tables } from '../schema/tables.ts'
import type { StandingKind } from '../schema/vocabulary.ts'

export type CertificateRow = Selectable<Tables['certificates']>

/** What the store knew before the batch, as far as the batch can touch it. */
export interface KnownDevices {
  readonly devices: readonly DeviceRow[]
  /** Key → device. */
  readonly keys: ReadonlyMap<string, string>
  /** Signed id → device. */
  readonly ids: ReadonlyMap<string, string>
  /** Devices that have shown a certificate, among `devices`. */
  readonly withKeys: ReadonlySet<string>
  readonly certificates: ReadonlyMap<string, CertificateRow>
  readonly standings: ReadonlyMap<string, StandingKind>
  /** Certificates without a sound path that may still be added. */
  readonly unsoundCapacity: number
}

/** What the batch comes to. */
export interface LinkingPlan {
  readonly drafts: readonly DeviceDraft[]
  readonly keys: readonly { key: string; device: string; first_seen: number }[]
  readonly ids: readonly { id: string; device: string }[]
  readonly terms: readonly { term: string; device: string }[]
  readonly certificates: readonly { row: CertificateRow; before: CertificateRow | undefined }[]
  readonly unidentified: readonly { listener: string; sightings: number; last_seen: number }[]
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
  readonly #certificates = new Map<
    string,
    { row: CertificateRow; before: CertificateRow | undefined }
  >()
  readonly #unidentified = new Map<
    string,
    { listener: string; sightings: number; last_seen: number }
  >()
  #unsoundCapacity: number
  #dropped = 0

  constructor(known: KnownDevices, deps: LinkingDeps) {
    this.#known = known
    this.#deps = deps
    this.#unsoundCapacity = known.unsoundCapacity
    for (const row of known.devices) {
      const draft = newDraft(row, known.withKeys.has(row.id))
      this.#drafts.set(row.id, draft)
      if (row.inventory_id !== null) this.#inventory.set(row.inventory_id, draft)
    }
    for (const [key, device] of known.keys) this.#keyOf.set(key, device)
    for (const [id, device] of known.ids) this.#idOf.set(id, device)
  }

  add(sighting: Sighting): void {
    const { certificate } = sighting
    if (certificate === undefined) return this.#addWithoutCertificate(sighting)
    const ids = this.#trustedIds(certificate)
    const draft = this.#deviceOf(certificate, ids) ?? this.#newDevice(sighting, ids)
    if (draft === undefined) {
      this.#dropped += sighting.count
      return
    }
    this.#bindKey(certificate, draft, sighting.at)
    for (const id of ids) this.#bindId(id, draft)
    const wasNamed = draft.row.reported_id !== null
    applySighting(draft, sighting)
    applyCertificate(draft, sighting, certificate)
    // Words only of what is kept: one key can sign any number of names for itself.
    if (this.#hasCapacity(certificate)) this.#addSearchTerms(draft, certificate, wasNamed)
    if (this.#approvesItself(sighting, certificate)) approveAutomatically(draft, this.#deps.now)
    this.#retain(certificate, sighting)
  }

  plan(): LinkingPlan {
    return {
      drafts: [...this.#drafts.values()],
      keys: [...this.#newKeys.values()],
      ids: [...this.#newIds.values()],
      terms: [...this.#terms.values()],
      certificates: [...this.#certificates.values()],
      unidentified: [...this.#unidentified.values()],
      dropped: this.#dropped,
    }
  }

  /** Without a certificate nothing is proven: it was no known device, and what it says labels an entry that never showed one. */
  #addWithoutCertificate(sighting: Sighting): void {
    const { reportedId, listener, count, at } = sighting
    const entry = reportedId === undefined ? undefined : this.#inventory.get(reportedId)
    if (entry !== undefined && !entry.hasKey) applyUnprovenClaims(entry, sighting)
    const before = this.#unidentified.get(listener)
    this.#unidentified.set(listener, {
      listener,
      sightings: (before?.sightings ?? 0) + count,
      last_seen: Math.max(before?.last_seen ?? 0, at),
    })
  }

  #trustedIds({ sound, setting, signedIds }: SightedCertificate): readonly string[] {
    const standing = setting === undefined ? undefined : this.#known.standings.get(setting)
    // A staged or distrusted CA may sign what it likes: it joins no client to an approved device.
    const counts = sound && (standing === 'current' || standing === 'previously-trusted')
    return counts ? signedIds.slice(0, IDS_LIMIT) : []
  }

  #deviceOf({ key }: SightedCertificate, ids: readonly string[]): DeviceDraft | undefined {
    const byKey = this.#draft(this.#keyOf.get(key))
    const all = [byKey, ...ids.map((id) => this.#draft(this.#idOf.get(id)))].filter(
      (one) => one !== undefined,
    )
    // Blocked wins over everything: evidence that leads to two devices leads to the blocked one.
    return all.find(({ row }) => row.approval === 'blocked') ?? all[0]
  }

  #draft(id: string | undefined): DeviceDraft | undefined {
    return id === undefined ? undefined : this.#drafts.get(id)
  }

  #newDevice(
    { certificate, reportedId }: Sighting,
    ids: readonly string[],
  ): DeviceDraft | undefined {
    if (certificate?.sound !== true && this.#unsoundCapacity <= 0) return undefined
    // A device that takes an inventory entry over by a name of its own choosing gains a name: the entry carries no approval.
    const candidates = reportedId === undefined ? ids : [...ids, reportedId]
    for (const id of candidates) {
      const entry = this.#inventory.get(id)
      if (entry !== undefined && !entry.hasKey && !entry.deleted) return entry
    }
    const draft = newDraft(undefined, false, this.#deps.newId())
    this.#drafts.set(draft.row.id, draft)
    return draft
  }

  #bindKey({ key }: SightedCertificate, draft: DeviceDraft, at: Instant): void {
    draft.hasKey = true
    const device = draft.row.id
    if (this.#keyOf.get(key) === device) return
    this.#keyOf.set(key, device)
    this.#newKeys.set(key, { key, device, first_seen: at })
    // The new key is approved or blocked because its device is: snapshots judge by key and have to learn of it.
    if (draft.row.approval !== 'unapproved') draft.overlay = true
  }

  #bindId(id: string, draft: DeviceDraft): void {
    if (!this.#idOf.has(id)) {
      this.#idOf.set(id, draft.row.id)
      this.#newIds.set(id, { id, device: draft.row.id })
    }
    const entry = this.#inventory.get(id)
    if (entry === undefined || entry === draft || draft.row.inventory_id !== null) return
    // A signed id takes the entry from a device that merely claimed it.
    draft.row.inventory_id = entry.row.inventory_id
    draft.row.inventory_name = entry.row.inventory_name
    entry.row.inventory_id = null
    entry.row.inventory_name = null
    entry.deleted = !entry.hasKey
    for (const name of (draft.row.inventory_name ?? '').split(/\s+/)) {
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

  #approvesItself({ approvesItself }: Sighting, { sound, setting }: SightedCertificate): boolean {
    if (!approvesItself || !sound || setting === undefined) return false
    return this.#known.standings.get(setting) === 'current'
  }

  #hasCapacity({ fingerprint, sound }: SightedCertificate): boolean {
    const isKnown = this.#certificates.has(fingerprint) || this.#known.certificates.has(fingerprint)
    return isKnown || sound || this.#unsoundCapacity > 0
  }

  #retain(certificate: SightedCertificate, { at, verdict, code }: Sighting): void {
    if (!this.#hasCapacity(certificate)) return
    const { fingerprint } = certificate
    const pending = this.#certificates.get(fingerprint)
    const before = pending?.before ?? this.#known.certificates.get(fingerprint)
    if (pending === undefined && before === undefined && !certificate.sound)
      this.#unsoundCapacity -= 1
    const last = pending?.row ?? before
    if (last !== undefined && last.last_seen > at) return
    this.#certificates.set(fingerprint, {
      before,
      row: {
        fingerprint,
        key: certificate.key,
        issuer_key: certificate.issuerKey ?? null,
        serial: certificate.serial,
        issuer: certificate.issuer,
        subject: certificate.subject,
        signed_ids: JSON.stringify(certificate.signedIds.slice(0, IDS_LIMIT)),
        not_before: certificate.notBefore,
        not_after: certificate.notAfter,
        setting: certificate.setting ?? null,
        sound: Number(certificate.sound),
        verdict,
        code,
        first_seen: last?.first_seen ?? at,
        last_seen: at,
      },
    })
  }
}

/** Ids of one certificate: a device has one or two; 8 are enough for a UDID, a serial number, a UUID and names. */
const IDS_LIMIT = 8
