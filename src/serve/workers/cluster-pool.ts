/**
 * Runs several worker processes: as many as `workers` says, each with its own listening socket on the shared port
 * (SO_REUSEPORT, which measured cheaper than handing connections over), the primary only supervises.
 */
import { countText } from '../../kernel/count-text.ts'
import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import type { Registry } from 'prom-client'
import { unreachable, type Fault } from '../../kernel/types.ts'
import { MetricSet } from '../../record/metric-set.ts'
import { addDroppedLines, addProcessMetrics } from '../../record/process-metrics.ts'
import type { CrlUpdate } from '../../revoke/registry.ts'
import { Overlay, type OverlayDelta } from '../../state/overlay.ts'
import type { Explained } from '../../state/explain/account.ts'
import type { Question } from '../../state/explain/question.ts'
import type { WorkerPool, WorkerPoolResult, WorkerEvents } from './pool.ts'
import { pipeLines } from './pipe-lines.ts'
import type { ProcessLogger } from '../log.ts'
import type { FromWorker, ToWorker } from './messages.ts'
import { WorkerMetrics } from './worker-metrics.ts'
import type { IssuerHint, ProcessConfig } from '../process/process-config.ts'

interface WorkerHandle {
  readonly worker: Worker
  readonly number: number
  /** It was sent a configuration: it answers each, in the order in which they were sent. */
  started: boolean
  serving: boolean
  /** It was ended because it gave no answer. */
  unresponsive: boolean
  /** Resolvers of the answers that it owes, the oldest first. */
  readonly pendingAnswers: ((answer: WorkerPoolResult) => void)[]
}

/** Starts `size` workers from `entry` (a script that calls `runWorker`). */
export function clusterPool(
  size: number,
  entry: { readonly script: string; readonly args: readonly string[] },
  logger: ProcessLogger,
): WorkerPool {
  cluster.setupPrimary({
    exec: entry.script,
    args: [...entry.args],
    execArgv: process.execArgv,
    serialization: 'advanced',
    // Their lines pass through us: two processes writing to one pipe would cut each other's lines in half.
    silent: true,
  })
  return new ClusterWorkerPool(size, logger)
}

class ClusterWorkerPool implements WorkerPool {
  readonly #size: number
  readonly #logger: ProcessLogger
  readonly #workers = new Map<number, WorkerHandle>()
  readonly #questions = new Map<number, (explained: Explained) => void>()
  readonly #scrapes = new Map<number, { readonly from: Worker; readonly answered: () => void }>()
  readonly #metrics = new WorkerMetrics()
  /** Of this process, which serves no device. */
  readonly #ownMetrics = new MetricSet()
  /** The lists in force, for workers that are started later. */
  readonly #crls = new Map<string, ToWorker & { kind: 'lists' }>()
  /** What was decided about single devices, for the same. */
  readonly #overlay = new Overlay()
  #processConfig: ProcessConfig | undefined
  #events: WorkerEvents | undefined
  /** What workers have met under one trust version, for those that are started later. */
  #issuers: readonly IssuerHint[] = []
  #endAnnounced = false
  #draining = false
  #nextId = 0
  /** Lines of workers that this process dropped on their way. */
  #droppedLines = 0

