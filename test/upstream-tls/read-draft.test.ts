/**
 * Drafts as they are sent: what is taken, in which spelling it is stored, what the configuration file locks, and what is
 * refused, with its place.
 */
import { hash } from 'node:crypto'
import { expect, test } from 'vitest'
import {
  applyDraft,
  draftChanges,
  draftWarnings,
  WARNING_CODES,
} from '../../src/upstream-tls/apply-draft.ts'
import { MAX_CUSTOM_CERTIFICATES } from '../../src/upstream-tls/custom-certificates.ts'
import { hasChanges, initialSettings } from '../../src/upstream-tls/draft-result.ts'
import {
  explainChange,
  explainSettingsFault,
  explainWarning,
} from '../../src/upstream-tls/explain-settings.ts'
import { readDraft } from '../../src/upstream-tls/read-draft.ts'
import {
  effectiveVerification,
  resolveVerification,
  sniText,
  VERIFICATION_SETTINGS,
  type Verification,
  type VerificationSetting,
} from '../../src/upstream-tls/verification.ts'
import type { SettingsContext, TlsSettings } from '../../src/upstream-tls/settings-types.ts'
import { mintKeys } from '../support/certificates/mint-certificate.ts'
import { mintCa } from '../support/certificates/mint.ts'
import {
  anInput,
  applied,
  aSelection,
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

const [ca, other] = [mintCa({ name: 'Internal Root' }), mintCa({ name: 'Other Root' })]
const shaOf = ({ certificate }: { readonly certificate: Buffer }): string =>
  hash('sha256', certificate)
const fresh = initialSettings(RULES)
const DEFAULT = [T256, T128, E256, E128]
const store = (...certificates: readonly string[]) => ({ enabled: true, certificates })
const OWN_CA: Sent = { defaultStore: 'off', customStore: store(ca.pem) }
const STRICT_OFF: Sent = { strict: false }
const ownCaApplied = applied(drafted(fresh, OWN_CA))
const offApplied = applied(drafted(fresh, STRICT_OFF))

const read = (sent: Sent, rules = RULES, before = fresh) =>
  readDraft(before.draft, anInput(sent), rules)

test('a setting that is sent as the default has it is no choice, and follows it', () => {
  for (const sent of [
    { strict: true },
    { allowAndLog: false },
    { defaultStore: 'bundled' },
    { customStore: { enabled: false, certificates: [] } },
    { sni: 'on' },
    { mode: 'default', suites: DEFAULT, groups: ['X25519MLKEM768', 'X25519', 'P-256'] },
  ] as const satisfies readonly Sent[]) {
    expect(drafted(fresh, sent)).toEqual(fresh)
    expect(drafted(offApplied, sent).draft.chosen).toEqual({})
  }
})

test('either spelling selects the same item, and is stored as one', () => {
  const { draft } = drafted(fresh, {
    mode: 'custom',
    suites: [...DEFAULT, 'TLS_RSA_WITH_AES_128_CBC_SHA'],
    groups: ['x25519', 'secp256r1', 'ffdhe2048'],
  })
  expect(draft.selection.suites).toEqual([...DEFAULT, RSA])
  expect(draft.selection.groups).toEqual(['X25519', 'P-256', 'ffdhe2048'])
})

test('the order that is sent is the order of preference', () => {
  const { draft } = drafted(fresh, { mode: 'custom', suites: [E128, T256, RSA, T128] })
  expect(draft.selection.suites).toEqual([E128, T256, RSA, T128])
})

test('what is drafted leaves what is applied as it was', () => {
  for (const before of [fresh, ownCaApplied, offApplied]) {
    const { applied: selected, chosen } = drafted(before, { mode: 'custom', sni: 'off' })
    expect({ applied: selected, chosen }).toEqual({
      applied: before.applied,
      chosen: before.chosen,
    })
  }
})

interface ChangeRow {
  readonly promise: string
  readonly settings: TlsSettings
  readonly changes: readonly string[]
  readonly warnings: readonly string[]
}

const CHANGES: readonly ChangeRow[] = [
  {
    promise: 'giving verification up is said in so many words',
    settings: drafted(fresh, STRICT_OFF),
    changes: ['Enable Strict TLS: from on to off'],
    warnings: [
      'anybody on the way can pose as the upstream and, where the upstream is told who the devices are, is told so as well; each such connection is logged and counted',
    ],
  },
  {
    promise: 'Allow and Log says to whom the identity of devices goes',
    settings: drafted(fresh, { allowAndLog: true }),
    changes: ['Allow and Log untrusted servers: from off to on'],
    warnings: [
      'servers that no trust store vouches for are used: whatever server shows the right name, and a pinned key where keys are pinned, is handed requests and, where the upstream is told who the devices are, the client certificate field; each such connection is logged and counted',
    ],
  },
  {
    promise: 'uploaded certificates are named, and said to have no effect while the store is off',
    settings: drafted(fresh, { customStore: { enabled: false, certificates: [ca.pem] } }),
    changes: [
      `Enable Custom Trust Store: adds CN=Internal Root (SHA-256 ${shaOf(ca).slice(0, 16)}…)`,
    ],
    warnings: ['1 uploaded certificate: no effect while Enable Custom Trust Store is off'],
  },
  {
    promise: 'a custom store without a certificate is said to have no effect',
    settings: drafted(fresh, { customStore: store() }),
    changes: ['Enable Custom Trust Store: from off to on'],
    warnings: ['Enable Custom Trust Store: no effect, nothing was uploaded'],
  },
  {
    promise: 'trust in one CA alone is no loss of a guarantee',
    settings: drafted(fresh, { ...OWN_CA, sni: 'Core.Internal.' }),
    changes: [
      'Enable Default Trust Store: from bundled to off',
      `Enable Custom Trust Store: from off to on; adds CN=Internal Root (SHA-256 ${shaOf(ca).slice(0, 16)}…)`,
      'Enable SNI: from on to core.internal',
    ],
    warnings: [],
  },
  {
    promise: 'a removed CA is named',
    settings: drafted(ownCaApplied, { ...OWN_CA, customStore: store(other.pem) }),
    changes: [
      `Enable Custom Trust Store: adds CN=Other Root (SHA-256 ${shaOf(other).slice(0, 16)}…); removes CN=Internal Root (SHA-256 ${shaOf(ca).slice(0, 16)}…)`,
    ],
    warnings: [],
  },
]

for (const { promise, settings, changes, warnings } of CHANGES) {
  test(promise, () => {
    expect(draftChanges(settings, RULES).map(explainChange)).toEqual(changes)
    expect(draftWarnings(settings, RULES).map(explainWarning)).toEqual(warnings)
    expect(applyDraft(settings, WARNING_CODES, RULES).ok).toBe(true)
  })
}

const broken = ca.pem.replace(/\n.{8}/, '\n!!!!!!!!')
const noCertificate = `-----BEGIN CERTIFICATE-----\n${Buffer.from('hello').toString('base64')}\n-----END CERTIFICATE-----\n`
const key = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'

interface RefusedRow {
  readonly promise: string
  readonly sent: Sent
  readonly faults: readonly (readonly [string, object])[]
}

const custom = (columns: Sent): Sent => ({ mode: 'custom', ...columns })

const REFUSED: readonly RefusedRow[] = [
  {
    promise: 'SSLv2Hello cannot be selected',
    sent: custom({ protocols: ['TLSv1.3', 'TLSv1.2', 'TLSv1.1', 'TLSv1', 'SSLv2Hello'] }),
    faults: [['protocols', { kind: 'impossible-here', name: 'SSLv2Hello' }]],
  },
  {
    promise: 'a lost suite cannot be selected',
    sent: custom({ suites: [...DEFAULT, 'SSL_RSA_WITH_3DES_EDE_CBC_SHA'] }),
    faults: [['suites', { kind: 'impossible-here' }]],
  },
  {
    promise: 'a suite that this runtime has not cannot be selected, and a close name is suggested',
    sent: custom({ suites: [...DEFAULT, 'AES128-SHB'] }),
    faults: [['suites', { kind: 'unknown-name', suggestion: RSA }]],
  },
  {
    promise: 'a protocol of the future cannot be selected',
    sent: custom({ protocols: ['TLSv1.4', 'TLSv1.3', 'TLSv1.2'] }),
    faults: [['protocols', { kind: 'unknown-name', name: 'TLSv1.4' }]],
  },
  {
    promise: 'a name that is selected twice is refused, also in two spellings',
    sent: custom({ suites: [...DEFAULT, RSA, 'TLS_RSA_WITH_AES_128_CBC_SHA'] }),
    faults: [['suites', { kind: 'selected-twice', name: RSA }]],
  },
  {
    promise: 'all faults are told at once, each with its place',
    sent: custom({
      suites: [...DEFAULT, 'ROT13', 'DES-CBC3-SHA'],
      groups: [],
      strict: false,
      customStore: store('my CA'),
      sni: 'a b',
    }),
    faults: [
      ['suites', { kind: 'unknown-name', name: 'ROT13' }],
      ['suites', { kind: 'impossible-here' }],
      ['groups', { kind: 'nothing-selected' }],
      ['customStore', { kind: 'no-certificate' }],
      ['sni', { kind: 'server-name-malformed' }],
    ],
  },
  {
    promise: 'under the default a name has to be one all the same',
    sent: { suites: ['ROT13'], groups: ['X25519', 'x25519'] },
    faults: [
      ['suites', { kind: 'unknown-name' }],
      ['groups', { kind: 'selected-twice' }],
    ],
  },
  {
    promise: 'an empty column is refused',
    sent: custom({ groups: [] }),
    faults: [['groups', { kind: 'nothing-selected', column: 'groups' }]],
  },
  {
    promise: 'a protocol without a suite is refused',
    sent: custom({ suites: [E256, E128] }),
    faults: [['suites', { kind: 'no-suite', protocol: 'TLSv1.3' }]],
  },
  {
    promise: 'a protocol without a group is refused',
    sent: custom({ protocols: ['TLSv1.2'], suites: [E256], groups: ['X25519MLKEM768'] }),
    faults: [['groups', { kind: 'no-group', protocol: 'TLSv1.2' }]],
  },
  {
    promise: 'a hole between protocols is refused',
    sent: custom({ protocols: ['TLSv1.3', 'TLSv1.2', 'TLSv1'], suites: [...DEFAULT, RSA] }),
    faults: [['protocols', { kind: 'protocol-gap', missing: ['TLSv1.1'] }]],
  },
  {
    promise: 'text without a certificate is not trusted',
    sent: { customStore: store('my CA') },
    faults: [['customStore', { kind: 'no-certificate' }]],
  },
  {
    promise: 'a damaged certificate is not trusted',
    sent: { customStore: store(broken) },
    faults: [['customStore', { kind: 'certificate-unreadable', at: 'certificates[0], line 2' }]],
  },
  {
    promise: 'octets that are no certificate are not trusted, and all of them are told at once',
    sent: { customStore: store(noCertificate + ca.pem, noCertificate) },
    faults: [
      ['customStore', { kind: 'certificate-unreadable', at: 'certificates[0], line 1' }],
      ['customStore', { kind: 'certificate-unreadable', at: 'certificates[1], line 1' }],
    ],
  },
  {
    promise: 'a private key is not taken, and not quoted',
    sent: { customStore: store(ca.pem + key) },
    faults: [
      [
        'customStore',
        { kind: 'certificate-unreadable', why: expect.not.stringContaining('AAAA') as string },
      ],
    ],
  },
  {
    promise: 'the same certificate twice in one text is refused',
    sent: { customStore: store(ca.pem + ca.pem) },
    faults: [['customStore', { kind: 'already-trusted', sha256: shaOf(ca) }]],
  },
  {
    promise: 'the same certificate in two texts is refused',
    sent: { customStore: store(ca.pem, other.pem, ca.pem) },
    faults: [['customStore', { kind: 'already-trusted', sha256: shaOf(ca) }]],
  },
  {
    promise: 'more certificates than travel to every process are refused, in one text or in many',
    sent: {
      customStore: store(ca.pem.repeat(MAX_CUSTOM_CERTIFICATES), other.pem),
    },
    faults: [['customStore', { kind: 'too-many-certificates', found: 101, limit: 100 }]],
  },
  {
    promise: 'strict TLS without any trust store is refused',
    sent: { defaultStore: 'off' },
    faults: [['defaultStore', { kind: 'empty-trust-store' }]],
  },
  {
    promise: 'strict TLS with an empty custom store alone is refused',
    sent: { defaultStore: 'off', customStore: store() },
    faults: [['defaultStore', { kind: 'empty-trust-store' }]],
  },
  {
    promise: 'strict TLS with a CA in a store that is off is refused',
    sent: { defaultStore: 'off', customStore: { enabled: false, certificates: [ca.pem] } },
    faults: [['defaultStore', { kind: 'empty-trust-store' }]],
  },
  {
    promise: 'Allow and Log is no choice while strict TLS, whose option it is, is off',
    sent: { strict: false, allowAndLog: true },
    faults: [['allowAndLog', { kind: 'allow-and-log-without-strict' }]],
  },
  {
    promise: 'faults of columns and of trust are told together',
    sent: custom({ groups: [], strict: false, allowAndLog: true }),
    faults: [
      ['groups', { kind: 'nothing-selected', column: 'groups' }],
      ['allowAndLog', { kind: 'allow-and-log-without-strict' }],
    ],
  },
  ...['', '10.0.0.1', '::1', 'https://core', 'core:443', 'a b', '-a', 'a..b', '*.core', 'ä.test']
    .concat('a'.repeat(64), `${'a.'.repeat(127)}aa`)
    .map((sni): RefusedRow => ({
      promise: `SNI cannot be ${JSON.stringify(sni.slice(0, 20))}`,
      sent: { sni },
      faults: [['sni', { kind: 'server-name-malformed', name: sni }]],
    })),
]

for (const { promise, sent, faults } of REFUSED) {
  test(promise, () => {
    const draft = read(sent)
    expect(draft).toMatchObject({
      ok: false,
      failure: faults.map(([at, fault]) => ({ at, fault })),
    })
    for (const { fault } of draft.ok ? [] : draft.failure)
      expect(explainSettingsFault(fault).sentence).not.toMatch(/undefined/)
  })
}

test('as many certificates as travel to every process are taken, in one text, with words between', () => {
  const keys = mintKeys()
  const most = Array.from({ length: MAX_CUSTOM_CERTIFICATES }, (_, index) =>
    mintCa({ name: `Root ${index}`, keys }),
  )
  const text = most.map(({ pem }) => pem).join('some words between\n')
  const { draft } = drafted(fresh, { customStore: store(text) })
  expect(draft.chosen.customStore?.certificates).toHaveLength(MAX_CUSTOM_CERTIFICATES)
  expect(read({ customStore: store(text, ca.pem) })).toMatchObject({
    failure: [{ fault: { kind: 'too-many-certificates' } }],
  })
})

test('the longest names there are can be sent', () => {
  for (const name of ['a'.repeat(63), `${'a.'.repeat(126)}a`, 'mdm_1.internal']) {
    expect(drafted(fresh, { sni: name }).draft.chosen.sni).toEqual({ kind: 'name', name })
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

const LOCKED: readonly (readonly [VerificationSetting, Sent, Sent])[] = [
  ['strict', { strict: false }, { strict: true }],
  ['allowAndLog', { allowAndLog: true }, { allowAndLog: false }],
  ['defaultStore', { defaultStore: 'system' }, { defaultStore: 'bundled' }],
  [
    'customStore',
    { customStore: store(ca.pem) },
    { customStore: { enabled: false, certificates: [] } },
  ],
  ['customStore', { customStore: store() }, {}],
  ['sni', { sni: 'off' }, { sni: 'on' }],
]

for (const [setting, sent, same] of LOCKED) {
  const rules = stating({ [setting]: FILE.verification[setting] })
  test(`what the file states of ${setting} is not ${JSON.stringify(sent).slice(0, 40)}, and the rest is free`, () => {
    expect(read(sent, rules)).toMatchObject({
      ok: false,
      failure: [{ at: setting, fault: { kind: 'set-by-configuration-file', what: setting } }],
    })
    expect(read(same, rules)).toMatchObject({ ok: true, value: { chosen: {} } })
    for (const [free, others] of LOCKED) {
      if (free === setting) continue
      expect(read(others, rules).ok).toBe(true)
    }
  })
}

test("a file's certificates may be repeated in any layout, and others may not take their place", () => {
  // As a configuration file's PEM is read: without the line feed at the end.
  const rules = stating({ customStore: store(ca.pem.trim()) })
  for (const pem of [ca.pem, ca.pem.trim(), ca.pem.replaceAll('\n', '\r\n')]) {
    expect(read({ customStore: store(pem) }, rules).ok).toBe(true)
  }
  for (const others of [store(), store(other.pem), store(ca.pem, other.pem)]) {
    expect(read({ customStore: others }, rules)).toMatchObject({
      failure: [{ at: 'customStore', fault: { kind: 'set-by-configuration-file' } }],
    })
  }
})

test('a selection that the file states is locked and in force; trust can be changed beside it', () => {
  const stated = aSelection({ suites: [RSA], protocols: ['TLSv1.2'] })
  const rules = stating({}, stated)
  const settings = initialSettings(rules)
  for (const [at, sent] of [
    ['mode', { mode: 'custom' }],
    ['suites', { suites: [CBC] }],
    ['suites', { suites: [RSA, CBC] }],
    ['protocols', { protocols: ['TLSv1.3'] }],
    ['groups', { groups: ['X25519'] }],
  ] as const) {
    expect(read(sent, rules, settings)).toMatchObject({
      failure: [{ at, fault: { kind: 'set-by-configuration-file', what: 'selection' } }],
    })
  }
  expect(drafted(settings, stated, rules)).toEqual(settings)
  expect(applyDraft(settings, WARNING_CODES, rules)).toMatchObject({
    failure: [{ kind: 'nothing-to-apply', moved: false }],
  })
  expect(applyDraft(drafted(settings, { sni: 'off' }, rules), WARNING_CODES, rules)).toMatchObject({
    value: { used: { selection: stated, verification: { sni: { kind: 'off' } } } },
  })
})

test('a custom draft waits unchanged behind a selection that the file states', () => {
  const before = drafted(fresh, { mode: 'custom', suites: [...DEFAULT, RSA] })
  const rules = stating({}, aSelection())
  const after = drafted(before, { mode: 'custom', sni: 'off' }, rules)
  expect(after.draft).toEqual({ ...before.draft, chosen: { sni: { kind: 'off' } } })
})

test('the word of the file beats what was chosen before, and the choice waits', () => {
  const { chosen } = offApplied
  expect(resolveVerification(chosen, stating({ strict: true }).file)).toMatchObject({
    strict: true,
  })
  expect(resolveVerification(chosen, FILE)).toMatchObject({ strict: false })
})

test('choices that the file has made unusable are set aside whole: nothing is trusted by accident', () => {
  const emptied = stating({ customStore: { enabled: false, certificates: [] } }).file
  expect(effectiveVerification(ownCaApplied.chosen, emptied)).toEqual({
    verification: emptied.verification,
    faults: [{ kind: 'empty-trust-store' }],
  })
})

test('Allow and Log that the file states stays stated while strict TLS is off, without effect', () => {
  const rules = stating({ allowAndLog: true })
  const off = drafted(fresh, { strict: false, allowAndLog: true }, rules)
  expect(off.draft.chosen).toEqual({ strict: false })
  expect(draftWarnings(off, rules).map(explainWarning)).toEqual([
    'anybody on the way can pose as the upstream and, where the upstream is told who the devices are, is told so as well; each such connection is logged and counted',
    'Allow and Log untrusted servers: no effect while Enable Strict TLS is off',
  ])
  expect(applyDraft(off, WARNING_CODES, rules)).toMatchObject({ ok: true })
})

test('Allow and Log that was chosen waits while the file turns strict TLS off, and is not applied then', () => {
  const allowing = applied(drafted(fresh, { allowAndLog: true }))
  const rules = stating({ strict: false })
  expect(effectiveVerification(allowing.chosen, rules.file)).toMatchObject({
    verification: { strict: false },
    faults: [],
  })
  expect(read({ allowAndLog: true }, rules, allowing)).toMatchObject({
    failure: [{ at: 'allowAndLog', fault: { kind: 'allow-and-log-without-strict' } }],
  })
  expect(read({}, rules, allowing)).toMatchObject({ ok: true, value: { chosen: {} } })
})

test('a choice behind the word of the file is kept while that word is repeated, and given up where it is left out', () => {
  const rules = stating({ strict: true })
  const repeated = drafted(offApplied, { strict: true }, rules)
  expect(repeated.draft.chosen).toEqual(offApplied.chosen)
  const left = drafted(offApplied, {}, rules)
  expect(hasChanges(left, rules)).toBe(true)
  expect(applied(left, rules).chosen).toEqual({})
})

test('each setting is named once, and SNI reads as in a configuration', () => {
  expect([...VERIFICATION_SETTINGS].toSorted()).toEqual(Object.keys(FILE.verification).toSorted())
  expect([{ kind: 'off' } as const, { kind: 'name', name: 'a' } as const].map(sniText)).toEqual([
    'off',
    'a',
  ])
})
