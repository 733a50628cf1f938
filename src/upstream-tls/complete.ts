/** A selection of which only some columns were written: the others follow from the preset and from what was. */
import {
  offeredItems,
  type Catalogue,
  type CatalogueItem,
  type TlsPreset,
  type Selection,
} from './catalogue.ts'
import { versionsOf } from './selection.ts'
import type { TlsVersion } from './suite.ts'

/**
 * Fills the columns that are left out with the default. A selected protocol for which the default has no suite
 * gets all it can use, be they weak: an operator who asks for TLS 1.1 by name wants to connect.
 */
export function completeSelection(
  written: Partial<Selection>,
  preset: TlsPreset,
  catalogue: Catalogue,
): Selection {
  const ours = catalogue.defaults[preset]
  const protocols = written.protocols ?? ours.protocols
  return {
    protocols,
    suites: written.suites ?? suitesFor(versionsOf({ protocols }), ours.suites, catalogue),
    groups: written.groups ?? ours.groups,
  }
}

function suitesFor(
  versions: readonly TlsVersion[],
  ours: readonly string[],
  catalogue: Catalogue,
): readonly string[] {
  const suites = offeredItems(catalogue, 'suites')
  const chosen = suites.filter(({ name }) => ours.includes(name))
  const more = versions.flatMap((version): readonly CatalogueItem[] => {
    const serving = (one: CatalogueItem): boolean => one.protocols.includes(version)
    if (chosen.some(serving)) return []
    return suites.filter(serving)
  })
  const names = new Set(
    [...chosen, ...more].filter((one) =>
      versions.some((version) => one.protocols.includes(version)),
    ),
  )
  return suites.filter((one) => names.has(one)).map(({ name }) => name)
}
