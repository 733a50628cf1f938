import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { expect, test } from 'vitest'
import type { Profile, Purpose } from '../../src/trust/limits.ts'
import { casesOf, tiersOf, verdictOn, vectors, type Case, type Verdict } from './limbo.ts'

type Reasons = Readonly<Record<string, string>>

interface Exceptions {
  readonly client: Readonly<Record<Profile, Reasons>>
  readonly server: Readonly<Record<Profile, Reasons>>
  readonly notApplicableYet: { readonly ids: readonly string[] }
}

const written = (name: string): unknown =>
  JSON.parse(readFileSync(join(import.meta.dirname, name), 'utf8'))
const exceptions = written('exceptions.json') as Exceptions
const findings = written('findings.json') as Record<string, { finding: string; argument: string }>
const pending = new Set(exceptions.notApplicableYet.ids)

const folder = vectors()
const corpus = test.skipIf(folder === undefined)
if (folder === undefined) {
  console.warn('skipped: x509-limbo; TFE_VECTORS names no folder with limbo-client.json')
}

interface Outcome {
  readonly limbo: Case
  readonly verdict: Verdict
}

/** Every case that applies, judged; and those that need what is not there yet. */
function play(profile: Profile, purpose: Purpose): readonly Outcome[] {
  const file = purpose === 'client' ? 'limbo-client.json' : 'limbo.json'
  return casesOf(folder ?? '', file)
    .filter((limbo) => !pending.has(limbo.id) && applies(limbo, purpose))
    .map((limbo) => ({ limbo, verdict: verdictOn(limbo, profile, purpose) }))
}

/** Of the server cases, those that are about paths: names of hosts are compared elsewhere, clients have their own. */
function applies(limbo: Case, purpose: Purpose): boolean {
  if (purpose === 'client') return true
  return limbo.validation_kind === 'SERVER' && !hostNameCases().has(limbo.id)
}

function hostNameCases(): ReadonlySet<string> {
  const path = join(folder ?? '', 'limbo-client-dropped.json')
  const dropped = JSON.parse(readFileSync(path, 'utf8')) as readonly (readonly [string, string])[]
  return new Set(dropped.filter(([, why]) => why === 'hostname matching only').map(([id]) => id))
}

const falselyAdmitted = (outcomes: readonly Outcome[]): readonly Outcome[] =>
  outcomes.filter((one) => one.verdict.kind === 'admit' && one.limbo.expected_result === 'FAILURE')

const falselyRefused = (outcomes: readonly Outcome[]): readonly string[] =>
  outcomes
    .filter((one) => one.verdict.kind === 'refuse' && one.limbo.expected_result === 'SUCCESS')
    .map(({ limbo }) => limbo.id)

const ids = (outcomes: readonly Outcome[]): readonly string[] =>
  outcomes.map(({ limbo }) => limbo.id)

for (const purpose of ['client', 'server'] as const) {
  corpus(`${purpose}: profile strict admits nothing that the corpus wants refused`, () => {
    expect(ids(falselyAdmitted(play('strict', purpose)))).toEqual([])
  })

  corpus(
    `${purpose}: profile private admits only what findings.json argues for, and detects it`,
    () => {
      const admitted = falselyAdmitted(play('private', purpose))
      expect(ids(admitted).toSorted()).toEqual(Object.keys(findings).toSorted())
      for (const { limbo, verdict } of admitted) {
        const found = verdict.kind === 'admit' ? verdict.findings : []
        expect(found, limbo.id).toContain(findings[limbo.id]?.finding)
      }
    },
  )

  for (const profile of ['private', 'strict'] as const) {
    corpus(
      `${purpose}: profile ${profile} refuses nobody but the exceptions named with a reason`,
      () => {
        const refused = falselyRefused(play(profile, purpose))
        expect(refused.toSorted()).toEqual(Object.keys(exceptions[purpose][profile]).toSorted())
      },
    )
  }
}

corpus(
  'what plain OpenSSL judges rightly we judge rightly, but for twins with opposite demands',
  () => {
    const tiers = tiersOf(folder ?? '', 'limbo-client-tiers.json')
    for (const profile of ['private', 'strict'] as const) {
      const wrong = play(profile, 'client')
        .filter(({ limbo, verdict }) => {
          return (verdict.kind === 'admit') !== (limbo.expected_result === 'SUCCESS')
        })
        .filter(({ limbo }) => tiers.get(limbo.id) === 'A')
      expect(ids(wrong).toSorted()).toEqual(Object.keys(exceptions.client[profile]).toSorted())
    }
  },
)

corpus('cases that need revocation lists are named as not applicable yet, not counted', () => {
  const withLists = casesOf(folder ?? '', 'limbo-client.json').filter(
    ({ crls }) => crls !== null && crls.length > 0,
  )
  expect(withLists.map(({ id }) => id).toSorted()).toEqual([...pending].toSorted())
})

test('at most twenty departures are forgiven, each with an argument', () => {
  expect(Object.keys(findings).length).toBeLessThanOrEqual(20)
  for (const [id, { argument }] of Object.entries(findings)) expect(argument, id).not.toBe('')
})

test('at most three devices are refused against the corpus in each profile', () => {
  for (const reasons of Object.values(exceptions.client)) {
    expect(Object.keys(reasons).length).toBeLessThanOrEqual(3)
  }
})

corpus('hostile chains end within the budget, not within minutes', () => {
  const hostile = casesOf(folder ?? '', 'limbo-client.json').filter(({ id }) =>
    id.startsWith('pathological::'),
  )
  expect(hostile.length).toBeGreaterThan(5)
  for (const limbo of hostile) {
    const start = process.cpuUsage()
    verdictOn(limbo, 'private', 'client')
    const { user } = process.cpuUsage(start)
    // Fifty times what it takes here; the naive search takes longer than the universe is old.
    expect(user, limbo.id).toBeLessThan(2_000_000)
  }
})
