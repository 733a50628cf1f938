/**
 * A worker's side of the crew: it waits for orders, serves, and ends when the primary does.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Fault } from '../../kernel/types.ts'
import { Metrics } from '../../record/metrics.ts'
import { SightingBuffer } from '../../record/device-sightings.ts'
import { ExpirySightingBuffer } from '../../record/expiry-sightings.ts'
import { UpstreamErrorBuffer } from '../../record/upstream-errors.ts'
import { Overlay } from '../../state/overlay.ts'
import { LoadedCrls } from '../../state/revocation-policy.ts'
import { parseCrl } from '../../x509/crl.ts'
import type { TestHook } from './pool.ts'
import { FrontEnd } from '../process/front-end.ts'
import { releaseMemory } from './release-memory.ts'
import { openLog, type ProcessLogger } from '../log.ts'
import type { FromWorker, ToWorker } from './messages.ts'
import type { ProcessConfig } from '../process/process-config.ts'

/** Runs until told to drain, or until the primary is gone. */
export function runWorker(testHook?: TestHook): void {
  const worker = new Worker(testHook)
  process.on('message', (message) => {
    worker.handleMessage(message as ToWorker).catch((error: unknown) => worker.crash(error))
  })
  process.once('uncaughtException', (error) => worker.crash(error))
  // The primary died: nobody would rotate tickets, reload or drain us any more.
  process.on('disconnect', () => {
    worker.handleMessage({ kind: 'drain' }).catch((error: unknown) => worker.crash(error))
  })
  // Signals to the whole group are the primary's to interpret.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
  sendToPrimary({ kind: 'hello' })
}

type ConfigMessage = Extract<ToWorker, { readonly processConfig: ProcessConfig }>

class Worker {
  readonly #metrics = new Metrics()
  readonly #sightingBuffer = new SightingBuffer({
    onSightings: (sightings, lost) => {
      this.#sightingsSent = new Promise((sent) =>
        sendToPrimary({ kind: 'sightings', sightings, lost }, sent),
      )
    },
  })
  /** Settles when the last batch of sightings has left this process. */
  #sightingsSent: Promise<void> = Promise.resolve()
  readonly #expirySightings = new ExpirySightingBuffer({
    onExpirySightings: (sightings, lost) =>
      sendToPrimary({ kind: 'expiry-sightings', sightings, lost }),
  })
  readonly #upstreamErrors = new UpstreamErrorBuffer({
    onUpstreamErrors: (errors, lost) => sendToPrimary({ kind: 'upstream-errors', errors, lost }),
  })
  readonly #crls = new LoadedCrls()
  #started: Promise<void> = Promise.resolve()
  readonly #overlay = new Overlay()
  #logger: ProcessLogger | undefined
  #frontEnd: FrontEnd | undefined
  readonly #testHook: TestHook | undefined

  constructor(testHook: TestHook | undefined) {
    this.#testHook = testHook
  }

  async handleMessage(message: ToWorker): Promise<void> {
    switch (message.kind) {
      case 'start':
        this.#started = this.#start(message)
        return this.#started
      case 'reload':
        // The ports may still be being bound, and then what was ordered last would be lost.
        await this.#started
        return this.#reload(message.processConfig)
      case 'list':
        return this.#applyCrl(message)
      case 'overlay': {
        const restricted = this.#overlay.apply(message.delta)
        return this.#frontEnd?.onRestricted(restricted)
      }
      case 'scrape': {
        // Sent before the metrics, so that it is heard before them: a scrape shows every device so far.
        this.#expirySightings.flush()
        this.#sightingBuffer.flush()
        this.#upstreamErrors.flush()
        const metrics = await this.#metrics.registry.getMetricsAsJSON()
        return sendToPrimary({ kind: 'metrics', id: message.id, metrics })
      }
      case 'issuer': {
        // The channel makes another kind of octets of a buffer.
        const { der, trustVersion } = message.issuer
        return this.#frontEnd?.addIssuer({ der: Buffer.from(der), trustVersion })
      }
      case 'drain':
        await this.#frontEnd?.drain()
        this.#sightingBuffer.flush()
        await this.#logger?.end()
        // What is still on its way through the channel would go with us.
        await Promise.race([this.#sightingsSent, pause(CHANNEL_TIMEOUT_MS)])
        process.exit(0)
    }
  }

  #reload(processConfig: ProcessConfig): void {
    const frontEnd = this.#frontEnd
    const faults = frontEnd === undefined ? [NOT_STARTED] : frontEnd.reload(processConfig)
    sendToPrimary({
      kind: 'answer',
      answer:
        frontEnd === undefined || faults.length > 0
          ? { kind: 'refused', faults }
          : { kind: 'serving', ports: frontEnd.ports },
    })
  }

  /** The primary has read it; here it is read again, because its octets travel better than its table. */
  #applyCrl({ setting, place, der }: ToWorker & { kind: 'list' }): void {
    const crl = der === undefined ? undefined : parseCrl(der)
    this.#crls.set(setting, place, crl?.ok === true ? crl.value : undefined)
    this.#frontEnd?.reapplyCrls()
  }

  /** A bug: said once, then this process makes room for a fresh one. */
  crash(error: unknown): never {
    this.#logger?.log.fatal({ err: error }, 'worker failed')
    this.#logger?.flush()
    process.exit(70)
  }

  async #start(message: ConfigMessage): Promise<void> {
    const { processConfig } = message
    releaseMemory()
    this.#logger = openLog(processConfig.config.log, { worker: message.worker })
    const started = await FrontEnd.start(processConfig, {
      log: this.#logger.log,
      metrics: this.#metrics,
      shared: true,
      crls: this.#crls,
      overlay: this.#overlay,
      onStaleSession: () => sendToPrimary({ kind: 'stale-session' }),
      expirySightings: this.#expirySightings,
      sightingBuffer: this.#sightingBuffer,
      upstreamErrors: this.#upstreamErrors,
      onIssuer: (issuer) => sendToPrimary({ kind: 'issuer', issuer }),
    })
    if (!started.ok)
      return sendToPrimary({ kind: 'answer', answer: { kind: 'refused', faults: started.failure } })
    this.#frontEnd = started.value
    // A list may have come while the ports were being bound.
    started.value.reapplyCrls()
    sendToPrimary({ kind: 'answer', answer: { kind: 'serving', ports: started.value.ports } })
    this.#testHook?.(this.#sightingBuffer)
  }
}

const NOT_STARTED: Fault = {
  at: 'workers',
  message: 'found a worker that could not start, wanted all to serve: see its own line in the log',
}

/** `left` is called when it has left this process, or nobody listens any more. */
function sendToPrimary(message: FromWorker, sent: () => void = () => {}): void {
  if (process.send === undefined) sent()
  else process.send(message, undefined, undefined, sent)
}

/** A primary that takes nothing for so long is as good as gone. */
const CHANNEL_TIMEOUT_MS = 5000
