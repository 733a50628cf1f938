/**
 * A worker's side of the pool: it waits for its configuration, serves, and ends when the primary does.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { parseCrl } from '../../x509/crl.ts'
import type { Question } from '../../state/explain/question.ts'
import type { TestHook, WorkerPoolResult } from './pool.ts'
import { ServingProcess } from './serving-process.ts'
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
  // The primary died: no process would rotate tickets, reload or drain us any more.
  process.on('disconnect', () => {
    worker.handleMessage({ kind: 'drain' }).catch((error: unknown) => worker.crash(error))
  })
  // Signals to the whole group are the primary's to interpret.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
  sendToPrimary({ kind: 'hello' })
}

type ConfigMessage = Extract<ToWorker, { readonly processConfig: ProcessConfig }>

class Worker {
  readonly #process = new ServingProcess({
    onSightings: (sightings, lost) => {
      this.#lastSent = new Promise((sent) =>
        sendToPrimary({ kind: 'sightings', sightings, lost }, sent),
      )
    },
    onRefusals: (batch) => {
      this.#lastSent = new Promise((sent) => sendToPrimary({ kind: 'refusals', batch }, sent))
    },
    onExpirySightings: (sightings, lost) =>
      sendToPrimary({ kind: 'expiry-sightings', sightings, lost }),
    onUpstreamErrors: (errors, lost) => sendToPrimary({ kind: 'upstream-errors', errors, lost }),
  })
  /** Settles when the last batch of sightings or refusals has left this process: the channel keeps their order. */
  #lastSent: Promise<void> = Promise.resolve()
  #started: Promise<void> = Promise.resolve()
  #logger: ProcessLogger | undefined
  readonly #testHook: TestHook | undefined

  constructor(testHook: TestHook | undefined) {
    this.#testHook = testHook
  }

  async handleMessage(message: ToWorker): Promise<void> {
    switch (message.kind) {
      case 'start':
        this.#started = this.#start(message)
        return this.#started
      case 'reload': {
        // The ports may still be being bound, and then the last configuration would be lost.
        await this.#started
        const answer = this.#process.reload(message.processConfig)
        return sendToPrimary({ kind: 'answer', answer: answer ?? NOT_STARTED })
      }
      case 'lists': {
        // The primary has read them; here they are read again, because octets travel better than tables.
        const read = message.ders.flatMap((der) => {
          const crl = parseCrl(der)
          return crl.ok ? [crl.value] : []
        })
        return this.#process.applyCrls(message.setting, message.place, read)
      }
      case 'overlay':
        return this.#process.applyOverlayDelta(message.delta)
      case 'scrape': {
        // Sent before the metrics, so that it is heard before them: a scrape shows every device so far.
        this.#process.flush()
        return await this.#sendMetrics(message.id)
      }
      case 'explain': {
        const { id, question } = message
        const explained = this.#process.explain(asSent(question))
        return sendToPrimary({ kind: 'explained', id, explained })
      }
      case 'issuer': {
        // The channel makes another kind of octets of a buffer.
        const { der, trustVersion } = message.issuer
        return this.#process.addIssuer({ der: Buffer.from(der), trustVersion })
      }
      case 'announce-end':
        // One that is started meanwhile has nothing to announce before it serves.
        await this.#started
        return this.#process.announceEnd()
      case 'drain':
        await this.#process.drain()
        await this.#logger?.end()
        // What is still on its way through the channel would go with us.
        await Promise.race([
          Promise.all([this.#lastSent, this.#sendMetrics(undefined)]),
          pause(CHANNEL_TIMEOUT_MS),
        ])
        process.exit(0)
    }
  }

  /** Resolves when they have left this process. */
  async #sendMetrics(id: number | undefined): Promise<void> {
    const metrics = await this.#process.metrics.registry.getMetricsAsJSON()
    await new Promise<void>((sent) => sendToPrimary({ kind: 'metrics', id, metrics }, sent))
  }

  /** Logs a bug, and ends this process so that the primary starts another. */
  crash(error: unknown): never {
    this.#logger?.log.fatal({ err: error }, 'worker failed')
    this.#logger?.flush()
    process.exit(70)
  }

  async #start({ processConfig, worker }: ConfigMessage): Promise<void> {
    releaseMemory()
    const logger = openLog(processConfig.config.log, { worker })
    this.#logger = logger
    this.#process.metrics.registerDroppedLines(() => logger.dropped)
    const answer = await this.#process.start(processConfig, {
      log: this.#logger.log,
      shared: true,
      onStaleSession: () => sendToPrimary({ kind: 'stale-session' }),
      onIssuer: (issuer) => sendToPrimary({ kind: 'issuer', issuer }),
    })
    sendToPrimary({ kind: 'answer', answer })
    if (answer.kind === 'serving') this.#testHook?.(this.#process)
  }
}

/** The channel makes another kind of octets of a buffer. */
function asSent(question: Question): Question {
  const { subject } = question
  if (subject.kind !== 'presented') return question
  const [leaf, ...others] = subject.ders
  const ders = [Buffer.from(leaf), ...others.map((der) => Buffer.from(der))] as const
  return { ...question, subject: { kind: 'presented', ders } }
}

const NOT_STARTED: WorkerPoolResult = {
  kind: 'refused',
  faults: [
    {
      at: 'workers',
      message:
        'found a worker that could not start, wanted all to serve: see its own line in the log',
    },
  ],
}

/** Sends a message; `sent` is called when it has left this process, or the channel is closed. */
function sendToPrimary(message: FromWorker, sent: () => void = () => {}): void {
  if (process.send === undefined) sent()
  else process.send(message, undefined, undefined, sent)
}

/** A primary that takes nothing for so long is treated as gone. */
const CHANNEL_TIMEOUT_MS = 5000
