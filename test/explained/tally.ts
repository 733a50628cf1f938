/** What was compared and what differs: nothing passes by not having been seen. */
import { CLASSES, CODES, MANNERS } from './classes.ts'
import type { Met } from './real-request.ts'
import { verdictText } from './verdict.ts'

/** Where a verdict is told, besides what the device met. */
export const SOURCES = ['certificate', 'device', 'reference', 'preview', 'list'] as const
export type Source = (typeof SOURCES)[number]

/** What one source says of one device, and what it had to say. */
export interface Comparison {
  readonly state: number
  readonly source: Source
  /** The device and its request. */
  readonly where: string
  readonly said: string
  readonly wanted: string
}

/** Counts for a whole run. */
export class Tally {
  readonly differences: Comparison[] = []
  devices = 0
  /** Connections that were closed before a request was read. */
  closed = 0
  readonly #classes = new Map<string, number>()
  readonly #comparisons = new Map<Source, number>()
  readonly #devicesOf = new Map<Source, Set<string>>()

  /** Counts what a device met. */
  count({ status, verdict }: Met): void {
    const text = verdictText(verdict)
    this.devices += 1
    if (status === 0) this.closed += 1
    this.#classes.set(text, this.seen(text) + 1)
  }

  compare(one: Comparison): void {
    const { source, state, where, said, wanted } = one
    this.#comparisons.set(source, this.comparisons(source) + 1)
    const devices = this.#devicesOf.get(source) ?? new Set()
    this.#devicesOf.set(source, devices.add(`${state} ${where}`))
    if (said !== wanted) this.differences.push(one)
  }

  seen(text: string): number {
    return this.#classes.get(text) ?? 0
  }

  comparisons(source: Source): number {
    return this.#comparisons.get(source) ?? 0
  }

  /** Devices that a source was compared for. */
  devicesOf(source: Source): number {
    return this.#devicesOf.get(source)?.size ?? 0
  }

  /** Classes of verdicts, the most frequent first. */
  classes(): readonly (readonly [string, number])[] {
    return [...this.#classes].toSorted(([, one], [, two]) => two - one)
  }

  /** Classes, codes and manners that were never seen; of a few devices only the manners are asked for. */
  missing(isWhole: boolean): readonly string[] {
    const seen = [...this.#classes.keys()].map((text) => text.split(': '))
    return [
      ...MANNERS.filter((manner) => !seen.some(([one]) => one === manner)),
      ...(isWhole ? CLASSES.filter((text) => this.seen(text) === 0) : []),
      ...(isWhole ? CODES.filter((code) => !seen.some(([, one]) => one === code)) : []),
      ...(this.closed === 0 ? ['a connection that ended before a request'] : []),
    ]
  }

  /** Sources that nothing was compared with. */
  idle(): readonly Source[] {
    return SOURCES.filter((source) => this.devicesOf(source) === 0)
  }
}
