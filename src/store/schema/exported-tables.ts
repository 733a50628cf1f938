/** Which tables an export takes along, and the primary key of each. */
import type { Tables } from './tables.ts'

/**
 * The tables that an export takes along, in the order in which an import can fill them, each with its primary key.
 * Refusals are not among them: an export outlives their retention, and `forget` does not reach it.
 */
export const PRIMARY_KEYS = {
  documents: 'name',
  enrollment_settings: 'name',
  setting_certificates: 'setting, position',
  setting_revocation: 'setting',
  setting_lists: 'setting, position',
  kept_lists: 'setting, place, digest',
  setting_list_points: 'setting, url',
  devices: 'id',
  device_keys: 'key',
  certificates: 'fingerprint',
  signed_ids: 'id',
  search_terms: 'term, device',
  tallies: 'hour, authentication',
  unidentified: 'listener',
  would_refuse: 'day, listener, route, code',
  uncertified_ids: 'id',
  sync_port_callers: 'listener, caller',
  sensitive_results: 'day, listener, route, verdict, code',
  history: 'hour, kind, name',
  silent_devices: 'device',
  deny_entries: 'kind, value',
  enforcement: 'id',
  oauth: 'id',
  ports: 'name',
  saved_queries: 'id',
  admins: 'name',
  tokens: 'id',
  key_ring: 'version',
  secrets: 'name',
  audit: 'id',
} as const satisfies Partial<Record<keyof Tables, string>>

/** The name of a table that an export takes along. */
export type ExportedTable = keyof typeof PRIMARY_KEYS

/** Their names, in the order of an import. */
export const EXPORTED = Object.keys(PRIMARY_KEYS) as readonly ExportedTable[]
