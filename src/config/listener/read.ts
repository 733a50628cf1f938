/** A listener as the operator wrote it, made ready to open. */
import type {
  Listener,
  ListenerLimits,
  ListenerPurpose,
  ListenerTls,
  RouteTable,
} from '../config.ts'
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
  type Desk,
  fault,
  isFaulty,
  type Maybe,
  missing,
  placeOf,
  present,
  some,
  warn,
  whole,
} from '../reading/read-context.ts'
import type { Document } from '../schema.ts'
import { ROUTES_WANTED } from './schema.ts'
import type { Draft } from '../shape.ts'
import type { Path } from '../reading/yaml-text.ts'

type Written = Draft<Document['listeners'][string]>

/** What a listener is written as, and what it may name. */
interface Room {
  readonly written: Written
  readonly table: (path: Path, name: string) => Maybe<RouteTable>
  readonly upstreams: readonly string[]
}

/** Reads one listener; `table` finds its routes and reports when there are none. */
export function readListener(desk: Desk, name: string, room: Room): Maybe<Listener> {
  const { written, table, upstreams } = room
  const path = ['listeners', name]
  const { purpose } = written
  return whole<Listener>({
    at: placeOf(desk, path),
    name,
    purpose: present(purpose),
    address: readAddress(desk, [...path, 'address'], written.address),
    port: readPort(desk, path, written),
    hosts: readHosts(desk, [...path, 'hosts'], written.hosts),
    certificates: some(written.certificates, (certificate, index) =>
      readIdentity(desk, [...path, 'certificates', index], certificate),
    ),
    tls: readTls(desk, [...path, 'tls'], written.tls ?? {}),
    limits: readLimits(written.limits ?? {}),
    routes: readRoutes(desk, path, { written, table }),
    relay: readRelay(desk, path, { written, upstreams }),
  })
}

/** A sync port has no requests, and so no routes. */
function readRoutes(desk: Desk, path: Path, { written, table }: Pick<Room, 'written' | 'table'>) {
  const { purpose, routes } = written
  if (purpose === 'sync') {
    if (routes === undefined) return NO_ROUTES
    return fault(desk, [...path, 'routes'], ROUTES_ON_SYNC, 'key')
  }
  if (routes !== undefined) return table([...path, 'routes'], routes)
  if (isFaulty(desk, path)) return missing
  return fault(desk, path, `found no routes, wanted ${ROUTES_WANTED}: add routes`, 'key')
}

const NO_ROUTES: RouteTable = { name: 'none', preset: undefined, rows: [], off: [] }
const ROUTES_ON_SYNC =
  'found routes on a sync port, where no HTTP is spoken and nothing is asked by path, wanted relay alone: remove it'

/** S0-08, S0-09 and S0-39: where devices, sync clients and Apps@Work web clips expect us. */
export function usualPort(purpose: ListenerPurpose | undefined): number {
  if (purpose === 'web-clip') return 7443
  return purpose === 'sync' ? 9997 : 443
}

function readPort(desk: Desk, path: Path, { port, purpose }: Written): Maybe<number> {
  if (isFaulty(desk, [...path, 'port'])) return missing
  const chosen = port ?? usualPort(purpose)
  if (purpose !== 'web-clip' || (chosen !== 443 && chosen !== 8443)) return chosen
  return fault(
    desk,
    [...path, 'port'],
    `found port ${chosen} for a web clip, wanted any but 443 (devices) and 8443 (the admin port): use 7443`,
  )
}

function readHosts(
  desk: Desk,
  path: Path,
  written: Written['hosts'],
): Maybe<readonly [string, ...string[]]> {
  const seen = new Set<string>()
  return some(written, (host, index) => {
    const parsed = parseHost(host)
    if (!parsed.ok) return fault(desk, [...path, index], parsed.failure)
    if (seen.has(parsed.value)) {
      return fault(
        desk,
        [...path, index],
        `found ${parsed.value} a second time, wanted it once: remove it`,
      )
    }
    seen.add(parsed.value)
    return parsed.value
  })
}

function readTls(
  desk: Desk,
  path: Path,
  { minVersion, maxVersion, ...written }: Draft<Document['listeners'][string]['tls']>,
): Maybe<ListenerTls> {
  const ciphers = readCiphers(desk, [...path, 'ciphers'], written.ciphers)
  const groups = readGroups(desk, [...path, 'groups'], written.groups)
  if (minVersion === undefined || maxVersion === undefined) return missing
  const versions = readVersions(desk, path, { minVersion, maxVersion })
  if (ciphers !== missing && ciphers !== undefined) {
    const at = [...path, 'ciphers']
    const isNew = (name: string): boolean => name.startsWith('TLS_')
    if (minVersion === 'TLSv1.3' && !ciphers.some(isNew)) warn(desk, at, NO_EFFECT_ON_13)
    if (minVersion === 'TLSv1.2' && ciphers.every(isNew)) {
      if (maxVersion === 'TLSv1.2') return fault(desk, at, NONE_FOR_12)
      warn(desk, at, NO_12)
    }
  }
  if (versions === missing) return missing
  return whole<ListenerTls>({
    ...versions,
    ciphers,
    groups,
    resumption: present(written.resumption),
    advertiseCas: present(written.advertiseCas),
  })
}

const NO_EFFECT_ON_13 =
  'found only suites of TLS 1.2 on a listener that speaks TLS 1.3 alone, so the list has no effect: name TLS_ suites or remove it'

const NONE_FOR_12 =
  'found only suites of TLS 1.3 on a listener that speaks TLS 1.2 alone, wanted one that a handshake can end with: name suites of TLS 1.2, such as ECDHE-ECDSA-AES128-GCM-SHA256, or remove the list'
const NO_12 =
  'found only suites of TLS 1.3, so devices that speak TLS 1.2 cannot connect: write minVersion TLSv1.3 if that is meant, or name suites of TLS 1.2, too'

const readLimits = (written: Draft<Document['listeners'][string]['limits']>) =>
  whole<ListenerLimits>({
    connections: present(written.connections),
    handshake: millis(written.handshake),
    headers: millis(written.headers),
    headerBytes: octets(written.headerBytes),
    headerCount: present(written.headerCount),
    bodyBytes: octets(written.bodyBytes),
    bodyIdle: millis(written.bodyIdle),
    idle: millis(written.idle),
    requestsPerConnection: present(written.requestsPerConnection),
  })
