/** A listener as the operator wrote it, made ready to open. */
import { parseHost, readAddress } from '../reading/host.ts'
import { readRelay } from './relay.ts'
import {
  millis,
  octets,
  readCiphers,
  readGroups,
  readIdentity,
  readVersions,
} from '../reading/tls.ts'
import {
  type ReadContext,
  fault,
  isFaulty,
  type Maybe,
  missing,
  locationOf,
  orMissing,
  readNonEmpty,
  warn,
  allOrMissing,
} from '../reading/read-context.ts'
import { type listener, ROUTES_WANTED } from './schema.ts'
import type { Path } from '../reading/yaml-text.ts'
import type { Listener, ListenerLimits, ListenerPurpose, ListenerTls } from './types.ts'
import type { RouteTable } from '../routes/types.ts'
import type { Written } from '../reading/deep-partial.ts'

type WrittenListener = Written<typeof listener>

/** What a listener is written as, and what it may name. */
interface ListenerInput {
  readonly written: WrittenListener
  readonly table: (path: Path, name: string) => Maybe<RouteTable>
  readonly upstreams: readonly string[]
}

/** Reads one listener; `table` finds its routes and reports when there are none. */
export function readListener(
  context: ReadContext,
  name: string,
  input: ListenerInput,
): Maybe<Listener> {
  const { written, table, upstreams } = input
  const path = ['listeners', name]
  const { purpose } = written
  return allOrMissing<Listener>({
    at: locationOf(context, path),
    name,
    purpose: orMissing(purpose),
    address: readAddress(context, [...path, 'address'], written.address),
    port: readPort(context, path, written),
    hosts: readHosts(context, [...path, 'hosts'], written.hosts),
    certificates: readNonEmpty(written.certificates, (certificate, index) =>
      readIdentity(context, [...path, 'certificates', index], certificate),
    ),
    tls: readTls(context, [...path, 'tls'], written.tls ?? {}),
    limits: readLimits(written.limits ?? {}),
    routes: readRoutes(context, path, { written, table }),
    relay: readRelay(context, path, { written, upstreams }),
  })
}

/** A sync port has no requests, and so no routes. */
function readRoutes(
  context: ReadContext,
  path: Path,
  { written, table }: Pick<ListenerInput, 'written' | 'table'>,
) {
  const { purpose, routes } = written
  if (purpose === 'sync') {
    if (routes === undefined) return NO_ROUTES
    return fault(context, [...path, 'routes'], ROUTES_ON_SYNC, 'key')
  }
  if (routes !== undefined) return table([...path, 'routes'], routes)
  if (isFaulty(context, path)) return missing
  return fault(context, path, `found no routes, wanted ${ROUTES_WANTED}: add routes`, 'key')
}

const NO_ROUTES: RouteTable = { name: 'none', preset: undefined, rows: [], off: [] }
const ROUTES_ON_SYNC =
  'found routes on a sync port, where no HTTP is spoken and nothing is asked by path, wanted relay alone: remove it'

/** S0-08, S0-09 and S0-39: where devices, sync clients and Apps@Work web clips expect us. */
export function defaultPort(purpose: ListenerPurpose | undefined): number {
  if (purpose === 'web-clip') return 7443
  return purpose === 'sync' ? 9997 : 443
}

function readPort(
  context: ReadContext,
  path: Path,
  { port, purpose }: WrittenListener,
): Maybe<number> {
  if (isFaulty(context, [...path, 'port'])) return missing
  const chosen = port ?? defaultPort(purpose)
  if (purpose !== 'web-clip' || (chosen !== 443 && chosen !== 8443)) return chosen
  return fault(
    context,
    [...path, 'port'],
    `found port ${chosen} for a web clip, wanted any but 443 (devices) and 8443 (the admin port): use 7443`,
  )
}

function readHosts(
  context: ReadContext,
  path: Path,
  written: WrittenListener['hosts'],
): Maybe<readonly [string, ...string[]]> {
  const seen = new Set<string>()
  return readNonEmpty(written, (host, index) => {
    const parsed = parseHost(host)
    if (!parsed.ok) return fault(context, [...path, index], parsed.failure)
    if (seen.has(parsed.value)) {
      return fault(
        context,
        [...path, index],
        `found ${parsed.value} a second time, wanted it once: remove it`,
      )
    }
    seen.add(parsed.value)
    return parsed.value
  })
}

function readTls(
  context: ReadContext,
  path: Path,
  { minVersion, maxVersion, ...written }: NonNullable<WrittenListener['tls']>,
): Maybe<ListenerTls> {
  const ciphers = readCiphers(context, [...path, 'ciphers'], written.ciphers)
  const groups = readGroups(context, [...path, 'groups'], written.groups)
  if (minVersion === undefined || maxVersion === undefined) return missing
  const versions = readVersions(context, path, { minVersion, maxVersion })
  if (ciphers !== missing && ciphers !== undefined) {
    const at = [...path, 'ciphers']
    const isNew = (name: string): boolean => name.startsWith('TLS_')
    if (minVersion === 'TLSv1.3' && !ciphers.some(isNew)) warn(context, at, NO_EFFECT_ON_13)
    if (minVersion === 'TLSv1.2' && ciphers.every(isNew)) {
      if (maxVersion === 'TLSv1.2') return fault(context, at, NONE_FOR_12)
      warn(context, at, NO_12)
    }
  }
  if (versions === missing) return missing
  return allOrMissing<ListenerTls>({
    ...versions,
    ciphers,
    groups,
    resumption: orMissing(written.resumption),
    advertiseCas: orMissing(written.advertiseCas),
  })
}

const NO_EFFECT_ON_13 =
  'found only suites of TLS 1.2 on a listener that speaks TLS 1.3 alone, so the list has no effect: name TLS_ suites or remove it'

const NONE_FOR_12 =
  'found only suites of TLS 1.3 on a listener that speaks TLS 1.2 alone, wanted one that a handshake can end with: name suites of TLS 1.2, such as ECDHE-ECDSA-AES128-GCM-SHA256, or remove the list'
const NO_12 =
  'found only suites of TLS 1.3, so devices that speak TLS 1.2 cannot connect: write minVersion TLSv1.3 if that is meant, or name suites of TLS 1.2, too'

const readLimits = (written: NonNullable<WrittenListener['limits']>) =>
  allOrMissing<ListenerLimits>({
    connections: orMissing(written.connections),
    handshake: millis(written.handshake),
    headers: millis(written.headers),
    headerBytes: octets(written.headerBytes),
    headerCount: orMissing(written.headerCount),
    bodyBytes: octets(written.bodyBytes),
    bodyIdle: millis(written.bodyIdle),
    idle: millis(written.idle),
    requestsPerConnection: orMissing(written.requestsPerConnection),
  })
