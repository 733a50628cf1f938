/**
 * Every draft over every applied state of one upstream (S3-18 to S3-22): what is drafted, which warnings have to be
 * acknowledged, and what is applied then.
 */
import { expect, test } from 'vitest'
import {
  applyDraft,
  draftChanges,
  draftWarnings,
  WARNING_CODES,
} from '../../src/upstream-tls/apply-draft.ts'
import {
  draftResult,
  effectiveSelection,
  hasChanges,
  initialSettings,
} from '../../src/upstream-tls/draft-result.ts'
import {
  explainChange,
  explainSettingsFault,
  explainWarning,
} from '../../src/upstream-tls/explain-settings.ts'
import { readDraft } from '../../src/upstream-tls/read-draft.ts'
import {
  resolveVerification,
  type VerificationOverrides,
} from '../../src/upstream-tls/verification.ts'
import type { Selection } from '../../src/upstream-tls/catalogue.ts'
import type { TlsSettings } from '../../src/upstream-tls/settings-types.ts'
import { mintCa } from '../support/certificates/mint.ts'
import {
  anInput,
  applied,
  CBC,
  drafted,
  E128,
  E256,
  FILE,
  RSA,
  RULES,
  T128,
  T256,
  type Sent,
} from './small-runtime.ts'

const ca = mintCa({ name: 'Internal Root' })
const DEFAULT = [T256, T128, E256, E128]

const SENT = {
  'the default': {},
  'the default, items moved': { suites: [...DEFAULT, RSA] },
  'custom, nothing moved': { mode: 'custom' },
  'custom, a weak suite': { mode: 'custom', suites: [...DEFAULT, RSA] },
  'custom, another order': { mode: 'custom', suites: [T128, T256, E256, E128] },
  'custom, a suite less': { mode: 'custom', suites: [T128, E256, E128] },
  'custom, a weak protocol': {
    mode: 'custom',
    protocols: ['TLSv1.3', 'TLSv1.2', 'TLSv1.1'],
    suites: [...DEFAULT, CBC],
  },
  'custom, TLS 1.3 alone': { mode: 'custom', protocols: ['TLSv1.3'] },
  'custom, no group': { mode: 'custom', groups: [] },
  'strict off': { strict: false },
  'allow and log': { allowAndLog: true },
  'no trust store': { defaultStore: 'off' },
  'own CA alone': { defaultStore: 'off', customStore: { enabled: true, certificates: [ca.pem] } },
  'own CA in a store that is off': { customStore: { enabled: false, certificates: [ca.pem] } },
  'a custom store with nothing in it': { customStore: { enabled: true, certificates: [] } },
  'no SNI': { sni: 'off' },
  'strict off beside allow and log': { strict: false, allowAndLog: true },
  'all of it wrong': {
    mode: 'custom',
    groups: [],
    strict: false,
    allowAndLog: true,
    sni: '10.0.0.1',
  },
  'a weak suite and strict off': {
    mode: 'custom',
    suites: [...DEFAULT, RSA],
    strict: false,
  },
} as const satisfies Record<string, Sent>

const fresh = initialSettings(RULES)
const customApplied = applied(drafted(fresh, SENT['custom, a weak suite']))
const offApplied = applied(drafted(fresh, SENT['strict off']))
const APPLIED = {
  'the default': fresh,
  'a custom selection': customApplied,
  'strict TLS off': offApplied,
  'own CA alone': applied(drafted(fresh, SENT['own CA alone'])),
} as const satisfies Record<string, TlsSettings>

/**
 * `draft; asks for WARNINGS; applied`, or the faults with their places. Of the suites: `====` the default, R and C the
 * two weak ones. Then a letter for each setting that is not as the preset `secure` has it: s strict off, a allow and
 * log, d default store off, c custom store on, 1 one certificate in it, n no SNI.
 */
const EXPECTED: Readonly<
  Record<keyof typeof APPLIED, Readonly<Record<keyof typeof SENT, string>>>
