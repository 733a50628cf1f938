/** What differs between two selections, for confirmations and reports. */
import { COLUMNS, type Column, type Selection } from './catalogue.ts'

/** The difference in one column. */
export interface SelectionChange {
  readonly column: Column
  readonly added: readonly string[]
  readonly removed: readonly string[]
  /** The same names in another order of preference. */
  readonly reordered: boolean
}

/** The columns that differ. The order of protocols means nothing, and is no difference. */
export function selectionChanges(before: Selection, after: Selection): readonly SelectionChange[] {
  return COLUMNS.flatMap((column) => {
    const [old, now]: readonly (readonly string[])[] = [before[column], after[column]]
    if (old === undefined || now === undefined) return []
    const added = now.filter((name) => !old.includes(name))
    const removed = old.filter((name) => !now.includes(name))
    const kept = now.filter((name) => old.includes(name))
    const reordered =
      column !== 'protocols' && kept.join() !== old.filter((name) => now.includes(name)).join()
    return added.length + removed.length > 0 || reordered
      ? [{ column, added, removed, reordered }]
      : []
  })
}
