/** Rows about refusals that are kept, and counts of those that are not. */
import type { Generated } from 'kysely'

export interface RefusalsTable {
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
  /** Null where a path was sound. */
  path_failure: string | null
  /** The replica that refused; its log has the line. */
  instance: string
}

export interface RefusalsNotKeptTable {
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
