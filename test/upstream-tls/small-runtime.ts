/** A little runtime for tables: enough suites to tell families apart, and room for an upgrade. */
import {
  buildCatalogue,
  type Catalogue,
  type RuntimeOffers,
  type Selection,
} from '../../src/upstream-tls/catalogue.ts'
import type { FileTlsSettings } from '../../src/upstream-tls/verification.ts'
import { applyDraft, WARNING_CODES } from '../../src/upstream-tls/apply-draft.ts'
import { readDraft, type DraftInput } from '../../src/upstream-tls/read-draft.ts'
import type { TlsSettings, SettingsContext } from '../../src/upstream-tls/settings-types.ts'

export const OFFERS: RuntimeOffers = {
  protocols: ['TLSv1.3', 'TLSv1.2', 'TLSv1.1', 'TLSv1'],
  suites: [
    'tls_aes_256_gcm_sha384',
    'tls_aes_128_gcm_sha256',
    'ecdhe-rsa-aes256-gcm-sha384',
    'ecdhe-rsa-aes128-gcm-sha256',
    'ecdhe-rsa-aes128-sha',
    'aes128-sha',
    'psk-aes128-cbc-sha',
  ],
  groups: ['X25519MLKEM768', 'X25519', 'P-256', 'ffdhe2048'],
}

export const [T256, T128] = ['TLS_AES_256_GCM_SHA384', 'TLS_AES_128_GCM_SHA256']
export const [E256, E128] = ['ECDHE-RSA-AES256-GCM-SHA384', 'ECDHE-RSA-AES128-GCM-SHA256']
export const [CBC, RSA] = ['ECDHE-RSA-AES128-SHA', 'AES128-SHA']

export const aCatalogue = (change: Partial<RuntimeOffers> = {}): Catalogue =>
  buildCatalogue({ ...OFFERS, ...change })

/** A configuration file that leaves everything to the page, under the preset `secure`. */
export const FILE: FileTlsSettings = {
  selection: undefined,
  stated: [],
  verification: {
    strict: true,
    allowAndLog: false,
    defaultStore: 'bundled',
    customStore: { enabled: false, certificates: [] },
    sni: { kind: 'on' },
  },
}

export const RULES: SettingsContext = { catalogue: aCatalogue(), preset: 'secure', file: FILE }

export const aSelection = (change: Partial<Selection> = {}): Selection => ({
  ...RULES.catalogue.defaults.secure,
  ...change,
})

/** A part of a draft as it is sent, in one object: what is left out follows the default. */
export type Sent = Partial<
  { readonly mode: DraftInput['mode'] } & DraftInput['columns'] & DraftInput['verification']
>

export const anInput = ({
  mode = 'default',
  protocols,
  suites,
  groups,
  ...rest
}: Sent): DraftInput => ({
  mode,
  columns: { protocols, suites, groups },
  verification: {
    strict: rest.strict,
    allowAndLog: rest.allowAndLog,
    defaultStore: rest.defaultStore,
    customStore: rest.customStore,
    sni: rest.sni,
  },
})

/** The settings with this draft, which has to be taken. */
export function drafted(
  settings: TlsSettings,
  sent: Sent,
  rules: SettingsContext = RULES,
): TlsSettings {
  const draft = readDraft(settings.draft, anInput(sent), rules)
  if (!draft.ok) throw new Error(JSON.stringify(draft.failure))
  return { ...settings, draft: draft.value }
}

/** The settings after their draft was applied with every warning acknowledged, which has to succeed. */
export function applied(settings: TlsSettings, rules: SettingsContext = RULES): TlsSettings {
  const result = applyDraft(settings, WARNING_CODES, rules)
  if (!result.ok) throw new Error(JSON.stringify(result.failure))
  return result.value.settings
}
