/**
 * What the primary and its workers say to each other. Plain data; Node's structured clone carries buffers,
 * maps and sets.
 */
import type { RefusalBatch } from '../../fleet/kept-refusal.ts'
import type { Sighting } from '../../fleet/sighting.ts'
import type { MetricFamilies } from '../../record/metric-families.ts'
import type { ExpirySighting } from '../../record/expiry-sightings.ts'
import type { UpstreamErrorEntry } from '../../record/upstream-errors.ts'
import type { OverlayDelta } from '../../state/overlay.ts'
import type { Explained } from '../../state/explain/account.ts'
import type { Question } from '../../state/explain/question.ts'
import type { WorkerPoolResult } from './pool.ts'
import type { IssuerHint, ProcessConfig } from '../process/process-config.ts'

export type ToWorker =
  | {
      readonly kind: 'start' | 'reload'
      readonly processConfig: ProcessConfig
      readonly worker: number
    }
  | {
      readonly kind: 'lists'
      readonly setting: string
      readonly place: string
      /** None where the place is no more. */
      readonly ders: readonly Buffer[]
    }
  | { readonly kind: 'overlay'; readonly delta: OverlayDelta }
  | { readonly kind: 'scrape'; readonly id: number }
  | { readonly kind: 'explain'; readonly id: number; readonly question: Question }
  | { readonly kind: 'issuer'; readonly issuer: IssuerHint }
  | { readonly kind: 'announce-end' }
  | { readonly kind: 'drain' }

export type FromWorker =
  | { readonly kind: 'hello' }
  | { readonly kind: 'stale-session' }
  | {
      readonly kind: 'expiry-sightings'
      readonly sightings: readonly ExpirySighting[]
      readonly lost: number
    }
  | { readonly kind: 'sightings'; readonly sightings: readonly Sighting[]; readonly lost: number }
  | { readonly kind: 'refusals'; readonly batch: RefusalBatch }
  | {
      readonly kind: 'upstream-errors'
      readonly errors: readonly UpstreamErrorEntry[]
      readonly lost: number
    }
  | { readonly kind: 'issuer'; readonly issuer: IssuerHint }
  | { readonly kind: 'answer'; readonly answer: WorkerPoolResult }
  | { readonly kind: 'explained'; readonly id: number; readonly explained: Explained }
  /** Without an id it is the last word of a worker that ends. */
  | {
      readonly kind: 'metrics'
      readonly id: number | undefined
      readonly metrics: MetricFamilies
    }
