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

/** Kinds of clients and a range of releases, and the situations in which they depart: all that these three name. */
export interface DepartingCase {
  readonly classes: readonly ClientClass[]
  readonly releases: ReleaseRange
  readonly ports: readonly Situation['port'][]
  readonly migrations: readonly MigrationStatus[]
  readonly cameWithout: readonly boolean[]
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
  const cases = new Map<string, DepartingCase>()
  for (const kind of CLIENT_CLASSES) {
    for (const releases of rangesOf(kind)) {
      const found = casesOf(code, { class: kind, releases }, installation)
      if (found === undefined) continue
      // What is alike is one case, which a store finds in one go.
      const name = JSON.stringify({ releases, ...found })
      const classes = [...(cases.get(name)?.classes ?? []), kind]
      cases.set(name, { classes, releases, ...found })
    }
  }
  return [...cases.values()]
}

type Situations = Pick<DepartingCase, 'cameWithout' | 'migrations' | 'ports'>

/** Each departure goes by one of the three, so its situations are all that the three name (`departure.test.ts`). */
function casesOf(
  code: DepartureCode,
  { class: kind, releases }: { readonly class: ClientClass; readonly releases: ReleaseRange },
  installation: Installation | undefined,
): Situations | undefined {
  const version = sampleOf(releases)
  const met = SITUATIONS.filter((situation) =>
    compareWithDocuments({ class: kind, version, situation }, installation).departures.some(
      (one) => one.kind === code,
    ),
  )
  if (met.length === 0) return undefined
  return {
    ports: PORTS.filter((port) => met.some((one) => one.port === port)),
    migrations: STATUSES.filter((status) => met.some((one) => one.migration === status)),
    cameWithout: BOTH.filter((came) => met.some((one) => one.cameWithout === came)),
  }
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

const BOTH: readonly boolean[] = [false, true]

const SITUATIONS: readonly Situation[] = PORTS.flatMap((port) =>
  STATUSES.flatMap((migration) => BOTH.map((cameWithout) => ({ port, migration, cameWithout }))),
)
