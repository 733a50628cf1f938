import { expect, test } from 'vitest'
import type { OAuthEndpoints } from '../../src/decide/policy.ts'
import {
  applyOAuthChange,
  oauthOutcome,
  unmetPreconditions,
  type OAuthChange,
  type OAuthFacts,
  type OAuthOutcome,
} from '../../src/fleet/oauth.ts'

/** S0-27. */
const OUTCOMES: readonly [OAuthEndpoints['modern'], OAuthEndpoints['legacy'], OAuthOutcome][] = [
  ['not-configured', 'enabled', 'legacy-endpoint-works'],
  ['enabled', 'enabled', 'new-endpoint-works'],
  ['enabled', 'disabled', 'new-endpoint-works'],
  ['disabled', 'disabled', 'error'],
  ['disabled', 'enabled', 'legacy-endpoint-works'],
  ['not-configured', 'disabled', 'error'],
]

for (const [modern, legacy, outcome] of OUTCOMES) {
  test(`new ${modern}, legacy ${legacy}: ${outcome}`, () => {
    expect(oauthOutcome({ modern, legacy })).toBe(outcome)
  })
}

const READY: OAuthFacts = { certificates: 'for-good', pending: 0, syncPortOpen: false }
const FRESH: OAuthEndpoints = { modern: 'not-configured', legacy: 'enabled' }
const BOTH: OAuthEndpoints = { modern: 'enabled', legacy: 'enabled' }
const NEW_ONLY: OAuthEndpoints = { modern: 'enabled', legacy: 'disabled' }

interface Row {
  readonly promise: string
  readonly from: OAuthEndpoints
  readonly change: OAuthChange
  readonly facts?: Partial<OAuthFacts>
  readonly to: OAuthEndpoints | readonly string[]
}

const ROWS: readonly Row[] = [
  {
    promise: 'the new endpoint may be enabled when everybody has migrated',
    from: FRESH,
    change: { kind: 'enable-new' },
    to: BOTH,
  },
  {
    promise: 'not before certificates are required',
    from: FRESH,
    change: { kind: 'enable-new' },
    facts: { certificates: 'none' },
    to: ['certificates-not-required'],
  },
  {
    promise: 'not while one device is pending',
    from: FRESH,
    change: { kind: 'enable-new' },
    facts: { pending: 1 },
    to: ['devices-pending'],
  },
  {
    promise: 'not while the sync port is open',
    from: FRESH,
    change: { kind: 'enable-new' },
    facts: { syncPortOpen: true },
    to: ['sync-port-open'],
  },
  {
    promise: 'all unmet preconditions are said at once',
    from: FRESH,
    change: { kind: 'enable-new' },
    facts: { certificates: 'none', pending: 3, syncPortOpen: true },
    to: ['certificates-not-required', 'devices-pending', 'sync-port-open'],
  },
  {
    promise: 'the legacy endpoint is disabled after two confirmations',
    from: BOTH,
    change: { kind: 'disable-legacy', confirmations: 2 },
    to: NEW_ONLY,
  },
  {
    promise: 'one confirmation is not enough',
    from: BOTH,
    change: { kind: 'disable-legacy', confirmations: 1 },
    to: ['confirmation-missing'],
  },
  {
    promise: 'the only endpoint is never disabled, however often it is confirmed',
    from: FRESH,
    change: { kind: 'disable-legacy', confirmations: 2 },
    to: ['both-disabled'],
  },
  {
    promise: 'the new endpoint is not disabled where it is the only one',
    from: NEW_ONLY,
    change: { kind: 'disable-new' },
    to: ['both-disabled'],
  },
  {
    promise: 'disabling the legacy endpoint can be reversed, without any confirmation',
    from: NEW_ONLY,
    change: { kind: 'enable-legacy' },
    facts: { certificates: 'none', pending: 9, syncPortOpen: true },
    to: BOTH,
  },
  {
    promise: 'the new endpoint can be given up while the legacy one is there',
    from: BOTH,
    change: { kind: 'disable-new' },
    to: { modern: 'disabled', legacy: 'enabled' },
  },
]

for (const { promise, from, change, facts, to } of ROWS) {
  test(promise, () => {
    const answer = applyOAuthChange(from, change, { ...READY, ...facts })
    expect(answer.ok ? answer.value : answer.failure.map(({ kind }) => kind)).toEqual(to)
  })
}

test('what keeps the new endpoint greyed out carries how many devices are pending', () => {
  expect(unmetPreconditions({ ...READY, pending: 12 })).toEqual([
    { kind: 'devices-pending', pending: 12 },
  ])
})
