/** A document whose shape has been checked, turned into a configuration; collects what only the whole can tell. */
import type { Enforcement } from '../decide/policy.ts'
import type { Millis } from '../kernel/types.ts'
import type { AgentRule } from '../message/agent.ts'
import type { Config, MetricsListener } from './config.ts'
import { PROFILES } from './reading/profiles.ts'
import { readRefusals } from './service/refusals.ts'
import { readFleet } from './service/fleet.ts'
import { readLegacyOAuth } from './service/legacy-oauth.ts'
import { readListener, defaultPort } from './listener/read.ts'
import { readTables } from './routes/read.ts'
import { readAdmin, readStore } from './service/store.ts'
import { readRemovedFields } from './service/removed-fields.ts'
import { readApproval } from './service/approval.ts'
import { readTrust } from './trust/read.ts'
import { readUpstream } from './upstream/read.ts'
import {
  allOrMissing,
  type DeepPartial,
  type Maybe,
  millis,
  missing,
  type Place,
  readEach,
  nonEmptyList,
} from './reading/place.ts'
import { secretPlaces, settingText } from './reading/stored-secrets.ts'
import type { ConfigDocument } from './schema.ts'
import { addWarnings } from './warnings.ts'
import { readAddress } from './reading/host.ts'
import { readNetworks } from './reading/networks.ts'

type Root = Place<DeepPartial<ConfigDocument>>

/** Reads the whole document; faults, warnings and dangers are added to its context. */
export function readDocument(root: Root, file: string): Maybe<Config> {
  const relays = Object.values(root.written?.listeners ?? {}).map((listener) => listener?.relay)
  const upstreams = nonEmptyList(
    root
      .at('upstreams')
      .entries()
      .map(([name, place]) => {
        const isRelayedTo = relays.some(
          (relay) => relay?.upstream === name && relay.proxyProtocol !== 'off',
        )
        return readUpstream(place, { name, isRelayedTo })
      }),
  )
  const names = namesIn(root, 'upstreams')
  const settings = (root.written?.trust?.enrollmentSettings ?? []).flatMap((one) => one?.name ?? [])
  const tables = readTables(root.at('routes'), { upstreams: names, settings })
  const listeners = nonEmptyList(
    root
      .at('listeners')
      .entries()
      .map(([name, place]) => readListener(place, name, { table: tables.find, upstreams: names })),
  )
  tables.warnOfUnused()
  const metrics = readMetrics(root.at('metrics'))
  checkPorts(root)
  const policy = readPolicy(root)
  const log = root.at('log')
  const config = allOrMissing<Config>({
    file,
    profile: root.required('profile'),
    instance: root.written?.instance,
    store: readStore(root.at('store')),
    admin: readAdmin(root.at('admin')),
    workers: root.required('workers'),
    ...policy,
    removeFields: readRemovedFields(root.at('removeFields')),
    watchFiles: root.written?.watchFiles === 'off' ? 'off' : root.millis('watchFiles'),
    announce: root.millis('announce'),
    drain: root.millis('drain'),
    trust: readTrust(root.at('trust')),
    approval: readApproval(root.at('approval')),
    fleet: readFleet(root.at('fleet'), root.written?.profile),
    listeners,
    upstreams,
    legacyOAuth: readLegacyOAuth(root.at('legacyOAuth')),
    refusals: readRefusals(root.at('refusals')),
    metrics,
    log: allOrMissing<Config['log']>({
      level: log.required('level'),
      requests: log.required('requests'),
      connections: log.required('connections'),
    }),
    storedSecrets: secretPlaces(root.written).map(({ name, path }) => ({
      name,
      setting: settingText(path),
    })),
    dangers: root.context.dangers,
  })
  if (config !== missing) addWarnings(root, config)
  return config
}

interface PolicyParts {
  readonly enforcement: Maybe<Enforcement>
  readonly enforcementStated: boolean
  readonly enforcementAt: string
  readonly grace: Maybe<Millis>
  readonly withoutGrace: Maybe<readonly AgentRule[]>
  readonly renewalWindow: Maybe<Millis>
}

function readPolicy(root: Root): PolicyParts {
  const { profile, enforcement, ...written } = root.written ?? {}
  const defaults = profile === undefined ? undefined : PROFILES[profile]
  const window = millis(written.renewalWindow ?? defaults?.renewalWindow)
  const longest = millis(defaults?.renewalWindow)
  if (window !== missing && longest !== missing && window > longest) {
    const message = `found ${written.renewalWindow} with profile ${profile}, wanted at most ${defaults?.renewalWindow}: shorten it`
    root.at('renewalWindow').fault(message)
  }
  const grace = root.millis('grace')
  const retired = millis(defaults?.longestGrace)
  if (grace !== missing && retired !== missing && grace > retired) {
    const message = `found a grace of ${written.grace}, longer than the ${defaults?.longestGrace} after which the server retires a device: it is admitted here and sent away there`
    root.at('grace').warn(message)
  }
  return {
    enforcement: enforcement ?? defaults?.enforcement ?? missing,
    enforcementStated: enforcement !== undefined,
    enforcementAt: root.at('enforcement').location,
    grace,
    withoutGrace: readEach(root.at('withoutGrace'), ({ product, below }) =>
      product === undefined ? missing : { product, below },
    ),
    renewalWindow: window,
  }
}

const readMetrics = (
  place: Place<DeepPartial<ConfigDocument['metrics']>>,
): Maybe<MetricsListener> => {
  const allow = readNetworks(place.at('allow'))
  if (allow === missing) return missing
  return allOrMissing<MetricsListener>({
    at: place.location,
    address: readAddress(place.at('address')),
    port: place.required('port'),
    ...(allow === undefined ? {} : { allow }),
  })
}

interface BoundAddress {
  readonly path: string
  readonly address: string
  readonly port: number
}

/** Two listeners on one port: the second would fail to start, or take turns with the first. */
function checkPorts(root: Root): void {
  const bound: BoundAddress[] = []
  const bind = (
    place: Place<{ readonly address?: string | undefined; readonly port?: number | undefined }>,
    port = place.written?.port ?? 0,
  ): void => {
    const address = place.written?.address ?? ''
    const conflict = bound.find((other) => other.port === port && overlaps(other.address, address))
    if (port !== 0 && conflict !== undefined) {
      const message = `found port ${port}, which ${conflict.path} has already, wanted one for each: change one of them`
      place.at('port').fault(message)
    }
    bound.push({ path: place.path.join('.'), address, port })
  }
  for (const [, listener] of root.at('listeners').entries()) {
    bind(listener, listener.written?.port ?? defaultPort(listener.written?.purpose))
  }
  bind(root.at('metrics'))
  root.at('admin').optional((admin) => bind(admin))
}

const WILDCARD_ADDRESSES: ReadonlySet<string> = new Set(['0.0.0.0', '::'])

const overlaps = (one: string, other: string): boolean =>
  one === other || WILDCARD_ADDRESSES.has(one) || WILDCARD_ADDRESSES.has(other)

/** What the operator called them, also those whose settings are faulty. */
function namesIn(root: Root, key: string): readonly string[] {
  const { data } = root.context.text
  const section: unknown = typeof data === 'object' && data !== null ? Reflect.get(data, key) : {}
  return typeof section === 'object' && section !== null ? Object.keys(section) : []
}
