/** The matrix is worth what its judge notices: whatever differs from what was expected is a fault. */
import { expect, test } from 'vitest'
import type { Seen } from './play.ts'
import { failed, served, type Expected } from './row.ts'
import { judged } from './table.ts'

const REFUSED: Seen = {
  status: 502,
  protocol: undefined,
  suite: undefined,
  reason: 'because',
  metrics: ['tfe_upstream_failures_total{upstream="UPSTREAM",failure="reset"}'],
}
const SERVED: Seen = {
  status: 200,
  protocol: 'TLSv1.3',
  suite: 'TLS_AES_256_GCM_SHA384',
  reason: undefined,
  metrics: [],
}

const ROWS: readonly (readonly [what: string, Expected, Seen, faults: number])[] = [
  ['nothing different is no fault', failed('reset', 'because'), REFUSED, 0],
  ['a reason in other words', failed('reset', 'Because'), REFUSED, 1],
  ['an unexpected reason', { status: 502, metrics: REFUSED.metrics }, REFUSED, 1],
  ['another metric', failed('dns', 'because'), REFUSED, 1],
  ['a metric that should not move', { status: 502, reason: 'because', metrics: [] }, REFUSED, 1],
  ['another status', served(), { ...SERVED, status: 502 }, 1],
  ['another protocol', served({ protocol: 'TLSv1.2' }), SERVED, 1],
  ['another suite', served({ suite: 'AES128-SHA' }), SERVED, 1],
  ['a protocol and suite of which nothing is said', served(), SERVED, 0],
]

for (const [what, expected, seen, faults] of ROWS) {
  test(`${what}: ${faults === 0 ? 'well' : 'a fault'}`, () => {
    const row = { what, server: { leaf: undefined }, expected }
    const group = { title: 'a group', rows: [row], dangerous: [] }
    const played = { played: [{ row, kind: 'node' as const, seen }], dangerous: [] }
    expect(judged(group, played)).toMatchObject({ rows: 1, faults })
  })
}

test('an exception for one kind of server counts for that kind alone', () => {
  const row = {
    what: 'a row',
    server: { leaf: undefined },
    expected: failed('reset', 'because'),
    except: { nginx: served() },
  }
  const played = (['nginx', 'node'] as const).map((kind) => ({ row, kind, seen: SERVED }))
  expect(judged({ title: '', rows: [row], dangerous: [] }, { played, dangerous: [] }).faults).toBe(
    1,
  )
})

test('what the front end should have announced, or should not, is a fault', () => {
  const group = { title: '', rows: [], dangerous: ['unverified-upstream'] }
  expect(judged(group, { played: [], dangerous: [] }).faults).toBe(1)
  const silent = { ...group, dangerous: [] }
  expect(judged(silent, { played: [], dangerous: ['unverified-upstream'] }).faults).toBe(1)
})
