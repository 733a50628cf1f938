/**
 * What is rolled up by the hour, so that a chart over time has something to draw: what was counted, and how the fleet was.
 * Names within a kind come from closed lists, never from a peer.
 */
import type { Instant } from '../kernel/types.ts'

/** What the front ends count and add up. */
export const COUNT_KINDS = ['requests', 'relayed', 'refusals', 'would-refuse'] as const
/** What devices are, of which the last within an hour stands. */
export const STATE_KINDS = ['readiness', 'approval', 'migration', 'expiry'] as const
/** All of them; results of authentication are counted with the devices that they are of (`tallies`). */
export const HISTORY_KINDS = [...COUNT_KINDS, 'authentication', ...STATE_KINDS] as const

export type CountKind = (typeof COUNT_KINDS)[number]
export type StateKind = (typeof STATE_KINDS)[number]
export type HistoryKind = (typeof HISTORY_KINDS)[number]

/** How much there was of one thing. */
export interface HistoryEntry<Kind extends HistoryKind> {
  readonly kind: Kind
  /** A decision, the code of a refusal, a segment of a chart; `others` for what an hour tells apart no more. */
  readonly name: string
  readonly value: number
}

/** What one front end counted within an hour, and has not written before. */
export interface CountedHour {
  /** The hour's beginning. */
  readonly at: Instant
  readonly counts: readonly HistoryEntry<CountKind>[]
}

/** How the fleet was. */
export interface FleetStates {
  readonly at: Instant
  readonly states: readonly HistoryEntry<StateKind>[]
}

/** Stands for names for which an hour has no row left. */
export const OTHER_NAMES = 'others'

/** How long hours are kept. */
export const HISTORY_DAYS = 90
