/**
 * The tables as SQL sees them. Words are plain strings here: what a column may hold is checked when a row is read
 * (`row.ts`), because another version, or a hand, may have written it. Points in time are milliseconds since 1970;
 * 0 stands for never where a column takes part in an order.
 */
import type { Kysely, Transaction } from 'kysely'
import type { AdminsTable, SessionsTable, TokensTable } from './access-rows.ts'
import type {
  HistoryTable,
  HistoryWritersTable,
  SensitiveResultsTable,
  SyncPortCallersTable,
  TalliesTable,
  UncertifiedIdsTable,
  UnidentifiedTable,
  WouldRefuseTable,
} from './count-rows.ts'
import type {
  CertificatesTable,
  DenyEntriesTable,
  DeviceKeysTable,
  DevicesTable,
  SearchTermsTable,
  SignedIdsTable,
  SilentDevicesTable,
  ErasedDevicesTable,
} from './device-rows.ts'
import type {
  EnrollmentSettingsTable,
  KeptListsTable,
  SettingCertificatesTable,
  SettingListPointsTable,
  SettingListsTable,
  SettingRevocationTable,
} from './enrollment-rows.ts'
import type { RefusalsNotKeptTable, RefusalsTable } from './refusal-rows.ts'
import type {
  InstanceReportsTable,
  InstancesTable,
  KeyRingTable,
  SecretsTable,
} from './secret-rows.ts'
import type { EnforcementTable, OauthTable, PortsTable, SavedQueriesTable } from './setting-rows.ts'
import type {
  AuditTable,
  ChangesTable,
  DocumentsTable,
  MetaTable,
  SchemaVersionsTable,
} from './store-rows.ts'

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
  history: HistoryTable
  history_writers: HistoryWritersTable
  silent_devices: SilentDevicesTable
  erased_devices: ErasedDevicesTable
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
