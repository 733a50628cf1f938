/** Rows that count, by hour or by day: results of attempts, and what unknown devices did. */

export interface TalliesTable {
  hour: number
  authentication: string
  sightings: number
}

/** Written by programs of schema 2; since then `sync_port_callers` counts connections that carried octets. */
export interface UnidentifiedTable {
  listener: string
  sightings: number
  last_seen: number
}

/** Requests of unknown devices that would be refused if certificates were required. */
export interface WouldRefuseTable {
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
export interface UncertifiedIdsTable {
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
export interface SyncPortCallersTable {
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
export interface SensitiveResultsTable {
  day: number
  listener: string
  route: string
  verdict: string
  code: string
  requests: number
}

/** What was counted in an hour, or how the fleet was at its end. */
export interface HistoryTable {
  /** Hours since 1970. */
  hour: number
  kind: string
  /** From a closed list; `others` for what an hour has no row left for. */
  name: string
  amount: number
}

/** The last batch of each run of a front end, so that one that is given again counts once. */
export interface HistoryWritersTable {
  writer: string
  batch: string
  written_at: number
}
