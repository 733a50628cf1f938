/**
 * Strict TLS, trust stores and SNI on the page of one upstream: every button in every situation, what the
 * configuration file locks, and what is turned down. A fault leaves the page as it was.
 */
import { hash } from 'node:crypto'
import { expect, test } from 'vitest'
import { hasChanges, draftResult } from '../../src/upstream-tls/draft-result.ts'
import { MAX_CUSTOM_CERTIFICATES } from '../../src/upstream-tls/edit-verification.ts'
import { explainActionFault } from '../../src/upstream-tls/explain-page.ts'
import {
  explainVerificationChange,
  explainVerificationNotice,
} from '../../src/upstream-tls/explain-verification.ts'
import { initialSettings, applyAction, type Action } from '../../src/upstream-tls/settings-page.ts'
import {
  effectiveVerification,
  resolveVerification,
  VERIFICATION_SETTINGS,
  sniText,
  type VerificationOverrides,
  type VerificationSetting,
  type Verification,
} from '../../src/upstream-tls/verification.ts'
import { mintKeys } from '../support/certificates/mint-certificate.ts'
import { mintCa } from '../support/certificates/mint.ts'
import { aSelection, FILE, applyAll, RSA, RULES } from './small-runtime.ts'
import type { TlsSettings, SettingsContext } from '../../src/upstream-tls/settings-types.ts'

const [ca, other] = [mintCa({ name: 'Internal Root' }), mintCa({ name: 'Other Root' })]
const shaOf = ({ certificate }: { readonly certificate: Buffer }): string =>
  hash('sha256', certificate)

const APPLY: Action = { kind: 'apply' }
const CONFIRM: Action = { kind: 'confirm' }
const STRICT_OFF: Action = { kind: 'set-strict', enabled: false }
const STRICT_ON: Action = { kind: 'set-strict', enabled: true }
const ALLOW: Action = { kind: 'set-allow-untrusted', enabled: true }
const STORE_OFF: Action = { kind: 'set-default-store', store: 'off' }
const CUSTOM_ON: Action = { kind: 'set-custom-store', enabled: true }
const ADD: Action = { kind: 'add-certificates', pem: ca.pem }
const REMOVE: Action = { kind: 'remove-certificate', sha256: shaOf(ca) }
const SNI_OFF: Action = { kind: 'set-sni', sni: 'off' }

const ACTIONS = {
  'set-strict off': STRICT_OFF,
  'set-strict on': STRICT_ON,
  'set-allow-untrusted on': ALLOW,
  'set-default-store off': STORE_OFF,
  'set-custom-store on': CUSTOM_ON,
  'add-certificates': ADD,
  'remove-certificate': REMOVE,
  'set-sni off': SNI_OFF,
  'reset-settings': { kind: 'reset-settings' },
  reset: { kind: 'reset' },
  apply: APPLY,
  confirm: CONFIRM,
  cancel: { kind: 'cancel' },
} as const satisfies Record<string, Action>

const fresh = initialSettings(RULES)
const offDrafted = applyAll(fresh, [STRICT_OFF, ALLOW])
const offApplied = applyAll(offDrafted, [APPLY, CONFIRM])
const ownCa = applyAll(fresh, [STORE_OFF, CUSTOM_ON, ADD])

const SITUATIONS = {
  'nothing touched': fresh,
  'strict off, unsigned': applyAll(fresh, [STRICT_OFF]),
  'strict off, signed': offDrafted,
  'strict off waits for confirmation': applyAll(offDrafted, [APPLY]),
  'strict off applied': offApplied,
  'strict off applied, settings reset': applyAll(offApplied, [{ kind: 'reset-settings' }]),
  'own CA alone': ownCa,
  'Proceed awaited': applyAll(fresh, [{ kind: 'choose-custom' }]),
} as const satisfies Record<string, TlsSettings>

type Cells = Readonly<Record<keyof typeof ACTIONS, string>>

/**
 * `applied / draft [step] [> effect]`, or the fault. A letter for each setting that is not as the preset `secure`
 * has it: s strict off, a allow and log, d default store off, c custom store on, 1 one certificate in it, n no SNI.
 */
