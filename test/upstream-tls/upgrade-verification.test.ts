/**
 * How strict TLS, trust and SNI are kept with a page, what becomes of a page from before they were on it, and what a
 * start says when the default or the configuration file is another one (S3-13, decision 20).
 */
import { expect, test } from 'vitest'
import { parseTlsSettingsDocument } from '../../src/config/upstream/stored-document.ts'
import {
  documentOf,
  openSettings,
  type StoredTlsSettings,
} from '../../src/upstream-tls/document.ts'
import { explainUpgrade } from '../../src/upstream-tls/explain-settings.ts'
import { initialSettings } from '../../src/upstream-tls/draft-result.ts'
import { currentBaseline, upgrade } from '../../src/upstream-tls/upgrade.ts'
import {
  effectiveVerification,
  type VerificationSetting,
  type Verification,
} from '../../src/upstream-tls/verification.ts'
import { mintCa } from '../support/certificates/mint.ts'
import {
  aCatalogue,
  applied as applyTo,
  aSelection,
  drafted,
  FILE,
  RSA,
  RULES,
} from './small-runtime.ts'
import type { TlsSettings, SettingsContext } from '../../src/upstream-tls/settings-types.ts'

const ca = mintCa({ name: 'Internal Root' })
const fresh = initialSettings(RULES)
const EVERYTHING = {
  strict: false,
  defaultStore: 'system',
  customStore: { enabled: true, certificates: [ca.pem] },
  sni: 'core.internal',
} as const
const everything = drafted(fresh, EVERYTHING)
const applied = applyTo(everything)
const uploaded = drafted(fresh, { customStore: { enabled: false, certificates: [ca.pem] } })

const keep = (page: TlsSettings, rules = RULES): unknown =>
  JSON.parse(JSON.stringify(documentOf(page, rules)))

function opened(stored: unknown, rules: SettingsContext = RULES) {
  const parsed = parseTlsSettingsDocument(stored)
  if (!parsed.ok) expect.fail(JSON.stringify(parsed.failure))
  return openSettings(parsed.value, rules)
}

for (const [what, page] of [
  ['a draft of everything', everything],
  ['an applied page of everything', applied],
  ['an applied page whose draft was reset', drafted(applied, {})],
  ['an upload under a store that is off', uploaded],
] as const) {
  test(`${what} is the same after it was kept`, () => {
    expect(opened(keep(page))).toMatchObject({ ok: true, value: { page, report: [] } })
  })
}

/** A page as the version before wrote it. */
function firstVersion(page: TlsSettings): unknown {
  const { applied: of, draft, seen } = documentOf(page, RULES)
  return JSON.parse(
    JSON.stringify({
      version: 1,
      applied: of,
      draft: { mode: draft.mode, selection: draft.selection },
      seen: { offered: seen.offered, default: seen.default },
    }),
  )
}

const CUSTOM = { mode: 'custom', suites: [...aSelection().suites, RSA] } as const
const custom = applyTo(drafted(fresh, CUSTOM))

for (const [what, page] of [
  ['that follows the default', fresh],
  ['with a custom selection', custom],
] as const) {
  test(`a page ${what} from before trust was on it is read, and says nothing of trust`, () => {
    expect(opened(firstVersion(page))).toMatchObject({ ok: true, value: { page, report: [] } })
    // Another default is no news for settings that never saw the old one.
    const rules = under({ strict: false })
    expect(opened(firstVersion(page), rules)).toMatchObject({ value: { report: [] } })
  })
}

test('what is written is of the version of today, also when it was read from the one before', () => {
  const page = opened(firstVersion(custom))
  if (!page.ok) expect.fail()
  expect(keep(page.value.page)).toMatchObject({ version: 2, chosen: {}, draft: { chosen: {} } })
})

/** Rules with other words of the preset or, where `stated`, of the file itself. */
const under = (
  words: Partial<Verification>,
  stated: readonly VerificationSetting[] = [],
): SettingsContext => ({
  ...RULES,
  file: { ...FILE, stated, verification: { ...FILE.verification, ...words } },
})

interface Row {
  readonly promise: string
  readonly page: TlsSettings
  readonly rules: SettingsContext
  readonly report: readonly string[]
}

const OWN_CA = applyTo(
  drafted(fresh, { defaultStore: 'off', customStore: { enabled: true, certificates: [ca.pem] } }),
)
const NO_SNI = applyTo(drafted(fresh, { sni: 'off' }))

