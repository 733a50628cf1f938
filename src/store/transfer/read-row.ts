/**
 * The reader of each table, by its name: what an import checks before it lets a row in.
 */
import type { Selectable } from 'kysely'
import { readAdmin } from '../access/admins.ts'
import { readAuditRow } from '../access/audit.ts'
import { readToken } from '../access/credentials.ts'
import { readSensitiveResults } from '../callers/attempt-results.ts'
import { readTallyOutcome } from '../devices/attempt-counts.ts'
import { readDenyEntry } from '../devices/denials.ts'
import { readCertificate, readDevice } from '../devices/device.ts'
import { readHistoryKind } from '../history/history.ts'
import { readDocument } from '../settings/documents.ts'
import { readEnforcementRow } from '../settings/enforcement.ts'
import { readSetting } from '../settings/enrollment-setting.ts'
import { readRevocationPolicy, readRevocationSource } from '../settings/setting-revocation.ts'
import { readOauthRow } from '../settings/oauth.ts'
import { readPort } from '../settings/ports.ts'
import { readSavedQuery } from '../settings/saved-queries.ts'
import type { ExportedTable } from '../schema/exported-tables.ts'
import type { Tables } from '../schema/tables.ts'

type Readers = {
  readonly [Name in ExportedTable]: ((row: Selectable<Tables[Name]>) => unknown) | undefined
}

/** Tables without words of ours in them need no reader; their columns' types are the schema's business. */
const READERS: Readers = {
  documents: readDocument,
  enrollment_settings: (row) => readSetting(row, []),
  setting_certificates: undefined,
  setting_revocation: readRevocationPolicy,
  setting_lists: readRevocationSource,
  kept_lists: undefined,
  setting_list_points: undefined,
  devices: readDevice,
  device_keys: undefined,
  certificates: readCertificate,
  signed_ids: undefined,
  search_terms: undefined,
  tallies: readTallyOutcome,
  unidentified: undefined,
  would_refuse: undefined,
  uncertified_ids: undefined,
  sync_port_callers: undefined,
  sensitive_results: readSensitiveResults,
  history: readHistoryKind,
  silent_devices: undefined,
  deny_entries: readDenyEntry,
  enforcement: readEnforcementRow,
  oauth: readOauthRow,
  ports: readPort,
  saved_queries: readSavedQuery,
  admins: readAdmin,
  tokens: readToken,
  key_ring: undefined,
  secrets: undefined,
  audit: readAuditRow,
}

/** Reads a row as its table's reader would; throws `UnknownRow` when it cannot. */
export function readRow(table: ExportedTable, row: Readonly<Record<string, unknown>>): void {
  // The columns are there (the caller compared their names); what is in them is what the reader is for.
  const reader = READERS[table] as ((row: unknown) => unknown) | undefined
  reader?.(row)
}