const EXPECTED: Readonly<Record<keyof typeof SITUATIONS, Cells>> = {
  'nothing touched': {
    'set-strict off': '- / s',
    'set-strict on': '- / -',
    'set-allow-untrusted on': '- / a',
    'set-default-store off': '- / d',
    'set-custom-store on': '- / c',
    'add-certificates': '- / 1',
    'remove-certificate': 'fault not-trusted',
    'set-sni off': '- / n',
    'reset-settings': '- / -',
    reset: '- / -',
    apply: 'fault nothing-to-apply',
    confirm: 'fault nothing-asked',
    cancel: 'fault nothing-asked',
  },
  'strict off, unsigned': {
    'set-strict off': '- / s',
    'set-strict on': '- / -',
    'set-allow-untrusted on': '- / sa',
    'set-default-store off': '- / sd',
    'set-custom-store on': '- / sc',
    'add-certificates': '- / s1',
    'remove-certificate': 'fault not-trusted',
    'set-sni off': '- / sn',
    'reset-settings': '- / -',
    reset: '- / s',
    apply: 'fault strict-off-unsigned',
    confirm: 'fault nothing-asked',
    cancel: 'fault nothing-asked',
  },
  'strict off, signed': {
    'set-strict off': '- / sa',
    'set-strict on': '- / a',
    'set-allow-untrusted on': '- / sa',
    'set-default-store off': '- / sad',
    'set-custom-store on': '- / sac',
    'add-certificates': '- / sa1',
    'remove-certificate': 'fault not-trusted',
    'set-sni off': '- / san',
    'reset-settings': '- / -',
    reset: '- / sa',
    apply: '- / sa confirm? > ask-to-confirm',
    confirm: 'fault nothing-asked',
    cancel: 'fault nothing-asked',
  },
  'strict off waits for confirmation': {
    'set-strict off': 'fault answer-first',
    'set-strict on': 'fault answer-first',
    'set-allow-untrusted on': 'fault answer-first',
    'set-default-store off': 'fault answer-first',
    'set-custom-store on': 'fault answer-first',
    'add-certificates': 'fault answer-first',
    'remove-certificate': 'fault answer-first',
    'set-sni off': 'fault answer-first',
    'reset-settings': 'fault answer-first',
    reset: 'fault answer-first',
    apply: 'fault answer-first',
    confirm: 'sa / sa > apply',
    cancel: '- / sa',
  },
  'strict off applied': {
    'set-strict off': 'sa / sa',
    'set-strict on': 'sa / a',
    'set-allow-untrusted on': 'sa / sa',
    'set-default-store off': 'sa / sad',
    'set-custom-store on': 'sa / sac',
    'add-certificates': 'sa / sa1',
    'remove-certificate': 'fault not-trusted',
    'set-sni off': 'sa / san',
    'reset-settings': 'sa / -',
    reset: 'sa / sa',
    apply: 'fault nothing-to-apply',
    confirm: 'fault nothing-asked',
    cancel: 'fault nothing-asked',
  },
  'strict off applied, settings reset': {
    'set-strict off': 'sa / s',
    'set-strict on': 'sa / -',
    'set-allow-untrusted on': 'sa / a',
    'set-default-store off': 'sa / d',
    'set-custom-store on': 'sa / c',
    'add-certificates': 'sa / 1',
    'remove-certificate': 'fault not-trusted',
    'set-sni off': 'sa / n',
    'reset-settings': 'sa / -',
    reset: 'sa / -',
    apply: 'sa / - confirm? > ask-to-confirm',
    confirm: 'fault nothing-asked',
    cancel: 'fault nothing-asked',
  },
  'own CA alone': {
    'set-strict off': '- / sdc1',
    'set-strict on': '- / dc1',
    'set-allow-untrusted on': '- / adc1',
    'set-default-store off': '- / dc1',
    'set-custom-store on': '- / dc1',
    'add-certificates': 'fault already-trusted',
    'remove-certificate': '- / dc',
    'set-sni off': '- / dc1n',
    'reset-settings': '- / -',
    reset: '- / dc1',
    apply: '- / dc1 confirm? > ask-to-confirm',
    confirm: 'fault nothing-asked',
    cancel: 'fault nothing-asked',
  },
  'Proceed awaited': {
    'set-strict off': '- / s proceed?',
    'set-strict on': '- / - proceed?',
    'set-allow-untrusted on': '- / a proceed?',
    'set-default-store off': '- / d proceed?',
    'set-custom-store on': '- / c proceed?',
    'add-certificates': '- / 1 proceed?',
    'remove-certificate': 'fault not-trusted',
    'set-sni off': '- / n proceed?',
    'reset-settings': '- / - proceed?',
    reset: '- / - proceed?',
    apply: 'fault answer-first',
    confirm: 'fault nothing-asked',
    cancel: '- / -',
  },
}

