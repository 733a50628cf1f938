/**
 * Everything that can be chosen for outgoing TLS, made from what the runtime offers: protocols, cipher suites and
 * key exchange groups with both spellings, what each is worth, and the default of each preset (S3-12, S3-15).
 */
import { closestMatch } from '../kernel/closest-match.ts'
import { GROUPS, type GroupFacts } from './group.ts'
import {
  UNSUPPORTED_SUITES,
  unsupportedReason,
  PROTOCOLS,
  suiteFacts,
  type Protocol,
  type SuiteFacts,
  type TlsVersion,
} from './suite.ts'

/** What a runtime says it can do; an edge asks it. */
export interface RuntimeOffers {
  readonly protocols: readonly TlsVersion[]
  /** OpenSSL's names, in any case and order. */
  readonly suites: readonly string[]
  /** Names out of `GROUPS`. */
  readonly groups: readonly string[]
}

/** The three lists of the page. Sentry has the first two. */
export type Column = 'protocols' | 'suites' | 'groups'

export const COLUMNS: readonly Column[] = ['protocols', 'suites', 'groups']

/** One row of the page. */
export interface CatalogueItem {
  /** Sentry's name of a protocol, OpenSSL's of a suite or group: the name that is stored. */
  readonly name: string
  /** IANA's name, which is Java's too; the same where there is only one. */
  readonly standardName: string
  /** The protocols that can use it; of a protocol, itself. */
  readonly protocols: readonly TlsVersion[]
  /** Why it should be avoided. */
  readonly weak: string | undefined
  /** Why this runtime cannot do it; such a row is in no column. */
  readonly impossible: string | undefined
}

/** What a selection holds: names, preferred first; the order of protocols means nothing. */
export interface Selection {
  readonly protocols: readonly Protocol[]
  readonly suites: readonly string[]
  readonly groups: readonly string[]
}

export const TLS_PRESETS = ['secure', 'sentry-compat'] as const

export type TlsPreset = (typeof TLS_PRESETS)[number]

export interface Catalogue {
  readonly items: Readonly<Record<Column, readonly CatalogueItem[]>>
  readonly defaults: Readonly<Record<TlsPreset, Selection>>
}

/** Makes the catalogue of a runtime; the strongest stands first. */
export function buildCatalogue(offers: RuntimeOffers): Catalogue {
  const suites = offers.suites
    .flatMap((name) => suiteItem(name.toUpperCase()))
    .sort((one, other) => one.rank - other.rank || (one.item.name < other.item.name ? -1 : 1))
  const groups = GROUPS.filter(({ name }) => offers.groups.includes(name))
  return {
    items: {
      protocols: PROTOCOLS.map((name) => protocolItem(name, offers)),
      suites: [...suites.map(({ item }) => item), ...UNSUPPORTED_SUITES.map(unsupportedItem)],
      groups: groups.map(groupItem),
    },
    defaults: {
      secure: {
        protocols: (['TLSv1.3', 'TLSv1.2'] as const).filter(isOneOf(offers.protocols)),
        suites: suites.filter(({ facts }) => isStrong(facts)).map(nameOf),
        groups: groups.filter(({ byDefault }) => byDefault).map(({ name }) => name),
      },
      // What Sentry selects (S3-15); its suites are all that TLS 1.2 has here, the strongest first.
      'sentry-compat': {
        protocols: (['TLSv1.2'] as const).filter(isOneOf(offers.protocols)),
        suites: suites.filter(({ facts }) => facts.protocols.includes('TLSv1.2')).map(nameOf),
        groups: groups
          .filter(({ byDefault, hybrid }) => byDefault && !hybrid)
          .map(({ name }) => name),
      },
    },
  }
}

/** What is meant by a name in either spelling. */
export type LookupResult =
  | { readonly kind: 'offered'; readonly item: CatalogueItem }
  | { readonly kind: 'impossible'; readonly why: string }
  | { readonly kind: 'unknown'; readonly suggestion: string | undefined }

/** Looks a name up; case does not count, and Java's old `SSL_` stands for `TLS_`. */
export function findItem(catalogue: Catalogue, column: Column, written: string): LookupResult {
  const wanted = written.toUpperCase().replace(/^SSL_/, 'TLS_')
  const items = catalogue.items[column]
  const item = items.find((one) => spellings(one, column).includes(wanted))
  if (item?.impossible !== undefined) return { kind: 'impossible', why: item.impossible }
  if (item !== undefined) return { kind: 'offered', item }
  const loss =
    column === 'suites' && looksLikeSuiteName(wanted) ? unsupportedReason(wanted) : undefined
  if (loss !== undefined) return { kind: 'impossible', why: loss }
  return { kind: 'unknown', suggestion: closestMatch(written, suggestableNames(written, items)) }
}

