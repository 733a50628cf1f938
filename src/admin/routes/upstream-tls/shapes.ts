/** The page of outgoing TLS of one upstream, as the admin API shows it. */
import { Type, type Static, type TSchema } from 'typebox'
import { isoText } from '../../../kernel/types.ts'
import type { Column } from '../../../upstream-tls/catalogue.ts'
import { parseOneCertificate } from '../../../upstream-tls/edit-verification.ts'
import { explainSelectionNotice } from '../../../upstream-tls/explain-selection.ts'
import { explainVerificationNotice } from '../../../upstream-tls/explain-verification.ts'
import { hasChanges, draftResult } from '../../../upstream-tls/draft-result.ts'
import { columnsOf } from '../../../upstream-tls/settings-page.ts'
import { selectionNotices } from '../../../upstream-tls/selection.ts'
import {
  DEFAULT_STORES,
  effectiveVerification,
  resolveVerification,
  sniText,
  verificationNotices,
  type CustomStore,
  type VerificationSetting,
} from '../../../upstream-tls/verification.ts'
import { printName } from '../../../x509/print-name.ts'
import type { LoadedSettings, UpstreamWithTls } from './page.ts'
import { strictObject, stringEnum } from '../../schemas.ts'

const names = Type.Array(Type.String())
const locked = Type.Boolean({ description: 'Set by the configuration file.' })
const column = strictObject({ available: names, selected: names, default: names })

const setting = <Value extends TSchema>(value: Value) =>
  strictObject({ applied: value, draft: value, default: value, locked })

const certificate = strictObject({
  sha256: Type.String(),
  subject: Type.String(),
  issuer: Type.String(),
  not_before: Type.String(),
  not_after: Type.String(),
})

const store = strictObject({ enabled: Type.Boolean(), certificates: Type.Array(certificate) })

/** What the page of an upstream says. */
export const pageShape = strictObject({
  upstream: Type.String(),
  preset: Type.String(),
  locked: Type.Boolean({
    description: 'Protocols, suites and groups are set by the configuration file.',
  }),
  applied: stringEnum(['default', 'custom'] as const),
  draft: stringEnum(['default', 'custom'] as const),
  protocols: column,
  suites: column,
  groups: column,
  verification: strictObject({
    strict: setting(Type.Boolean({ description: 'Enable Strict TLS.' })),
    allow_untrusted: setting(Type.Boolean({ description: 'Allow and Log untrusted servers.' })),
    default_store: setting(stringEnum(DEFAULT_STORES, 'Enable Default Trust Store.')),
    custom_store: strictObject(
      { applied: store, draft: store, locked },
      'Enable Custom Trust Store.',
    ),
    sni: setting(Type.String({ description: 'Enable SNI: off, on, or the name that is sent.' })),
  }),
  changed: Type.Boolean({ description: 'Whether Apply would change anything.' }),
  notices: Type.Array(Type.String(), {
    description: 'What to know about the draft: what is weak, and what has no effect.',
  }),
  report: Type.Array(Type.String(), {
    description:
      'What an upgrade of the program or its runtime, or another word of the configuration file, did to the page.',
  }),
  version: Type.Integer(),
})

/** The page as it stands. */
export function shownPage(
  { name, tls }: UpstreamWithTls,
  { page, rules, report, version }: LoadedSettings,
): Static<typeof pageShape> {
  const shown = (one: Column) => {
    const { available, selected, default: usual } = columnsOf(page.draft, one, rules)
    return { available: [...available], selected: [...selected], default: [...usual] }
  }
  return {
    upstream: name,
    preset: tls.preset,
    locked: tls.file.selection !== undefined,
    applied: page.applied.kind,
    draft: page.draft.mode,
    protocols: shown('protocols'),
    suites: shown('suites'),
    groups: shown('groups'),
    verification: shownVerification({ page, rules }),
    changed: hasChanges(page, rules),
    notices: [...noticesOf({ page, rules })],
    report: [...report],
    version,
  }
}

type Page = Pick<LoadedSettings, 'page' | 'rules'>

function shownVerification({ page, rules: { file } }: Page) {
  const applied = effectiveVerification(page.chosen, file).verification
  const draft = resolveVerification(page.draft.chosen, file)
  const usual = file.verification
  const isLocked = (one: VerificationSetting): boolean => file.stated.includes(one)
  return {
    strict: {
      applied: applied.strict,
      draft: draft.strict,
      default: usual.strict,
      locked: isLocked('strict'),
    },
    allow_untrusted: {
      applied: applied.allowUntrusted,
      draft: draft.allowUntrusted,
      default: usual.allowUntrusted,
      locked: isLocked('allowUntrusted'),
    },
    default_store: {
      applied: applied.defaultStore,
      draft: draft.defaultStore,
      default: usual.defaultStore,
      locked: isLocked('defaultStore'),
    },
    custom_store: {
      applied: shownStore(applied.customStore),
      draft: shownStore(draft.customStore),
      locked: isLocked('customStore'),
    },
    sni: {
      applied: sniText(applied.sni),
      draft: sniText(draft.sni),
      default: sniText(usual.sni),
      locked: isLocked('sni'),
    },
  }
}

const shownStore = ({ enabled, certificates }: CustomStore) => ({
  enabled,
  certificates: certificates.flatMap((pem) => {
    const found = parseOneCertificate(pem)
    if (found === undefined) return []
    const { fingerprint, subject, issuer, notBefore, notAfter } = found
    return [
      {
        sha256: fingerprint,
        subject: printName(subject),
        issuer: printName(issuer),
        not_before: isoText(notBefore),
        not_after: isoText(notAfter),
      },
    ]
  }),
})

function noticesOf({ page, rules }: Page): readonly string[] {
  const used = draftResult(page, rules)
  const verification = resolveVerification(page.draft.chosen, rules.file)
  return [
    ...(used.ok
      ? selectionNotices(used.value.selection, rules.catalogue).map(explainSelectionNotice)
      : []),
    ...verificationNotices(verification).map(explainVerificationNotice),
  ]
}
