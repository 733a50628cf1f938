import { expect, test } from 'vitest'
import type { Peer } from '../../src/decide/decide.ts'
import { approvalDemand, refusedForIds, type Origin } from '../../src/decide/judge-approval.ts'
import { APPROVAL_MODELS, NO_FLEET } from '../../src/decide/policy.ts'
import type { ApprovalModel, Enforcement } from '../../src/decide/policy.ts'
import { fail, type KeyFingerprint } from '../../src/kernel/types.ts'
import { digestOf } from '../../src/trust/signed-ids.ts'
import type { Certificate } from '../../src/x509/certificate.ts'
import { aCertificate, DAY, EXPIRY } from './builders.ts'
import { promise, RETIRED, RETIRED_FOR_EVER, unsound, type Row } from './table-row.ts'

const BLOCKED = { approvals: { 'leaf-key': 'blocked' } } as const
const APPROVED = { approvals: { 'leaf-key': 'approved' } } as const
const KNOWN_ONLY = { ...RETIRED_FOR_EVER, cutOff: 'known-devices' } as const

const blocked: readonly Row[] = (
  ['open', 'device', 'always', 'renewal', 'legacy-oauth', 'denied'] as const
).map((route) => ({
  promise: `a blocked device is refused as blocked on a route of class ${route}`,
  ...BLOCKED,
  route,
  expect: 'refuse blocked',
}))

const named = (...ids: readonly string[]) =>
  ({
    path: { names: ids.map((text) => ({ kind: 'uri', text }) as const) },
    blockedIds: ['urn:sn:bad', 'urn:uuid:ab-cd'],
  }) as const
const many = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `urn:sn:${index}`)

promise(
  (['open', 'device', 'always', 'renewal', 'legacy-oauth', 'denied'] as const).map((route) => ({
    promise: `a new key with the id of a blocked device is refused as blocked on a route of class ${route}`,
    ...named('urn:sn:bad'),
    route,
    expect: 'refuse blocked',
  })),
)

promise([
  {
    promise: 'the id of a blocked device is refused in recording, on an open route too',
    ...named('urn:sn:bad'),
    enforcement: 'recording',
    route: 'open',
    expect: 'refuse blocked',
  },
  {
    promise:
      'the id of a blocked device counts in the tenth place, and in the last that is looked at',
    ...named(...many(63), 'urn:sn:bad'),
    expect: 'refuse blocked',
  },
  {
    promise: 'the id of a blocked device counts in either case, as it links',
    ...named('URN:UUID:AB-CD'),
    expect: 'refuse blocked',
  },
  {
    promise: 'the id of a blocked device counts whatever may be held against the CA that signed it',
    ...named('urn:sn:bad'),
    standing: { kind: 'distrusted' },
    route: 'open',
    expect: 'refuse blocked',
  },
  {
    promise: 'approval of the key lifts no block of the id',
    ...named('urn:sn:bad'),
    ...APPROVED,
    expect: 'refuse blocked',
  },
  {
    promise: 'an id that only begins like that of a blocked device refuses no device',
    ...named('urn:sn:bad2', 'urn:sn:BAD'),
    expect: 'admit verified',
  },
  {
    promise: 'anybody can write a name on a path that is not sound, and is refused for that path',
    ...named('urn:sn:bad'),
    peer: unsound,
    expect: 'refuse untrusted-issuer',
  },
  {
    promise: 'as many ids as are looked at are no reason to refuse',
    ...named(...many(64)),
    expect: 'admit verified',
  },
  {
    promise: 'an id twice counts once',
    ...named(...many(64), 'urn:sn:0'),
    expect: 'admit verified',
  },
  {
    promise: 'more ids than are looked at are refused, whatever they are',
    ...named(...many(65)),
    expect: 'refuse too-many-ids',
  },
  {
    promise: 'more ids than are looked at are refused in recording and on open routes, too',
    ...named(...many(65)),
    enforcement: 'recording',
    route: 'open',
    expect: 'refuse too-many-ids',
  },
])

