/** The page of outgoing TLS of one upstream, as the admin API shows it. */
import { Type, type Static, type TSchema } from 'typebox'
import { isoText } from '../../../kernel/types.ts'
import type { Column } from '../../../upstream-tls/catalogue.ts'
import { certificateIn } from '../../../upstream-tls/edit-verification.ts'
import { explainNotice } from '../../../upstream-tls/explain-selection.ts'
import { explainVerificationNotice } from '../../../upstream-tls/explain-verification.ts'
import { differs, drafted } from '../../../upstream-tls/draft-result.ts'
import { columnsOf } from '../../../upstream-tls/settings-page.ts'
import { selectionNotices } from '../../../upstream-tls/selection.ts'
import {
  DEFAULT_STORES,
  obeyed,
  resolved,
  sniText,
  verificationNotices,
  type CustomStore,
  type Setting,
} from '../../../upstream-tls/verification.ts'
import { printName } from '../../../x509/print-name.ts'
import type { Opened, WithTls } from './page.ts'
import { record, word } from '../../schemas.ts'

const names = Type.Array(Type.String())
const locked = Type.Boolean({ description: 'Set by the configuration file.' })
const column = record({ available: names, selected: names, default: names })

const setting = <Value extends TSchema>(value: Value) =>
  record({ applied: value, draft: value, default: value, locked })

const certificate = record({
  sha256: Type.String(),
  subject: Type.String(),
  issuer: Type.String(),
  not_before: Type.String(),
  not_after: Type.String(),
})

const store = record({ enabled: Type.Boolean(), certificates: Type.Array(certificate) })

/** What the page of an upstream says. */
export const pageShape = record({
  upstream: Type.String(),
  preset: Type.String(),
  locked: Type.Boolean({
    description: 'Protocols, suites and groups are set by the configuration file.',
  }),
  applied: word(['default', 'custom'] as const),
  draft: word(['default', 'custom'] as const),
  protocols: column,
  suites: column,
  groups: column,
  verification: record({
    strict: setting(Type.Boolean({ description: 'Enable Strict TLS.' })),
    allow_untrusted: setting(Type.Boolean({ description: 'Allow and Log untrusted servers.' })),
    default_store: setting(word(DEFAULT_STORES, 'Enable Default Trust Store.')),
    custom_store: record({ applied: store, draft: store, locked }, 'Enable Custom Trust Store.'),
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
  { name, tls }: WithTls,
  { page, rules, report, version }: Opened,
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
    changed: differs(page, rules),
    notices: [...noticesOf({ page, rules })],
    report: [...report],
    version,
  }
}

type Page = Pick<Opened, 'page' | 'rules'>

function shownVerification({ page, rules: { file } }: Page) {
  const applied = obeyed(page.chosen, file).verification
  const draft = resolved(page.draft.chosen, file)
  const usual = file.verification
  const isLocked = (one: Setting): boolean => file.stated.includes(one)
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
    const found = certificateIn(pem)
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
  const used = drafted(page, rules)
  const verification = resolved(page.draft.chosen, rules.file)
  return [
    ...(used.ok ? selectionNotices(used.value.selection, rules.catalogue).map(explainNotice) : []),
    ...verificationNotices(verification).map(explainVerificationNotice),
  ]
}
