/**
 * All cases in which a device departs from the documents in one way, asked of `compareWithDocuments` itself, so that a
 * store can look for them and mean the same.
 */
import { CLIENT_CLASSES, type ClientClass, type Version } from './client.ts'
import {
  compareWithDocuments,
  RELEASE_STEPS,
  type DepartureCode,
  type Situation,
} from './departure.ts'
import type { Installation } from './expectation.ts'
import type { MigrationStatus } from './migration.ts'

/** A kind of client and a range of releases, and the situations in which they depart. */
export interface DepartingCase {
  readonly class: ClientClass
  readonly releases: ReleaseRange
  readonly situations: readonly Situation[]
}

/** Releases that are treated alike. */
export type ReleaseRange =
  | { readonly kind: 'any' }
  | { readonly kind: 'unknown' }
  /** Undefined: without a bound on that side; `below` is the first that no longer belongs to it. */
  | {
      readonly kind: 'between'
      readonly from: Version | undefined
      readonly below: Version | undefined
    }

/** The cases of one departure; none for a server without documents. */
export function departingCases(
  code: DepartureCode,
  installation: Installation | undefined,
): readonly DepartingCase[] {
  return CLIENT_CLASSES.flatMap((kind) =>
    rangesOf(kind).flatMap((releases): readonly DepartingCase[] => {
      const version = sampleOf(releases)
      const situations = SITUATIONS.filter((situation) =>
        compareWithDocuments({ class: kind, version, situation }, installation).departures.some(
          (one) => one.kind === code,
        ),
      )
      return situations.length === 0 ? [] : [{ class: kind, releases, situations }]
    }),
  )
}

function rangesOf(kind: ClientClass): readonly ReleaseRange[] {
  const steps = RELEASE_STEPS.get(kind)
  if (steps === undefined) return [{ kind: 'any' }]
  const bounds = [undefined, ...steps, undefined]
  const between = bounds.slice(1).map((below, index) => {
    const from = bounds[index]
    return { kind: 'between', from, below } as const
  })
  return [{ kind: 'unknown' }, ...between]
}

/** A release of the range; of any other the same is true. */
function sampleOf(releases: ReleaseRange): Version | undefined {
  return releases.kind === 'between' ? (releases.from ?? [0]) : undefined
}

const PORTS: readonly Situation['port'][] = ['sync', 'https', undefined]
const STATUSES: readonly MigrationStatus[] = ['none', 'pending', 'success']

const SITUATIONS: readonly Situation[] = PORTS.flatMap((port) =>
  STATUSES.flatMap((migration) =>
    [false, true].map((cameWithout) => ({ port, migration, cameWithout })),
  ),
)