promise([
  ...blocked,
  {
    promise: 'a blocked device is refused in recording, too',
    ...BLOCKED,
    enforcement: 'recording',
    expect: 'refuse blocked',
  },
  {
    promise: 'a blocked device is refused on an open route in recording, too',
    ...BLOCKED,
    enforcement: 'recording',
    route: 'open',
    expect: 'refuse blocked',
  },
  {
    promise: 'a blocked key stays blocked whichever CA signed the certificate around it',
    ...BLOCKED,
    peer: unsound,
    route: 'open',
    expect: 'refuse blocked',
  },
  {
    promise: 'blocked is said before the deny list, expiry and all else',
    ...BLOCKED,
    keys: ['leaf-key'],
    now: EXPIRY + 400 * DAY,
    expect: 'refuse blocked',
  },
  {
    promise: 'the model off lifts no block',
    ...BLOCKED,
    model: 'off',
    expect: 'refuse blocked',
  },
  {
    promise: 'a block of another key refuses no device',
    approvals: { 'other-key': 'blocked' },
    expect: 'admit verified',
  },
  {
    promise: 'a device that leaves its certificate at home cannot be told to be blocked',
    ...BLOCKED,
    peer: { kind: 'none' },
    route: 'open',
    expect: 'admit open-route',
  },
])

/** Rows as they may ask for approval. */
const ROWS = {
  open: { route: 'open' },
  'legacy-oauth': { route: 'legacy-oauth' },
  renewal: { route: 'renewal' },
  'renewal, sensitive': { route: 'renewal', sensitive: true },
  device: { route: 'device' },
  'device, sensitive': { route: 'device', sensitive: true },
  always: { route: 'always' },
  'always, sensitive': { route: 'always', sensitive: true },
} as const satisfies Readonly<Record<string, Partial<Row>>>
type RowName = keyof typeof ROWS

const OUTSIDE: readonly RowName[] = ['device', 'device, sensitive', 'always', 'always, sensitive']
const SENSITIVE: readonly RowName[] = [
  'renewal, sensitive',
  'device, sensitive',
  'always, sensitive',
]

/** Which rows refuse a fit device that is not approved: model, enforcement, place, rows. */
const MATRIX: readonly (readonly [
  ApprovalModel,
  Enforcement,
  Origin | undefined,
  readonly RowName[],
])[] = [
  ['off', 'recording', 'internal', []],
  ['off', 'recording', 'external', []],
  ['off', 'required', 'internal', []],
  ['off', 'required', 'external', []],
  ['auto', 'recording', 'internal', []],
  ['auto', 'recording', 'external', []],
  ['auto', 'required', 'internal', []],
  ['auto', 'required', 'external', []],
  ['manual', 'recording', 'internal', []],
  ['manual', 'recording', 'external', OUTSIDE],
  ['manual', 'recording', undefined, OUTSIDE],
  ['manual', 'required', 'internal', SENSITIVE],
  ['manual', 'required', 'external', SENSITIVE],
  ['manual-external', 'recording', 'internal', []],
  ['manual-external', 'recording', 'external', OUTSIDE],
  ['manual-external', 'recording', undefined, OUTSIDE],
  ['manual-external', 'required', 'internal', SENSITIVE],
  ['manual-external', 'required', 'external', [...OUTSIDE, 'renewal, sensitive']],
  ['manual-external', 'required', undefined, [...OUTSIDE, 'renewal, sensitive']],
]