  constructor(size: number, logger: ProcessLogger) {
    this.#size = size
    this.#logger = logger
    addProcessMetrics(this.#ownMetrics)
    addDroppedLines(this.#ownMetrics, () => logger.dropped + this.#droppedLines)
  }

  async start(processConfig: ProcessConfig, events: WorkerEvents): Promise<WorkerPoolResult> {
    this.#processConfig = processConfig
    this.#events = events
    const numbers = Array.from({ length: this.#size }, (_, index) => index + 1)
    return combineResults(await Promise.all(numbers.map((number) => this.#fork(number))))
  }

  async reload(processConfig: ProcessConfig): Promise<WorkerPoolResult> {
    const before = this.#processConfig
    const answer = await this.#applyToAll(processConfig)
    if (answer.kind === 'serving' || before === undefined) return answer
    // Only the ticket secret was replaced, and the old one is about to be erased: a worker that is restarted gets the new one.
    if (before.version === processConfig.version) return answer
    // Workers that took it go back, and those started later must not begin with what was refused.
    await this.#applyToAll(before)
    return answer
  }

  applyCrlUpdate({ setting, place, crls }: CrlUpdate): void {
    const message = { kind: 'lists', setting, place, ders: crls.map(({ der }) => der) } as const
    const key = `${setting}\n${place}`
    if (crls.length === 0) this.#crls.delete(key)
    else this.#crls.set(key, message)
    this.#broadcast(message)
  }

  applyOverlayDelta(delta: OverlayDelta): void {
    this.#overlay.apply(delta)
    this.#broadcast({ kind: 'overlay', delta })
  }

  /** All judge by the same: the first that serves is asked, and while no answer comes one more each second. */
  explain(question: Question): Promise<Explained> {
    const serving = [...this.#workers.values()].filter((handle) => handle.serving).values()
    this.#nextId += 1
    const id = this.#nextId
    const { promise, resolve } = Promise.withResolvers<Explained>()
    const askNext = (): boolean => {
      const { value: handle } = serving.next()
      if (handle !== undefined) send(handle, { kind: 'explain', id, question })
      return handle !== undefined
    }
    this.#questions.set(id, resolve)
    if (!askNext()) resolve({ kind: 'not-serving' })
    const more = setInterval(askNext, EXPLAIN_PATIENCE_MS)
    const late = setTimeout(() => resolve({ kind: 'not-serving' }), EXPLAIN_TIMEOUT_MS)
    return promise.finally(() => {
      clearInterval(more)
      clearTimeout(late)
      this.#questions.delete(id)
    })
  }

  async scrape(): Promise<Registry> {
    await Promise.all([...this.#workers.values()].map((one) => this.#scrapeWorker(one)))
    return this.#metrics.all(await this.#ownMetrics.registry.getMetricsAsJSON())
  }

  notReadyReason(): string | undefined {
    const serving = [...this.#workers.values()].filter((handle) => handle.serving).length
    if (this.#draining) return 'draining'
    return serving === this.#size
      ? undefined
      : `${serving} of ${countText(this.#size, 'worker')} ${serving === 1 ? 'serves' : 'serve'}`
  }

  announceEnd(): void {
    this.#endAnnounced = true
    this.#broadcast({ kind: 'announce-end' })
  }

  async drain(): Promise<void> {
    this.#draining = true
    const timeout = (this.#processConfig?.config.drain ?? 0) + ANSWER_TIMEOUT_MS
    const gone = [...this.#workers.values()].map((handle) => {
      // What it said last is heard before its channel closes, which may be after it is gone.
      const closed = handle.worker.isConnected() ? [once(handle.worker, 'disconnect')] : []
      const over = [once(handle.worker, 'exit'), ...closed]
      send(handle, { kind: 'drain' })
      const late = setTimeout(() => handle.worker.process.kill('SIGKILL'), timeout)
      return Promise.all(over).finally(() => clearTimeout(late))
    })
    await Promise.all(gone)
  }

  /** Sends a configuration to every started worker, and keeps it for those that start later. */
  async #applyToAll(processConfig: ProcessConfig): Promise<WorkerPoolResult> {
    this.#processConfig = processConfig
    const started = [...this.#workers.values()].filter((handle) => handle.started)
    return combineResults(
      await Promise.all(
        started.map((handle) => {
          const { promise, resolve } = Promise.withResolvers<WorkerPoolResult>()
          handle.pendingAnswers.push(resolve)
          send(handle, { kind: 'reload', processConfig, worker: handle.number })
          const late = setTimeout(() => this.#killUnresponsive(handle), ANSWER_TIMEOUT_MS)
          return promise.finally(() => clearTimeout(late))
        }),
      ),
    )
  }

  /** Kills a worker that hangs: it serves no device, and would hold up every reload. Its end is its answer. */
  #killUnresponsive(handle: WorkerHandle): void {
    handle.unresponsive = true
    this.#logger.log.error(
      { worker: handle.number, waited_ms: ANSWER_TIMEOUT_MS },
      'a worker does not answer: the change is refused, the worker is killed and replaced',
    )
    // It could not hear a gentler signal.
    handle.worker.process.kill('SIGKILL')
  }

  /** Forks a worker, sends it the configuration, and waits for its answer. */
  #fork(number: number): Promise<WorkerPoolResult> {
    const worker = cluster.fork()
    const { promise, resolve } = Promise.withResolvers<WorkerPoolResult>()
    const handle: WorkerHandle = {
      worker,
      number,
      started: false,
      serving: false,
      unresponsive: false,
      pendingAnswers: [resolve],
    }
    this.#workers.set(number, handle)
    this.#metrics.joined(worker.id)
    // Not at its exit: what it said last is heard until its channel closes.
    worker.once('disconnect', () => this.#onDisconnected(worker))
    const onDropped = (lines: number): void => void (this.#droppedLines += lines)
    pipeLines(worker.process.stdout, process.stdout, onDropped)
    pipeLines(worker.process.stderr, process.stderr, onDropped)
    worker.on('message', (message: FromWorker) => this.#onMessage(handle, message))
    worker.once('exit', (code, signal) => {
      const ended = `worker ${number} ended with ${signal ?? code}`
      const message = handle.unresponsive ? `${ended}, because it gave no answer${IN_TIME}` : ended
      for (const answer of handle.pendingAnswers.splice(0)) {
        answer({ kind: 'refused', faults: [{ at: 'workers', message }] })
      }
      this.#replace(handle, message)
    })
    return promise
  }

  /** Replaces a worker that served and crashed; not one that could not even start, or it would be forked for ever. */
  #replace(handle: WorkerHandle, message: string): void {
    this.#workers.delete(handle.number)
    if (this.#draining || !handle.serving) return
    this.#logger.log.error({ worker: handle.number }, `${message}; starting another`)
    setTimeout(() => {
      if (!this.#draining) void this.#forkReplacement(handle.number)
    }, REPLACE_AFTER_MS)
  }

  async #forkReplacement(number: number): Promise<void> {
    const answer = await this.#fork(number)
    if (answer.kind === 'serving' || this.#draining) return
    const { faults } = answer
    this.#logger.log.error({ worker: number, faults }, 'a worker could not be replaced')
    // It serves no device, and its answer would decide about every reload.
    const handle = this.#workers.get(number)
    if (handle !== undefined) send(handle, { kind: 'drain' })
  }

  #onMessage(handle: WorkerHandle, message: FromWorker): void {
    switch (message.kind) {
      case 'hello': {
        const processConfig = this.#processConfig
        for (const list of this.#crls.values()) send(handle, list)
        for (const delta of this.#overlay.deltas()) send(handle, { kind: 'overlay', delta })
        if (processConfig === undefined) return
        handle.started = true
        send(handle, { kind: 'start', processConfig, worker: handle.number })
        if (this.#endAnnounced) send(handle, { kind: 'announce-end' })
        return
      }
      case 'answer':
        if (!handle.serving && message.answer.kind === 'serving') {
          handle.serving = true
          for (const issuer of this.#issuers) send(handle, { kind: 'issuer', issuer })
        }
        handle.pendingAnswers.shift()?.(message.answer)
        return
      case 'stale-session':
        this.#events?.onStaleSession()
        return
      case 'sightings':
        this.#events?.onSightings(message.sightings, message.lost)
        return
      case 'refusals':
        this.#events?.onRefusals(message.batch)
        return
      case 'upstream-errors':
        this.#events?.onUpstreamErrors(message.errors, message.lost)
        return
      case 'expiry-sightings':
        this.#events?.onExpirySightings(message.sightings, message.lost)
        return
      case 'issuer':
        this.#shareIssuer(message.issuer, handle)
        return
      case 'explained':
        this.#questions.get(message.id)?.(message.explained)
        return
      case 'metrics':
        this.#metrics.heard(handle.worker.id, message.metrics)
        if (message.id !== undefined) this.#scrapes.get(message.id)?.answered()
        return
      default:
        unreachable(message)
    }
  }

  /** A session may be resumed by a worker that its device's issuer was never shown to. */
  #shareIssuer(issuer: IssuerHint, from: WorkerHandle): void {
    const sameVersion = this.#issuers.filter(
      ({ trustVersion }) => trustVersion === issuer.trustVersion,
    )
    this.#issuers = [...sameVersion, issuer].slice(-MAX_ISSUERS)
    this.#broadcast({ kind: 'issuer', issuer }, from)
  }

  #broadcast(message: ToWorker, except?: WorkerHandle): void {
    for (const handle of this.#workers.values()) if (handle !== except) send(handle, message)
  }

  #onDisconnected(worker: Worker): void {
    this.#metrics.left(worker.id)
    for (const { from, answered } of this.#scrapes.values()) if (from === worker) answered()
  }

  /** A worker too busy to answer, or gone meanwhile, counts as it was heard last. */
  #scrapeWorker(handle: WorkerHandle): Promise<void> {
    const { worker } = handle
    if (!worker.isConnected()) return Promise.resolve()
    this.#nextId += 1
    const id = this.#nextId
    const { promise, resolve } = Promise.withResolvers<void>()
    const late = setTimeout(resolve, SCRAPE_TIMEOUT_MS)
    this.#scrapes.set(id, { from: worker, answered: resolve })
    send(handle, { kind: 'scrape', id })
    return promise.finally(() => {
      clearTimeout(late)
      this.#scrapes.delete(id)
    })
  }
}

/** Combines the answers of many workers into one: all serve, or the faults of the first that does not. */
function combineResults(answers: readonly WorkerPoolResult[]): WorkerPoolResult {
  const refused = answers.find((answer) => answer.kind === 'refused')
  return refused ?? answers[0] ?? { kind: 'refused', faults: [NO_WORKER] }
}

const NO_WORKER: Fault = {
  at: 'workers',
  message: 'found no worker that serves, wanted one: try again when they have been replaced',
}

/**
 * Sends to a worker that is there. One may be gone and not be known to be: then its channel says so in its own time, and what
 * waits for an answer is told there. Without a callback the runtime would throw what befell the message, and end this process.
 */
function send({ worker }: WorkerHandle, message: ToWorker): void {
  if (worker.isConnected()) worker.process.send(message, undefined, undefined, () => {})
}

/** As many as a worker remembers. */
const MAX_ISSUERS = 64
const REPLACE_AFTER_MS = 1000
/**
 * A reload takes a worker tens of milliseconds, with thousands of CAs on a busy machine a second or two. One that is
 * silent for five times that hangs, and a reload that is never answered is worse than one that is refused.
 */
const ANSWER_TIMEOUT_MS = 10_000
const IN_TIME = ` within ${ANSWER_TIMEOUT_MS / 1000} seconds`
const SCRAPE_TIMEOUT_MS = 5000
/** An answer takes milliseconds; a worker that is this late hangs, has ended, or is very busy. */
const EXPLAIN_PATIENCE_MS = 1000
/** A person waits; four more workers were asked by then. */
const EXPLAIN_TIMEOUT_MS = 5000
