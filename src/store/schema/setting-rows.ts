/** Rows about what administrators switch for the whole fleet, and their saved queries. */

export interface EnforcementTable {
  id: number
  state: string
  since: number
  save_authentication: number
  save_decryption: number
  /** How often `tfe break-glass` undid the latch; only a step of this lets `state` go back. */
  glass_broken: number
  version: number
}

export interface OauthTable {
  id: number
  mutual: string
  legacy: string
  version: number
  updated_at: number
}

export interface PortsTable {
  name: string
  state: string
  forced: number
  version: number
  updated_at: number
}

export interface SavedQueriesTable {
  id: string
  name: string
  origin: string
  query: string
  created_by: string
  created_at: number
  version: number
}
