/**
 * What the primary and its workers say to each other. Plain data; Node's structured clone carries buffers,
 * maps and sets.
 */
import type { MetricObjectWithValues, MetricValue } from 'prom-client'
import type { Seen } from '../../record/device-sightings.ts'
import type { Sighting } from '../../record/expiry-sightings.ts'
import type { MetUpstreamError } from '../../record/upstream-errors.ts'
import type { OverlayDelta } from '../../state/overlay.ts'
import type { CrewAnswer } from './pool.ts'
import type { IssuerMet, Orders } from '../process/process-config.ts'

export type ToWorker =
  | { readonly kind: 'start' | 'reload'; readonly orders: Orders; readonly worker: number }
  | {
      readonly kind: 'list'
      readonly setting: string
      readonly place: string
      /** Undefined where the list is no more. */
      readonly der: Buffer | undefined
    }
  | { readonly kind: 'overlay'; readonly delta: OverlayDelta }
  | { readonly kind: 'scrape'; readonly id: number }
  | { readonly kind: 'issuer'; readonly issuer: IssuerMet }
  | { readonly kind: 'drain' }

export type FromWorker =
  | { readonly kind: 'hello' }
  | { readonly kind: 'locked-out' }
  | { readonly kind: 'sighted'; readonly sightings: readonly Sighting[]; readonly lost: number }
  | { readonly kind: 'seen'; readonly sightings: readonly Seen[]; readonly lost: number }
  | {
      readonly kind: 'upstream-errors'
      readonly errors: readonly MetUpstreamError[]
      readonly lost: number
    }
  | { readonly kind: 'issuer'; readonly issuer: IssuerMet }
  | { readonly kind: 'answer'; readonly answer: CrewAnswer }
  | {
      readonly kind: 'metrics'
      readonly id: number
      readonly metrics: readonly MetricObjectWithValues<MetricValue<string>>[]
    }
