/** The figures of `npm run bench -- --curves`, as `--write` keeps them beside the page. */
import type { FigureColumn, Spread } from './figures.ts'

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

export interface CurveFigures {
  /** The day, as YYYY-MM-DD. */
  readonly taken: string
  readonly commit: string
  readonly rounds: number
  /** 1, or a part of the units where the run was a trial. */
  readonly scale: number
  readonly machine: string
  readonly columns: readonly FigureColumn[]
  readonly curves: readonly Curve[]
}
