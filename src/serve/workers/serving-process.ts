/**
 * What one process holds to serve, alone or as one of several workers: its front end, and what is kept for it before it
 * starts.
 */
import type { Logger } from 'pino'
import { SightingBuffer, type SightingSink } from '../../record/sighting-buffer.ts'
import { RefusalBuffer, type RefusalSink } from '../../record/refusal-buffer.ts'
import { ExpirySightingBuffer, type ExpirySightingSink } from '../../record/expiry-sightings.ts'
import { Metrics } from '../../record/metrics.ts'
import { UpstreamErrorBuffer, type UpstreamErrorSink } from '../../record/upstream-errors.ts'
import { PROCESS_LOOKUPS } from '../../forward/connect/name-lookups.ts'
import { Overlay, type OverlayDelta } from '../../state/overlay.ts'
import { LoadedCrls } from '../../state/revocation-policy.ts'
import type { Crl } from '../../x509/crl.ts'
import type { Explained } from '../../state/explain/account.ts'
import type { Question } from '../../state/explain/question.ts'
import type { WorkerPoolResult } from './pool.ts'
import { FrontEnd, type FrontEndDeps } from '../process/front-end.ts'
import { logStaleName } from '../process/upstream-log.ts'
import type { IssuerHint, ProcessConfig } from '../process/process-config.ts'

/** How a process starts: what a `FrontEnd` needs that differs between a worker and a process that serves alone. */
export type ServingProcessOptions = Pick<FrontEndDeps, 'onIssuer' | 'onStaleSession' | 'shared'> & {
  readonly log: Logger
}

/** A `ServingProcess` takes lists and overlay deltas at any time, and serves from `start` to `drain`. */
export class ServingProcess {
  readonly metrics = new Metrics()
  readonly sightingBuffer: SightingBuffer
  readonly refusalBuffer: RefusalBuffer
  readonly #expirySightings: ExpirySightingBuffer
  readonly #upstreamErrors: UpstreamErrorBuffer
  readonly #crls = new LoadedCrls()
  readonly #overlay = new Overlay()
  #frontEnd: FrontEnd | undefined

  constructor(sinks: ExpirySightingSink & RefusalSink & SightingSink & UpstreamErrorSink) {
    this.#expirySightings = new ExpirySightingBuffer(sinks)
    this.sightingBuffer = new SightingBuffer(sinks)
    this.refusalBuffer = new RefusalBuffer(sinks)
    this.#upstreamErrors = new UpstreamErrorBuffer(sinks)
    this.metrics.registerStaleNames(() => PROCESS_LOOKUPS.stale)
  }

  get serving(): boolean {
    return this.#frontEnd !== undefined
  }

  async start(
    processConfig: ProcessConfig,
    options: ServingProcessOptions,
  ): Promise<WorkerPoolResult> {
    PROCESS_LOOKUPS.onStale = (change) => logStaleName(options.log, change)
    const started = await FrontEnd.start(processConfig, {
      ...options,
      metrics: this.metrics,
      crls: this.#crls,
      overlay: this.#overlay,
      expirySightings: this.#expirySightings,
      sightingBuffer: this.sightingBuffer,
      refusalBuffer: this.refusalBuffer,
      upstreamErrors: this.#upstreamErrors,
    })
    if (!started.ok) return { kind: 'refused', faults: started.failure }
    this.#frontEnd = started.value
    // A list may have come while the ports were being bound.
    started.value.reapplyCrls()
    return { kind: 'serving', ports: started.value.ports }
  }

  /** Applies another configuration; undefined before the start. */
  reload(processConfig: ProcessConfig): WorkerPoolResult | undefined {
    const frontEnd = this.#frontEnd
    if (frontEnd === undefined) return undefined
    const faults = frontEnd.reload(processConfig)
    return faults.length > 0
      ? { kind: 'refused', faults }
      : { kind: 'serving', ports: frontEnd.ports }
  }

  applyCrls(setting: string, place: string, crls: readonly Crl[]): void {
    this.#crls.set(setting, place, crls)
    this.#frontEnd?.reapplyCrls()
  }

  applyOverlayDelta(delta: OverlayDelta): void {
    const restricted = this.#overlay.apply(delta)
    this.#frontEnd?.onRestricted(restricted)
  }

  /** Explains what a device would meet; `not-serving` before the start. */
  explain(question: Question): Explained {
    if (this.#frontEnd === undefined) return { kind: 'not-serving' }
    const account = this.#frontEnd.explain(question)
    return account === undefined ? { kind: 'no-listener' } : { kind: 'explained', account }
  }

  addIssuer(issuer: IssuerHint): void {
    this.#frontEnd?.addIssuer(issuer)
  }

  /** Passes on all that was gathered, so that what reads the metrics next finds every device so far. */
  flush(): void {
    this.#expirySightings.flush()
    this.sightingBuffer.flush()
    this.refusalBuffer.flush()
    this.#upstreamErrors.flush()
  }

  announceEnd(): void {
    this.#frontEnd?.announceEnd()
  }

  /** Lets requests finish, and passes on the last sightings and refusals. */
  async drain(): Promise<void> {
    await this.#frontEnd?.drain()
    this.sightingBuffer.flush()
    this.refusalBuffer.flush()
  }
}
