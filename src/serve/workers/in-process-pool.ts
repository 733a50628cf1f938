import { Metrics } from '../../record/metrics.ts'
import { SightingBuffer } from '../../record/device-sightings.ts'
import { ExpirySightingBuffer } from '../../record/expiry-sightings.ts'
import { UpstreamErrorBuffer } from '../../record/upstream-errors.ts'
import { Overlay } from '../../state/overlay.ts'
import { LoadedCrls } from '../../state/revocation-policy.ts'
import type { WorkerPool, WorkerPoolResult, TestHook } from './pool.ts'
import { FrontEnd } from '../process/front-end.ts'
import type { ProcessLogger } from '../log.ts'
import type { ProcessConfig } from '../process/process-config.ts'

/** The crew of one: this very process serves. */
export function inProcessPool(logger: ProcessLogger, testHook?: TestHook): WorkerPool {
  const metrics = new Metrics()
  const crls = new LoadedCrls()
  const overlay = new Overlay()
  let frontEnd: FrontEnd | undefined
  let expirySightings: ExpirySightingBuffer | undefined
  let sightingBuffer: SightingBuffer | undefined
  let upstreamErrors: UpstreamErrorBuffer | undefined
  return {
    async start(processConfig, events): Promise<WorkerPoolResult> {
      expirySightings = new ExpirySightingBuffer(events)
      sightingBuffer = new SightingBuffer(events)
      upstreamErrors = new UpstreamErrorBuffer(events)
      const started = await FrontEnd.start(processConfig, {
        log: logger.log,
        metrics,
        shared: false,
        crls,
        overlay,
        onStaleSession: () => events.onStaleSession(),
        expirySightings,
        sightingBuffer,
        upstreamErrors,
        onIssuer: () => {},
      })
      if (!started.ok) return { kind: 'refused', faults: started.failure }
      frontEnd = started.value
      // A list may have come while the ports were being bound.
      frontEnd.reapplyCrls()
      testHook?.(sightingBuffer)
      return { kind: 'serving', ports: frontEnd.ports }
    },
    async reload(processConfig: ProcessConfig): Promise<WorkerPoolResult> {
      const running = frontEnd
      if (running === undefined) throw new Error('reload before start')
      const faults = running.reload(processConfig)
      return faults.length > 0
        ? { kind: 'refused', faults }
        : { kind: 'serving', ports: running.ports }
    },
    applyCrlUpdate({ setting, place, crl }) {
      crls.set(setting, place, crl)
      frontEnd?.reapplyCrls()
    },
    applyOverlayDelta(delta) {
      const restricted = overlay.apply(delta)
      frontEnd?.onRestricted(restricted)
    },
    scrape: () => {
      expirySightings?.flush()
      sightingBuffer?.flush()
      upstreamErrors?.flush()
      return metrics.registry.metrics()
    },
    notReadyReason: () => (frontEnd === undefined ? 'starting' : undefined),
    async drain(): Promise<void> {
      await frontEnd?.drain()
      sightingBuffer?.flush()
    },
  }
}
