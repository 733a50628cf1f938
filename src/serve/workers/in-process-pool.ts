import { Metrics } from '../../record/metrics.ts'
import { Ledger } from '../../record/device-sightings.ts'
import { Sightings } from '../../record/expiry-sightings.ts'
import { UpstreamErrors } from '../../record/upstream-errors.ts'
import { Overlay } from '../../state/overlay.ts'
import { ReadLists } from '../../state/revocation.ts'
import type { Crew, CrewAnswer, Witness } from './pool.ts'
import { FrontEnd } from '../process/front-end.ts'
import type { OpenLog } from '../log.ts'
import type { Orders } from '../process/process-config.ts'

/** The crew of one: this very process serves. */
export function localCrew(journal: OpenLog, witness?: Witness): Crew {
  const metrics = new Metrics()
  const lists = new ReadLists()
  const overlay = new Overlay()
  let frontEnd: FrontEnd | undefined
  let sightings: Sightings | undefined
  let ledger: Ledger | undefined
  let upstreamErrors: UpstreamErrors | undefined
  return {
    async start(orders, news): Promise<CrewAnswer> {
      sightings = new Sightings(news)
      ledger = new Ledger(news)
      upstreamErrors = new UpstreamErrors(news)
      const started = await FrontEnd.start(orders, {
        log: journal.log,
        metrics,
        shared: false,
        lists,
        overlay,
        lockedOut: () => news.lockedOut(),
        sightings,
        ledger,
        upstreamErrors,
        met: () => {},
      })
      if (!started.ok) return { kind: 'refused', faults: started.failure }
      frontEnd = started.value
      // A list may have come while the ports were being bound.
      frontEnd.revise()
      witness?.(ledger)
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
    revise({ setting, place, crl }) {
      lists.set(setting, place, crl)
      frontEnd?.revise()
    },
    overlay(delta) {
      const narrowed = overlay.apply(delta)
      frontEnd?.narrowed(narrowed)
    },
    scrape: () => {
      sightings?.flush()
      ledger?.flush()
      upstreamErrors?.flush()
      return metrics.registry.metrics()
    },
    amiss: () => (frontEnd === undefined ? 'starting' : undefined),
    async drain(): Promise<void> {
      await frontEnd?.drain()
      ledger?.flush()
    },
  }
}
