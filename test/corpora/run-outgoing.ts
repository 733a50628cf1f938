/**
 * `npm run test:outgoing:corpus`: x509-limbo's server cases, each shown by a live upstream to TFE's outgoing TLS and to
 * plain Node, where no network is but a loopback interface. Exit status 1 when TFE believes a server of tier A that it
 * must not, or one that Node would not believe; when a divergence is not argued for, or an argument is not needed any
 * more; and when anything that the run needs is missing.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { casesOf, tiersOf, vectors, type Verdict } from './limbo.ts'
import { enclose, isEnclosed, missing } from './needs.ts'
import { playOutgoing, type Doubt, type OutgoingRow } from './upstream-tls.ts'
import { scoreTable } from './report.ts'
import {
  exceptions,
  falselyAdmitted,
  falselyRefused,
  findings,
  isRight,
  type Corpus,
  type Outcome,
} from './verdicts.ts'

process.exitCode = isEnclosed() ? await run() : begin()

function begin(): number {
  const lacking = missing()
  for (const sentence of lacking) console.error(`missing: ${sentence}`)
  return lacking.length > 0 ? 1 : enclose([import.meta.filename])
}

type Played = OutgoingRow & { readonly kind: 'played' }

async function run(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-outgoing-'))
  try {
    const from = vectors() ?? ''
    const cases = casesOf(from, 'limbo.json').filter((one) => one.validation_kind === 'SERVER')
    const rows = await playOutgoing(cases, folder)
    const played = rows.filter((row) => row.kind === 'played')
    const tiers = tiersOf(from, 'limbo-server-tiers.json')
    return report(rows, {
      purpose: 'server',
      cases: played.map(({ limbo }) => limbo),
      besides: rows.length - played.length,
      tiers,
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function report(rows: readonly OutgoingRow[], corpus: Corpus): number {
  const played = rows.filter((row) => row.kind === 'played')
  const score = (judge: string, doubt: (row: Played) => Doubt) => ({
    judge,
    outcomes: played.map((row) => ({ limbo: row.limbo, verdict: verdictOf(doubt(row)) })),
  })
  const plain = score(`plain Node ${process.versions.node}`, (row) => row.plain)
  const ours = score('TFE, outgoing TLS', (row) => row.ours)
  console.log(`\n${scoreTable(corpus, [plain, ours])}`)
  const tierOf = (id: string): string => `tier ${corpus.tiers.get(id) ?? '-'}`
  const admitted = falselyAdmitted(ours.outcomes).map(({ limbo }) => limbo.id)
  list(
    'believed, and should not be',
    admitted.map((id) => [id, tierOf(id)]),
  )
  list(
    'not believed, and should be',
    falselyRefused(ours.outcomes).map(({ limbo, verdict }) => [
      limbo.id,
      tierOf(limbo.id),
      verdict.kind === 'refuse' ? verdict.why : '',
    ]),
  )
  const apart = played.filter(
    ({ ours: we, plain: node }) => (we === undefined) !== (node === undefined),
  )
  list(
    'judged otherwise by plain Node',
    apart.map(({ limbo, ours: we, plain: node }) => [
      limbo.id,
      `wanted ${limbo.expected_result}`,
      `TFE: ${we ?? 'believed'}`,
      `Node: ${node ?? 'believed'}`,
    ]),
  )
  list(
    'not played',
    rows.flatMap((row) =>
      row.kind === 'played' ? [] : [[row.limbo.id, tierOf(row.limbo.id), row.why]],
    ),
  )
  const faults = [
    ...admitted.filter((id) => corpus.tiers.get(id) === 'A').map((id) => `tier A, believed: ${id}`),
    ...apart
      .filter(({ ours: we, limbo }) => we === undefined && limbo.expected_result === 'FAILURE')
      .map(({ limbo }) => `believed, and not by plain Node: ${limbo.id}`),
    ...unargued(ours.outcomes),
  ]
  list(
    faults.length === 0
      ? 'well: no false accept in tier A, every other divergence argued for; faults'
      : 'not well',
    faults.map((one) => [one]),
  )
  return faults.length === 0 ? 0 : 1
}

/** What the profile `private` forgives is argued for already, and refused in `strict`. */
function unargued(outcomes: readonly Outcome[]): readonly string[] {
  const wrong = outcomes.filter(({ limbo, verdict }) => !isRight(limbo, verdict.kind))
  const ids = new Set(wrong.map(({ limbo }) => limbo.id))
  const argued = exceptions.outgoing
  return [
    ...wrong.flatMap(({ limbo: { id }, verdict }) =>
      id in argued || (verdict.kind === 'admit' && id in findings)
        ? []
        : [`not in exceptions.json: ${id}`],
    ),
    ...Object.keys(argued)
      .filter((id) => !ids.has(id))
      .map((id) => `not needed any more, still in exceptions.json: ${id}`),
  ]
}

function verdictOf(doubt: Doubt): Verdict {
  return doubt === undefined ? { kind: 'admit', findings: [] } : { kind: 'refuse', why: doubt }
}

function list(title: string, rows: readonly (readonly string[])[]): void {
  console.log(`\n${title}: ${rows.length}`)
  const width = Math.max(0, ...rows.map(([first = '']) => first.length))
  for (const [first = '', ...rest] of rows) {
    console.log(`  ${[first.padEnd(width), ...rest].join('  ')}`.trimEnd())
  }
}
