/**
 * `npm run test:corpora`: x509-limbo, servers and clients, through our judge in both profiles beside OpenSSL, and the
 * clients once more over TLS on the running front end. The test of the HTTP/1 corpus follows
 * it and prints a score of its own. Exit status 1 when a divergence is not argued for, an argument is not needed any more, a
 * bound is passed, or anything that the run needs is missing.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import type { Purpose } from '../../src/trust/limits.ts'
import { writeCase } from './case-files.ts'
import { vectors, type Verdict } from './limbo.ts'
import { liveFaults, playLive, verdictIn, type LiveRow } from './live.ts'
import { enclose, isEnclosed, missing } from './needs.ts'
import { MODES, opensslVerdict, opensslVersion } from './openssl.ts'
import { divergences, liveReport, scoreTable, type Score } from './report.ts'
import { type Corpus, faultsOf, play, PROFILES, PURPOSES, readCorpus } from './verdicts.ts'

process.exitCode = isEnclosed() ? await run() : begin()

function begin(): number {
  const lacking = missing()
  for (const sentence of lacking) console.error(`missing: ${sentence}`)
  return lacking.length > 0 ? 1 : enclose([import.meta.filename])
}

async function run(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-corpora-'))
  try {
    const faults: string[] = []
    for (const purpose of PURPOSES) faults.push(...(await score(purpose, join(folder, purpose))))
    console.log(faults.length === 0 ? '\nwell: every divergence is argued for' : '\nnot well:')
    for (const fault of faults) console.log(`  ${fault}`)
    return faults.length === 0 ? 0 : 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Plays one half, prints what came of it and answers what must not be. */
async function score(purpose: Purpose, folder: string): Promise<readonly string[]> {
  const corpus = readCorpus(vectors() ?? '', purpose)
  const ours = PROFILES.map((profile) => ({
    judge: `TFE, profile ${profile}`,
    outcomes: play(corpus, profile),
  }))
  say(`${purpose}s: ${corpus.cases.length} cases through the core in both profiles`)
  const others = opensslOn(corpus, folder)
  const rows = purpose === 'client' ? await playLive(liveCases(ours), folder, say) : []
  console.log(`\n${scoreTable(corpus, [...others, ...ours, ...liveScores(rows)])}\n`)
  console.log(divergences(corpus, ours))
  if (purpose === 'client') console.log(liveReport(rows))
  const faults = PROFILES.flatMap((profile, index) =>
    faultsOf(corpus, profile, ours[index]?.outcomes ?? []).map((one) => `${profile}: ${one}`),
  )
  const live = purpose === 'client' ? liveFaults(rows) : []
  return [...faults, ...live].map((fault) => `${purpose}s, ${fault}`)
}

function opensslOn(corpus: Corpus, folder: string): readonly Score[] {
  const { cases, purpose } = corpus
  const files = cases.map((limbo, index) => writeCase(limbo, join(folder, `case-${index}`)))
  return (['plain', 'strict'] as const).map((mode) => {
    const outcomes = cases.flatMap((limbo, index) => {
      const own = files[index]
      return own === undefined
        ? []
        : [{ limbo, verdict: opensslVerdict(limbo, own, { purpose, mode }) }]
    })
    say(`${purpose}s: openssl verify -purpose ssl${purpose} ${MODES[mode].join(' ')}`.trimEnd())
    return { judge: `${opensslVersion()}, ${mode}`, outcomes }
  })
}

function liveCases(ours: readonly Score[]): Parameters<typeof playLive>[0] {
  const [inPrivate, inStrict] = ours.map(
    ({ outcomes }) => new Map(outcomes.map(({ limbo, verdict }) => [limbo, verdict])),
  )
  return [...(inPrivate ?? [])].flatMap(([limbo, verdict]) => {
    const strict: Verdict | undefined = inStrict?.get(limbo)
    return strict === undefined ? [] : [{ limbo, pure: { private: verdict, strict } }]
  })
}

function liveScores(rows: readonly LiveRow[]): readonly Score[] {
  if (rows.length === 0) return []
  return PROFILES.map((profile) => ({
    judge: `TFE over TLS, profile ${profile}`,
    outcomes: rows.flatMap((row) => {
      const kind = row.profile === profile ? verdictIn(row) : undefined
      if (kind === undefined) return []
      const verdict: Verdict =
        kind === 'admit' ? { kind, findings: [] } : { kind, why: row.code ?? 'no code' }
      return [{ limbo: row.limbo, verdict }]
    }),
  }))
}

function say(text: string): void {
  console.log(`… ${text}`)
}