for (const [model, enforcement, origin, refused] of MATRIX) {
  const place = origin === undefined ? 'a place that is not known' : `an ${origin} place`
  for (const [name, row] of Object.entries(ROWS)) {
    const isOpen = row.route === 'open' || row.route === 'legacy-oauth'
    const passes = isOpen ? 'admit open-route' : 'admit verified'
    const isRefused = refused.some((one) => one === name)
    const asked = { model, enforcement, ...(origin === undefined ? {} : { origin }), ...row }
    const where = `under ${model}, ${enforcement}, from ${place} on a row of class ${name}`
    promise([
      {
        promise: `an unapproved device ${isRefused ? 'is refused' : 'passes'} ${where}`,
        ...asked,
        expect: isRefused ? 'refuse unapproved' : passes,
      },
      { promise: `an approved device passes ${where}`, ...asked, ...APPROVED, expect: passes },
      {
        promise: `a blocked device is refused ${where}`,
        ...asked,
        ...BLOCKED,
        expect: 'refuse blocked',
      },
    ])
  }
}

promise([
  {
    promise: 'grace never replaces approval',
    model: 'manual',
    sensitive: true,
    route: 'renewal',
    now: EXPIRY + 1,
    expect: 'refuse unapproved',
  },
  {
    promise: 'an unapproved device in grace renews from outside while certificates are recorded',
    model: 'manual',
    enforcement: 'recording',
    origin: 'external',
    sensitive: true,
    route: 'renewal',
    now: EXPIRY + 1,
    expect: 'admit in-grace',
  },
  {
    promise: 'an approved device in grace may renew on a sensitive route',
    ...APPROVED,
    model: 'manual',
    sensitive: true,
    route: 'renewal',
    now: EXPIRY + 1,
    expect: 'admit in-grace',
  },
  {
    promise: 'approval of another key approves no other device',
    approvals: { 'other-key': 'approved' },
    model: 'manual',
    sensitive: true,
    expect: 'refuse unapproved',
  },
  {
    promise: 'approval opens nothing to an expired certificate',
    ...APPROVED,
    model: 'manual',
    sensitive: true,
    now: EXPIRY + 1,
    expect: 'refuse expired',
  },
  {
    promise: 'approval opens nothing to an unsound path',
    ...APPROVED,
    model: 'manual',
    sensitive: true,
    peer: unsound,
    expect: 'refuse untrusted-issuer',
  },
  {
    promise: 'approval vouches for no client without a certificate',
    ...APPROVED,
    model: 'manual',
    sensitive: true,
    peer: { kind: 'none' },
    expect: 'refuse no-certificate',
  },
  {
    promise: 'under auto a device of a previously trusted CA passes within the cut-off',
    model: 'auto',
    sensitive: true,
    standing: RETIRED_FOR_EVER,
    expect: 'admit verified',
  },
  {
    promise:
      'under auto a certificate that a previously trusted CA issued later approves no device',
    model: 'auto',
    sensitive: true,
    standing: RETIRED_FOR_EVER,
    path: { notBefore: EXPIRY - 1 },
    now: EXPIRY,
    expect: 'refuse issued-after-retirement',
  },
  {
    promise: 'under auto a previously trusted CA approves no device from its sunset on',
    model: 'auto',
    sensitive: true,
    standing: RETIRED,
    now: EXPIRY - DAY,
    expect: 'refuse sunset',
  },
  {
    promise: 'under auto a key that is unknown at the retirement is not approved',
    model: 'auto',
    sensitive: true,
    standing: KNOWN_ONLY,
    expect: 'refuse unknown-at-retirement',
  },
  {
    promise: 'a rule that is not met is said before approval is asked for',
    model: 'manual',
    sensitive: true,
    match: {
      subjectAltNames: undefined,
      enrollmentSettings: ['elsewhere'],
      issuerKeys: undefined,
      policies: undefined,
    },
    expect: 'refuse match-rule-unmet',
  },
])

