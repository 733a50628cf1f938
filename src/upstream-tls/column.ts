/** One column of the page: names moved between Available and Selected, and put in order. */
import { findItem, type Catalogue, type Column } from './catalogue.ts'

/** Why a name cannot be moved. */
export type ColumnEditFault =
  | { readonly kind: 'already-selected'; readonly column: Column; readonly name: string }
  | { readonly kind: 'not-selected'; readonly column: Column; readonly name: string }
  | {
      readonly kind: 'impossible-here'
      readonly column: Column
      readonly name: string
      readonly why: string
    }
  | {
      readonly kind: 'unknown-name'
      readonly column: Column
      readonly name: string
      readonly suggestion: string | undefined
    }

interface ColumnEditTarget {
  readonly column: Column
  readonly selected: readonly string[]
  readonly action: 'select' | 'deselect' | 'order'
}

/** What keeps this name from being moved so. */
export function columnEditFaults(
  name: string,
  { column, selected, action }: ColumnEditTarget,
  catalogue: Catalogue,
): readonly ColumnEditFault[] {
  const found = findItem(catalogue, column, name)
  if (found.kind === 'unknown')
    return [{ kind: 'unknown-name', column, name, suggestion: found.suggestion }]
  if (found.kind === 'impossible')
    return [{ kind: 'impossible-here', column, name, why: found.why }]
  const isIn = selected.includes(found.item.name)
  if (action === 'select' && isIn) return [{ kind: 'already-selected', column, name }]
  return action !== 'select' && !isIn ? [{ kind: 'not-selected', column, name }] : []
}

interface ColumnPlace {
  readonly column: Column
  readonly catalogue: Catalogue
}

/** Available → Selected, at the end: what was there before stays preferred. */
export function addToColumn(
  selected: readonly string[],
  names: readonly string[],
  where: ColumnPlace,
): readonly string[] {
  return [...new Set([...selected, ...names.map((name) => storedName(name, where))])]
}

/** Selected → Available. */
export function removeFromColumn(
  selected: readonly string[],
  names: readonly string[],
  where: ColumnPlace,
): readonly string[] {
  const gone = new Set(names.map((name) => storedName(name, where)))
  return selected.filter((name) => !gone.has(name))
}

/** Puts a selected name at a place; beyond the end is the end. */
export function reorderColumn(
  selected: readonly string[],
  order: { readonly column: Column; readonly name: string; readonly place: number },
  catalogue: Catalogue,
): readonly string[] {
  const name = storedName(order.name, { column: order.column, catalogue })
  const others = selected.filter((one) => one !== name)
  return others.toSpliced(Math.max(0, order.place), 0, name)
}

/** The spelling that is stored, whichever was used. */
function storedName(name: string, { column, catalogue }: ColumnPlace): string {
  const found = findItem(catalogue, column, name)
  return found.kind === 'offered' ? found.item.name : name
}
