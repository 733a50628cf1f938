/** A document whose shape has been checked, turned into a configuration; collects what only the whole can tell. */
import type { Enforcement } from '../decide/policy.ts'
import type { Millis } from '../kernel/types.ts'
import type { AgentRule } from '../message/agent.ts'
import type { Config, Danger, Listener, MetricsListener } from './config.ts'
import type { Upstream } from './upstream/types.ts'
import { PROFILES } from './reading/profiles.ts'
import { readFleet } from './service/fleet.ts'
import { readLegacyOAuth } from './service/legacy-oauth.ts'
import { readListener, usualPort } from './listener/read.ts'
import { readTables } from './routes/read.ts'
import { readAdmin, readStore } from './service/store.ts'
import { millis } from './reading/tls.ts'
import { readApproval } from './service/approval.ts'
import { readTrust } from './trust/read.ts'
import { readUpstream } from './upstream/read.ts'
import {
  type Desk,
  every,
  fault,
  type Maybe,
  missing,
  placeOf,
  present,
  some,
  warn,
  whole,
} from './reading/read-context.ts'
import type { Document } from './schema.ts'
import type { Draft } from './shape.ts'
import { warnOfTheWhole } from './warnings.ts'
import { readAddress } from './reading/host.ts'

/** Reads the whole; faults and warnings gather on the desk. */
export function readDocument(desk: Desk, draft: Draft<Document>, file: string): Maybe<Config> {
  const dangers: Danger[] = []
  const upstreams = some<string, Upstream>(Object.keys(draft.upstreams ?? {}), (name) =>
    readUpstream(desk, name, { written: draft.upstreams?.[name] ?? {}, dangers }),
  )
  const names = namesIn(desk, 'upstreams')
  const tables = readTables(desk, draft.routes ?? {}, {
    upstreams: names,
    settings: (draft.trust?.enrollmentSettings ?? []).flatMap((one) => one?.name ?? []),
  })
  const listeners = some<string, Listener>(Object.keys(draft.listeners ?? {}), (name) =>
    readListener(desk, name, {
      written: draft.listeners?.[name] ?? {},
      table: tables.find,
      upstreams: names,
    }),
  )
  tables.warnOfUnused()
  const metrics = readMetrics(desk, draft.metrics ?? {})
  checkPorts(desk, draft)
  const policy = readPolicy(desk, draft)
  const config = whole<Config>({
    file,
    profile: present(draft.profile),
    instance: draft.instance,
    store: readStore(desk, draft.store, dangers),
    admin: readAdmin(desk, draft.admin),
    workers: present(draft.workers),
    ...policy,
    drain: millis(draft.drain),
    trust: readTrust(desk, draft.trust ?? {}, dangers),
    approval: readApproval(desk, draft.approval ?? {}),
    fleet: readFleet(desk, draft.fleet ?? {}, draft.profile),
    listeners,
    upstreams,
    legacyOAuth: readLegacyOAuth(desk, draft.legacyOAuth ?? {}),
    metrics,
    log: whole<Config['log']>({
      level: present(draft.log?.level),
      requests: present(draft.log?.requests),
      connections: present(draft.log?.connections),
    }),
    dangers,
  })
  if (config !== missing) warnOfTheWhole(desk, config)
  return config
}

interface PolicyParts {
  readonly enforcement: Maybe<Enforcement>
  readonly enforcementStated: boolean
  readonly grace: Maybe<Millis>
  readonly withoutGrace: Maybe<readonly AgentRule[]>
  readonly renewalWindow: Maybe<Millis>
}

function readPolicy(desk: Desk, draft: Draft<Document>): PolicyParts {
  const { profile } = draft
  const ours = profile === undefined ? undefined : PROFILES[profile]
  const window = millis(draft.renewalWindow ?? ours?.renewalWindow)
  const longest = millis(ours?.renewalWindow)
  if (window !== missing && longest !== missing && window > longest) {
    const message = `found ${draft.renewalWindow} with profile ${profile}, wanted at most ${ours?.renewalWindow}: shorten it`
    fault(desk, ['renewalWindow'], message)
  }
  const grace = millis(draft.grace)
  const retired = millis(ours?.longestGrace)
  if (grace !== missing && retired !== missing && grace > retired) {
    const message = `found a grace of ${draft.grace}, longer than the ${ours?.longestGrace} after which the server retires a device: it is admitted here and sent away there`
    warn(desk, ['grace'], message)
  }
  return {
    enforcement: present(draft.enforcement ?? ours?.enforcement),
    enforcementStated: draft.enforcement !== undefined,
    grace,
    withoutGrace: every(draft.withoutGrace, ({ product, below }) =>
      product === undefined ? missing : { product, below },
    ),
    renewalWindow: window,
  }
}

function readMetrics(desk: Desk, written: Draft<Document['metrics']>): Maybe<MetricsListener> {
  return whole<MetricsListener>({
    at: placeOf(desk, ['metrics']),
    address: readAddress(desk, ['metrics', 'address'], written.address),
    port: present(written.port),
  })
}

interface Bound {
  readonly path: readonly string[]
  readonly address: string
  readonly port: number
}

/** Two listeners on one port: the second would fail to start, or take turns with the first. */
function checkPorts(desk: Desk, draft: Draft<Document>): void {
  const bound: Bound[] = []
  const bind = (path: readonly string[], address = '', port = 0): void => {
    const rival = bound.find((other) => other.port === port && meets(other.address, address))
    if (port !== 0 && rival !== undefined) {
      const message = `found port ${port}, which ${rival.path.join('.')} has already, wanted one for each: change one of them`
      fault(desk, [...path, 'port'], message)
    }
    bound.push({ path, address, port })
  }
  for (const [name, listener] of Object.entries(draft.listeners ?? {})) {
    const port = listener?.port ?? usualPort(listener?.purpose)
    bind(['listeners', name], listener?.address, port)
  }
  bind(['metrics'], draft.metrics?.address, draft.metrics?.port)
  if (draft.admin !== undefined) bind(['admin'], draft.admin.address, draft.admin.port)
}

const EVERYWHERE: ReadonlySet<string> = new Set(['0.0.0.0', '::'])

const meets = (one: string, other: string): boolean =>
  one === other || EVERYWHERE.has(one) || EVERYWHERE.has(other)

/** What the operator called them, also those whose settings are faulty. */
function namesIn(desk: Desk, key: string): readonly string[] {
  const { data } = desk.text
  const section: unknown = typeof data === 'object' && data !== null ? Reflect.get(data, key) : {}
  return typeof section === 'object' && section !== null ? Object.keys(section) : []
}