/** While certificates are recorded, from outside, under a model that asks. */
const HELD = { model: 'manual', origin: 'external', enforcement: 'recording' } as const
promise([
  {
    promise: 'from outside no device gets past approval by leaving the certificate at home',
    ...HELD,
    peer: { kind: 'none' },
    expect: 'refuse no-certificate',
  },
  {
    promise: 'from outside no unapproved device gets past approval by an expired certificate',
    ...HELD,
    now: EXPIRY + 1,
    expect: 'refuse expired',
  },
  {
    promise: 'from outside recording spares an approved device, as everywhere',
    ...HELD,
    ...APPROVED,
    now: EXPIRY + 1,
    expect: 'admit recording expired',
  },
  {
    promise: 'from outside approval of another key spares no device',
    ...HELD,
    approvals: { 'other-key': 'approved' },
    now: EXPIRY + 1,
    expect: 'refuse expired',
  },
  {
    promise: 'from outside recording spares a device that renews',
    ...HELD,
    route: 'renewal',
    peer: { kind: 'none' },
    expect: 'admit recording no-certificate',
  },
  {
    promise: 'from inside recording spares a device without a certificate',
    ...HELD,
    origin: 'internal',
    peer: { kind: 'none' },
    expect: 'admit recording no-certificate',
  },
  {
    promise: 'under auto recording spares a device from outside',
    ...HELD,
    model: 'auto',
    peer: { kind: 'none' },
    expect: 'admit recording no-certificate',
  },
])

test('a refusal for want of approval says whether the row or the place asks', () => {
  const policy = (model: ApprovalModel, enforcement: Enforcement) => ({
    enforcement,
    fleet: { ...NO_FLEET, model },
  })
  const ask = { route: 'device', origin: 'external', sensitive: true } as const
  expect(approvalDemand(ask, policy('manual', 'recording'))).toBe('outside')
  expect(approvalDemand(ask, policy('manual-external', 'recording'))).toBe('outside')
  expect(approvalDemand(ask, policy('manual', 'required'))).toBe('sensitive')
  expect(approvalDemand(ask, policy('manual-external', 'required'))).toBe('sensitive')
  expect(approvalDemand({ ...ask, sensitive: false }, policy('manual-external', 'required'))).toBe(
    'outside',
  )
})

promise([
  {
    promise: 'the cut-off for known devices admits a key that was seen before the retirement',
    standing: KNOWN_ONLY,
    known: ['leaf-key'],
    expect: 'admit verified',
  },
  {
    promise:
      'the cut-off for known devices refuses a key that was not, back-dated as its certificate may be',
    standing: KNOWN_ONLY,
    expect: 'refuse unknown-at-retirement',
  },
  {
    promise: 'the cut-off for known devices refuses what was issued later, though its key is known',
    standing: KNOWN_ONLY,
    known: ['leaf-key'],
    path: { notBefore: EXPIRY - 1 },
    expect: 'refuse issued-after-retirement',
  },
  {
    promise: 'grace never forgives an unknown key',
    standing: KNOWN_ONLY,
    route: 'renewal',
    now: EXPIRY + 1,
    expect: 'refuse unknown-at-retirement',
  },
  {
    promise: 'the cut-off by notBefore does not ask whether a key is known',
    standing: RETIRED_FOR_EVER,
    expect: 'admit verified',
  },
  {
    promise: 'recording writes an unknown key down',
    standing: KNOWN_ONLY,
    enforcement: 'recording',
    expect: 'admit recording unknown-at-retirement',
  },
])

