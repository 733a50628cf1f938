/** Rows about enrollment settings and their revocation lists. */

export interface EnrollmentSettingsTable {
  name: string
  source: string
  standing: string
  retired_at: number | null
  cut_off: string | null
  sunset: number | null
  version: number
  created_at: number
  updated_at: number
}

export interface SettingCertificatesTable {
  setting: string
  position: number
  der: Uint8Array
}

export interface SettingRevocationTable {
  setting: string
  /** What follows while revocation is unknown; null where revocation is not asked for. */
  failure: string | null
  /** Milliseconds. */
  grace: number
  refresh: number
  /** How often an administrator let an older list take the place of a newer one. */
  resets: number
}

export interface SettingListsTable {
  setting: string
  position: number
  /** `file`, `url`, or `upload`. */
  kind: string
  /** A path, a URL, or the digest of what was uploaded. */
  place: string
  /** Of an upload alone: the octets. */
  der: Uint8Array | null
}

export interface KeptListsTable {
  setting: string
  place: string
  /** SHA-256 of the octets: a place may hold the lists of several CAs. */
  digest: string
  der: Uint8Array
  taken_at: number
}

/** Where certificates under a setting say that their revocation list is. */
export interface SettingListPointsTable {
  setting: string
  url: string
  last_seen: number
}