for (const [situation, page] of Object.entries(SITUATIONS)) {
  for (const [name, action] of Object.entries(ACTIONS)) {
    const cell = EXPECTED[situation as keyof typeof SITUATIONS][name as keyof typeof ACTIONS]
    test(`${situation}: ${name} gives ${cell}`, () => {
      expect(outcome(page, action)).toBe(cell)
    })
  }
}

function outcome(page: TlsSettings, action: Action): string {
  const before = structuredClone(page)
  const result = applyAction(page, action, RULES)
  expect(page).toEqual(before)
  if (!result.ok) {
    for (const one of result.failure)
      expect(explainActionFault(one).sentence).not.toMatch(/undefined/)
    return `fault ${result.failure[0]?.kind}`
  }
  const { draft, chosen, applied } = result.value.page
  expect(applied).toEqual(page.applied)
  const { effect } = result.value
  return [
    letters(chosen),
    '/',
    letters(draft.chosen),
    ...(draft.step.kind === 'editing' ? [] : [draft.step.kind]),
    ...(effect.kind === 'none' ? [] : ['>', effect.kind]),
  ].join(' ')
}

function letters(chosen: VerificationOverrides): string {
  const { strict, allowUntrusted, defaultStore, customStore, sni } = resolveVerification(
    chosen,
    FILE,
  )
  const text = [
    strict ? '' : 's',
    allowUntrusted ? 'a' : '',
    defaultStore === 'off' ? 'd' : '',
    customStore.enabled ? 'c' : '',
    customStore.certificates.length === 0 ? '' : String(customStore.certificates.length),
    sni.kind === 'off' ? 'n' : '',
  ].join('')
  return text === '' ? '-' : text
}

test('a setting that is put back to the default is no choice any more, and follows it', () => {
  for (const [there, back] of [
    [STRICT_OFF, STRICT_ON],
    [ALLOW, { kind: 'set-allow-untrusted', enabled: false }],
    [STORE_OFF, { kind: 'set-default-store', store: 'bundled' }],
    [CUSTOM_ON, { kind: 'set-custom-store', enabled: false }],
    [ADD, REMOVE],
    [SNI_OFF, { kind: 'set-sni', sni: 'on' }],
  ] as const) {
    expect(applyAll(fresh, [there]).draft.chosen).not.toEqual({})
    expect(applyAll(fresh, [there, back])).toEqual(fresh)
  }
})

interface AskedRow {
  readonly promise: string
  readonly page: TlsSettings
  readonly changes: readonly string[]
  readonly notices: readonly string[]
}

