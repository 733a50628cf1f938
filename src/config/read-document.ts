/** A document whose shape has been checked, turned into a configuration; collects what only the whole can tell. */
import type { Enforcement } from '../decide/policy.ts'
import type { Millis } from '../kernel/types.ts'
import type { AgentRule } from '../message/agent.ts'
import type { Config, MetricsListener } from './config.ts'
import type { Upstream } from './upstream/types.ts'
import { PROFILES } from './reading/profiles.ts'
import { readFleet } from './service/fleet.ts'
import { readLegacyOAuth } from './service/legacy-oauth.ts'
import { readListener, defaultPort } from './listener/read.ts'
import { readTables } from './routes/read.ts'
import { readAdmin, readStore } from './service/store.ts'
import { millis } from './reading/tls.ts'
import { readApproval } from './service/approval.ts'
import { readTrust } from './trust/read.ts'
import { readUpstream } from './upstream/read.ts'
import {
  type ReadContext,
  readEach,
  fault,
  type Maybe,
  missing,
  locationOf,
  orMissing,
  readNonEmpty,
  warn,
  allOrMissing,
} from './reading/read-context.ts'
import type { ConfigDocument } from './schema.ts'
import { addWarnings } from './warnings.ts'
import { readAddress } from './reading/host.ts'
import type { Danger } from './reading/danger.ts'
import type { Listener } from './listener/types.ts'
import type { DeepPartial } from './reading/deep-partial.ts'

/** Reads the whole document; faults and warnings are added to the context. */
export function readDocument(
  context: ReadContext,
  document: DeepPartial<ConfigDocument>,
  file: string,
): Maybe<Config> {
  const dangers: Danger[] = []
  const upstreams = readNonEmpty<string, Upstream>(Object.keys(document.upstreams ?? {}), (name) =>
    readUpstream(context, name, { written: document.upstreams?.[name] ?? {}, dangers }),
  )
  const names = namesIn(context, 'upstreams')
  const tables = readTables(context, document.routes ?? {}, {
    upstreams: names,
    settings: (document.trust?.enrollmentSettings ?? []).flatMap((one) => one?.name ?? []),
  })
  const listeners = readNonEmpty<string, Listener>(Object.keys(document.listeners ?? {}), (name) =>
    readListener(context, name, {
      written: document.listeners?.[name] ?? {},
      table: tables.find,
      upstreams: names,
    }),
  )
  tables.warnOfUnused()
  const metrics = readMetrics(context, document.metrics ?? {})
  checkPorts(context, document)
  const policy = readPolicy(context, document)
  const config = allOrMissing<Config>({
    file,
    profile: orMissing(document.profile),
    instance: document.instance,
    store: readStore(context, document.store, dangers),
    admin: readAdmin(context, document.admin),
    workers: orMissing(document.workers),
    ...policy,
    drain: millis(document.drain),
    trust: readTrust(context, document.trust ?? {}, dangers),
    approval: readApproval(context, document.approval ?? {}),
    fleet: readFleet(context, document.fleet ?? {}, document.profile),
    listeners,
    upstreams,
    legacyOAuth: readLegacyOAuth(context, document.legacyOAuth ?? {}),
    metrics,
    log: allOrMissing<Config['log']>({
      level: orMissing(document.log?.level),
      requests: orMissing(document.log?.requests),
      connections: orMissing(document.log?.connections),
    }),
    dangers,
  })
  if (config !== missing) addWarnings(context, config)
  return config
}

interface PolicyParts {
  readonly enforcement: Maybe<Enforcement>
  readonly enforcementStated: boolean
  readonly grace: Maybe<Millis>
  readonly withoutGrace: Maybe<readonly AgentRule[]>
  readonly renewalWindow: Maybe<Millis>
}

function readPolicy(context: ReadContext, document: DeepPartial<ConfigDocument>): PolicyParts {
  const { profile } = document
  const defaults = profile === undefined ? undefined : PROFILES[profile]
  const window = millis(document.renewalWindow ?? defaults?.renewalWindow)
  const longest = millis(defaults?.renewalWindow)
  if (window !== missing && longest !== missing && window > longest) {
    const message = `found ${document.renewalWindow} with profile ${profile}, wanted at most ${defaults?.renewalWindow}: shorten it`
    fault(context, ['renewalWindow'], message)
  }
  const grace = millis(document.grace)
  const retired = millis(defaults?.longestGrace)
  if (grace !== missing && retired !== missing && grace > retired) {
    const message = `found a grace of ${document.grace}, longer than the ${defaults?.longestGrace} after which the server retires a device: it is admitted here and sent away there`
    warn(context, ['grace'], message)
  }
  return {
    enforcement: orMissing(document.enforcement ?? defaults?.enforcement),
    enforcementStated: document.enforcement !== undefined,
    grace,
    withoutGrace: readEach(document.withoutGrace, ({ product, below }) =>
      product === undefined ? missing : { product, below },
    ),
    renewalWindow: window,
  }
}

function readMetrics(
  context: ReadContext,
  written: DeepPartial<ConfigDocument['metrics']>,
): Maybe<MetricsListener> {
  return allOrMissing<MetricsListener>({
    at: locationOf(context, ['metrics']),
    address: readAddress(context, ['metrics', 'address'], written.address),
    port: orMissing(written.port),
  })
}

interface BoundAddress {
  readonly path: readonly string[]
  readonly address: string
  readonly port: number
}

/** Two listeners on one port: the second would fail to start, or take turns with the first. */
function checkPorts(context: ReadContext, document: DeepPartial<ConfigDocument>): void {
  const bound: BoundAddress[] = []
  const bind = (path: readonly string[], address = '', port = 0): void => {
    const conflict = bound.find((other) => other.port === port && overlaps(other.address, address))
    if (port !== 0 && conflict !== undefined) {
      const message = `found port ${port}, which ${conflict.path.join('.')} has already, wanted one for each: change one of them`
      fault(context, [...path, 'port'], message)
    }
    bound.push({ path, address, port })
  }
  for (const [name, listener] of Object.entries(document.listeners ?? {})) {
    const port = listener?.port ?? defaultPort(listener?.purpose)
    bind(['listeners', name], listener?.address, port)
  }
  bind(['metrics'], document.metrics?.address, document.metrics?.port)
  if (document.admin !== undefined) bind(['admin'], document.admin.address, document.admin.port)
}

const WILDCARD_ADDRESSES: ReadonlySet<string> = new Set(['0.0.0.0', '::'])

const overlaps = (one: string, other: string): boolean =>
  one === other || WILDCARD_ADDRESSES.has(one) || WILDCARD_ADDRESSES.has(other)

/** What the operator called them, also those whose settings are faulty. */
function namesIn(context: ReadContext, key: string): readonly string[] {
  const { data } = context.text
  const section: unknown = typeof data === 'object' && data !== null ? Reflect.get(data, key) : {}
  return typeof section === 'object' && section !== null ? Object.keys(section) : []
}