const ROWS: readonly Row[] = [
  {
    promise: 'settings that follow the default are told of another one',
    page: fresh,
    rules: under({ sni: { kind: 'off' }, defaultStore: 'system' }),
    report: [
      'mdm follows the default, which changed. Enable Default Trust Store: from bundled to system',
      'mdm follows the default, which changed. Enable SNI: from on to off',
    ],
  },
  {
    promise: 'settings that were chosen are not told of another default',
    page: NO_SNI,
    rules: under({ sni: { kind: 'name', name: 'other.test' } }),
    report: [],
  },
  {
    promise: 'a file that states something is followed, and is no upgrade',
    page: fresh,
    rules: under({ sni: { kind: 'off' } }, ['sni']),
    report: [],
  },
  {
    promise: 'a choice that the file overrules is told',
    page: applied,
    rules: under({ defaultStore: 'bundled', sni: { kind: 'on' } }, ['defaultStore', 'sni']),
    report: [
      "mdm: the configuration file states Enable Default Trust Store, Enable SNI, which was chosen otherwise on the page; the file's word counts, and the choice waits",
    ],
  },
  {
    promise: 'a choice that the file repeats is no news',
    page: NO_SNI,
    rules: under({ sni: { kind: 'off' } }, ['sni']),
    report: [],
  },
  {
    promise: 'choices that cannot be used with what the file states are told',
    page: OWN_CA,
    rules: under({ customStore: { enabled: false, certificates: [] } }, ['customStore']),
    report: [
      "mdm: the configuration file states Enable Custom Trust Store, which was chosen otherwise on the page; the file's word counts, and the choice waits",
      'mdm: with what the configuration file states, what was chosen on the page cannot be used (Enable Strict TLS is on, and no trust store has a certificate in it); what the file says counts until you choose again',
    ],
  },
]

for (const { promise, page, rules, report } of ROWS) {
  test(promise, () => {
    const after = upgrade(page, currentBaseline(RULES), rules)
    expect(after.report.map((one) => explainUpgrade(one, 'mdm'))).toEqual(report)
    expect(after.page).toEqual(page)
    expect(after.seen).toEqual(currentBaseline(rules))
  })
}

test('an upgrade of the columns leaves trust and SNI as they were chosen', () => {
  const rules: SettingsContext = {
    ...RULES,
    catalogue: aCatalogue({ groups: ['X25519', 'P-256'] }),
  }
  for (const page of [applied, everything, drafted(custom, { ...CUSTOM, sni: 'off' })]) {
    const after = upgrade(page, currentBaseline(RULES), rules)
    expect(after.report).not.toEqual([])
    expect(after.page.chosen).toEqual(page.chosen)
    expect(after.page.draft.chosen).toEqual(page.draft.chosen)
  }
})

test('under a selection that the file states nothing is told of columns, and they are carried over', () => {
  const catalogue = aCatalogue({ suites: ['tls_aes_256_gcm_sha384'] })
  const rules: SettingsContext = { ...RULES, catalogue, file: { ...FILE, selection: aSelection() } }
  const after = upgrade(custom, currentBaseline(RULES), rules)
  expect(after.report).toEqual([])
  expect(after.page.draft.selection.suites).not.toContain(RSA)
})

const set = (path: string, value: unknown): unknown => {
  const kept = keep(applied) as Record<string, unknown>
  const steps = path.split('.')
  const holder = steps
    .slice(0, -1)
    .reduce<Record<string, unknown>>((at, step) => at[step] as Record<string, unknown>, kept)
  holder[steps.at(-1) ?? ''] = value
  return kept
}

const MISUNDERSTOOD: readonly (readonly [string, unknown, RegExp])[] = [
  ['a setting of the future', set('chosen.pins', []), /^chosen found the unknown key "pins"/],
  ['a word for a switch', set('chosen.strict', 'no'), /^chosen\.strict found the text "no"/],
  ['another trust store', set('draft.chosen.defaultStore', 'java'), /^draft\.chosen\.defaultStore/],
  ['SNI without its name', set('chosen.sni', { kind: 'name' }), /^chosen\.sni found no name/],
  [
    'a name that cannot be sent',
    set('chosen.sni', { kind: 'name', name: 'a b' }),
    /^chosen\.sni\.name/,
  ],
  [
    'a store without its switch',
    set('chosen.customStore', { certificates: [] }),
    /^chosen\.customStore found no enabled/,
  ],
  ['a page without choices', set('chosen', undefined), /found no chosen/],
  [
    'trust in a page of the version before',
    { ...(firstVersion(custom) as object), chosen: {} },
    /found the unknown key "chosen"/,
  ],
]

