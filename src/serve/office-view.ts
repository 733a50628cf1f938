/**
 * What the admin API may know of the front end that it stands beside, and ask of it. In the primary: it sees the
 * configuration and the world in force, and calls upstreams with connections of its own.
 */
import type { Serving } from '../admin/serving.ts'
import { runtimeCatalogue } from '../config/runtime-offers.ts'
import { scanServer } from '../forward/scan-server.ts'
import type { Server } from '../forward/server.ts'
import { testServer } from '../forward/test-server.ts'
import { openUpstream } from '../forward/upstream.ts'
import type { Instant } from '../kernel/types.ts'
import type { UpstreamErrorList } from '../record/upstream-error-list.ts'
import type { World } from '../state/world.ts'
import { syncListener } from './store-reading.ts'

/** What is in force now. */
export interface InForce {
  readonly world: World
  /** Of the store; undefined before the first. */
  readonly revision: number | undefined
  readonly builtAt: Instant
}

/** The front end as the office sees it. */
export const officeView = (
  inForce: () => InForce,
  upstreamErrors: Pick<UpstreamErrorList, 'clear' | 'list'>,
): Serving => ({
  upstreamErrors,
  minimums: () => {
    const { minimums, minimumsStated } = inForce().world.config.fleet
    return { versions: minimums, statedByFile: minimumsStated }
  },
  approvalModel: () => {
    const { model, modelStated } = inForce().world.config.approval
    return modelStated ? model : undefined
  },
  trust: () => inForce().world.config.trust,
  policy: () => inForce().world.policy,
  syncListener: () => syncListener(inForce().world.config),
  locked: () => lockedIn(inForce().world),
  snapshot: () => {
    const { revision, builtAt } = inForce()
    return { revision, builtAt }
  },
  upstreams: () =>
    inForce().world.config.upstreams.map(({ name, servers, tls }) => ({
      name,
      servers: servers.map((one) => one.name),
      tls:
        tls === undefined ? undefined : { preset: tls.preset, statedByFile: tls.mode === 'custom' },
    })),
  catalogue: runtimeCatalogue,
  testUpstream: (upstream, server) =>
    calling(inForce().world, { upstream, server }, ({ plan }) => testServer(plan)),
  scanUpstream: (upstream, server) =>
    calling(inForce().world, { upstream, server }, ({ plan }, identity) =>
      scanServer(plan, {
        identity,
        concurrency: 4,
        most: MOST_CONNECTIONS,
        timeout: plan.settings.limits.connect,
        onProgress: () => {},
      }),
    ),
})

/** As the command line: what lists can hold, and no more than a server takes for a bad day of one client. */
const MOST_CONNECTIONS = 600

/** Keys that the file states, and the portal shows locked (decision 20). */
function lockedIn({ config }: World): readonly string[] {
  return [
    ...(config.enforcementStated ? ['enforcement'] : []),
    ...(config.approval.modelStated ? ['approval.model'] : []),
    ...(config.fleet.minimumsStated ? ['fleet.minimums'] : []),
  ]
}

interface CallAsk {
  readonly upstream: string
  readonly server: string | undefined
}

async function calling<Report>(
  { upstreams }: World,
  { upstream, server }: CallAsk,
  call: (
    server: Server,
    identity: Parameters<typeof openUpstream>[1]['identity'],
  ) => Promise<Report>,
): Promise<readonly Report[] | undefined> {
  const found = upstreams.get(upstream)
  if (found === undefined) return undefined
  const { config, identity } = found
  const opened = openUpstream(config, { identity, onUntrusted: () => {} })
  // It was opened with the world in force; what fails now is a bug, and is told as one.
  if (!opened.ok) throw new Error(`upstream ${upstream} cannot be opened`)
  try {
    const servers = opened.value.servers.filter(
      ({ name }) => server === undefined || name === server,
    )
    if (servers.length === 0) return undefined
    return await Promise.all(servers.map((one) => call(one, identity)))
  } finally {
    await opened.value.close()
  }
}
