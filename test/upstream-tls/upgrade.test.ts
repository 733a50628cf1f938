/** What an upgrade of the program or its runtime makes of a page (S3-13), and how a page is kept meanwhile. */
import { expect, test } from 'vitest'
import { parseTlsSettingsDocument } from '../../src/config/upstream/stored-document.ts'
import type { RuntimeOffers } from '../../src/upstream-tls/catalogue.ts'
import { documentOf, openSettings } from '../../src/upstream-tls/document.ts'
import { explainUpgrade } from '../../src/upstream-tls/explain-settings.ts'
import { initialSettings } from '../../src/upstream-tls/draft-result.ts'
import { currentBaseline, upgrade } from '../../src/upstream-tls/upgrade.ts'
import {
  aCatalogue,
  CBC,
  E128,
  E256,
  applied,
  drafted,
  OFFERS,
  RSA,
  RULES,
  T128,
  T256,
  type Sent,
} from './small-runtime.ts'
import type { TlsSettings, SettingsContext } from '../../src/upstream-tls/settings-types.ts'

const fresh = initialSettings(RULES)
const DEFAULT = [T256, T128, E256, E128]
const CUSTOM: Sent = { mode: 'custom', suites: [RSA, ...DEFAULT] }
const customDrafted = drafted(fresh, CUSTOM)
const customApplied = applied(customDrafted)

const CHACHA = 'TLS_CHACHA20_POLY1305_SHA256'
const less = (...names: readonly string[]): Partial<RuntimeOffers> => ({
  suites: OFFERS.suites.filter((name) => !names.includes(name.toUpperCase())),
})
const more: Partial<RuntimeOffers> = { suites: [...OFFERS.suites, CHACHA, 'AES256-SHA'] }

interface Row {
  readonly promise: string
  readonly page: TlsSettings
  readonly offers: Partial<RuntimeOffers>
  readonly applied: 'default' | readonly string[]
  readonly drafted: readonly string[]
  readonly report: readonly string[]
}

const ROWS: readonly Row[] = [
  {
    promise: 'without a change nothing is reported',
    page: customApplied,
    offers: {},
    applied: [RSA, T256, T128, E256, E128],
    drafted: [RSA, T256, T128, E256, E128],
    report: [],
  },
  {
    promise: 'who follows the default gets the new default',
    page: fresh,
    offers: more,
    applied: 'default',
    drafted: [T256, CHACHA, T128, E256, E128],
    report: [
      `mdm follows the default, which changed. Cipher Suites: adds ${CHACHA}`,
      `mdm: new in Cipher Suites, under Available: ${CHACHA}, AES256-SHA`,
    ],
  },
  {
    promise: 'a custom list survives, and what is new is available only',
    page: customApplied,
    offers: more,
    applied: [RSA, T256, T128, E256, E128],
    drafted: [RSA, T256, T128, E256, E128],
    report: [`mdm: new in Cipher Suites, under Available: ${CHACHA}, AES256-SHA`],
  },
  {
    promise: 'what the runtime no longer has leaves a custom list',
    page: customApplied,
    offers: less(RSA, CBC),
    applied: [T256, T128, E256, E128],
    drafted: [T256, T128, E256, E128],
    report: [
      `mdm: this runtime no longer has ${CBC}, ${RSA}, which left both columns of Cipher Suites; selected were ${RSA}`,
    ],
  },
  {
    promise: 'what the runtime no longer has leaves the default',
    page: fresh,
    offers: less(T128),
    applied: 'default',
    drafted: [T256, E256, E128],
    report: [
      `mdm follows the default, which changed. Cipher Suites: removes ${T128}`,
      `mdm: this runtime no longer has ${T128}, which left both columns of Cipher Suites; selected were ${T128}`,
    ],
  },
  {
    promise: 'items moved under the default stay moved',
    page: drafted(fresh, { suites: [...DEFAULT, CBC, RSA] }),
    offers: less(RSA),
    applied: 'default',
    drafted: [T256, T128, E256, E128, CBC],
    report: [
      `mdm: this runtime no longer has ${RSA}, which left both columns of Cipher Suites; none of it was selected`,
    ],
  },
  {
    promise: 'a custom list of which too little is left follows the default, and says so',
    page: customApplied,
    offers: less(T256, T128),
    applied: 'default',
    drafted: [E256, E128],
    report: [
      `mdm: this runtime no longer has ${T256}, ${T128}, which left both columns of Cipher Suites; selected were ${T256}, ${T128}`,
      'mdm: what is left of its custom configuration cannot be used (TLSv1.3 is selected and no cipher suite that it can use); it follows the default until you choose again',
    ],
  },
  {
    promise: 'a custom draft that equals the old default stays what it is',
    page: drafted(fresh, { mode: 'custom' }),
    offers: more,
    applied: 'default',
    drafted: [T256, T128, E256, E128],
    report: [
      `mdm follows the default, which changed. Cipher Suites: adds ${CHACHA}`,
      `mdm: new in Cipher Suites, under Available: ${CHACHA}, AES256-SHA`,
    ],
  },
  {
    promise: 'a custom draft that was not applied keeps what there still is',
    page: customDrafted,
    offers: less(CBC),
    applied: 'default',
    drafted: [RSA, T256, T128, E256, E128],
    report: [
      `mdm: this runtime no longer has ${CBC}, which left both columns of Cipher Suites; none of it was selected`,
    ],
  },
]