/** The items that may be selected. */
export const offeredItems = (catalogue: Catalogue, column: Column): readonly CatalogueItem[] =>
  catalogue.items[column].filter(({ impossible }) => impossible === undefined)

function spellings({ name, standardName }: CatalogueItem, column: Column): readonly string[] {
  const aliases =
    column === 'groups' ? (GROUPS.find((one) => one.name === name)?.aliases ?? []) : []
  return [name, standardName, ...aliases].map((one) => one.toUpperCase())
}

/** Whether a name has the form of a suite in either spelling; a typing slip must not pass for a lost suite. */
const looksLikeSuiteName = (wanted: string): boolean =>
  /^TLS_(?:[A-Z0-9]+_)+WITH_(?:[A-Z0-9]+_)*[A-Z0-9]+$|^TLS_[A-Z0-9_]+_SCSV$|^TLS_(?:AES_128_CCM_8|SHA256|SHA384)_SHA(?:256|384)$/.test(
    wanted,
  ) || /^(?:[A-Z0-9]+-)+(?:MD5|SHA|SHA256|SHA384|CCM8?|POLY1305)$/.test(wanted)

/** Suggestions come in the spelling that was used. */
function suggestableNames(written: string, items: readonly CatalogueItem[]): readonly string[] {
  const possible = items.filter(({ impossible }) => impossible === undefined)
  return /_WITH_/i.test(written)
    ? possible.map(({ standardName }) => standardName)
    : possible.map(({ name }) => name)
}

function protocolItem(name: Protocol, offers: RuntimeOffers): CatalogueItem {
  const shared = { name, standardName: name }
  if (name === 'SSLv2Hello') {
    return { ...shared, protocols: [], weak: OLD_HELLO, impossible: NO_OLD_HELLO }
  }
  return {
    ...shared,
    protocols: [name],
    weak: name === 'TLSv1' || name === 'TLSv1.1' ? DEPRECATED : undefined,
    impossible: offers.protocols.includes(name) ? undefined : `this runtime does not speak ${name}`,
  }
}

const OLD_HELLO = "it opens the handshake in SSLv2's form, which cannot carry SNI or any extension"
const NO_OLD_HELLO = 'this runtime cannot send a hello in the form of SSLv2: OpenSSL removed it'
const DEPRECATED = 'deprecated (RFC 8996): its signatures rest on SHA-1'

function suiteItem(
  name: string,
): readonly { readonly item: CatalogueItem; readonly facts: SuiteFacts; readonly rank: number }[] {
  const facts = suiteFacts(name)
  if (facts === undefined) return []
  const { standardName, protocols, weak } = facts
  // Below the security level that this runtime starts with: the handshake would find no suite.
  if (standardName.includes('_CCM_8')) return []
  return [
    {
      item: { name, standardName, protocols, weak, impossible: undefined },
      facts,
      rank: suiteRank(name, facts),
    },
  ]
}

const unsupportedItem = ([name, standardName]: readonly [string, string]): CatalogueItem => ({
  name,
  standardName,
  protocols: [],
  weak: undefined,
  impossible: unsupportedReason(name),
})

const groupItem = ({ name, standardName, protocols }: GroupFacts): CatalogueItem => ({
  name,
  standardName,
  protocols,
  weak: undefined,
  impossible: undefined,
})

const nameOf = ({ item }: { readonly item: CatalogueItem }): string => item.name

/** RFC 9325 §4.2: forward secrecy and authenticated encryption only; CCM is for small machines. */
const isStrong = ({ weak, standardName }: SuiteFacts): boolean =>
  weak === undefined && !standardName.includes('_CCM')

/** Forward secrecy before none, authenticated before CBC, then the longer key, ECDSA before RSA. */
function suiteRank(name: string, { keyExchange, aead }: SuiteFacts): number {
  const exchange = ['TLSv1.3', 'ECDHE', 'DHE', 'RSA'].indexOf(keyExchange)
  const strength = name.includes('CCM')
    ? 3
    : name.includes('CHACHA20')
      ? 1
      : name.includes('256-') || name.includes('_256_')
        ? 0
        : 2
  return exchange * 1000 + (aead ? 0 : 100) + strength * 10 + (name.includes('ECDSA') ? 0 : 1)
}

const isOneOf =
  <Value>(values: readonly Value[]) =>
  (value: Value): boolean =>
    values.includes(value)
