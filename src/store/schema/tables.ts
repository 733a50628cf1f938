/**
 * The tables as SQL sees them. Words are plain strings here: what a column may hold is checked when a row is read
 * (`row.ts`), because another version, or a hand, may have written it. Points in time are milliseconds since 1970;
 * 0 stands for never where a column takes part in an order.
 */
import type { Generated, Kysely, Transaction } from 'kysely'

export interface Tables {
  store_meta: MetaTable
  changes: ChangesTable
  audit: AuditTable
  documents: DocumentsTable
  enrollment_settings: EnrollmentSettingsTable
  setting_certificates: SettingCertificatesTable
  setting_revocation: SettingRevocationTable
  setting_lists: SettingListsTable
  kept_lists: KeptListsTable
  setting_list_points: SettingListPointsTable
  devices: DevicesTable
  device_keys: DeviceKeysTable
  certificates: CertificatesTable
  signed_ids: SignedIdsTable
  search_terms: SearchTermsTable
  tallies: TalliesTable
  unidentified: UnidentifiedTable
  would_refuse: WouldRefuseTable
  uncertified_ids: UncertifiedIdsTable
  sync_port_callers: SyncPortCallersTable
  sensitive_results: SensitiveResultsTable
  silent_devices: SilentDevicesTable
  deny_entries: DenyEntriesTable
  enforcement: EnforcementTable
  oauth: OauthTable
  ports: PortsTable
  saved_queries: SavedQueriesTable
  admins: AdminsTable
  tokens: TokensTable
  sessions: SessionsTable
  secrets: SecretsTable
  key_ring: KeyRingTable
  refusals: RefusalsTable
  refusals_not_kept: RefusalsNotKeptTable
  instances: InstancesTable
  instance_reports: InstanceReportsTable
  schema_versions: SchemaVersionsTable
}

/** An open database, inside a transaction or not. */
export type Db = Kysely<Tables>
/** A transaction. */
export type Tx = Transaction<Tables>

interface SchemaVersionsTable {
  version: number
  applied_at: number
}

interface MetaTable {
  id: number
  format: string
  store_id: string
  /** Counts the changes that a verdict, or the portal, may depend on. */
  revision: number
  /** The feed is complete from this revision on; older changes were pruned. */
  feed_from: number
  created_at: number
}

interface ChangesTable {
  revision: number
  topic: string
  subject: string
}

interface AuditTable {
  id: Generated<number>
  at: number
  who: string
  origin: string
  action: string
  subject: string
  /** JSON, or null where there was nothing. */
  before: string | null
  after: string | null
  revision: number
}

interface DocumentsTable {
  name: string
  body: string
  version: number
  updated_at: number
}

