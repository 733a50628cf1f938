/** Rows about devices, their keys and certificates, and what was decided about single ones. */

export interface DevicesTable {
  id: string
  /** From an imported inventory; unique. */
  inventory_id: string | null
  inventory_name: string | null
  /** What the device says of itself in a URL or header: groups records for people, carries nothing. */
  reported_id: string | null
  class: string | null
  agent: string | null
  agent_version: string | null
  agent_rank: number | null
  listener: string | null
  first_seen: number
  last_seen: number
  sightings: number
  verdict: string | null
  code: string | null
  migration: string
  authentication: string
  approval: string
  /** An administrator, or `auto`. */
  approval_by: string | null
  approval_at: number
  /** 1 from an approval until the device's next connection (S2-16). */
  awaiting: number
  /** Of the last certificate whose path was sound. */
  setting: string | null
  /** Of the last certificate whose path was sound; 0 without one. */
  not_after: number
  version: number
}

export interface DeviceKeysTable {
  key: string
  device: string
  first_seen: number
}

export interface CertificatesTable {
  fingerprint: string
  key: string
  issuer_key: string | null
  serial: string
  issuer: string
  subject: string
  /** JSON list of the device ids in subject alternative names. */
  signed_ids: string
  not_before: number
  not_after: number
  setting: string | null
  sound: number
  verdict: string
  code: string
  first_seen: number
  last_seen: number
}

export interface SignedIdsTable {
  id: string
  device: string
}

export interface SearchTermsTable {
  term: string
  device: string
}

/** Devices that may stay in "No authentication info". */
export interface SilentDevicesTable {
  device: string
  note: string
  marked_by: string
  marked_at: number
}

/** Keys and ids of devices that were forgotten, as digests, and when. */
export interface ErasedDevicesTable {
  digest: string
  at: number
}

export interface DenyEntriesTable {
  kind: string
  value: string
  note: string
  created_by: string
  created_at: number
}
