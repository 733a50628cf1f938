/** The TLS settings of one upstream, as the admin API takes and shows them. */
import { Type, type Static } from 'typebox'
import { isoText } from '../../../kernel/types.ts'
import {
  draftChanges,
  draftWarnings,
  WARNING_CODES,
  type DraftWarning,
} from '../../../upstream-tls/apply-draft.ts'
import {
  COLUMNS,
  offeredItems,
  type Column,
  type Selection,
} from '../../../upstream-tls/catalogue.ts'
import { parseOneCertificate } from '../../../upstream-tls/custom-certificates.ts'
import { appliedSelection, hasChanges } from '../../../upstream-tls/draft-result.ts'
import { explainChange, explainWarning } from '../../../upstream-tls/explain-settings.ts'
import type { DraftInput, PlacedFault } from '../../../upstream-tls/read-draft.ts'
import type { TlsDraft } from '../../../upstream-tls/settings-types.ts'
import {
  DEFAULT_STORES,
  effectiveVerification,
  resolveVerification,
  sniText,
  type Verification,
} from '../../../upstream-tls/verification.ts'
import { printName } from '../../../x509/print-name.ts'
import { nullable, strictObject, stringEnum, text } from '../../schemas.ts'
import type { LoadedSettings } from './load-settings.ts'

const MODES = ['default', 'custom'] as const
const switches = {
  strict: Type.Boolean({ description: 'Enable Strict TLS.' }),
  allow_and_log: Type.Boolean({
    description:
      'Allow and Log untrusted servers, an option of strict TLS: a server that no trust store vouches for is used, and logged.',
  }),
  default_store: stringEnum(DEFAULT_STORES, 'Enable Default Trust Store.'),
}
const SNI = 'Enable SNI: off, on, or the name that is sent.'

// 500 names, and a certificate text as long as a body may be: what is more is told by its own fault.
const sentNames = Type.Optional(Type.Array(text(64), { maxItems: 500 }))

/** The whole state of a draft. */
export const draftShape = strictObject(
  {
    mode: stringEnum(MODES, 'Use Default, or Use Custom Configuration.'),
    protocols: sentNames,
    suites: sentNames,
    groups: sentNames,
    strict: Type.Optional(switches.strict),
    allow_and_log: Type.Optional(switches.allow_and_log),
    default_store: Type.Optional(switches.default_store),
    custom_store: Type.Optional(
      strictObject(
        {
          enabled: Type.Boolean(),
          certificates: Type.Array(Type.String({ minLength: 1, maxLength: 1_000_000 }), {
            maxItems: 500,
            description: 'PEM, one certificate or several in each.',
          }),
        },
        'Enable Custom Trust Store.',
      ),
    ),
    sni: Type.Optional(text(254, SNI)),
  },
  'What is left out follows the default. What the configuration file states may be left out, or repeated.',
)

/** A draft as it was sent, in the terms of the settings. */
export const draftInputOf = (body: Static<typeof draftShape>): DraftInput => ({
  mode: body.mode,
  columns: { protocols: body.protocols, suites: body.suites, groups: body.groups },
  verification: {
    strict: body.strict,
    allowAndLog: body.allow_and_log,
    defaultStore: body.default_store,
    customStore: body.custom_store,
    sni: body.sni,
  },
})

const FIELDS = {
  mode: 'mode',
  protocols: 'protocols',
  suites: 'suites',
  groups: 'groups',
  strict: 'strict',
  allowAndLog: 'allow_and_log',
  defaultStore: 'default_store',
  customStore: 'custom_store',
  sni: 'sni',
} as const satisfies Readonly<Record<PlacedFault['at'], string>>

/** Returns the field of the draft that a fault is in. */
export const fieldOf = (at: PlacedFault['at']): string => FIELDS[at]

const names = Type.Array(Type.String())
const state = strictObject({
  mode: stringEnum(MODES),
  protocols: names,
  suites: names,
  groups: names,
  ...switches,
  custom_store: strictObject({
    enabled: Type.Boolean(),
    certificates: Type.Array(
      strictObject({
        pem: Type.String(),
        sha256: Type.String(),
        subject: Type.String(),
        issuer: Type.String(),
        not_before: Type.String(),
        not_after: Type.String(),
      }),
    ),
  }),
  sni: Type.String({ description: SNI }),
})