const ASKED: readonly AskedRow[] = [
  {
    promise: 'giving verification up is asked about in so many words',
    page: offDrafted,
    changes: [
      'Enable Strict TLS: from on to off',
      'Allow and Log untrusted servers: from off to on',
    ],
    notices: [
      'anybody on the way can pose as the upstream and is told who the devices are; each such connection is logged and counted',
    ],
  },
  {
    promise: 'a signature beside strict TLS is kept, and said to have no effect',
    page: applyAll(fresh, [ALLOW]),
    changes: ['Allow and Log untrusted servers: from off to on'],
    notices: ['Allow and Log untrusted servers: no effect while strict TLS is on'],
  },
  {
    promise: 'uploaded certificates are named, and said to have no effect while the store is off',
    page: applyAll(fresh, [ADD]),
    changes: [
      `Enable Custom Trust Store: adds CN=Internal Root (SHA-256 ${shaOf(ca).slice(0, 16)}…)`,
    ],
    notices: ['1 uploaded certificate: no effect while Enable Custom Trust Store is off'],
  },
  {
    promise: 'a custom store without a certificate is said to have no effect',
    page: applyAll(fresh, [CUSTOM_ON]),
    changes: ['Enable Custom Trust Store: from off to on'],
    notices: ['Enable Custom Trust Store: no effect, nothing was uploaded'],
  },
  {
    promise: 'trust in one CA alone is no loss of a guarantee',
    page: applyAll(ownCa, [{ kind: 'set-sni', sni: 'Core.Internal.' }]),
    changes: [
      'Enable Default Trust Store: from bundled to off',
      `Enable Custom Trust Store: from off to on; adds CN=Internal Root (SHA-256 ${shaOf(ca).slice(0, 16)}…)`,
      'Enable SNI: from on to core.internal',
    ],
    notices: [],
  },
  {
    promise: 'a removed CA is named',
    page: applyAll(applyAll(ownCa, [APPLY, CONFIRM]), [
      { kind: 'add-certificates', pem: other.pem },
      {
        kind: 'remove-certificate',
        sha256: shaOf(ca)
          .toUpperCase()
          .replaceAll(/..(?!$)/g, '$&:'),
      },
    ]),
    changes: [
      `Enable Custom Trust Store: adds CN=Other Root (SHA-256 ${shaOf(other).slice(0, 16)}…); removes CN=Internal Root (SHA-256 ${shaOf(ca).slice(0, 16)}…)`,
    ],
    notices: [],
  },
]

for (const { promise, page, changes, notices } of ASKED) {
  test(promise, () => {
    const asked = applyAction(page, APPLY, RULES)
    if (!asked.ok || asked.value.effect.kind !== 'ask-to-confirm') expect.fail('nothing asked')
    const { verification } = asked.value.effect
    expect(verification.changes.map(explainVerificationChange)).toEqual(changes)
    expect(verification.notices.map(explainVerificationNotice)).toEqual(notices)
    const used = draftResult(page, RULES)
    expect(applyAction(asked.value.page, CONFIRM, RULES)).toMatchObject({
      value: { effect: { kind: 'apply', next: used.ok ? used.value : 'nothing' } },
    })
  })
}

const broken = ca.pem.replace(/\n.{8}/, '\n!!!!!!!!')
const noCertificate = `-----BEGIN CERTIFICATE-----\n${Buffer.from('hello').toString('base64')}\n-----END CERTIFICATE-----\n`
const key = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'

