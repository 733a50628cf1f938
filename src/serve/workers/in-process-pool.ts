import { ServingProcess } from './serving-process.ts'
import type { ProcessLogger } from '../log.ts'
import type { TestHook, WorkerEvents, WorkerPool } from './pool.ts'

/** Returns a pool of one: the process that calls it serves. */
export function inProcessPool(logger: ProcessLogger, testHook?: TestHook): WorkerPool {
  let events: WorkerEvents | undefined
  const serving = new ServingProcess({
    onSightings: (sightings, lost) => events?.onSightings(sightings, lost),
    onExpirySightings: (sightings, lost) => events?.onExpirySightings(sightings, lost),
    onRefusals: (batch) => events?.onRefusals(batch),
    onUpstreamErrors: (errors, lost) => events?.onUpstreamErrors(errors, lost),
  })
  serving.metrics.registerDroppedLines(() => logger.dropped)
  return {
    async start(processConfig, listener) {
      events = listener
      const answer = await serving.start(processConfig, {
        log: logger.log,
        shared: false,
        onStaleSession: () => listener.onStaleSession(),
        onIssuer: () => {},
      })
      if (answer.kind === 'serving') testHook?.(serving)
      return answer
    },
    async reload(processConfig) {
      const answer = serving.reload(processConfig)
      if (answer === undefined) throw new Error('reload before start')
      return answer
    },
    applyCrlUpdate: ({ setting, place, crls }) => serving.applyCrls(setting, place, crls),
    applyOverlayDelta: (delta) => serving.applyOverlayDelta(delta),
    explain: (question) => Promise.resolve(serving.explain(question)),
    scrape: () => {
      serving.flush()
      return Promise.resolve(serving.metrics.registry)
    },
    notReadyReason: () => (serving.serving ? undefined : 'starting'),
    announceEnd: () => serving.announceEnd(),
    drain: () => serving.drain(),
  }
}