const items = Type.Array(
  strictObject({
    name: Type.String(),
    standard_name: Type.String({ description: "IANA's and Java's; it can be sent, too." }),
    weak: nullable(Type.String({ description: 'Why it should be avoided.' })),
  }),
)

const warning = strictObject({
  code: stringEnum(WARNING_CODES),
  text: Type.String(),
  dangerous: Type.Boolean({ description: 'Whether it gives a guarantee up.' }),
})

/** The settings of an upstream. */
export const settingsShape = strictObject({
  upstream: Type.String(),
  preset: Type.String(),
  applied: state,
  draft: state,
  default: state,
  catalogue: strictObject(
    { protocols: items, suites: items, groups: items },
    'What can be selected, the strongest first.',
  ),
  locked: Type.Array(stringEnum(Object.values(FIELDS)), {
    description: 'The fields of a draft that the configuration file states.',
  }),
  changed: Type.Boolean({ description: 'Whether applying the draft would change anything.' }),
  changes: Type.Array(Type.String(), { description: 'What it would change.' }),
  warnings: Type.Array(warning, {
    description: 'What has to be acknowledged, by its code, to apply the draft.',
  }),
  report: Type.Array(Type.String(), {
    description:
      'What an upgrade of the program or its runtime, or a change of the configuration file, did to the settings.',
  }),
  version: Type.Integer(),
})

/** Shows the settings as they are stored. */
export function shownSettings({
  upstream,
  settings,
  rules,
  report,
  version,
}: LoadedSettings): Static<typeof settingsShape> {
  const { preset, file } = upstream.tls
  const { applied, chosen, draft } = settings
  const usual = rules.catalogue.defaults[preset]
  const shown = (mode: TlsDraft['mode'], selection: Selection, verification: Verification) =>
    shownState(mode, file.selection ?? selection, verification)
  const offered = (column: Column) =>
    offeredItems(rules.catalogue, column).map((item) => ({
      name: item.name,
      standard_name: item.standardName,
      weak: item.weak ?? null,
    }))
  return {
    upstream: upstream.name,
    preset,
    applied: shown(
      applied.kind,
      appliedSelection(applied, rules),
      effectiveVerification(chosen, file).verification,
    ),
    draft: shown(draft.mode, draft.selection, resolveVerification(draft.chosen, file)),
    default: shownState('default', usual, file.verification),
    catalogue: {
      protocols: offered('protocols'),
      suites: offered('suites'),
      groups: offered('groups'),
    },
    locked: [
      ...(file.selection === undefined ? [] : ['mode' as const, ...COLUMNS]),
      ...file.stated.map((setting) => FIELDS[setting]),
    ],
    changed: hasChanges(settings, rules),
    changes: draftChanges(settings, rules).map(explainChange),
    warnings: draftWarnings(settings, rules).map((warning) => ({
      code: warning.kind,
      text: explainWarning(warning),
      dangerous: DANGEROUS.has(warning.kind),
    })),
    report: [...report],
    version,
  }
}

/** Warnings of settings that give a guarantee up. */
const DANGEROUS: ReadonlySet<DraftWarning['kind']> = new Set<DraftWarning['kind']>([
  'untrusted-servers-allowed',
  'unverified',
  'weak-protocol',
])

const shownState = (
  mode: TlsDraft['mode'],
  { protocols, suites, groups }: Selection,
  verification: Verification,
): Static<typeof state> => ({
  mode,
  protocols: [...protocols],
  suites: [...suites],
  groups: [...groups],
  strict: verification.strict,
  allow_and_log: verification.allowAndLog,
  default_store: verification.defaultStore,
  custom_store: {
    enabled: verification.customStore.enabled,
    certificates: verification.customStore.certificates.flatMap(shownCertificate),
  },
  sni: sniText(verification.sni),
})

function shownCertificate(pem: string) {
  const found = parseOneCertificate(pem)
  if (found === undefined) return []
  const { fingerprint, subject, issuer, notBefore, notAfter } = found
  return [
    {
      pem,
      sha256: fingerprint,
      subject: printName(subject),
      issuer: printName(issuer),
      not_before: isoText(notBefore),
      not_after: isoText(notAfter),
    },
  ]
}