promise([
  {
    promise: 'the legacy OAuth endpoint is open until it is disabled',
    route: 'legacy-oauth',
    peer: { kind: 'none' },
    expect: 'admit open-route',
  },
  {
    promise: 'the legacy OAuth endpoint refuses everybody once it is disabled',
    route: 'legacy-oauth',
    legacyOAuth: 'disabled',
    peer: { kind: 'none' },
    expect: 'refuse legacy-oauth-disabled',
  },
  {
    promise: 'the disabled legacy OAuth endpoint refuses in recording, too',
    route: 'legacy-oauth',
    legacyOAuth: 'disabled',
    enforcement: 'recording',
    expect: 'refuse legacy-oauth-disabled',
  },
  {
    promise: 'disabling the legacy OAuth endpoint closes no other route',
    route: 'open',
    legacyOAuth: 'disabled',
    expect: 'admit open-route',
  },
  {
    promise: 'the new OAuth endpoint admits a fit device while it is enabled',
    route: 'always',
    endpoint: 'oauth',
    modernOAuth: 'enabled',
    expect: 'admit verified',
  },
  {
    promise: 'the new OAuth endpoint refuses everybody until it is enabled',
    route: 'always',
    endpoint: 'oauth',
    modernOAuth: 'not-configured',
    expect: 'refuse oauth-not-configured',
  },
  {
    promise: 'the new OAuth endpoint refuses in recording, too, until it is enabled',
    route: 'always',
    endpoint: 'oauth',
    modernOAuth: 'not-configured',
    enforcement: 'recording',
    expect: 'refuse oauth-not-configured',
  },
  {
    promise: 'a class that recording lets pass does not open an endpoint that is not configured',
    route: 'device',
    endpoint: 'oauth',
    modernOAuth: 'not-configured',
    enforcement: 'recording',
    expect: 'refuse oauth-not-configured',
  },
  {
    promise: 'without a certificate the endpoint says first that it is not configured',
    route: 'always',
    endpoint: 'oauth',
    modernOAuth: 'not-configured',
    peer: { kind: 'none' },
    expect: 'refuse oauth-not-configured',
  },
  {
    promise: 'that the new OAuth endpoint is not configured closes no other route',
    route: 'always',
    modernOAuth: 'not-configured',
    expect: 'admit verified',
  },
  {
    promise: 'the legacy OAuth endpoint is open whatever the new one is',
    route: 'legacy-oauth',
    modernOAuth: 'not-configured',
    expect: 'admit open-route',
  },
  {
    promise: 'who is blocked hears that first, at an endpoint that is not configured, too',
    route: 'always',
    endpoint: 'oauth',
    modernOAuth: 'not-configured',
    ...BLOCKED,
    expect: 'refuse blocked',
  },
  {
    promise: 'the new OAuth endpoint refuses everybody once it is disabled',
    route: 'always',
    endpoint: 'oauth',
    modernOAuth: 'disabled',
    expect: 'refuse oauth-disabled',
  },
  {
    promise: 'the disabled new OAuth endpoint refuses in recording, too',
    route: 'always',
    endpoint: 'oauth',
    modernOAuth: 'disabled',
    enforcement: 'recording',
    expect: 'refuse oauth-disabled',
  },
  {
    promise: 'a class that recording lets pass does not open the disabled endpoint',
    route: 'device',
    endpoint: 'oauth',
    modernOAuth: 'disabled',
    enforcement: 'recording',
    expect: 'refuse oauth-disabled',
  },
  {
    promise: 'disabling the new OAuth endpoint closes no other route',
    route: 'always',
    modernOAuth: 'disabled',
    expect: 'admit verified',
  },
  {
    promise: 'who is blocked hears that first, at a disabled endpoint, too',
    route: 'always',
    endpoint: 'oauth',
    modernOAuth: 'disabled',
    ...BLOCKED,
    expect: 'refuse blocked',
  },
  {
    promise: 'the new OAuth endpoint asks for a certificate in recording, too',
    route: 'always',
    enforcement: 'recording',
    peer: { kind: 'none' },
    expect: 'refuse no-certificate',
  },
])

const UNSOUND_WITH_ID: Peer = {
  kind: 'presented',
  leaf: { ...aCertificate('leaf'), subjectAltNames: [{ kind: 'uri', text: 'urn:sn:mine' }] },
  paths: fail({ kind: 'untrusted-issuer', issuer: 'unknown' }),
}

