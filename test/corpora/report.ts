/**
 * The score as people read it.
 */
import type { Tier } from './limbo.ts'
import { verdictIn, type LiveRow } from './live.ts'
import {
  type Corpus,
  exceptions,
  falselyAdmitted,
  falselyRefused,
  findings,
  isRight,
  type Outcome,
  PROFILES,
} from './verdicts.ts'

/** One judge and what it said. */
export interface Score {
  readonly judge: string
  readonly outcomes: readonly Outcome[]
}

const TIERS: readonly Tier[] = ['A', 'B', 'C']

/** A row per judge, accepts and rejects apart. */
export function scoreTable(corpus: Corpus, scores: readonly Score[]): string {
  const { purpose, cases, besides } = corpus
  const heads = ['judge', 'admitted rightly', 'refused rightly', 'falsely admitted']
  const rows = scores.map(({ judge, outcomes }) => {
    const right = outcomes.filter(({ limbo, verdict }) => isRight(limbo, verdict.kind))
    const of = (result: 'SUCCESS' | 'FAILURE'): string => {
      const wanted = outcomes.filter(({ limbo }) => limbo.expected_result === result)
      const got = right.filter(({ limbo }) => limbo.expected_result === result)
      return `${got.length} of ${wanted.length}`
    }
    return [
      judge,
      of('SUCCESS'),
      of('FAILURE'),
      String(falselyAdmitted(outcomes).length),
      String(falselyRefused(outcomes).length),
      ...TIERS.map((tier) => {
        const within = ({ limbo }: Outcome): boolean => corpus.tiers.get(limbo.id) === tier
        return `${right.filter(within).length} of ${outcomes.filter(within).length}`
      }),
    ]
  })
  const title = `x509-limbo, ${purpose}s: ${cases.length} cases, ${besides} about other things left out`
  const tiers = TIERS.map((tier) => `tier ${tier}`)
  return `${title}\n\n${columns([[...heads, 'falsely refused', ...tiers], ...rows])}`
}

/** Each divergence of ours, with its reason. */
export function divergences({ purpose }: Corpus, ours: readonly Score[]): string {
  return PROFILES.map((profile, index) => {
    const outcomes = ours[index]?.outcomes ?? []
    const admitted = falselyAdmitted(outcomes).map(({ limbo: { id } }) => [
      id,
      findings[id] === undefined
        ? 'NOT ARGUED FOR'
        : `${findings[id].finding} (${findings[id].departsFrom})`,
    ])
    const refused = falselyRefused(outcomes).map(({ limbo: { id } }) => {
      const argued = exceptions[purpose][profile][id]
      const twin = argued?.twin === undefined ? 'see exceptions.json' : `twin: ${argued.twin}`
      return [id, argued === undefined ? 'NOT ARGUED FOR' : twin]
    })
    return [
      `profile ${profile}, falsely admitted, a finding detected on each: ${admitted.length}`,
      columns(admitted),
      `profile ${profile}, falsely refused: ${refused.length}`,
      columns(refused),
    ]
      .filter((text) => text !== '')
      .join('\n')
  }).join('\n')
}

/** What the live run showed besides equal verdicts. */
export function liveReport(rows: readonly LiveRow[]): string {
  const asked = rows.filter((row) => verdictIn(row) !== undefined)
  const same = asked.filter((row) => verdictIn(row) === row.pure.kind)
  const exact = same.filter(({ pure, code }) => pure.kind === 'admit' || pure.why === code)
  const silent = rows.filter((row) => verdictIn(row) === undefined)
  const unfit = asked.filter(({ limbo, anchorsTaken }) => anchorsTaken < limbo.trusted_certs.length)
  const renamed = same.filter((row) => !exact.includes(row) && !unfit.includes(row))
  return [
    `live, over TLS: ${asked.length} of ${rows.length} asked, ${same.length} with the verdict of the core, ${exact.length} of them with its code`,
    'could not be asked:',
    cases(silent, ({ limbo: { id } }) => exceptions.notLive[id] ?? 'NO REASON WRITTEN'),
    'an anchor refused by the configuration already:',
    cases(unfit, ({ code }) => `the request met: ${code}`),
    'the same verdict under another name:',
    cases(renamed, ({ pure, code }) => `${pure.kind === 'refuse' ? pure.why : pure.kind}: ${code}`),
  ].join('\n')
}

/** One row per case, whatever the profile, unless the two have different things to say. */
function cases(rows: readonly LiveRow[], say: (row: LiveRow) => string): string {
  const said = rows.map((row) => [row.limbo.id, say(row)] as const)
  const unique = new Map(said.map((row) => [row.join(), row]))
  return unique.size === 0 ? '  none' : columns([...unique.values()])
}

/** Cells under each other, two spaces apart. */
function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, at) =>
    Math.max(...rows.map((row) => row[at]?.length ?? 0)),
  )
  return rows
    .map((row) => `  ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')}`.trimEnd())
    .join('\n')
}