const TURNED_DOWN: readonly (readonly [string, TlsSettings, Action, readonly object[]])[] = [
  [
    'text without a certificate is not trusted',
    fresh,
    { kind: 'add-certificates', pem: 'my CA' },
    [{ kind: 'no-certificate' }],
  ],
  [
    'a damaged certificate is not trusted',
    fresh,
    { kind: 'add-certificates', pem: broken },
    [{ kind: 'certificate-unreadable', at: 'line 2' }],
  ],
  [
    'octets that are no certificate are not trusted, and all faults are told at once',
    fresh,
    { kind: 'add-certificates', pem: noCertificate + ca.pem + noCertificate },
    [{ kind: 'certificate-unreadable', at: 'line 1' }, { kind: 'certificate-unreadable' }],
  ],
  [
    'a private key is not taken, and not quoted',
    fresh,
    { kind: 'add-certificates', pem: ca.pem + key },
    [{ kind: 'certificate-unreadable', why: expect.not.stringContaining('AAAA') as string }],
  ],
  [
    'the same certificate twice in one upload is refused',
    fresh,
    { kind: 'add-certificates', pem: ca.pem + ca.pem },
    [{ kind: 'already-trusted', sha256: shaOf(ca) }],
  ],
  [
    'more certificates than travel to every process are refused',
    fresh,
    { kind: 'add-certificates', pem: ca.pem.repeat(MAX_CUSTOM_CERTIFICATES + 1) },
    [{ kind: 'too-many-certificates', found: 101, limit: 100 }],
  ],
  [
    'strict TLS that believes nobody is not applied',
    applyAll(ownCa, [REMOVE]),
    APPLY,
    [{ kind: 'empty-trust-store' }],
  ],
  [
    'strict TLS with a CA in a store that is off is not applied',
    applyAll(ownCa, [{ kind: 'set-custom-store', enabled: false }]),
    APPLY,
    [{ kind: 'empty-trust-store' }],
  ],
  [
    'faults of columns and of trust are told together',
    applyAll(fresh, [
      STRICT_OFF,
      { kind: 'choose-custom' },
      { kind: 'proceed' },
      { kind: 'deselect', column: 'groups', names: ['X25519MLKEM768', 'X25519', 'P-256'] },
    ]),
    APPLY,
    [{ kind: 'nothing-selected', column: 'groups' }, { kind: 'strict-off-unsigned' }],
  ],
  ...['', '10.0.0.1', '::1', 'https://core', 'core:443', 'a b', '-a', 'a..b', '*.core', 'ä.test']
    .concat('a'.repeat(64), `${'a.'.repeat(127)}aa`)
    .map(
      (sni) =>
        [
          `SNI cannot be ${JSON.stringify(sni.slice(0, 20))}`,
          fresh,
          { kind: 'set-sni', sni },
          [{ kind: 'server-name-malformed', name: sni }],
        ] as const,
    ),
]

for (const [promise, page, action, faults] of TURNED_DOWN) {
  test(promise, () => {
    expect(applyAction(page, action, RULES)).toMatchObject({ ok: false, failure: faults })
  })
}

test('as many certificates as travel to every process are taken, and no more', () => {
  const keys = mintKeys()
  const most = Array.from({ length: MAX_CUSTOM_CERTIFICATES }, (_, index) =>
    mintCa({ name: `Root ${index}`, keys }),
  )
  const page = applyAll(fresh, [
    { kind: 'add-certificates', pem: most.map(({ pem }) => pem).join('some words between\n') },
  ])
  expect(page.draft.chosen.customStore?.certificates).toHaveLength(MAX_CUSTOM_CERTIFICATES)
  expect(applyAction(page, ADD, RULES)).toMatchObject({
    failure: [{ kind: 'too-many-certificates' }],
  })
})

test('the longest names there are can be sent', () => {
  for (const name of ['a'.repeat(63), `${'a.'.repeat(126)}a`, 'mdm_1.internal']) {
    expect(applyAll(fresh, [{ kind: 'set-sni', sni: name }]).draft.chosen.sni).toEqual({
      kind: 'name',
      name,
    })
  }
})

/** Rules under a file that states some of it. */
const stating = (words: Partial<Verification>, selection = FILE.selection): SettingsContext => ({
  ...RULES,
  file: {
    selection,
    stated: Object.keys(words) as VerificationSetting[],
    verification: { ...FILE.verification, ...words },
  },
})

const LOCKED: readonly (readonly [VerificationSetting, readonly Action[]])[] = [
  ['strict', [STRICT_OFF, STRICT_ON]],
  ['allowUntrusted', [ALLOW]],
  ['defaultStore', [STORE_OFF]],
  ['customStore', [CUSTOM_ON, ADD, REMOVE]],
  ['sni', [SNI_OFF]],
]

for (const [setting, actions] of LOCKED) {
  const rules = stating({ [setting]: FILE.verification[setting] })
  test(`what the file states of ${setting} is locked, and the rest is not`, () => {
    for (const action of actions) {
      expect(applyAction(initialSettings(rules), action, rules)).toEqual({
        ok: false,
        failure: [{ kind: 'set-by-configuration-file', what: setting }],
      })
    }
    for (const [free, others] of LOCKED) {
      if (free === setting) continue
      expect(applyAction(initialSettings(rules), others[0] ?? APPLY, rules).ok).toBe(true)
    }
  })
}