const renewed = (...ids: readonly string[]) =>
  ({
    path: { names: ids.map((text) => ({ kind: 'uri', text }) as const) },
    approvedIds: ['urn:sn:mine', 'urn:uuid:ab-cd'],
    model: 'manual',
    sensitive: true,
  }) as const

promise([
  {
    promise: 'a new key with the id of an approved device passes where approval is asked for',
    ...renewed('urn:sn:mine'),
    expect: 'admit verified',
  },
  {
    promise: 'the id of an approved device counts behind others, and in either case, as it links',
    ...renewed('urn:sn:new', 'URN:UUID:AB-CD'),
    expect: 'admit verified',
  },
  {
    promise: 'from outside, too, under manual-external',
    ...renewed('urn:sn:mine'),
    model: 'manual-external',
    sensitive: false,
    origin: 'external',
    expect: 'admit verified',
  },
  {
    promise: 'and while certificates are recorded',
    ...renewed('urn:sn:mine'),
    enforcement: 'recording',
    origin: 'external',
    expect: 'admit verified',
  },
  {
    promise: 'control: a new key with ids of no device is unapproved there',
    ...renewed('urn:sn:other', 'urn:sn:min'),
    expect: 'refuse unapproved',
  },
  {
    promise: 'a new key without ids is unapproved there',
    ...renewed(),
    expect: 'refuse unapproved',
  },
  {
    promise: 'a name that is no URN is no id that carries approval',
    ...renewed('https://urn:sn:mine', 'sn:mine'),
    expect: 'refuse unapproved',
  },
  {
    promise: 'a blocked key stays out with the id of an approved device',
    ...renewed('urn:sn:mine'),
    ...BLOCKED,
    expect: 'refuse blocked',
  },
  {
    promise: 'a blocked id beside an approved one keeps the device out',
    ...renewed('urn:sn:mine', 'urn:sn:bad'),
    blockedIds: ['urn:sn:bad'],
    expect: 'refuse blocked',
  },
  {
    promise: 'the id of an approved device says nothing for an expired certificate',
    ...renewed('urn:sn:mine'),
    now: EXPIRY + 1,
    expect: 'refuse expired',
  },
  {
    promise:
      'nor for one that would be refused while certificates are recorded: its key was never vouched for',
    ...renewed('urn:sn:mine'),
    enforcement: 'recording',
    origin: 'external',
    now: EXPIRY + 1,
    expect: 'refuse expired',
  },
  {
    promise: 'nor under a distrusted CA',
    ...renewed('urn:sn:mine'),
    standings: { devices: { kind: 'distrusted' } },
    expect: 'refuse distrusted',
  },
  {
    promise: 'nor where no path is sound',
    ...renewed('urn:sn:mine'),
    peer: UNSOUND_WITH_ID,
    expect: 'refuse untrusted-issuer',
  },
])

test('without a store no device is approved, and none was seen before', () => {
  const { approvals, known } = NO_FLEET
  expect(approvals.approvalOf('k' as KeyFingerprint)).toBe('unapproved')
  expect(known.wasKnown('devices', 'k' as KeyFingerprint)).toBe(false)
})

test('the approval models bear the names that configurations and stores hold', () => {
  expect(APPROVAL_MODELS).toEqual(['off', 'auto', 'manual', 'manual-external'])
})

test('of two blocked ids in one certificate the first is told', () => {
  const leaf: Certificate = {
    ...aCertificate('device'),
    subjectAltNames: ['urn:sn:good', 'urn:sn:one', 'urn:sn:two'].map((text) => ({
      kind: 'uri',
      text,
    })),
  }
  const blockedIds = new Set(['urn:sn:two', 'urn:sn:one'].map(digestOf))
  expect(refusedForIds(leaf, { ...NO_FLEET, blockedIds })).toEqual({
    kind: 'blocked',
    key: leaf.publicKey.fingerprint,
    id: 'urn:sn:one',
  })
})
