/**
 * What was said of each case of x509-limbo, and what of that the acceptance does not allow.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Profile, Purpose } from '../../src/trust/limits.ts'
import { casesOf, tiersOf, verdictOn, type Case, type Tier, type Verdict } from './limbo.ts'
import { differencesBetween } from './contradicting-cases.ts'

export const PROFILES: readonly Profile[] = ['private', 'strict']
export const PURPOSES: readonly Purpose[] = ['server', 'client']

/** One case, and one judge's verdict on it. */
export interface Outcome {
  readonly limbo: Case
  readonly verdict: Verdict
}

/** The part of the corpus that one purpose is about. */
export interface Corpus {
  readonly purpose: Purpose
  readonly cases: readonly Case[]
  /** Server cases that are not about paths, or not about servers. */
  readonly besides: number
  readonly tiers: ReadonlyMap<string, Tier>
}

interface Exception {
  readonly argument: string
  /** A case with the same certificates in every field that is judged, and the opposite demand. */
  readonly twin?: string
}

interface Exceptions {
  readonly client: Readonly<Record<Profile, Readonly<Record<string, Exception>>>>
  readonly server: Readonly<Record<Profile, Readonly<Record<string, Exception>>>>
  /** Cases that no OpenSSL client can ask about, by id, and why. */
  readonly notLive: Readonly<Record<string, string>>
  /** Server cases that outgoing TLS judges otherwise than the corpus, besides those in findings.json, and why. */
  readonly outgoing: Readonly<Record<string, string>>
}

interface Forgiven {
  readonly finding: string
  readonly departsFrom: string
  readonly argument: string
}

const written = (name: string): unknown =>
  JSON.parse(readFileSync(join(import.meta.dirname, name), 'utf8'))

/** False refusals that are argued for. */
export const exceptions = written('exceptions.json') as Exceptions
/** False admissions that are argued for: sound all the same, and detected. */
export const findings = written('findings.json') as Readonly<Record<string, Forgiven>>

/** Reads one half of the corpus. */
export function readCorpus(folder: string, purpose: Purpose): Corpus {
  const all = casesOf(folder, purpose === 'client' ? 'limbo-client.json' : 'limbo.json')
  const apart = purpose === 'client' ? new Set<string>() : hostNameCases(folder)
  const cases = all.filter(
    ({ id, validation_kind: kind }) => kind === purpose.toUpperCase() && !apart.has(id),
  )
  return {
    purpose,
    cases,
    besides: all.length - cases.length,
    tiers: tiersOf(folder, `limbo-${purpose}-tiers.json`),
  }
}

/** Names of hosts are compared by the caller; the judge says whether a path is sound. */
function hostNameCases(folder: string): ReadonlySet<string> {
  const path = join(folder, 'limbo-client-dropped.json')
  const dropped = JSON.parse(readFileSync(path, 'utf8')) as readonly (readonly [string, string])[]
  return new Set(dropped.flatMap(([id, why]) => (why === 'hostname matching only' ? [id] : [])))
}

/** Every case that applies, through the pure core. */
export const play = ({ cases, purpose }: Corpus, profile: Profile): readonly Outcome[] =>
  cases.map((limbo) => ({ limbo, verdict: verdictOn(limbo, profile, purpose) }))

export const falselyAdmitted = (outcomes: readonly Outcome[]): readonly Outcome[] =>
  outcomes.filter((one) => one.verdict.kind === 'admit' && one.limbo.expected_result === 'FAILURE')

export const falselyRefused = (outcomes: readonly Outcome[]): readonly Outcome[] =>
  outcomes.filter((one) => one.verdict.kind === 'refuse' && one.limbo.expected_result === 'SUCCESS')

/** Everything about one profile's verdicts that the acceptance forbids; empty when all is well. */
export function faultsOf(
  corpus: Corpus,
  profile: Profile,
  outcomes: readonly Outcome[],
): readonly string[] {
  return [
    ...admissionFaults(corpus, profile, outcomes),
    ...refusalFaults(corpus, profile, outcomes),
    ...tierFaults(corpus, outcomes),
  ]
}

