/** Rows about the store itself: what it is, what changed in it, who changed it, and documents. */
import type { Generated } from 'kysely'

export interface SchemaVersionsTable {
  version: number
  applied_at: number
}

export interface MetaTable {
  id: number
  format: string
  store_id: string
  /** Counts the changes that a verdict, or the portal, may depend on. */
  revision: number
  /** The feed is complete from this revision on; older changes were pruned. */
  feed_from: number
  created_at: number
}

export interface ChangesTable {
  revision: number
  topic: string
  subject: string
}

export interface AuditTable {
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

export interface DocumentsTable {
  name: string
  body: string
  version: number
  updated_at: number
}