> = {
  'the default': {
    'the default': 'default ==== -; nothing-to-apply',
    'the default, items moved': 'default ====+R -; nothing-to-apply, moved',
    'custom, nothing moved': 'custom ==== -; asks for custom-selection; custom ==== -',
    'custom, a weak suite':
      'custom ====+R -; asks for custom-selection weak-suites; custom ====+R -',
    'custom, another order': 'custom reordered -; asks for custom-selection; custom reordered -',
    'custom, a suite less': 'custom -T256 -; asks for custom-selection; custom -T256 -',
    'custom, a weak protocol':
      'custom ====+C -; asks for custom-selection weak-protocol weak-suites; custom ====+C -',
    'custom, TLS 1.3 alone': 'custom ==== -; asks for custom-selection idle-suites; custom ==== -',
    'custom, no group': 'groups: nothing-selected',
    'strict off beside allow and log': 'allowAndLog: allow-and-log-without-strict',
    'strict off': 'default ==== s; asks for unverified; default ==== s',
    'allow and log': 'default ==== a; asks for untrusted-servers-allowed; default ==== a',
    'no trust store': 'defaultStore: empty-trust-store',
    'own CA alone': 'default ==== dc1; default ==== dc1',
    'own CA in a store that is off': 'default ==== 1; asks for idle-certificates; default ==== 1',
    'a custom store with nothing in it':
      'default ==== c; asks for empty-custom-store; default ==== c',
    'no SNI': 'default ==== n; default ==== n',
    'all of it wrong':
      'groups: nothing-selected, sni: server-name-malformed, allowAndLog: allow-and-log-without-strict',
    'a weak suite and strict off':
      'custom ====+R s; asks for custom-selection weak-suites unverified; custom ====+R s',
  },
  'a custom selection': {
    'the default': 'default ==== -; default ==== -',
    'the default, items moved': 'default ====+R -; default ==== -',
    'custom, nothing moved': 'custom ==== -; asks for custom-selection; custom ==== -',
    'custom, a weak suite': 'custom ====+R -; nothing-to-apply',
    'custom, another order': 'custom reordered -; asks for custom-selection; custom reordered -',
    'custom, a suite less': 'custom -T256 -; asks for custom-selection; custom -T256 -',
    'custom, a weak protocol':
      'custom ====+C -; asks for custom-selection weak-protocol weak-suites; custom ====+C -',
    'custom, TLS 1.3 alone': 'custom ==== -; asks for custom-selection idle-suites; custom ==== -',
    'custom, no group': 'groups: nothing-selected',
    'strict off beside allow and log': 'allowAndLog: allow-and-log-without-strict',
    'strict off': 'default ==== s; asks for unverified; default ==== s',
    'allow and log': 'default ==== a; asks for untrusted-servers-allowed; default ==== a',
    'no trust store': 'defaultStore: empty-trust-store',
    'own CA alone': 'default ==== dc1; default ==== dc1',
    'own CA in a store that is off': 'default ==== 1; asks for idle-certificates; default ==== 1',
    'a custom store with nothing in it':
      'default ==== c; asks for empty-custom-store; default ==== c',
    'no SNI': 'default ==== n; default ==== n',
    'all of it wrong':
      'groups: nothing-selected, sni: server-name-malformed, allowAndLog: allow-and-log-without-strict',
    'a weak suite and strict off':
      'custom ====+R s; asks for weak-suites unverified; custom ====+R s',
  },
  'strict TLS off': {
    'the default': 'default ==== -; default ==== -',
    'the default, items moved': 'default ====+R -; default ==== -',
    'custom, nothing moved': 'custom ==== -; asks for custom-selection; custom ==== -',
    'custom, a weak suite':
      'custom ====+R -; asks for custom-selection weak-suites; custom ====+R -',
    'custom, another order': 'custom reordered -; asks for custom-selection; custom reordered -',
    'custom, a suite less': 'custom -T256 -; asks for custom-selection; custom -T256 -',
    'custom, a weak protocol':
      'custom ====+C -; asks for custom-selection weak-protocol weak-suites; custom ====+C -',
    'custom, TLS 1.3 alone': 'custom ==== -; asks for custom-selection idle-suites; custom ==== -',
    'custom, no group': 'groups: nothing-selected',
    'strict off beside allow and log': 'allowAndLog: allow-and-log-without-strict',
    'strict off': 'default ==== s; nothing-to-apply',
    'allow and log': 'default ==== a; asks for untrusted-servers-allowed; default ==== a',
    'no trust store': 'defaultStore: empty-trust-store',
    'own CA alone': 'default ==== dc1; default ==== dc1',
    'own CA in a store that is off': 'default ==== 1; asks for idle-certificates; default ==== 1',
    'a custom store with nothing in it':
      'default ==== c; asks for empty-custom-store; default ==== c',
    'no SNI': 'default ==== n; default ==== n',
    'all of it wrong':
      'groups: nothing-selected, sni: server-name-malformed, allowAndLog: allow-and-log-without-strict',
    'a weak suite and strict off':
      'custom ====+R s; asks for custom-selection weak-suites unverified; custom ====+R s',
  },
  'own CA alone': {
    'the default': 'default ==== -; default ==== -',
    'the default, items moved': 'default ====+R -; default ==== -',
    'custom, nothing moved': 'custom ==== -; asks for custom-selection; custom ==== -',
    'custom, a weak suite':
      'custom ====+R -; asks for custom-selection weak-suites; custom ====+R -',
    'custom, another order': 'custom reordered -; asks for custom-selection; custom reordered -',
    'custom, a suite less': 'custom -T256 -; asks for custom-selection; custom -T256 -',
    'custom, a weak protocol':
      'custom ====+C -; asks for custom-selection weak-protocol weak-suites; custom ====+C -',
    'custom, TLS 1.3 alone': 'custom ==== -; asks for custom-selection idle-suites; custom ==== -',
    'custom, no group': 'groups: nothing-selected',
    'strict off beside allow and log': 'allowAndLog: allow-and-log-without-strict',
    'strict off': 'default ==== s; asks for unverified; default ==== s',
    'allow and log': 'default ==== a; asks for untrusted-servers-allowed; default ==== a',
    'no trust store': 'defaultStore: empty-trust-store',
    'own CA alone': 'default ==== dc1; nothing-to-apply',
    'own CA in a store that is off': 'default ==== 1; asks for idle-certificates; default ==== 1',
    'a custom store with nothing in it':
      'default ==== c; asks for empty-custom-store; default ==== c',
    'no SNI': 'default ==== n; default ==== n',
    'all of it wrong':
      'groups: nothing-selected, sni: server-name-malformed, allowAndLog: allow-and-log-without-strict',
    'a weak suite and strict off':
      'custom ====+R s; asks for custom-selection weak-suites unverified; custom ====+R s',
  },
}

