import { Metrics } from '../record/metrics.ts'
import { Sightings } from '../record/sightings.ts'
import type { Crew, CrewAnswer, Orders } from './crew.ts'
import { FrontEnd } from './front-end.ts'
import type { OpenLog } from './log.ts'

/** The crew of one: this very process serves. */
export function localCrew(journal: OpenLog): Crew {
  const metrics = new Metrics()
  let frontEnd: FrontEnd | undefined
  let sightings: Sightings | undefined
  return {
    async start(orders, news): Promise<CrewAnswer> {
      sightings = new Sightings(news)
      const started = await FrontEnd.start(orders, {
        log: journal.log,
        metrics,
        shared: false,
        lockedOut: () => news.lockedOut(),
        sightings,
        met: () => {},
      })
      if (!started.ok) return { kind: 'refused', faults: started.failure }
      frontEnd = started.value
      return { kind: 'serving', ports: frontEnd.ports }
    },
    async reload(orders: Orders): Promise<CrewAnswer> {
      const running = frontEnd
      if (running === undefined) throw new Error('reload before start')
      const faults = running.reload(orders)
      return faults.length > 0
        ? { kind: 'refused', faults }
        : { kind: 'serving', ports: running.ports }
    },
    scrape: () => {
      sightings?.flush()
      return metrics.registry.metrics()
    },
    amiss: () => (frontEnd === undefined ? 'starting' : undefined),
    async drain(): Promise<void> {
      await frontEnd?.drain()
    },
  }
}