/** More would no longer be a list of exceptions. */
export const MOST_FINDINGS = 21
export const MOST_FALSE_REFUSALS = 3

function admissionFaults(
  { cases }: Corpus,
  profile: Profile,
  outcomes: readonly Outcome[],
): readonly string[] {
  const admitted = falselyAdmitted(outcomes)
  if (profile === 'strict') return admitted.map(({ limbo }) => `falsely admitted: ${limbo.id}`)
  const faults = admitted.flatMap(({ limbo, verdict }) => {
    const forgiven = findings[limbo.id]
    if (forgiven === undefined) return [`falsely admitted, not in findings.json: ${limbo.id}`]
    const found = verdict.kind === 'admit' ? verdict.findings : []
    if (found.includes(forgiven.finding)) return []
    return [`${limbo.id}: ${forgiven.finding} is not detected; found ${found.join(', ')}`]
  })
  const known = new Set(admitted.map(({ limbo }) => limbo.id))
  const played = new Set(cases.map(({ id }) => id))
  for (const id of Object.keys(findings)) {
    if (!played.has(id)) faults.push(`in findings.json, not in the corpus: ${id}`)
    else if (!known.has(id)) faults.push(`unexpected success, still in findings.json: ${id}`)
  }
  const count = Object.keys(findings).length
  if (count > MOST_FINDINGS) faults.push(`findings.json has ${count}, more than ${MOST_FINDINGS}`)
  return faults
}

function refusalFaults(
  corpus: Corpus,
  profile: Profile,
  outcomes: readonly Outcome[],
): readonly string[] {
  const argued = exceptions[corpus.purpose][profile]
  const refused = falselyRefused(outcomes).map(({ limbo }) => limbo.id)
  const faults = refused.flatMap((id) =>
    argued[id] === undefined ? [`falsely refused, not in exceptions.json: ${id}`] : [],
  )
  for (const id of Object.keys(argued)) {
    if (!refused.includes(id)) faults.push(`unexpected success, still in exceptions.json: ${id}`)
  }
  if (refused.length > MOST_FALSE_REFUSALS) {
    faults.push(`${refused.length} falsely refused, more than ${MOST_FALSE_REFUSALS}`)
  }
  return [...faults, ...twinFaults(corpus, argued)]
}

/** A claim that a twin demands the opposite needs a twin: no judge can be right on both. */
function twinFaults(
  { cases }: Corpus,
  argued: Readonly<Record<string, Exception>>,
): readonly string[] {
  return Object.entries(argued).flatMap(([id, { twin }]) => {
    if (twin === undefined) return []
    const [one, other] = [id, twin].map((wanted) => cases.find((limbo) => limbo.id === wanted))
    if (one === undefined || other === undefined) return [`${id}: no twin ${twin} in the corpus`]
    return differencesBetween(one, other).map((difference) => `${id} and ${twin}: ${difference}`)
  })
}

/** What plain OpenSSL has right we have right, unless a twin in the corpus demands the opposite. */
function tierFaults({ purpose, tiers }: Corpus, outcomes: readonly Outcome[]): readonly string[] {
  const twins = new Set(
    PROFILES.flatMap((profile) =>
      Object.entries(exceptions[purpose][profile]).flatMap(([id, { twin }]) =>
        twin === undefined ? [] : [id],
      ),
    ),
  )
  return outcomes
    .filter(({ limbo, verdict }) => tiers.get(limbo.id) === 'A' && !isRight(limbo, verdict.kind))
    .flatMap(({ limbo: { id } }) => (twins.has(id) ? [] : [`tier A, and wrong: ${id}`]))
}

export const isRight = (limbo: Case, verdict: 'admit' | 'refuse'): boolean =>
  (verdict === 'admit') === (limbo.expected_result === 'SUCCESS')