for (const [state, before] of Object.entries(APPLIED)) {
  for (const [what, sent] of Object.entries(SENT)) {
    const cell = EXPECTED[state as keyof typeof APPLIED][what as keyof typeof SENT]
    test(`${what} over ${state} gives ${cell}`, () => {
      expect(outcome(before, sent)).toBe(cell)
    })
  }
}

function outcome(before: TlsSettings, sent: Sent): string {
  const unchanged = structuredClone(before)
  const draft = readDraft(before.draft, anInput(sent), RULES)
  if (!draft.ok) {
    for (const { fault } of draft.failure)
      expect(explainSettingsFault(fault).sentence).not.toMatch(/undefined/)
    return draft.failure.map(({ at, fault }) => `${at}: ${fault.kind}`).join(', ')
  }
  const settings = { ...before, draft: draft.value }
  const asked = applyDraft(settings, [], RULES)
  const result = applyDraft(settings, WARNING_CODES, RULES)
  // Neither reading nor applying a draft changes what was given.
  expect(before).toEqual(unchanged)
  const shown = `${draft.value.mode} ${columnsText(draft.value.selection)} ${letters(draft.value.chosen)}`
  if (!result.ok) {
    expect(asked).toEqual(result)
    const [fault] = result.failure
    return `${shown}; ${fault?.kind}${fault?.kind === 'nothing-to-apply' && fault.moved ? ', moved' : ''}`
  }
  const after = result.value.settings
  expect(hasChanges(after, RULES)).toBe(false)
  const [fault] = asked.ok ? [] : asked.failure
  const codes =
    fault?.kind === 'not-acknowledged' ? fault.warnings.map(({ kind }) => kind).join(' ') : ''
  return [
    shown,
    ...(codes === '' ? [] : [`asks for ${codes}`]),
    `${after.applied.kind} ${columnsText(effectiveSelection(after.applied, RULES))} ${letters(after.chosen)}`,
  ].join('; ')
}

const LETTERS = new Map([
  [RSA, 'R'],
  [CBC, 'C'],
])

function columnsText({ suites }: Selection): string {
  const own = suites.filter((name) => !LETTERS.has(name)).join()
  const more = suites.flatMap((name) => LETTERS.get(name) ?? []).join('')
  const order =
    own === DEFAULT.join()
      ? '===='
      : own === [T128, E256, E128].join()
        ? '-T256'
        : own === [T128, T256, E256, E128].join()
          ? 'reordered'
          : own
  return more === '' ? order : `${order}+${more}`
}

function letters(chosen: VerificationOverrides): string {
  const { strict, allowAndLog, defaultStore, customStore, sni } = resolveVerification(chosen, FILE)
  const text = [
    strict ? '' : 's',
    allowAndLog ? 'a' : '',
    defaultStore === 'off' ? 'd' : '',
    customStore.enabled ? 'c' : '',
    customStore.certificates.length === 0 ? '' : String(customStore.certificates.length),
    sni.kind === 'off' ? 'n' : '',
  ].join('')
  return text === '' ? '-' : text
}