interface EnrollmentSettingsTable {
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

interface SettingCertificatesTable {
  setting: string
  position: number
  der: Uint8Array
}

interface SettingRevocationTable {
  setting: string
  /** What follows while revocation is unknown; null where revocation is not asked for. */
  failure: string | null
  /** Milliseconds. */
  grace: number
  refresh: number
  /** How often an administrator let an older list take the place of a newer one. */
  resets: number
}

interface SettingListsTable {
  setting: string
  position: number
  /** `file`, `url`, or `upload`. */
  kind: string
  /** A path, a URL, or the digest of what was uploaded. */
  place: string
  /** Of an upload alone: the octets. */
  der: Uint8Array | null
}

interface KeptListsTable {
  setting: string
  place: string
  /** SHA-256 of the octets: a place may hold the lists of several CAs. */
  digest: string
  der: Uint8Array
  taken_at: number
}

/** Where certificates under a setting say that their revocation list is. */
interface SettingListPointsTable {
  setting: string
  url: string
  last_seen: number
}

interface DevicesTable {
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

interface DeviceKeysTable {
  key: string
  device: string
  first_seen: number
}

interface CertificatesTable {
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

interface SignedIdsTable {
  id: string
  device: string
}

interface SearchTermsTable {
  term: string
  device: string
}

interface TalliesTable {
  hour: number
  authentication: string
  sightings: number
}

/** Written by programs of schema 2; since then `sync_port_callers` counts connections that carried octets. */
interface UnidentifiedTable {
  listener: string
  sightings: number
  last_seen: number
}

/** Requests of unknown devices that would be refused if certificates were required. */
interface WouldRefuseTable {
  /** Days since 1970. */
  day: number
  /** Empty for what a day has no row left for. */
  listener: string
  /** Empty where no row was met. */
  route: string
  code: string
  requests: number
  /** Of these, those whose client gave itself an id. */
  named: number
  last_seen: number
}

/** Ids that clients without a certificate gave themselves, and where they did so last. */
interface UncertifiedIdsTable {
  id: string
  listener: string
  route: string
  code: string
  in_inventory: number
  requests: number
  first_seen: number
  last_seen: number
}

/** Who used a sync port: connections that carried octets both ways. */
interface SyncPortCallersTable {
  listener: string
  /** The device or the address, or `others`. */
  caller: string
  device: string | null
  address: string
  connections: number
  octets_in: number
  octets_out: number
  first_seen: number
  last_seen: number
}

/** What requests for sensitive rows came to. */
interface SensitiveResultsTable {
  day: number
  listener: string
  route: string
  verdict: string
  code: string
  requests: number
}

/** Devices that may stay in "No authentication info". */
interface SilentDevicesTable {
  device: string
  note: string
  marked_by: string
  marked_at: number
}

interface DenyEntriesTable {
  kind: string
  value: string
  note: string
  created_by: string
  created_at: number
}

interface EnforcementTable {
  id: number
  state: string
  since: number
  save_authentication: number
  save_decryption: number
  /** How often `tfe break-glass` undid the latch; only a step of this lets `state` go back. */
  glass_broken: number
  version: number
}

interface OauthTable {
  id: number
  mutual: string
  legacy: string
  version: number
  updated_at: number
}

interface PortsTable {
  name: string
  state: string
  forced: number
  version: number
  updated_at: number
}

interface SavedQueriesTable {
  id: string
  name: string
  origin: string
  query: string
  created_by: string
  created_at: number
  version: number
}

interface AdminsTable {
  name: string
  role: string
  password_hash: string | null
  certificate_key: string | null
  disabled: number
  version: number
  created_at: number
}

interface TokensTable {
  id: string
  hash: string
  admin: string
  role: string
  label: string
  created_at: number
  expires_at: number
  last_used_at: number
}

interface SessionsTable {
  hash: string
  admin: string
  created_at: number
  expires_at: number
  last_used_at: number
}

interface SecretsTable {
  name: string
  key_version: number
  nonce: Uint8Array
  sealed: Uint8Array
  version: number
  updated_at: number
}

interface KeyRingTable {
  version: number
  /** Tells a wrong key from the right one without holding either. */
  check_value: string
  added_at: number
}

interface RefusalsTable {
  id: Generated<number>
  reference: string
  at: number
  outcome: string
  listener: string
  route: string | null
  route_class: string | null
  code: string
  sentence: string
  next_step: string | null
  status: number | null
  method: string | null
  path: string | null
  address: string
  /** 1 for the share of known devices. */
  known: number
  /** A key where `known` is 1, else a network. */
  owner: string
  snapshot: number | null
  /** Null where none was shown, and then the rest is, too. */
  fingerprint: string | null
  key: string | null
  subject: string | null
  issuer: string | null
  serial: string | null
  not_before: number | null
  not_after: number | null
  setting: string | null
  issuer_key: string | null
  /** JSON list of texts. */
  signed_ids: string | null
  /** The replica that refused; its log has the line. */
  instance: string
}

interface RefusalsNotKeptTable {
  /** Days since 1970. */
  day: number
  known: number
  code: string
  /** Empty for those of many owners together. */
  owner: string
  refusals: number
  first_at: number
  last_at: number
}

interface InstancesTable {
  id: string
  name: string
  /** JSON list of the sealing keys it holds. */
  key_versions: string
  seen_at: number
}

/** What an instance says besides; apart, because a program of the schema before writes rows of `instances` alone. */
interface InstanceReportsTable {
  id: string
  /** JSON object: the check value of each sealing key that it holds, by version. */
  key_checks: string
  /** JSON list of the secrets that its configuration takes from the store. */
  secrets: string
}

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
