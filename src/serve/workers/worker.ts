/**
 * A worker's side of the crew: it waits for orders, serves, and ends when the primary does.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Fault } from '../../kernel/types.ts'
import { Metrics } from '../../record/metrics.ts'
import { Ledger } from '../../record/device-sightings.ts'
import { Sightings } from '../../record/expiry-sightings.ts'
import { UpstreamErrors } from '../../record/upstream-errors.ts'
import { Overlay } from '../../state/overlay.ts'
import { ReadLists } from '../../state/revocation.ts'
import { parseCrl } from '../../x509/crl.ts'
import type { Witness } from './pool.ts'
import { FrontEnd } from '../process/front-end.ts'
import { giveBack } from './release-memory.ts'
import { openLog, type OpenLog } from '../log.ts'
import type { FromWorker, ToWorker } from './messages.ts'
import type { Orders } from '../process/process-config.ts'

/** Runs until told to drain, or until the primary is gone. */
export function runWorker(witness?: Witness): void {
  const worker = new Worker(witness)
  process.on('message', (message) => {
    worker.obey(message as ToWorker).catch((error: unknown) => worker.fall(error))
  })
  process.once('uncaughtException', (error) => worker.fall(error))
  // The primary died: nobody would rotate tickets, reload or drain us any more.
  process.on('disconnect', () => {
    worker.obey({ kind: 'drain' }).catch((error: unknown) => worker.fall(error))
  })
  // Signals to the whole group are the primary's to interpret.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
  say({ kind: 'hello' })
}

type Commanded = Extract<ToWorker, { readonly orders: Orders }>

class Worker {
  readonly #metrics = new Metrics()
  readonly #ledger = new Ledger({
    seen: (sightings, lost) => {
      this.#told = new Promise((left) => say({ kind: 'seen', sightings, lost }, left))
    },
  })
  /** Settles when the last batch of sightings has left this process. */
  #told: Promise<void> = Promise.resolve()
  readonly #sightings = new Sightings({
    sighted: (sightings, lost) => say({ kind: 'sighted', sightings, lost }),
  })
  readonly #upstreamErrors = new UpstreamErrors({
    upstreamErrors: (errors, lost) => say({ kind: 'upstream-errors', errors, lost }),
  })
  readonly #lists = new ReadLists()
  #started: Promise<void> = Promise.resolve()
  readonly #overlay = new Overlay()
  #journal: OpenLog | undefined
  #frontEnd: FrontEnd | undefined
  readonly #witness: Witness | undefined

  constructor(witness: Witness | undefined) {
    this.#witness = witness
  }

  async obey(message: ToWorker): Promise<void> {
    switch (message.kind) {
      case 'start':
        this.#started = this.#start(message)
        return this.#started
      case 'reload':
        // The ports may still be being bound, and then what was ordered last would be lost.
        await this.#started
        return this.#reload(message.orders)
      case 'list':
        return this.#revise(message)
      case 'overlay': {
        const narrowed = this.#overlay.apply(message.delta)
        return this.#frontEnd?.narrowed(narrowed)
      }
      case 'scrape': {
        // Sent before the metrics, so that it is heard before them: a scrape shows every device so far.
        this.#sightings.flush()
        this.#ledger.flush()
        this.#upstreamErrors.flush()
        const metrics = await this.#metrics.registry.getMetricsAsJSON()
        return say({ kind: 'metrics', id: message.id, metrics })
      }
      case 'issuer': {
        // The channel makes another kind of octets of a buffer.
        const { der, trustVersion } = message.issuer
        return this.#frontEnd?.learn({ der: Buffer.from(der), trustVersion })
      }
      case 'drain':
        await this.#frontEnd?.drain()
        this.#ledger.flush()
        await this.#journal?.end()
        // What is still on its way through the channel would go with us.
        await Promise.race([this.#told, pause(CHANNEL_PATIENCE_MS)])
        process.exit(0)
    }
  }

  #reload(orders: Orders): void {
    const frontEnd = this.#frontEnd
    const faults = frontEnd === undefined ? [NOT_STARTED] : frontEnd.reload(orders)
    say({
      kind: 'answer',
      answer:
        frontEnd === undefined || faults.length > 0
          ? { kind: 'refused', faults }
          : { kind: 'serving', ports: frontEnd.ports },
    })
  }

  /** The primary has read it; here it is read again, because its octets travel better than its table. */
  #revise({ setting, place, der }: ToWorker & { kind: 'list' }): void {
    const crl = der === undefined ? undefined : parseCrl(der)
    this.#lists.set(setting, place, crl?.ok === true ? crl.value : undefined)
    this.#frontEnd?.revise()
  }

  /** A bug: said once, then this process makes room for a fresh one. */
  fall(error: unknown): never {
    this.#journal?.log.fatal({ err: error }, 'worker failed')
    this.#journal?.flush()
    process.exit(70)
  }

  async #start(message: Commanded): Promise<void> {
    const { orders } = message
    giveBack()
    this.#journal = openLog(orders.config.log, { worker: message.worker })
    const started = await FrontEnd.start(orders, {
      log: this.#journal.log,
      metrics: this.#metrics,
      shared: true,
      lists: this.#lists,
      overlay: this.#overlay,
      lockedOut: () => say({ kind: 'locked-out' }),
      sightings: this.#sightings,
      ledger: this.#ledger,
      upstreamErrors: this.#upstreamErrors,
      met: (issuer) => say({ kind: 'issuer', issuer }),
    })
    if (!started.ok)
      return say({ kind: 'answer', answer: { kind: 'refused', faults: started.failure } })
    this.#frontEnd = started.value
    // A list may have come while the ports were being bound.
    started.value.revise()
    say({ kind: 'answer', answer: { kind: 'serving', ports: started.value.ports } })
    this.#witness?.(this.#ledger)
  }
}

const NOT_STARTED: Fault = {
  at: 'workers',
  message: 'found a worker that could not start, wanted all to serve: see its own line in the log',
}

/** `left` is called when it has left this process, or nobody listens any more. */
function say(message: FromWorker, left: () => void = () => {}): void {
  if (process.send === undefined) left()
  else process.send(message, undefined, undefined, left)
}

/** A primary that takes nothing for so long is as good as gone. */
const CHANNEL_PATIENCE_MS = 5000
