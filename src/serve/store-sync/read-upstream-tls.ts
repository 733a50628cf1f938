/**
 * What was applied on the pages of outgoing TLS, as far as the configuration leaves that to the store: selection, trust
 * and SNI, carried over to what today's runtime offers (S3-13).
 */
import type { Config } from '../../config/config.ts'
import { parseTlsSettingsDocument } from '../../config/upstream/stored-document.ts'
import { runtimeCatalogue } from '../../config/reading/runtime-offers.ts'
import { fail, ok, type Result } from '../../kernel/types.ts'
import { openSettings, documentName } from '../../upstream-tls/document.ts'
import { appliedSelection } from '../../upstream-tls/draft-result.ts'
import { explainUpgrade } from '../../upstream-tls/explain-settings.ts'
import { fileSettings } from '../../state/upstream-tls.ts'
import type { StoreRules } from '../../state/store-rules.ts'
import type { StoreFailure } from '../../store/failure.ts'
import type { Store } from '../../store/port.ts'

/** The selections, and what an upgrade of the runtime changed about them, in sentences. */
export interface StoredUpstreamTls {
  readonly upstreamTls: StoreRules['upstreamTls']
  readonly upgradeNotes: readonly string[]
}

/** Reads the page of every upstream with TLS; one that was never opened has the default. */
export async function readUpstreamTls(
  { documents }: Pick<Store, 'documents'>,
  upstreams: Config['upstreams'],
): Promise<Result<StoredUpstreamTls, StoreFailure>> {
  const upstreamTls: StoreRules['upstreamTls'][number][] = []
  const upgradeNotes: string[] = []
  for (const { name, tls } of upstreams) {
    if (tls === undefined) continue
    const key = documentName(name)
    const found = await documents.find(key)
    if (!found.ok) return found
    if (found.value === undefined) continue
    const document = parseTlsSettingsDocument(found.value.body)
    if (!document.ok) return fail(unknownDocument(key, document.failure[0]?.message))
    const rules = { catalogue: runtimeCatalogue(), preset: tls.preset, file: fileSettings(tls) }
    const opened = openSettings(document.value, rules)
    if (!opened.ok) return fail(unknownDocument(key, opened.failure[0]?.found))
    const { page, report } = opened.value
    const selection = appliedSelection(page.applied, rules)
    upstreamTls.push({ upstream: name, selection, chosen: page.chosen })
    upgradeNotes.push(...report.map((one) => explainUpgrade(one, name)))
  }
  return ok({ upstreamTls, upgradeNotes })
}

/** The failure for a document that this version cannot read. */
export const unknownDocument = (name: string, found = 'something else'): StoreFailure => ({
  kind: 'unknown-row',
  table: 'documents',
  key: name,
  column: 'body',
  found,
  wanted: 'a document that this version wrote',
})
