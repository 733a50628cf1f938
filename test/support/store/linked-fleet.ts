/**
 * A fleet in memory, linked by the plan of each batch and by nothing else: what the store writes of a plan, without SQL.
 */
import type { Instant } from '../../../src/kernel/types.ts'
import type { Sighting } from '../../../src/fleet/sighting.ts'
import type { CertificateRow } from '../../../src/store/devices/certificate-retention.ts'
import { blankDevice, type DeviceRow } from '../../../src/store/devices/device-draft.ts'
import { plan, type KnownDevices, type LinkingPlan } from '../../../src/store/devices/linking.ts'
import { aKey } from './sightings.ts'

/** When batches are planned. */
export const NOW = Date.UTC(2026, 10, 23) as Instant

export class LinkedFleet {
  readonly devices = new Map<string, DeviceRow>()
  readonly keys = new Map<string, string>()
  readonly ids = new Map<string, string>()
  readonly terms = new Set<string>()
  readonly certificates = new Map<string, CertificateRow>()
  readonly standings: KnownDevices['standings']
  readonly firstSeen = new Map<string, number>()
  unsoundCapacity = 100
  #made = 0

  constructor(standings: LinkedFleet['standings']) {
    this.standings = standings
  }

  /** Plans a batch, and does what it says. */
  record(...sightings: readonly Sighting[]): LinkingPlan {
    const planned = plan(sightings, this.#known(), {
      now: NOW,
      newId: () => {
        this.#made += 1
        return `device ${this.#made}`
      },
    })
    for (const { row, deleted } of planned.drafts) {
      if (deleted) this.devices.delete(row.id)
      else this.devices.set(row.id, row)
    }
    for (const { key, device } of planned.keys) this.keys.set(key, device)
    for (const { id, device } of planned.ids) this.ids.set(id, device)
    for (const { term, device } of planned.terms) this.terms.add(`${device}: ${term}`)
    for (const { row } of planned.certificates) this.certificates.set(row.fingerprint, row)
    return planned
  }

  /** Adds an entry of the inventory, or changes a device; returns its id. */
  put(id: string, change: Partial<DeviceRow>): string {
    this.devices.set(id, { ...(this.devices.get(id) ?? blankDevice(id)), ...change })
    return id
  }

  /** The device of a key, by the name that the test gave the key. */
  deviceOf(key: string): string | undefined {
    return this.keys.get(aKey(key))
  }

  /** The row of that device. */
  rowOf(key: string): DeviceRow | undefined {
    return this.devices.get(this.deviceOf(key) ?? '')
  }

  #known(): KnownDevices {
    const counts = new Map<string, number>()
    for (const device of this.keys.values()) counts.set(device, (counts.get(device) ?? 0) + 1)
    return {
      devices: [...this.devices.values()],
      keys: this.keys,
      ids: this.ids,
      keyCounts: counts,
      withIds: new Set(this.ids.values()),
      certificates: this.certificates,
      standings: this.standings,
      firstSeen: this.firstSeen,
      unsoundCapacity: this.unsoundCapacity,
    }
  }
}
