/** What a configuration says about the routes of a listener. */
import type { MatchRules } from '../../decide/match.ts'
import type { Network } from '../../kernel/network.ts'
import type { ReportedAt } from '../../message/reported-id.ts'
import type { RouteRow as PathRow } from '../../message/route.ts'
import type { PresetName } from './presets/names.ts'
import type { Evidence } from '../../fleet/detect-client.ts'

/** The rows of a listener: the preset's, as the operator changed them, and the operator's own. */
export interface RouteTable {
  readonly name: string
  readonly preset: PresetName | undefined
  /** The rows in force; `message/route.ts` says which of several a path meets. Empty on a sync port alone. */
  readonly rows: readonly RouteRow[]
  /** Rows of the preset that are switched off, or wait for the operator to say their path. */
  readonly off: readonly DisabledRow[]
}

/** One row: which requests, of which class, go where. */
export interface RouteRow extends PathRow {
  /** What it asks of the certificate besides; only where one is asked for. */
  readonly match: MatchRules | undefined
  /** From where it may be reached; `undefined` is from everywhere. */
  readonly networks: readonly Network[] | undefined
  /** Whether it is for approved devices only, where the approval model asks. */
  readonly sensitive: boolean
  /** The preset marked it so, and not the operator. */
  readonly isMarkedByPreset?: true | undefined
  /** Where its clients give the id of their device, if that is known. */
  readonly reports: ReportedAt | undefined
  /** Which endpoint it is that can be disabled in the store. */
  readonly endpoint: 'oauth' | undefined
  /** The name of an upstream; rows of class `denied` have none. */
  readonly upstream: string | undefined
  /** What we know about this row, and how we know it. */
  readonly origin: RowOrigin
}

/** One row that is not in force. */
export interface DisabledRow extends Pick<RouteRow, 'id' | 'class' | 'origin'> {
  readonly path: string | undefined
}

/** Where a row comes from: a preset and its evidence, or the operator. */
export interface RowOrigin {
  readonly preset: PresetName | undefined
  readonly evidence: Evidence | 'operator'
  /** False for a row that was never tried against a real server; such rows are off until the operator turns them on. */
  readonly verified: boolean
  readonly sentence: string
}
