/** A listener as the operator wrote it, made ready to open. */
import { readAddress, readHost } from '../reading/host.ts'
import type { Network } from '../../kernel/network.ts'
import { readNetworks } from '../reading/networks.ts'
import { readRelay } from './relay.ts'
import { readCiphers, readGroups, readIdentity, readVersions } from '../reading/tls.ts'
import {
  allOrMissing,
  type Maybe,
  missing,
  type Place,
  readEach,
  nonEmptyList,
  type Written,
} from '../reading/place.ts'
import { type listener, ROUTES_WANTED } from './schema.ts'
import type {
  InboundProxy,
  Listener,
  ListenerLimits,
  ListenerPurpose,
  ListenerTls,
} from './types.ts'
import type { HstsPolicy } from '../../message/hsts.ts'
import type { RouteTable } from '../routes/types.ts'

type ListenerPlace = Place<Written<typeof listener>>
type TlsPlace = Place<NonNullable<Written<typeof listener>['tls']>>
type InboundProxyPlace = Place<NonNullable<Written<typeof listener>['proxyProtocol']>>
type HstsPlace = Place<NonNullable<Written<typeof listener>['hsts']>>
type LimitsPlace = Place<NonNullable<Written<typeof listener>['limits']>>

/** What a listener may name. */
interface Referenced {
  /** Finds the routes that a listener names, and reports when there are none. */
  readonly table: (place: Place<string>) => Maybe<RouteTable>
  readonly upstreams: readonly string[]
}

/** Reads one listener. */
export function readListener(
  place: ListenerPlace,
  name: string,
  { table, upstreams }: Referenced,
): Maybe<Listener> {
  return allOrMissing<Listener>({
    at: place.location,
    name,
    purpose: place.required('purpose'),
    exposure: place.written?.exposure,
    address: readAddress(place.at('address')),
    port: readPort(place),
    publishedPorts: readEach(place.at('publishedPorts'), (port) => port),
    hosts: readHosts(place.at('hosts')),
    certificates: nonEmptyList(
      readEach(place.at('certificates'), (_, certificate) => readIdentity(certificate)),
    ),
    tls: readTls(place.at('tls')),
    limits: readLimits(place.at('limits')),
    hsts: readHsts(place),
    proxyProtocol: readInboundProxy(place.at('proxyProtocol')),
    forwardedFrom: readForwardedFrom(place),
    routes: readRoutes(place, table),
    relay: readRelay(place, upstreams),
  })
}

/** Networks that hold every address are served, and warned of: any client could pass for any address. */
function readInboundProxy(place: InboundProxyPlace): Maybe<InboundProxy | undefined> {
  if (place.written === undefined) return place.isFaulty ? missing : undefined
  const from = place.at('from')
  const networks = nonEmptyList(readNetworks(from) ?? missing)
  if (networks === missing) return missing
  const everything = networks.find(({ bits }) => bits === 0)
  if (everything !== undefined) from.warn(everyAddress(everything))
  return { from: networks }
}

const everyAddress = ({ text }: Network): string =>
  `found ${text}, from where every client can pass for any address by a PROXY header of its own, so that access lists, rates and what is inside mean nothing: name the addresses of the balancers`

/** Networks that hold every address are served, and warned of: any device could say where it comes from. */
function readForwardedFrom(listenerPlace: ListenerPlace): Maybe<readonly Network[]> {
  const place = listenerPlace.at('forwardedFrom')
  if (place.written === undefined) return place.isFaulty ? missing : []
  if (listenerPlace.written?.purpose === 'sync') return place.fault(FORWARDED_ON_SYNC, 'key')
  const networks = readNetworks(place) ?? missing
  const everything = networks === missing ? undefined : networks.find(({ bits }) => bits === 0)
  if (everything !== undefined) place.warn(forwardedByAll(everything))
  return networks
}

const FORWARDED_ON_SYNC =
  'found forwardedFrom on a sync port, where no HTTP is spoken that a proxy could say it in: remove it'
const forwardedByAll = ({ text }: Network): string =>
  `found ${text}, from where every device can tell the upstream another address than its own: name the addresses of the proxies`

/** A sync port has no requests, and so no routes. */
function readRoutes(place: ListenerPlace, table: Referenced['table']): Maybe<RouteTable> {
  const routes = place.at('routes')
  if (place.written?.purpose === 'sync') {
    return routes.written === undefined ? NO_ROUTES : routes.fault(ROUTES_ON_SYNC, 'key')
  }
  if (routes.written !== undefined) return table(routes)
  if (place.isFaulty) return missing
  return place.fault(`found no routes, wanted ${ROUTES_WANTED}: add routes`, 'key')
}

const NO_ROUTES: RouteTable = { name: 'none', preset: undefined, rows: [], off: [] }
const ROUTES_ON_SYNC =
  'found routes on a sync port, where no HTTP is spoken and nothing is asked by path, wanted relay alone: remove it'