for (const { promise, page, offers, report, ...expected } of ROWS) {
  test(promise, () => {
    const rules: SettingsContext = { ...RULES, catalogue: aCatalogue(offers) }
    const after = upgrade(page, currentBaseline(RULES), rules)
    const used = after.page.applied
    expect(used.kind === 'default' ? 'default' : used.selection.suites).toEqual(expected.applied)
    expect(after.page.draft.selection.suites).toEqual(expected.drafted)
    expect(after.report.map((one) => explainUpgrade(one, 'mdm'))).toEqual(report)
    expect(after.seen).toEqual(currentBaseline(rules))
    expect(upgrade(after.page, after.seen, rules).report).toEqual([])
  })
}

test('another preset is another default, and a custom list does not care', () => {
  const rules: SettingsContext = { ...RULES, preset: 'sentry-compat' }
  expect(upgrade(fresh, currentBaseline(RULES), rules).page.draft.selection.protocols).toEqual([
    'TLSv1.2',
  ])
  expect(upgrade(customApplied, currentBaseline(RULES), rules).page.applied).toEqual(
    customApplied.applied,
  )
})

test('a protocol that the runtime drops leaves a custom list', () => {
  const page = applied(drafted(fresh, { ...CUSTOM, protocols: ['TLSv1.3', 'TLSv1.2', 'TLSv1.1'] }))
  const rules: SettingsContext = {
    ...RULES,
    catalogue: aCatalogue({ protocols: ['TLSv1.3', 'TLSv1.2'] }),
  }
  expect(upgrade(page, currentBaseline(RULES), rules).page.applied).toMatchObject({
    selection: { protocols: ['TLSv1.3', 'TLSv1.2'] },
  })
})

const keep = (page: TlsSettings): unknown => JSON.parse(JSON.stringify(documentOf(page, RULES)))

for (const [what, page] of [
  ['an untouched page', fresh],
  ['a custom page', customApplied],
  ['a custom draft', customDrafted],
  ['a draft under the default', drafted(fresh, { suites: [RSA, ...DEFAULT] })],
] as const) {
  test(`${what} is the same after it was kept`, () => {
    const parsed = parseTlsSettingsDocument(keep(page))
    if (!parsed.ok) expect.fail(JSON.stringify(parsed.failure))
    expect(openSettings(parsed.value, RULES)).toMatchObject({
      ok: true,
      value: { page, report: [] },
    })
  })
}

