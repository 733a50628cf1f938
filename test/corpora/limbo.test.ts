import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { casesOf, examinationOf, vectors, verdictOn } from './limbo.ts'
import { differencesBetween } from './contradicting-cases.ts'
import {
  exceptions,
  falselyAdmitted,
  faultsOf,
  findings,
  MOST_FALSE_REFUSALS,
  MOST_FINDINGS,
  play,
  PROFILES,
  PURPOSES,
  readCorpus,
} from './verdicts.ts'

const folder = vectors() ?? ''
const corpus = test.skipIf(!existsSync(folder))
if (!existsSync(folder)) {
  console.warn('skipped: x509-limbo; TFE_VECTORS names no folder with limbo-client.json')
}

for (const purpose of PURPOSES) {
  corpus(`${purpose}: profile strict admits nothing that the corpus wants refused`, () => {
    expect(falselyAdmitted(play(readCorpus(folder, purpose), 'strict'))).toEqual([])
  })

  for (const profile of PROFILES) {
    corpus(
      `${purpose}: every divergence of profile ${profile} is argued for, and none is left`,
      () => {
        const cases = readCorpus(folder, purpose)
        expect(faultsOf(cases, profile, play(cases, profile))).toEqual([])
      },
    )
  }

  corpus(`${purpose}: an argument too few or too many is a fault`, () => {
    const cases = readCorpus(folder, purpose)
    const outcomes = play(cases, 'private')
    const admitted = outcomes.map(({ limbo }) => ({ limbo, verdict: ADMITTED }))
    const refused = outcomes.map(({ limbo }) => ({ limbo, verdict: REFUSED }))
    const first = Object.keys(findings)[0] ?? ''
    expect(faultsOf(cases, 'strict', outcomes)).toContain(`falsely admitted: ${first}`)
    expect(faultsOf(cases, 'private', admitted).join()).toContain('not in findings.json')
    expect(faultsOf(cases, 'private', admitted).join()).toContain('is not detected')
    expect(faultsOf(cases, 'private', refused).join()).toContain('still in findings.json')
    expect(faultsOf(cases, 'private', refused).join()).toContain('not in exceptions.json')
    expect(faultsOf(cases, 'private', refused).join()).toContain('more than 3')
    expect(faultsOf(cases, 'private', refused).join()).toContain('tier A, and wrong')
  })
}

const ADMITTED = { kind: 'admit', findings: [] } as const
const REFUSED = { kind: 'refuse', why: 'untrusted-issuer' } as const

corpus('twins put the same question, and only twins do', () => {
  const cases = new Map(readCorpus(folder, 'client').cases.map((limbo) => [limbo.id, limbo]))
  const [one, twin, other] = [
    'rfc5280::eku::ee-without-eku',
    'webpki::eku::ee-without-eku',
    'webpki::eku::ee-anyeku',
  ].map((id) => cases.get(id))
  if (one === undefined || twin === undefined || other === undefined) throw new Error('no case')
  expect(differencesBetween(one, twin)).toEqual([])
  expect(differencesBetween(twin, one)).toEqual([])
  expect(differencesBetween(one, other)).toContain('leaves differ')
  expect(differencesBetween(twin, other)).toContain('both demand the same')
})

corpus('every case with revocation lists is judged with them, and rightly', () => {
  const { cases } = readCorpus(folder, 'client')
  const withLists = cases.filter(({ crls }) => crls !== null && crls.length > 0)
  expect(withLists.length).toBe(8)
  for (const limbo of withLists) {
    const wanted = limbo.expected_result === 'SUCCESS' ? 'admit' : 'refuse'
    expect(verdictOn(limbo, 'strict', 'client').kind, limbo.id).toBe(wanted)
    // What profile private forgives is argued for in findings.json.
    const forgiven = findings[limbo.id] === undefined ? wanted : 'admit'
    expect(verdictOn(limbo, 'private', 'client').kind, limbo.id).toBe(forgiven)
    // Without its lists a case is another one: where the verdict stays, the lists clear.
    const without = verdictOn({ ...limbo, crls: null }, 'private', 'client')
    expect(without.kind, limbo.id).toBe('admit')
  }
})

test('at most twenty-one departures are forgiven, each with its rule and an argument', () => {
  expect(Object.keys(findings).length).toBeLessThanOrEqual(MOST_FINDINGS)
  for (const [id, { argument, departsFrom }] of Object.entries(findings)) {
    expect(argument, id).not.toBe('')
    expect(departsFrom, id).toMatch(/^(?:RFC 5280 §|CA\/Browser )\d/u)
  }
})

test('at most three are refused against the corpus for each purpose and profile, each with an argument', () => {
  for (const purpose of PURPOSES) {
    for (const profile of PROFILES) {
      const argued = Object.values(exceptions[purpose][profile])
      expect(argued.length).toBeLessThanOrEqual(MOST_FALSE_REFUSALS)
      for (const { argument } of argued) expect(argument).not.toBe('')
    }
  }
})

corpus('hostile chains end within the budget, not within minutes', () => {
  const hostile = casesOf(folder, 'limbo-client.json').filter(({ id }) =>
    id.startsWith('pathological::'),
  )
  expect(hostile.length).toBeGreaterThan(5)
  for (const limbo of hostile) {
    const { limits, examination } = examinationOf(limbo, 'private', 'client')
    // A leaf that cannot be read costs nothing more.
    if (examination === undefined) continue
    const { spent, result } = examination
    // The naive search takes longer than the universe is old.
    expect(spent.steps, limbo.id).toBeLessThanOrEqual(limits.steps + 1)
    expect(spent.signatures, limbo.id).toBeLessThanOrEqual(limits.signatures + 1)
    // Taken in one go and before they are made: what does not suffice for them ends the search.
    if (spent.comparisons > limits.comparisons) {
      const failure = { kind: 'budget-exhausted', resource: 'comparisons' }
      expect(result, limbo.id).toMatchObject({ failure })
    }
  }
})