for (const [state, before] of Object.entries(APPLIED)) {
  for (const [what, sent] of Object.entries(SENT)) {
    const draft = readDraft(before.draft, anInput(sent), RULES)
    if (!draft.ok) continue
    const settings = { ...before, draft: draft.value }
    if (!hasChanges(settings, RULES)) continue
    for (const left of new Set(draftWarnings(settings, RULES).map(({ kind }) => kind))) {
      test(`${what} over ${state} is not applied while ${left} alone is not acknowledged`, () => {
        const others = WARNING_CODES.filter((code) => code !== left)
        expect(applyDraft(settings, others, RULES)).toMatchObject({
          ok: false,
          failure: [{ kind: 'not-acknowledged', warnings: [{ kind: left }] }],
        })
      })
    }
  }
}

test('a draft brings the differences, what is weak about them, and what is to be used', () => {
  const settings = drafted(fresh, SENT['custom, a weak suite'])
  expect(draftChanges(settings, RULES).map(explainChange)).toEqual([`Cipher Suites: adds ${RSA}`])
  expect(draftWarnings(settings, RULES)).toMatchObject([
    { kind: 'custom-selection' },
    { kind: 'weak-suites', names: [RSA] },
  ])
  expect(applyDraft(settings, WARNING_CODES, RULES)).toMatchObject({
    value: { used: { selection: { suites: [...DEFAULT, RSA] } } },
  })
})

test('a custom selection warns of performance and security again when it changes, and not when it stays', () => {
  const same = drafted(customApplied, { ...SENT['custom, a weak suite'], sni: 'off' })
  expect(draftWarnings(same, RULES).map(({ kind }) => kind)).toEqual(['weak-suites'])
  const other = drafted(customApplied, SENT['custom, another order'])
  expect(draftWarnings(other, RULES).map(explainWarning)).toEqual([
    expect.stringContaining('may affect the performance and the security'),
  ])
})

test('back to the default is the default, and the columns show it', () => {
  const back = applied(drafted(customApplied, {}))
  expect(back).toEqual(fresh)
  expect(effectiveSelection(back.applied, RULES)).toEqual(RULES.catalogue.defaults.secure)
})

test('columns put back to the default change neither the mode nor what is applied', () => {
  const reset = drafted(customApplied, { mode: 'custom' })
  expect(reset.draft).toEqual({
    mode: 'custom',
    selection: RULES.catalogue.defaults.secure,
    chosen: {},
  })
  expect(reset.applied).toEqual(customApplied.applied)
})

test('items moved under the default are no difference, and are not used', () => {
  const settings = drafted(fresh, SENT['the default, items moved'])
  expect(hasChanges(settings, RULES)).toBe(false)
  expect(draftResult(settings, RULES)).toMatchObject({
    value: { selection: RULES.catalogue.defaults.secure },
  })
})

test('the draft is what would be applied, or why it cannot be', () => {
  expect(draftResult(drafted(fresh, SENT['strict off']), RULES)).toMatchObject({
    ok: true,
    value: { verification: { strict: false } },
  })
  const chosen = { strict: false, allowAndLog: true }
  const beside = { ...fresh, draft: { ...fresh.draft, chosen } }
  const faults = { ok: false, failure: [{ kind: 'allow-and-log-without-strict' }] }
  expect(draftResult(beside, RULES)).toEqual(faults)
  expect(applyDraft(beside, WARNING_CODES, RULES)).toEqual(faults)
  expect([draftWarnings(beside, RULES), draftChanges(beside, RULES)]).toEqual([[], []])
  expect(hasChanges(fresh, RULES)).toBe(false)
  expect(hasChanges(drafted(fresh, SENT['strict off']), RULES)).toBe(true)
  expect(hasChanges(offApplied, RULES)).toBe(false)
})

test('a draft of which both halves have become impossible is refused with the faults of both', () => {
  const selection = { ...fresh.draft.selection, groups: [] }
  const chosen = { strict: false, allowAndLog: true }
  const draft = { mode: 'custom', selection, chosen } as const
  expect(applyDraft({ ...fresh, draft }, WARNING_CODES, RULES)).toMatchObject({
    failure: [
      { kind: 'nothing-selected', column: 'groups' },
      { kind: 'allow-and-log-without-strict' },
    ],
  })
})