for (const [what, stored, says] of MISUNDERSTOOD) {
  test(`${what} is refused by name`, () => {
    const parsed = parseTlsSettingsDocument(JSON.parse(JSON.stringify(stored)))
    if (parsed.ok) expect.fail('understood')
    expect(parsed.failure.map(({ at, message }) => `${at} ${message}`).join('\n')).toMatch(says)
  })
}

for (const [what, pem] of [
  ['no certificate', 'hello'],
  ['two certificates in one place', ca.pem + ca.pem],
  ['a damaged certificate', ca.pem.replace(/\n.{8}/, '\n!!!!!!!!')],
] as const) {
  for (const at of ['chosen', 'draft.chosen']) {
    test(`${what} under ${at} is refused by name: trust is not guessed at`, () => {
      const stored = set(`${at}.customStore`, { enabled: true, certificates: [ca.pem, pem] })
      expect(opened(stored)).toMatchObject({
        ok: false,
        failure: [{ at: `${at}.customStore.certificates[1]` }],
      })
    })
  }
}

test('every part of a document is one that is written', () => {
  const written: readonly (keyof StoredTlsSettings)[] = [
    'version',
    'applied',
    'chosen',
    'draft',
    'seen',
  ]
  expect(Object.keys(keep(applied) as object)).toEqual(written)
})

const signed = (part: object): object => ({ ...part, strict: false, allowUntrusted: true })

/** A document of the time when Allow and Log was the signature under strict TLS being off. */
const formerly = (
  applied: (chosen: object) => object,
  draft: (chosen: object) => object,
  page = fresh,
): unknown => {
  const kept = keep(page) as { chosen: object; draft: { chosen: object } }
  return {
    ...kept,
    chosen: applied(kept.chosen),
    draft: { ...kept.draft, chosen: draft(kept.draft.chosen) },
  }
}
const same = (chosen: object): object => chosen
const alone = (chosen: object): object => ({ ...chosen, allowUntrusted: true })

const FORMER: readonly {
  readonly promise: string
  readonly stored: unknown
  readonly applied: object
  readonly drafted: object
  readonly told: readonly string[]
}[] = [
  {
    promise: 'strict TLS that was off with the signature is off alone, applied and drafted',
    stored: formerly(signed, signed),
    applied: { strict: false },
    drafted: { strict: false },
    told: ['what is applied', 'the draft'],
  },
  {
    promise: 'a signature in the draft alone is told as one of the draft',
    stored: formerly(same, signed),
    applied: {},
    drafted: { strict: false },
    told: ['the draft'],
  },
  {
    promise: 'a signature that had no effect beside strict TLS gets none',
    stored: formerly(alone, alone),
    applied: {},
    drafted: {},
    told: ['what is applied', 'the draft'],
  },
  {
    promise: 'a signature that was withdrawn is no loss',
    stored: formerly((chosen) => ({ ...chosen, allowUntrusted: false }), same),
    applied: {},
    drafted: {},
    told: [],
  },
  {
    promise: 'Allow and Log as it is chosen today is carried over, and no loss',
    stored: keep(applyTo(drafted(fresh, { allowAndLog: true }))),
    applied: { allowAndLog: true },
    drafted: { allowAndLog: true },
    told: [],
  },
]

for (const { promise, stored, applied: chosen, drafted: draft, told } of FORMER) {
  test(promise, () => {
    const after = opened(stored)
    if (!after.ok) expect.fail(JSON.stringify(after.failure))
    expect(after.value.page.chosen).toEqual(chosen)
    expect(after.value.page.draft.chosen).toEqual(draft)
    const sentences = after.value.report.map((one) => explainUpgrade(one, 'mdm')).join('\n')
    for (const place of ['what is applied', 'the draft']) {
      const says = `mdm: Allow and Log untrusted servers was on in ${place}, as the signature under strict TLS being off, and is off now`
      expect(sentences.includes(says)).toBe(told.includes(place))
    }
    expect(after.value.report).toHaveLength(told.length === 0 ? 0 : 1)
    // Strict TLS that the file turns on later does not bring it back.
    const { verification } = effectiveVerification(
      after.value.page.chosen,
      under({ strict: true }, ['strict']).file,
    )
    expect(verification).toMatchObject({ strict: true, allowAndLog: 'allowAndLog' in chosen })
    // Once it is stored anew nothing of it is left to be told.
    expect(opened(keep(after.value.page))).toMatchObject({ value: { report: [] } })
  })
}

test('a document holds what a front end of the version before has to find in it', () => {
  expect(keep(fresh)).toMatchObject({ version: 2, seen: { settings: { allowUntrusted: false } } })
})
