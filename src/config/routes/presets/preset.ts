/**
 * Route tables that come with the program, as data. A row that was never tried against a real server is
 * off, and says so; what is not known is an open question, not a guess.
 */
import type { RouteClass } from '../../../decide/policy.ts'
import type { Evidence } from '../../../fleet/detect-client.ts'

/** One row of a preset. */
export interface PresetRow {
  readonly id: string
  /** `undefined`: the class is known and the path is not; the operator says it, and turns the row on. */
  readonly path: string | undefined
  readonly class: RouteClass
  readonly evidence: Evidence
  /** False keeps the row off, unless it is a refusal: refusing on a rumour is safe. */
  readonly verified: boolean
  /** Where its clients give the id of their device: `query:` or `field:` and a name. */
  readonly reports?: string | undefined
  /** The new OAuth endpoint, which the store can disable (S0-27). */
  readonly endpoint?: 'oauth' | undefined
  /**
   * For approved devices, where the model asks: the row hands out a device's data, commands, configuration, apps or
   * documents. Holds for the classes `device` and `always` alone.
   */
  readonly sensitive?: true | undefined
  /** What it is, and why it has this class. */
  readonly sentence: string
}

/** Something about the product that could not be found out. */
export interface OpenQuestion {
  readonly id: string
  readonly sentence: string
}

export interface RoutePreset {
  readonly title: string
  readonly rows: readonly PresetRow[]
  readonly questions: readonly OpenQuestion[]
}

/** Whether a row is in force as long as the operator says nothing. */
export const isEnabledByDefault = (row: PresetRow): boolean =>
  row.path !== undefined && (row.verified || row.class === 'denied')