const set = (path: string, value: unknown): unknown => {
  const kept = keep(customApplied) as Record<string, unknown>
  const steps = path.split('.')
  const holder = steps
    .slice(0, -1)
    .reduce<Record<string, unknown>>((at, step) => at[step] as Record<string, unknown>, kept)
  holder[steps.at(-1) ?? ''] = value
  return kept
}

const MISUNDERSTOOD: readonly (readonly [string, unknown, RegExp])[] = [
  ['another version', set('version', 3), /^version found the number 3/],
  ['an unknown key', set('draft.colour', 'blue'), /^draft found the unknown key "colour"/],
  ['a missing part', { version: 2 }, /found no applied/],
  [
    'a protocol of the future',
    set('draft.selection.protocols', ['TLSv1.4']),
    /^draft\.selection\.protocols\.0 found the text "TLSv1\.4"/,
  ],
  [
    'a name that is no name',
    set('applied.selection.suites', ['ALL:!aNULL']),
    /^applied\.selection\.suites\.0 found the text/,
  ],
  [
    'a custom page without a selection',
    set('applied', { kind: 'custom' }),
    /^applied found no selection/,
  ],
  [
    'a default page with a selection',
    set('applied.kind', 'default'),
    /^applied found the unknown key "selection"/,
  ],
  ['no mapping at all', 'page', /found the text "page"/],
]

for (const [what, stored, says] of MISUNDERSTOOD) {
  test(`${what} is refused by name`, () => {
    const parsed = parseTlsSettingsDocument(stored)
    if (parsed.ok) expect.fail('understood')
    expect(parsed.failure.map(({ at, message }) => `${at} ${message}`).join('\n')).toMatch(says)
  })
}

test('a suite that no runtime ever had is refused by name', () => {
  const parsed = parseTlsSettingsDocument(
    set('draft.selection.suites', [T256, 'ECDHE-RSA-ROT13-SHA']),
  )
  if (!parsed.ok) expect.fail(JSON.stringify(parsed.failure))
  expect(openSettings(parsed.value, RULES)).toEqual({
    ok: false,
    failure: [{ at: 'draft.selection.suites[1]', found: 'ECDHE-RSA-ROT13-SHA' }],
  })
})

test('who fell back to the default has it chosen, and its columns shown', () => {
  const rules: SettingsContext = { ...RULES, catalogue: aCatalogue(less(T256, T128)) }
  expect(upgrade(customApplied, currentBaseline(RULES), rules).page).toEqual({
    applied: { kind: 'default' },
    chosen: {},
    draft: {
      mode: 'default',
      selection: rules.catalogue.defaults.secure,
      chosen: {},
    },
  })
})

const opened = (stored: unknown, rules: SettingsContext = RULES) => {
  const parsed = parseTlsSettingsDocument(stored)
  if (!parsed.ok) expect.fail(JSON.stringify(parsed.failure))
  return openSettings(parsed.value, rules)
}

test('what an older runtime had and this one has not leaves a kept page', () => {
  const rules: SettingsContext = { ...RULES, catalogue: aCatalogue(less(RSA)) }
  expect(opened(keep(customApplied), rules)).toMatchObject({
    ok: true,
    value: { page: { applied: { selection: { suites: [T256, T128, E256, E128] } } } },
  })
})

test('SSLv2Hello in a kept page, which no runtime of ours offered, is refused by name', () => {
  const stored = set('draft.selection.protocols', ['TLSv1.2', 'TLSv1.1', 'TLSv1', 'SSLv2Hello'])
  expect(opened(stored)).toMatchObject({ ok: false, failure: [{ found: 'SSLv2Hello' }] })
})

test('a suite that is kept in another spelling than ours is refused by name', () => {
  const stored = set('draft.selection.suites', [T256, 'TLS_RSA_WITH_AES_128_CBC_SHA'])
  expect(opened(stored)).toMatchObject({
    ok: false,
    failure: [{ at: 'draft.selection.suites[1]' }],
  })
})
