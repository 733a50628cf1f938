/**
 * One device while a batch of sightings is worked through.
 */
import { randomBytes } from 'node:crypto'
import type { Selectable } from 'kysely'
import type { Instant } from '../../kernel/types.ts'
import { migrationAfter } from '../../fleet/migration.ts'
import { caWord } from '../../fleet/evidence.ts'
import type { SightedCertificate, Sighting } from '../../fleet/sighting.ts'
import type { Tables } from '../schema/tables.ts'
import { MIGRATIONS } from '../schema/vocabulary.ts'

export type DeviceRow = Selectable<Tables['devices']>

/** A device while the batch is worked through. */
export interface DeviceDraft {
  row: DeviceRow
  /** As it was; undefined for a new one. */
  readonly before: DeviceRow | undefined
  /** How many keys lead to it. */
  keys: number
  /** Its inventory entry moved to the device that proved to be it, and nothing else was in it. */
  deleted: boolean
  /** Whether the snapshots' overlays have to learn of it. */
  overlay: boolean
  approvedItself: boolean
}

/** What any sighting says. */
export function applySighting({ row }: DeviceDraft, sighting: Sighting): void {
  const { at, count, migration } = sighting
  row.first_seen = row.first_seen === 0 ? at : Math.min(row.first_seen, at)
  row.sightings += count
  const before = MIGRATIONS.find((one) => one === row.migration)
  if (before !== undefined) row.migration = migrationAfter(before, migration, at < row.last_seen)
  // Of several replicas one may be late; the newest word counts.
  if (at < row.last_seen) return
  row.last_seen = at
  row.listener = sighting.listener
  row.reported_id = sighting.reportedId ?? row.reported_id
  row.class = sighting.class ?? row.class
  row.agent = sighting.agent ?? row.agent
  row.agent_version = sighting.agentVersion ?? row.agent_version
  row.agent_rank = sighting.agentRank ?? row.agent_rank
  row.verdict = sighting.verdict
  row.code = sighting.code
  row.authentication = sighting.authentication
}

/** What a sighting with a certificate says besides. */
export function applyCertificate(
  { row }: DeviceDraft,
  { at, verdict, code }: Sighting,
  { sound, setting, notAfter }: SightedCertificate,
): void {
  if (row.awaiting === 1 && at > row.approval_at) row.awaiting = 0
  // Or a client with the key of a retired CA could make any number of devices that depend on it.
  if (!sound || at < row.last_seen || caWord(verdict, code) === 'refused') return
  row.setting = setting ?? null
  row.not_after = notAfter
}

/**
 * Applies what a client without a certificate says under the id of a device that never showed one either. It fills what
 * the inventory left out, and can hold the closing of the sync port back. It is no sighting and no attempt to
 * authenticate: any client that knows an id could take the device out of what such closings and warnings wait for.
 */
export function applyUnprovenClaims({ row }: DeviceDraft, sighting: Sighting): void {
  row.class ??= sighting.class ?? null
  if (row.agent === null) {
    row.agent = sighting.agent ?? null
    row.agent_version ??= sighting.agentVersion ?? null
    row.agent_rank ??= sighting.agentRank ?? null
  }
  if (sighting.migration === 'pending' && row.migration === 'none') row.migration = 'pending'
  // What a client met that said to be this device; a finding, and no verdict on the device.
  if (sighting.code === 'no-certificate') row.code = sighting.code
}

/** A device that approves itself (decision 9, `auto`). */
export function approveAutomatically(draft: DeviceDraft, now: Instant): void {
  const { row } = draft
  if (row.approval !== 'unapproved') return
  row.approval = 'approved'
  row.approval_by = 'auto'
  row.approval_at = now
  row.version += 1
  draft.overlay = true
  draft.approvedItself = true
}

/** A device as the batch begins with it, and how many keys lead to it. */
export const knownDraft = (before: DeviceRow, keys: number): DeviceDraft => ({
  ...FRESH,
  row: { ...before },
  before,
  keys,
})

/** A device that the batch makes. */
export const newDraft = (id: string): DeviceDraft => ({
  ...FRESH,
  row: blankDevice(id),
  before: undefined,
  keys: 0,
})

const FRESH = { deleted: false, overlay: false, approvedItself: false } as const

/** A device of which nothing is known. */
export const blankDevice = (id: string): DeviceRow => ({
  id,
  inventory_id: null,
  inventory_name: null,
  reported_id: null,
  class: null,
  agent: null,
  agent_version: null,
  agent_rank: null,
  listener: null,
  first_seen: 0,
  last_seen: 0,
  sightings: 0,
  verdict: null,
  code: null,
  migration: 'none',
  authentication: 'no-info',
  approval: 'unapproved',
  approval_by: null,
  approval_at: 0,
  awaiting: 0,
  setting: null,
  not_after: 0,
  version: 1,
})

/** Grows with time, so that new devices are written side by side; the rest is chance. */
export const newDeviceId = (now: Instant): string =>
  `${now.toString(36).padStart(9, '0')}${randomBytes(8).readBigUInt64BE().toString(36).padStart(13, '0')}`
