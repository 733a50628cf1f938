/**
 * Times as the admin API takes and shows them.
 */
import { isoText, type Instant } from '../kernel/types.ts'

/** Reads a time that its schema has checked; one that is left out, or null for never, is undefined. */
export const instantOf = (text: string | null | undefined): Instant | undefined =>
  text == null ? undefined : (Date.parse(text) as Instant)

/** Shows a time that may never have come. */
export const timeOrNull = (at: Instant | undefined): string | null =>
  at === undefined ? null : isoText(at)
