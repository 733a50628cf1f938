/**
 * The HTTP/1 request corpus against the whole product: each row over a fresh connection of a good device, with a raw
 * upstream that keeps every octet. The same oracle judges a relay that looks at nothing, to show that it can fail.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  HOST,
  productTarget,
  relayTarget,
  type ReplayTarget,
  type Played,
} from './http1-targets.ts'
import { dangersIn, isDelivered, isRefused } from './http1-oracle.ts'
import { corpusRows, playsOf, type Play, type Row, type Verdict } from './http1-rows.ts'
import { readRequests } from './http1-strict.ts'

type Reasons = Readonly<Record<string, { readonly argument: string; readonly rows: string[] }>>

const exceptions = JSON.parse(
  readFileSync(join(import.meta.dirname, 'http1-exceptions.json'), 'utf8'),
) as { readonly accept: Reasons; readonly reject: Reasons }
const listed = (reasons: Reasons): readonly string[] =>
  Object.values(reasons).flatMap(({ rows }) => rows)

const rows = corpusRows()
const corpus = test.skipIf(rows === undefined)
if (rows === undefined) {
  console.warn('skipped: HTTP/1 requests; TFE_VECTORS names no folder with http1-requests-2.json')
}

interface Shown {
  readonly play: Play
  readonly played: Played
}

/** Plays every row in every manner, on several lanes side by side. */
async function show(open: readonly (() => Promise<ReplayTarget>)[]): Promise<readonly Shown[]> {
  const waiting = (rows ?? []).flatMap((row) => playsOf(row, HOST))
  const shown: Shown[] = []
  const work = async (openTarget: () => Promise<ReplayTarget>): Promise<void> => {
    await using target = await openTarget()
    for (let play = waiting.shift(); play !== undefined; play = waiting.shift()) {
      shown.push({ play, played: await target.play(play.octets) })
    }
  }
  await Promise.all(open.map(work))
  return shown
}

let shown: Promise<readonly Shown[]> | undefined
const ours = (): Promise<readonly Shown[]> =>
  (shown ??= show([productTarget, productTarget, productTarget]))

const unsafe = (all: readonly Shown[]): readonly string[] =>
  all.flatMap(({ play, played }) =>
    dangersIn(play, played).map((danger) => `${play.row.id} (${play.manner}): ${danger}`),
  )

const ofVerdict = (all: readonly Shown[], verdict: Verdict): readonly Shown[] =>
  all.filter(({ play }) => play.row.verdict === verdict)

const rowsOf = (all: readonly Shown[]): readonly Row[] => [
  ...new Set(all.map(({ play }) => play.row)),
]

/** Whole from end to end, for a host that is served: there is no reason not to let it through. */
function isWhole({ play }: Shown): boolean {
  const { requests, rest } = readRequests(play.octets)
  const hosts = requests.map(({ fields }) =>
    fields.filter(([name]) => name.toLowerCase() === 'host').map(([, value]) => value),
  )
  return rest.kind === 'nothing' && hosts.every((values) => values.join() === HOST)
}

/** A row passes when it passes in every manner in which it is whole, or else in the last. */
function passes(row: Row, all: readonly Shown[]): boolean {
  const manners = all.filter(({ play }) => play.row === row)
  const whole = manners.filter(isWhole)
  const decisive = whole.length > 0 ? whole : manners.slice(-1)
  return decisive.every(({ play, played }) => isDelivered(play, played))
}

// Hundreds of handshakes: seconds on a quiet machine, and a busy one shall not decide.
const PATIENCE = { timeout: 120_000 }

corpus(
  'no octet that two servers could read differently reaches the upstream',
  PATIENCE,
  async () => {
    expect(unsafe(await ours())).toEqual([])
  },
)

corpus(
  'every row to be refused is answered 4xx or closed, but for those argued for',
  PATIENCE,
  async () => {
    const taken = ofVerdict(await ours(), 'reject').filter(({ played }) => !isRefused(played))
    expect(rowsOf(taken).map(({ id }) => id)).toEqual(listed(exceptions.reject))
  },
)

corpus(
  'every row to be accepted reaches the upstream unchanged, but for those argued for',
  PATIENCE,
  async () => {
    const all = ofVerdict(await ours(), 'accept')
    const lost = rowsOf(all).filter((row) => !passes(row, all))
    expect(lost.map(({ id }) => id).toSorted()).toEqual(listed(exceptions.accept).toSorted())
  },
)

corpus(
  'a row made to desynchronise passes when it has one reading, and is refused otherwise',
  PATIENCE,
  async () => {
    const neither = ofVerdict(await ours(), 'no-desync').filter((one) =>
      isWhole(one) ? !isDelivered(one.play, one.played) : !isRefused(one.played),
    )
    expect(neither.map(({ play }) => play.row.id)).toEqual([])
  },
)

corpus('each request that is let through leaves one record', PATIENCE, async () => {
  const odd = (await ours()).filter(
    (one) =>
      isWhole(one) &&
      isDelivered(one.play, one.played) &&
      one.played.records.length !== readRequests(one.play.octets).requests.length,
  )
  expect(odd.map(({ play }) => play.row.id)).toEqual([])
})

corpus(
  'a relay that looks at nothing forwards what is unsafe: the oracle can fail',
  PATIENCE,
  async () => {
    const relayed = await show([relayTarget, relayTarget])
    const kinds = new Set(relayed.flatMap(({ play, played }) => dangersIn(play, played)))
    expect([...kinds]).toEqual(
      expect.arrayContaining([
        'bad field name',
        'bare CR, LF or NUL',
        'broken chunk',
        'length and transfer coding',
        'odd transfer coding',
        'two lengths',
      ]),
    )
    console.log(summary(await ours(), relayed))
  },
)

corpus('a front end that closes everything fails', () => {
  const closed: Played = { answers: [], upstream: [], unharmed: true, records: [] }
  const accepted = (rows ?? []).filter(({ verdict }) => verdict === 'accept')
  const passed = accepted.filter((row) =>
    passes(
      row,
      playsOf(row, HOST).map((play) => ({ play, played: closed })),
    ),
  )
  expect(passed).toEqual([])
  expect(accepted.length).toBeGreaterThan(listed(exceptions.accept).length)
})

/** What the run came to, for people. */
function summary(all: readonly Shown[], relayed: readonly Shown[]): string {
  const lines = (['accept', 'reject', 'no-desync', 'observe'] as const).map((verdict) => {
    const some = ofVerdict(all, verdict)
    const those = rowsOf(some)
    return [
      verdict,
      those.length,
      some.length,
      those.filter((row) => passes(row, some)).length,
      those.filter((row) => some.every((one) => one.play.row !== row || isRefused(one.played)))
        .length,
      unsafe(some).length,
      unsafe(ofVerdict(relayed, verdict)).length,
    ]
  })
  const head = ['rows', 'all', 'sent', 'delivered', 'refused', 'unsafe', 'unsafe by a relay']
  const manners = (['verbatim', 'hosted', 'completed'] as const).map((manner) => {
    const some = ofVerdict(all, 'accept').filter(({ play }) => play.manner === manner)
    const delivered = some.filter(({ play, played }) => isDelivered(play, played))
    return `${delivered.length} of ${some.length} ${manner}`
  })
  return [head, ...lines]
    .map((cells) => cells.map((cell) => String(cell).padEnd(11)).join(''))
    .concat(`accept rows delivered: ${manners.join(', ')}`)
    .join('\n')
}
