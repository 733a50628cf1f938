/**
 * Every kind of ask that a configuration can put to the judge: rows that are alike in what they ask, from inside and
 * outside, once. Names, policies and networks that a row asks for, and what a client says of itself, are left out: what is
 * kept of a certificate cannot answer.
 */
import type { Config } from '../../config/config.ts'
import type { Listener } from '../../config/listener/types.ts'
import type { RouteRow } from '../../config/routes/types.ts'
import type { Ask } from '../../decide/decide.ts'
import type { Origin } from '../../decide/judge-approval.ts'
import type { MatchRules } from '../../decide/match.ts'
import { originOf } from '../origin.ts'

/** A `KindOfAsk` stands for all rows that ask the same. */
export interface KindOfAsk {
  readonly ask: Omit<Ask, 'peer'>
  /** What is asked of a client that shows no certificate, where that is something else. */
  readonly withoutCertificate: Omit<Ask, 'peer'>
  /** Rows as `table/row`, sync ports by the name of the listener; with the place where that matters. */
  readonly rows: readonly string[]
  /** Whether the listener behind them takes no connection, in each of the two states. */
  readonly isClosed: { readonly before: boolean; readonly after: boolean }
}

/** The configuration as far as it says what is asked. */
export type AskedConfig = Pick<Config, 'approval' | 'listeners' | 'withoutGrace'>

/** Returns the kinds, in the order in which their first rows stand; `closed` names listeners that take no connection. */
export function kindsOfAsk(
  { approval, listeners }: AskedConfig,
  closed: ClosedListeners,
): readonly KindOfAsk[] {
  const placed = listeners.flatMap((listener) => {
    const isClosed = [closed.before, closed.after].map((names) => names.includes(listener.name))
    const [before = false, after = false] = isClosed
    return asksOf(listener).flatMap((asked) =>
      originsOf(listener, approval).map((origin) => ({
        ...asked,
        origin,
        isClosed: { before, after },
      })),
    )
  })
  // Two listeners may share rows and stand in different places.
  const places = Map.groupBy(placed, ({ name }) => name)
  const hasOnePlace = (name: string): boolean =>
    new Set(places.get(name)?.map(({ origin }) => origin)).size === 1
  const kinds = new Map<string, KindOfAsk & { readonly rows: string[] }>()
  for (const { name, ask, withoutCertificate = ask, origin, isClosed } of placed) {
    const key = JSON.stringify([ask, withoutCertificate, origin, isClosed])
    const asks = {
      ask: { ...ask, origin },
      withoutCertificate: { ...withoutCertificate, origin },
    }
    const kind = kinds.get(key) ?? { ...asks, rows: [], isClosed }
    const shown = hasOnePlace(name) ? name : `${name} (${PLACES[origin]})`
    if (!kind.rows.includes(shown)) kind.rows.push(shown)
    kinds.set(key, kind)
  }
  return [...kinds.values()]
}

/** Names of the listeners that take no connection in each of the two states. */
export interface ClosedListeners {
  readonly before: readonly string[]
  readonly after: readonly string[]
}

const PLACES: Readonly<Record<Origin, string>> = { internal: 'inside', external: 'outside' }

interface NamedAsk {
  readonly name: string
  readonly ask: Omit<Ask, 'origin' | 'peer'>
  readonly withoutCertificate?: Omit<Ask, 'origin' | 'peer'>
}

function asksOf({ name, routes, relay }: Listener): readonly NamedAsk[] {
  if (relay !== undefined) {
    const { certificate, sensitive } = relay
    if (certificate !== 'if-shown') return [{ name, ask: { route: certificate, sensitive } }]
    return [{ name, ask: { route: 'device', sensitive }, withoutCertificate: { route: 'open' } }]
  }
  return routes.rows
    .filter((row) => row.class !== 'denied')
    .map((row) => ({ name: `${routes.name}/${row.id}`, ask: askOf(row) }))
}

function askOf({ class: route, sensitive, endpoint, match }: RouteRow): NamedAsk['ask'] {
  return { route, sensitive, endpoint, match: keptMatch(match) }
}

/** The rules that what is kept of a certificate can answer. */
export function keptMatch(match: MatchRules | undefined): MatchRules | undefined {
  const { enrollmentSettings, issuerKeys } = match ?? {}
  if (enrollmentSettings === undefined && issuerKeys === undefined) return undefined
  return { enrollmentSettings, issuerKeys, subjectAltNames: undefined, policies: undefined }
}

/** Where devices that call a listener can be, by the marks on it and on networks. */
function originsOf(listener: Listener, approval: Config['approval']): readonly Origin[] {
  const networks = [...approval.internalNetworks, ...approval.externalNetworks]
  const addresses = ['', ...networks.map(({ text }) => text.split('/')[0] ?? '')]
  return [...new Set(addresses.map((remote) => originOf({ remote, listener }, approval)))]
}

/** What of the rows cannot be asked of what is kept, in words; empty where everything is asked. */
export function notAsked({ listeners, withoutGrace }: AskedConfig): readonly string[] {
  const rows = listeners.flatMap(({ routes }) => routes.rows)
  const has = (test: (row: RouteRow) => boolean): boolean => rows.some(test)
  return [
    ...(has(({ match }) => match?.subjectAltNames !== undefined || match?.policies !== undefined)
      ? ['match rules on names and policies of certificates']
      : []),
    ...(has(({ networks }) => networks !== undefined) ? ['networks that rows are open to'] : []),
    ...(withoutGrace.length > 0 && has((row) => row.class === 'renewal')
      ? ['what clients say of themselves, by which some have no grace']
      : []),
  ]
}
