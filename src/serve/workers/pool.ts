/**
 * The processes that serve: one, or one per core behind the same ports. Both have the same interface, so that signals,
 * reloads, scrapes and the drain are written once.
 */
import type { Registry } from 'prom-client'
import type { Fault } from '../../kernel/types.ts'
import type { RefusalBuffer, RefusalSink } from '../../record/refusal-buffer.ts'
import type { SightingBuffer, SightingSink } from '../../record/sighting-buffer.ts'
import type { ExpirySightingSink } from '../../record/expiry-sightings.ts'
import type { UpstreamErrorSink } from '../../record/upstream-errors.ts'
import type { CrlUpdate } from '../../revoke/registry.ts'
import type { OverlayDelta } from '../../state/overlay.ts'
import type { Explained } from '../../state/explain/account.ts'
import type { Question } from '../../state/explain/question.ts'
import type { ProcessConfig } from '../process/process-config.ts'

/** The result of a start or a reload in all processes of the pool. */
export type WorkerPoolResult =
  | { readonly kind: 'serving'; readonly ports: Readonly<Record<string, number>> }
  | { readonly kind: 'refused'; readonly faults: readonly Fault[] }

/** What the processes of a pool report without being asked. */
export interface WorkerEvents
  extends ExpirySightingSink, RefusalSink, SightingSink, UpstreamErrorSink {
  /** A device was held to a session that says less of it than a new one would. */
  onStaleSession(): void
}

/** Adds sightings or refusals of its own for a test; called once in each process that serves. */
export type TestHook = (buffers: {
  readonly sightingBuffer: Pick<SightingBuffer, 'add'>
  readonly refusalBuffer: Pick<RefusalBuffer, 'add'>
}) => void

export interface WorkerPool {
  start(processConfig: ProcessConfig, events: WorkerEvents): Promise<WorkerPoolResult>
  reload(processConfig: ProcessConfig): Promise<WorkerPoolResult>
  /** Puts a revocation list in force, or takes it away, in every process; before the start it is kept for it. */
  applyCrlUpdate(update: CrlUpdate): void
  /** Changes what was decided about single devices, in every process; before the start it is kept for it. */
  applyOverlayDelta(delta: OverlayDelta): void
  /** Explains what a device would meet, by the word of one of the processes that would meet it. */
  explain(question: Question): Promise<Explained>
  /** The metrics of all processes together. What was counted once stays counted, whatever becomes of the process. */
  scrape(): Promise<Registry>
  /** Undefined when every process serves; otherwise why the pool is not ready. */
  notReadyReason(): string | undefined
  /** From now on every answer ends its connection, in every process, and new connections are still served. */
  announceEnd(): void
  /** Ends when the last request has, or the drain timeout is over. */
  drain(): Promise<void>
}
