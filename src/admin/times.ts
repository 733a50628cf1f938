/**
 * Times as the admin API takes and shows them.
 */
import { parseInstant } from '../config/reading/units.ts'
import { isoText, type Instant } from '../kernel/types.ts'

/** Reads a time that its schema has checked; one that is left out, or null for never, is undefined. */
export function instantOf(text: string | null | undefined): Instant | undefined {
  const read = text == null ? undefined : parseInstant(text)
  return read?.ok === true ? read.value : undefined
}

/** Shows a time that may never have come. */
export const timeOrNull = (at: Instant | undefined): string | null =>
  at === undefined ? null : isoText(at)
