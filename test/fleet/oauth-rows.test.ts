/** Which rows are an OAuth endpoint, and which of them an upgrade takes out of service. */
import { expect, test } from 'vitest'
import type { OAuthEndpoints, RouteClass } from '../../src/decide/policy.ts'
import { explainOAuthUnconfigured } from '../../src/fleet/explain.ts'
import type { OAuthFacts } from '../../src/fleet/oauth.ts'
import {
  oauthEndpointOf,
  oauthInUseUnconfigured,
  oauthRows,
  type EndpointRow,
  type OAuthRow,
} from '../../src/fleet/oauth-rows.ts'

const CLASSES: readonly (readonly [
  RouteClass,
  'oauth' | undefined,
  'new' | 'legacy' | undefined,
])[] = [
  ['always', 'oauth', 'new'],
  ['legacy-oauth', undefined, 'legacy'],
  ['always', undefined, undefined],
  ['device', undefined, undefined],
  ['open', undefined, undefined],
  ['renewal', undefined, undefined],
  ['denied', undefined, undefined],
]

for (const [kind, endpoint, expected] of CLASSES) {
  test(`a row of class ${kind}${endpoint === undefined ? '' : ' that says so'} is ${expected === undefined ? 'no OAuth endpoint' : `the ${expected} one`}`, () => {
    expect(oauthEndpointOf({ class: kind, endpoint })).toBe(expected)
  })
}

const row = (id: string, kind: RouteClass, endpoint?: 'oauth'): EndpointRow => ({
  id,
  class: kind,
  endpoint,
})
const TOKEN: OAuthRow = { endpoint: 'new', listener: 'outside', row: 'token' }
const OLD: OAuthRow = { endpoint: 'legacy', listener: 'outside', row: 'old-token' }
const INSIDE: OAuthRow = { endpoint: 'new', listener: 'inside', row: 'token' }

test('each listener with such a row is named, in the order of the configuration', () => {
  const both = [
    row('device', 'device'),
    row('token', 'always', 'oauth'),
    row('old-token', 'legacy-oauth'),
  ]
  const listeners = [
    { name: 'outside', routes: { rows: both } },
    { name: 'sync', routes: { rows: [] } },
    { name: 'inside', routes: { rows: both.slice(0, 2) } },
  ]
  expect(oauthRows(listeners)).toEqual([TOKEN, OLD, INSIDE])
})

const READY: OAuthFacts = { certificates: 'for-good', pending: 0, syncPortOpen: false }

interface Row {
  readonly promise: string
  readonly modern?: OAuthEndpoints['modern']
  readonly rows?: readonly OAuthRow[]
  readonly facts?: Partial<OAuthFacts>
  /** Listener, row and what is unmet. */
  readonly named: readonly string[]
}

const ROWS: readonly Row[] = [
  {
    promise: 'a row of the new endpoint is named while it is not configured',
    named: ['outside token'],
  },
  {
    promise: 'each listener that has the row is named',
    rows: [TOKEN, OLD, INSIDE],
    named: ['outside token', 'inside token'],
  },
  { promise: 'a row of the legacy endpoint goes on serving', rows: [OLD], named: [] },
  { promise: 'a configuration without the endpoint loses nothing', rows: [], named: [] },
  { promise: 'an enabled endpoint goes on serving', modern: 'enabled', named: [] },
  { promise: 'a disabled endpoint was refused before', modern: 'disabled', named: [] },
  {
    promise: 'what keeps it from being enabled is named with it',
    facts: { certificates: 'none', pending: 2, syncPortOpen: true },
    named: ['outside token certificates-not-required devices-pending sync-port-open'],
  },
]

for (const { promise, modern = 'not-configured', rows = [TOKEN, OLD], facts, named } of ROWS) {
  test(promise, () => {
    const found = oauthInUseUnconfigured(modern, rows, { ...READY, ...facts })
    const texts = found.map((one) =>
      [one.listener, one.row, ...one.unmet.map(({ kind }) => kind)].join(' '),
    )
    expect(texts).toEqual(named)
  })
}

test('what is named comes with the command, and with what speaks against it', () => {
  const said = (facts: Partial<OAuthFacts>) =>
    oauthInUseUnconfigured('not-configured', [TOKEN], { ...READY, ...facts }).map(
      explainOAuthUnconfigured,
    )
  expect(said({})).toEqual([
    {
      sentence:
        'the row token of the listener outside is the new OAuth endpoint, which is not configured: its requests are refused (oauth-not-configured)',
      nextStep: 'run `tfe oauth enable-new`',
    },
  ])
  expect(said({ certificates: 'none', syncPortOpen: true })[0]?.nextStep).toBe(
    'run `tfe oauth enable-new` once nothing speaks against it any more (the new OAuth endpoint needs certificates to be required; devices may still check in on the sync port); until then clients use the legacy endpoint',
  )
})
