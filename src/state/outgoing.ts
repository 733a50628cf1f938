/**
 * An upstream of the configuration under what was decided on its page of outgoing TLS: what is in force, or what is
 * drafted and about to be tried.
 */
import type { Config, Danger, Upstream, UpstreamTls } from '../config/config.ts'
import { unverifiedUpstream, weakUpstreamProtocol } from '../config/upstream/dangers.ts'
import type { Selection } from '../upstream-tls/catalogue.ts'
import { obeyed, trusted, type Chosen, type FileWords } from '../upstream-tls/verification.ts'
import type { Used } from '../upstream-tls/page-types.ts'

/** What was applied on the page of an upstream; the file's own word beats both (decision 20). */
export interface AppliedPage {
  readonly upstream: string
  readonly selection: Selection
  readonly chosen: Chosen
}

/** What the file says of an upstream, for its page. To be asked of the configuration as it was written. */
export const fileWords = ({ mode, selection, stated, ...tls }: UpstreamTls): FileWords => ({
  selection: mode === 'custom' ? selection : undefined,
  stated,
  verification: {
    strict: tls.strict,
    allowUntrusted: tls.allowUntrusted,
    defaultStore: tls.trust.default,
    customStore: {
      enabled: tls.trust.custom.length > 0,
      certificates: tls.trust.custom.flatMap(({ bytes }) => certificatesIn(bytes)),
    },
    sni: tls.sni,
  },
})

const certificatesIn = (bytes: Buffer): readonly string[] =>
  bytes.toString('latin1').match(PEM_CERTIFICATE) ?? []

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** The upstreams as their pages have them, and what is dangerous about that in place of what the file was. */
export function underPages(
  { upstreams, dangers }: Pick<Config, 'upstreams' | 'dangers'>,
  pages: readonly AppliedPage[],
): Pick<Config, 'upstreams' | 'dangers'> {
  const [first, ...others] = upstreams.map((one) => underPage(one, pages))
  // A configuration has an upstream.
  if (first === undefined) return { upstreams, dangers }
  const now = [first, ...others].flatMap(pageDangers)
  const verified = [first, ...others].filter(({ tls }) => tls?.strict === true)
  const over = verified.map(({ name }) => unverifiedUpstream(name, '').sentence)
  const still = dangers.filter(({ sentence }) => !over.includes(sentence))
  const known = still.map(({ sentence }) => sentence)
  return {
    upstreams: [first, ...others],
    dangers: [...still, ...now.filter(({ sentence }) => !known.includes(sentence))],
  }
}

function underPage(upstream: Upstream, pages: readonly AppliedPage[]): Upstream {
  const { tls } = upstream
  const page = pages.find((one) => one.upstream === upstream.name)
  if (page === undefined || tls === undefined) return upstream
  const words = fileWords(tls)
  const { verification } = obeyed(page.chosen, words)
  return calledWith(upstream, { selection: words.selection ?? page.selection, verification })
}

/** An upstream that is called with these settings; files that the configuration names stay where they are stated. */
export function calledWith(upstream: Upstream, { selection, verification }: Used): Upstream {
  const { tls, name } = upstream
  if (tls === undefined) return upstream
  const { strict, allowUntrusted, defaultStore, sni } = verification
  const at = pagePlace(name)
  const uploaded = trusted(verification).map((pem) => ({ at, path: at, bytes: Buffer.from(pem) }))
  const custom = tls.stated.includes('customStore') ? tls.trust.custom : uploaded
  const trust = { default: defaultStore, custom }
  return { ...upstream, tls: { ...tls, strict, allowUntrusted, sni, trust, selection } }
}

function pageDangers({ name, tls }: Upstream): readonly Danger[] {
  if (tls === undefined) return []
  const protocols = ['TLSv1.1', 'TLSv1'].filter((one) =>
    tls.selection.protocols.some((selected) => selected === one),
  )
  const at = pagePlace(name)
  return [
    ...(tls.strict ? [] : [unverifiedUpstream(name, at)]),
    ...(protocols.length === 0 ? [] : [weakUpstreamProtocol(name, { protocols, at })]),
  ]
}

/** Where the page is, for faults and the log. */
const pagePlace = (name: string): string => `store: outgoing TLS of ${name}`