test('a selection that the file states is locked, shown, and in force; trust can be changed beside it', () => {
  const stated = aSelection({ suites: [RSA], protocols: ['TLSv1.2'] })
  const rules = stating({}, stated)
  const page = initialSettings(rules)
  for (const action of [
    { kind: 'choose-default' },
    { kind: 'choose-custom' },
    { kind: 'proceed' },
    { kind: 'select', column: 'suites', names: [RSA] },
    { kind: 'deselect', column: 'suites', names: [RSA] },
    { kind: 'order', column: 'suites', name: RSA, place: 0 },
    { kind: 'reset' },
  ] as const) {
    expect(applyAction(page, action, rules)).toMatchObject({
      failure: [{ kind: 'set-by-configuration-file', what: 'selection' }],
    })
  }
  expect(applyAction(page, APPLY, rules)).toMatchObject({
    failure: [{ kind: 'nothing-to-apply', moved: false }],
  })
  const applied = applyAction(applyAll(page, [SNI_OFF, APPLY], rules), CONFIRM, rules)
  expect(applied).toMatchObject({
    value: { effect: { next: { selection: stated, verification: { sni: { kind: 'off' } } } } },
  })
})

test('the word of the file beats what was chosen before, and the choice waits', () => {
  const { chosen } = offApplied
  expect(resolveVerification(chosen, stating({ strict: true }).file)).toMatchObject({
    strict: true,
  })
  expect(resolveVerification(chosen, FILE)).toMatchObject({ strict: false, allowUntrusted: true })
})

test('choices that the file has made unusable are set aside whole: nobody is believed by accident', () => {
  // The signature is withdrawn in the file; without it strict TLS cannot be off.
  const { file } = stating({ allowUntrusted: false })
  expect(effectiveVerification(offApplied.chosen, file)).toEqual({
    verification: file.verification,
    faults: [{ kind: 'strict-off-unsigned' }],
  })
  const own = applyAll(ownCa, [APPLY, CONFIRM]).chosen
  const emptied = stating({ customStore: { enabled: false, certificates: [] } }).file
  expect(effectiveVerification(own, emptied)).toEqual({
    verification: emptied.verification,
    faults: [{ kind: 'empty-trust-store' }],
  })
})

test('a choice that the file overrules can be taken back', () => {
  const rules = stating({ strict: true, allowUntrusted: false })
  const page = applyAll(offApplied, [{ kind: 'reset-settings' }], rules)
  expect(hasChanges(page, rules)).toBe(true)
  expect(applyAll(page, [APPLY, CONFIRM], rules).chosen).toEqual({})
})

test('the draft is what would be applied, or why it cannot be', () => {
  expect(draftResult(offDrafted, RULES)).toMatchObject({
    ok: true,
    value: { verification: { strict: false } },
  })
  expect(draftResult(SITUATIONS['strict off, unsigned'], RULES)).toEqual({
    ok: false,
    failure: [{ kind: 'strict-off-unsigned' }],
  })
  expect(hasChanges(fresh, RULES)).toBe(false)
  expect(hasChanges(offDrafted, RULES)).toBe(true)
  expect(hasChanges(offApplied, RULES)).toBe(false)
})

test('moved items under Use Default are no difference, and are not drafted', () => {
  const page = applyAll(fresh, [{ kind: 'select', column: 'suites', names: [RSA] }])
  expect(hasChanges(page, RULES)).toBe(false)
  expect(draftResult(page, RULES)).toMatchObject({
    value: { selection: RULES.catalogue.defaults.secure },
  })
})

test('the page names each setting once, and SNI reads as in a configuration', () => {
  expect([...VERIFICATION_SETTINGS].toSorted()).toEqual(Object.keys(FILE.verification).toSorted())
  expect([{ kind: 'off' } as const, { kind: 'name', name: 'a' } as const].map(sniText)).toEqual([
    'off',
    'a',
  ])
})
