/**
 * A selection held against the catalogue: everything that keeps it from being used, and what the operator should
 * know although it can be. Nothing is dropped in silence: OpenSSL would ignore a name it does not know.
 */
import {
  COLUMNS,
  findItem,
  offeredItems,
  type Catalogue,
  type Column,
  type CatalogueItem,
  type Selection,
} from './catalogue.ts'
import { PROTOCOLS, type TlsVersion } from './suite.ts'

/** Why a selection cannot be applied. */
export type SelectionFault =
  | { readonly kind: 'nothing-selected'; readonly column: Column }
  | { readonly kind: 'selected-twice'; readonly column: Column; readonly name: string }
  | {
      readonly kind: 'unknown-name'
      readonly column: Column
      readonly name: string
      readonly suggestion: string | undefined
    }
  | {
      readonly kind: 'impossible-here'
      readonly column: Column
      readonly name: string
      readonly why: string
    }
  | { readonly kind: 'hello-without-tlsv1' }
  | { readonly kind: 'protocol-gap'; readonly missing: readonly TlsVersion[] }
  | { readonly kind: 'no-suite'; readonly protocol: TlsVersion }
  | { readonly kind: 'no-group'; readonly protocol: TlsVersion }

/** All faults of a selection, in the order of the page. */
export function selectionFaults(
  selection: Selection,
  catalogue: Catalogue,
): readonly SelectionFault[] {
  const faults = COLUMNS.flatMap((column) => columnFaults(selection[column], column, catalogue))
  const { protocols } = selection
  if (protocols.includes('SSLv2Hello') && !protocols.includes('TLSv1')) {
    faults.push({ kind: 'hello-without-tlsv1' })
  }
  const missing = missingVersions(selection)
  if (missing.length > 0) faults.push({ kind: 'protocol-gap', missing })
  if (faults.length > 0) return faults
  return versionsOf(selection).flatMap((protocol) => protocolFaults(protocol, selection, catalogue))
}

/** The protocols of a selection that are spoken, newest first. */
export const versionsOf = ({ protocols }: Pick<Selection, 'protocols'>): readonly TlsVersion[] =>
  PROTOCOLS.filter((one): one is TlsVersion => one !== 'SSLv2Hello' && protocols.includes(one))

function columnFaults(
  names: readonly string[],
  column: Column,
  catalogue: Catalogue,
): SelectionFault[] {
  const spoken = column === 'protocols' ? names.filter((one) => one !== 'SSLv2Hello') : names
  if (spoken.length === 0) return [{ kind: 'nothing-selected', column }]
  return names.flatMap((name, index): readonly SelectionFault[] => {
    if (names.indexOf(name) < index) return [{ kind: 'selected-twice', column, name }]
    const found = findItem(catalogue, column, name)
    switch (found.kind) {
      case 'offered':
        return []
      case 'impossible':
        return [{ kind: 'impossible-here', column, name, why: found.why }]
      case 'unknown':
        return [{ kind: 'unknown-name', column, name, suggestion: found.suggestion }]
    }
  })
}

/**
 * The versions that are missing between the oldest and the newest. TLS could offer a list with holes (RFC 8446
 * §4.2.1); OpenSSL takes a range, and of two runs would silently offer the older one alone.
 */
function missingVersions(selection: Selection): readonly TlsVersion[] {
  const chosen = versionsOf(selection).map((one) => PROTOCOLS.indexOf(one))
  const [first, last] = [Math.min(...chosen), Math.max(...chosen)]
  return versionsOf({ protocols: PROTOCOLS }).filter((one) => {
    const place = PROTOCOLS.indexOf(one)
    return place > first && place < last && !chosen.includes(place)
  })
}

function protocolFaults(
  protocol: TlsVersion,
  { suites, groups }: Selection,
  catalogue: Catalogue,
): readonly SelectionFault[] {
  const serving = selectedItems(catalogue, 'suites', suites).filter((one) => serves(one, protocol))
  if (serving.length === 0) return [{ kind: 'no-suite', protocol }]
  // DHE before TLS 1.3 takes the server's group, and RSA none; TLS 1.3 can use every group there is.
  if (serving.some(({ name }) => !name.startsWith('ECDHE-'))) return []
  const agreed = selectedItems(catalogue, 'groups', groups)
  return agreed.some((one) => serves(one, protocol)) ? [] : [{ kind: 'no-group', protocol }]
}

/** Something to know about a selection that can be used. */
export type SelectionNotice =
  | { readonly kind: 'weak-protocol'; readonly name: string; readonly why: string }
  | { readonly kind: 'weak-suites'; readonly names: readonly string[]; readonly why: string }
  | { readonly kind: 'idle-suites'; readonly names: readonly string[] }

/** What to say about a sound selection (S3-14): weak protocols, weak suites by reason, suites without a protocol. */
export function selectionNotices(
  selection: Selection,
  catalogue: Catalogue,
): readonly SelectionNotice[] {
  const versions = versionsOf(selection)
  const suites = selectedItems(catalogue, 'suites', selection.suites)
  const used = suites.filter((one) => versions.some((version) => serves(one, version)))
  const idle = suites.filter((one) => !used.includes(one)).map(({ name }) => name)
  const reasons = [...new Set(used.flatMap(({ weak }) => weak ?? []))]
  return [
    ...selectedItems(catalogue, 'protocols', versions).flatMap(({ name, weak }) =>
      weak === undefined ? [] : [{ kind: 'weak-protocol' as const, name, why: weak }],
    ),
    ...reasons.map((why) => ({
      kind: 'weak-suites' as const,
      names: used.filter(({ weak }) => weak === why).map(({ name }) => name),
      why,
    })),
    ...(idle.length === 0 ? [] : [{ kind: 'idle-suites' as const, names: idle }]),
  ]
}

/** Whether two selections ask the same of a handshake; the order of protocols does not count. */
export function sameSelection(one: Selection, other: Selection): boolean {
  const text = (selection: Selection): string =>
    JSON.stringify([
      PROTOCOLS.filter((protocol) => selection.protocols.includes(protocol)),
      selection.suites,
      selection.groups,
    ])
  return text(one) === text(other)
}

const serves = ({ protocols }: CatalogueItem, protocol: TlsVersion): boolean =>
  protocols.includes(protocol)

function selectedItems(
  catalogue: Catalogue,
  column: Column,
  names: readonly string[],
): readonly CatalogueItem[] {
  return names.flatMap(
    (name) => offeredItems(catalogue, column).find((one) => one.name === name) ?? [],
  )
}
