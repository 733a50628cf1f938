/** Rows about sealed secrets, the keys that seal them, and the instances that hold these. */

export interface SecretsTable {
  name: string
  key_version: number
  nonce: Uint8Array
  sealed: Uint8Array
  version: number
  updated_at: number
}

export interface KeyRingTable {
  version: number
  /** Tells a wrong key from the right one without holding either. */
  check_value: string
  added_at: number
}

export interface InstancesTable {
  id: string
  name: string
  /** JSON list of the sealing keys it holds. */
  key_versions: string
  seen_at: number
}

/** What an instance says besides; apart, because a program of the schema before writes rows of `instances` alone. */
export interface InstanceReportsTable {
  id: string
  /** JSON object: the check value of each sealing key that it holds, by version. */
  key_checks: string
  /** JSON list of the secrets that its configuration takes from the store. */
  secrets: string
}
