/**
 * An upstream of the configuration under what was decided on its page of outgoing TLS: what is in force, or what is
 * drafted and about to be tried.
 */
import type { Config } from '../config/config.ts'
import {
  untrustedServersAllowed,
  unverifiedUpstream,
  weakUpstreamProtocol,
} from '../config/reading/danger.ts'
import type { Selection } from '../upstream-tls/catalogue.ts'
import {
  effectiveVerification,
  trustedCertificates,
  type VerificationOverrides,
  type FileTlsSettings,
} from '../upstream-tls/verification.ts'
import { certificatePems } from '../upstream-tls/custom-certificates.ts'
import type { EffectiveSettings } from '../upstream-tls/settings-types.ts'
import type { Danger, ToldUpstream } from '../config/reading/danger.ts'
import type { Upstream, UpstreamTls } from '../config/upstream/types.ts'

/** What was applied on the page of an upstream; the file's own word beats both (decision 20). */
export interface AppliedUpstreamTls {
  readonly upstream: string
  readonly selection: Selection
  readonly chosen: VerificationOverrides
}

/** What the file says of an upstream, for its page. To be asked of the configuration as it was written. */
export const fileSettings = ({
  mode,
  selection,
  stated,
  ...tls
}: UpstreamTls): FileTlsSettings => ({
  selection: mode === 'custom' ? selection : undefined,
  stated,
  verification: {
    strict: tls.strict,
    allowAndLog: tls.allowAndLog,
    defaultStore: tls.trust.default,
    customStore: {
      enabled: tls.trust.custom.length > 0,
      certificates: tls.trust.custom.flatMap(({ bytes }) => certificatePems(bytes)),
    },
    sni: tls.sni,
  },
})

/** The upstreams as their pages have them, and what is dangerous about that in place of what the file was. */
export function applyUpstreamTls(
  { listeners, upstreams, dangers }: Pick<Config, 'dangers' | 'listeners' | 'upstreams'>,
  pages: readonly AppliedUpstreamTls[],
): Pick<Config, 'upstreams' | 'dangers'> {
  const [first, ...others] = upstreams.map((one) => applyTo(one, pages))
  // A configuration has an upstream.
  if (first === undefined) return { upstreams, dangers }
  const told = [first, ...others].map((one) => ({ ...one, isTold: isTold(one, listeners) }))
  const now = told.flatMap(upstreamTlsDangers)
  const over = told.flatMap((one) => [
    ...(one.tls?.strict === true ? [unverifiedUpstream(one).sentence] : []),
    ...(allowsUntrusted(one.tls) ? [] : [untrustedServersAllowed(one.name).sentence]),
  ])
  const still = dangers.filter(({ sentence }) => !over.includes(sentence))
  const known = still.map(({ sentence }) => sentence)
  return {
    upstreams: [first, ...others],
    dangers: [...still, ...now.filter(({ sentence }) => !known.includes(sentence))],
  }
}

function applyTo(upstream: Upstream, pages: readonly AppliedUpstreamTls[]): Upstream {
  const { tls } = upstream
  const page = pages.find((one) => one.upstream === upstream.name)
  if (page === undefined || tls === undefined) return upstream
  const file = fileSettings(tls)
  const { verification } = effectiveVerification(page.chosen, file)
  return withTlsSettings(upstream, { selection: file.selection ?? page.selection, verification })
}

/** An upstream that is called with these settings; files that the configuration names stay where they are stated. */
export function withTlsSettings(
  upstream: Upstream,
  { selection, verification }: EffectiveSettings,
): Upstream {
  const { tls, name } = upstream
  if (tls === undefined) return upstream
  const { strict, allowAndLog, defaultStore, sni } = verification
  const at = storePlaceOf(name)
  const uploaded = trustedCertificates(verification).map((pem) => ({
    at,
    path: at,
    bytes: Buffer.from(pem),
  }))
  const custom = tls.stated.includes('customStore') ? tls.trust.custom : uploaded
  const trust = { default: defaultStore, custom }
  return { ...upstream, tls: { ...tls, strict, allowAndLog, sni, trust, selection } }
}

/** Allow and Log is an option of strict TLS. */
const allowsUntrusted = (tls: UpstreamTls | undefined): boolean =>
  tls?.strict === true && tls.allowAndLog

/** Whether a field of requests, or the PROXY header of a relayed connection, tells it who the devices are. */
const isTold = ({ name, identity }: Upstream, listeners: Config['listeners']): boolean =>
  identity !== undefined ||
  listeners.some(({ relay }) => relay?.upstream === name && relay.proxyProtocol.place !== 'off')

function upstreamTlsDangers(upstream: Upstream & ToldUpstream): readonly Danger[] {
  const { name, tls } = upstream
  if (tls === undefined) return []
  const protocols = ['TLSv1.1', 'TLSv1'].filter((one) =>
    tls.selection.protocols.some((selected) => selected === one),
  )
  const at = storePlaceOf(name)
  return [
    ...(tls.strict ? [] : [{ ...unverifiedUpstream(upstream), at }]),
    ...(allowsUntrusted(tls) ? [{ ...untrustedServersAllowed(name), at }] : []),
    ...(protocols.length === 0 ? [] : [{ ...weakUpstreamProtocol(name, protocols), at }]),
  ]
}

/** Where the page is, for faults and the log. */
const storePlaceOf = (name: string): string => `store: upstream TLS of ${name}`