/** S0-08, S0-09 and S0-39: where devices, sync clients and Apps@Work web clips expect us. */
export function defaultPort(purpose: ListenerPurpose | undefined): number {
  if (purpose === 'web-clip') return 7443
  return purpose === 'sync' ? 9997 : 443
}

function readPort(place: ListenerPlace): Maybe<number> {
  const port = place.at('port')
  if (port.isFaulty) return missing
  const purpose = place.written?.purpose
  const chosen = port.written ?? defaultPort(purpose)
  if (purpose !== 'web-clip' || (chosen !== 443 && chosen !== 8443)) return chosen
  return port.fault(
    `found port ${chosen} for a web clip, wanted any but 443 (devices) and 8443 (the admin port): use 7443`,
  )
}

function readHosts(
  hosts: Place<readonly (string | undefined)[]>,
): Maybe<readonly [string, ...string[]]> {
  const seen = new Set<string>()
  const read = readEach(hosts, (_, place) => {
    const host = readHost(place)
    if (host === missing) return missing
    if (seen.has(host)) {
      return place.fault(`found ${host} a second time, wanted it once: remove it`)
    }
    seen.add(host)
    return host
  })
  return nonEmptyList(read)
}

function readHsts(listenerPlace: ListenerPlace): Maybe<HstsPolicy | undefined> {
  const place: HstsPlace = listenerPlace.at('hsts')
  if (place.written === undefined) return place.isFaulty ? missing : undefined
  if (listenerPlace.written?.purpose === 'sync') return place.fault(HSTS_ON_SYNC, 'key')
  const policy = allOrMissing<HstsPolicy>({
    maxAge: place.millis('maxAge'),
    includeSubDomains: place.required('includeSubDomains'),
    preload: place.required('preload'),
  })
  if (policy === missing) return missing
  const isPreloadable = policy.includeSubDomains && policy.maxAge >= PRELOAD_LEAST_MS
  if (policy.preload && !isPreloadable) place.at('preload').warn(NOT_PRELOADABLE)
  return policy
}

const HSTS_ON_SYNC =
  'found hsts on a sync port, where no HTTP is spoken that it could be said in: remove it'
const NOT_PRELOADABLE =
  'found preload without what the list of browsers asks for, so it has no effect: set includeSubDomains to true and maxAge to 365d at least, or remove preload'
/** A year (hstspreload.org). */
const PRELOAD_LEAST_MS = 365 * 86_400_000

function readTls(place: TlsPlace): Maybe<ListenerTls> {
  const suites = place.at('ciphers')
  const ciphers = readCiphers(suites)
  const groups = readGroups(place.at('groups'))
  const { minVersion, maxVersion } = place.written ?? {}
  if (minVersion === undefined || maxVersion === undefined) return missing
  const versions = readVersions(place, { minVersion, maxVersion })
  if (ciphers !== missing && ciphers !== undefined) {
    const isNew = (name: string): boolean => name.startsWith('TLS_')
    if (minVersion === 'TLSv1.3' && !ciphers.some(isNew)) suites.warn(NO_EFFECT_ON_13)
    if (minVersion === 'TLSv1.2' && ciphers.every(isNew)) {
      if (maxVersion === 'TLSv1.2') return suites.fault(NONE_FOR_12)
      suites.warn(NO_12)
    }
  }
  if (versions === missing) return missing
  return allOrMissing<ListenerTls>({
    ...versions,
    ciphers,
    groups,
    resumption: place.required('resumption'),
    advertiseCas: place.required('advertiseCas'),
  })
}

const NO_EFFECT_ON_13 =
  'found only suites of TLS 1.2 on a listener that speaks TLS 1.3 alone, so the list has no effect: name TLS_ suites or remove it'

const NONE_FOR_12 =
  'found only suites of TLS 1.3 on a listener that speaks TLS 1.2 alone, wanted one that a handshake can end with: name suites of TLS 1.2, such as ECDHE-ECDSA-AES128-GCM-SHA256, or remove the list'
const NO_12 =
  'found only suites of TLS 1.3, so devices that speak TLS 1.2 cannot connect: write minVersion TLSv1.3 if that is meant, or name suites of TLS 1.2, too'

const readLimits = (place: LimitsPlace): Maybe<ListenerLimits> =>
  allOrMissing<ListenerLimits>({
    connections: place.required('connections'),
    connectionsStated: place.written?.connections !== undefined,
    handshake: place.millis('handshake'),
    headers: place.millis('headers'),
    headerBytes: place.octets('headerBytes'),
    headerCount: place.required('headerCount'),
    bodyBytes: place.octets('bodyBytes'),
    bodyIdle: place.millis('bodyIdle'),
    idle: place.millis('idle'),
    requestsPerConnection: place.required('requestsPerConnection'),
  })
