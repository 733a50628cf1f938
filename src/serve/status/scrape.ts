/**
 * What a scrape answers: the metrics of all processes, and those of what the primary alone does. Nothing here waits for the
 * store.
 */
import { buildMetrics } from '../../record/build-metrics.ts'
import type { ExpiryMetrics } from '../../record/expiry-metrics.ts'
import type { ReloadCoordinator } from '../reload/coordinator.ts'
import type { ReloadMetrics } from '../reload/metrics.ts'
import type { Revocation } from '../revocation/revocation.ts'
import type { StoreSession } from '../store-sync/session.ts'
import type { WorkerPool } from '../workers/pool.ts'
import type { CertificateMetrics } from './certificate-metrics.ts'

export interface ScrapeSources {
  readonly pool: Pick<WorkerPool, 'scrape'>
  /** Has what is in force now. */
  readonly coordinator: Pick<ReloadCoordinator, 'compiled'>
  readonly certificateMetrics: CertificateMetrics
  /** Undefined where a store has the devices. */
  readonly expiryMetrics: ExpiryMetrics | undefined
  readonly reloadMetrics: ReloadMetrics
  readonly revocation: Pick<Revocation, 'text'>
  readonly storeSession: Pick<StoreSession, 'text'> | undefined
  /** Of this program. */
  readonly version: string
}

/** Returns what answers a scrape, in the text format of Prometheus. */
export function scrape(sources: ScrapeSources): () => Promise<string> {
  const { pool, coordinator, certificateMetrics, reloadMetrics, revocation } = sources
  const { node, openssl } = process.versions
  const build = buildMetrics({
    version: sources.version,
    node,
    openssl,
    startedAt: performance.timeOrigin / 1000,
  })
  return async () => {
    // First: a scrape makes every process report which devices it saw.
    const processes = await (await pool.scrape()).metrics()
    const parts = await Promise.all([
      build.text(),
      reloadMetrics.text(coordinator.compiled),
      certificateMetrics.text(coordinator.compiled),
      revocation.text(),
      sources.expiryMetrics?.text() ?? '',
      sources.storeSession?.text() ?? '',
    ])
    return [processes, ...parts].join('')
  }
}
