/** The figures of `npm run bench -- --curves`, as `--write` keeps them beside the page. */
import type { MeasuredRun, Spread } from './figures.ts'

export interface CurvePoint {
  readonly size: number
  /** By the name of the candidate. */
  readonly values: Readonly<Record<string, Spread>>
}

export interface Curve {
  readonly id: string
  /** What is counted along the axis, such as `open connections`. */
  readonly title: string
  /** What is done at each size. */
  readonly work: string
  readonly unit: 'us'
  readonly points: readonly CurvePoint[]
}

export interface CurveFigures extends MeasuredRun {
  readonly curves: readonly Curve[]
}
