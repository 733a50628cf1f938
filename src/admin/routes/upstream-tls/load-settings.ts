/** Reads the TLS settings of one upstream from the store, as today's runtime and configuration file have them. */
import { parseTlsSettingsDocument } from '../../../config/upstream/stored-document.ts'
import { ok, type Result } from '../../../kernel/types.ts'
import { openSettings, documentName } from '../../../upstream-tls/document.ts'
import { initialSettings } from '../../../upstream-tls/draft-result.ts'
import { explainUpgrade } from '../../../upstream-tls/explain-settings.ts'
import type { RouteFailure } from '../../define-route.ts'
import type { ServedUpstream } from '../../front-end.ts'
import { notFound, unreadableDocument } from '../../refused.ts'
import type { TlsSettings, SettingsContext } from '../../../upstream-tls/settings-types.ts'
import type { AdminContext } from '../../context.ts'

/** An upstream that is called with TLS, and so has settings. */
export type UpstreamWithTls = ServedUpstream & { readonly tls: NonNullable<ServedUpstream['tls']> }

/** Returns the upstream of that name, if it is called with TLS. */
export function upstreamWithTls(
  { frontEnd }: AdminContext,
  name: string,
): UpstreamWithTls | undefined {
  const found = frontEnd.upstreams().find((one) => one.name === name)
  return found?.tls === undefined ? undefined : { ...found, tls: found.tls }
}

/** Settings as they are stored. */
export interface LoadedSettings {
  readonly upstream: UpstreamWithTls
  readonly settings: TlsSettings
  readonly rules: SettingsContext
  /** What an upgrade did to them, in sentences. */
  readonly report: readonly string[]
  /** 0 where nothing is stored. */
  readonly version: number
}

/** Reads the settings of an upstream; the default where nothing is stored. */
export async function loadSettings(
  context: AdminContext,
  name: string,
): Promise<Result<LoadedSettings, RouteFailure>> {
  const { store, frontEnd } = context
  const upstream = upstreamWithTls(context, name)
  if (upstream === undefined) return notFound('upstream with TLS', name)
  const { tls } = upstream
  const rules: SettingsContext = {
    catalogue: frontEnd.catalogue(),
    preset: tls.preset,
    file: tls.file,
  }
  const key = documentName(name)
  const found = await store.documents.find(key)
  if (!found.ok) return found
  if (found.value === undefined)
    return ok({ upstream, settings: initialSettings(rules), rules, report: [], version: 0 })
  const { body, version } = found.value
  const unreadable = (places: readonly string[]) =>
    unreadableDocument(key, {
      found: places.join('; ').slice(0, 200),
      wanted: 'upstream TLS settings that this version wrote',
    })
  const parsed = parseTlsSettingsDocument(body)
  if (!parsed.ok) return unreadable(parsed.failure.map(({ at }) => at))
  const loaded = openSettings(parsed.value, rules)
  if (!loaded.ok) return unreadable(loaded.failure.map(({ at, found: name }) => `${at} ${name}`))
  const { page, report } = loaded.value
  const told = report.map((one) => explainUpgrade(one, name))
  return ok({ upstream, settings: page, rules, report: told, version })
}
