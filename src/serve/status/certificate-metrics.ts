/**
 * When certificates that are in use expire: our own, on every listener and towards upstreams, what stands above them, and
 * the CAs that devices and servers are judged by.
 */
import { X509Certificate } from 'node:crypto'
import type { ServerIdentity } from '../../handshake/server-identity.ts'
import { MetricSet } from '../../record/metric-set.ts'
import type { CompiledConfig } from '../../state/compiled-config.ts'
import { certificatesIn } from '../../x509/file/certificate-file.ts'

/** A certificate in use: what it is for, whose it is, and when it expires. */
export interface ExpiringCertificate {
  readonly role: CertificateRole
  /** From the configuration or the store: a listener with the first name of its certificate, an upstream, a setting. */
  readonly name: string
  /** Unix time in milliseconds. */
  readonly notAfter: number
}

/** In the order of the documents. */
export const CERTIFICATE_ROLES = [
  'server',
  'server-chain',
  'admin',
  'admin-chain',
  'upstream-client',
  'upstream-client-chain',
  'upstream-ca',
  'enrollment-setting',
  'enrollment-setting-intermediate',
] as const

export type CertificateRole = (typeof CERTIFICATE_ROLES)[number]

type InUse = Pick<CompiledConfig, 'chains' | 'listeners' | 'policy' | 'trust' | 'upstreams'>

/** Returns every certificate in use. What admits no device any more is not in use. */
export function certificatesInUse(
  { listeners, upstreams, trust, chains, policy }: InUse,
  admin: ServerIdentity | undefined,
): readonly ExpiringCertificate[] {
  const own = [...listeners.values()].flatMap(({ config, identities }) =>
    identities.flatMap((one) => chainOf(one, 'server', `${config.name} ${one.names[0] ?? ''}`)),
  )
  const towards = [...upstreams.values()].flatMap(({ config, identity }) => [
    ...(identity === undefined ? [] : chainOf(identity, 'upstream-client', config.name)),
    ...(config.tls?.trust.custom ?? []).flatMap(({ bytes }) =>
      expiriesIn(bytes).map((notAfter) => certificate('upstream-ca', config.name, notAfter)),
    ),
  ])
  const admits = (setting: string): boolean => {
    const kind = policy.standings.get(setting)?.kind
    return kind === 'current' || kind === 'previously-trusted'
  }
  const anchors = trust.anchors.filter(({ setting }) => admits(setting))
  const tops = new Set(anchors.map((one) => `${one.setting}\n${one.certificate.fingerprint}`))
  const intermediates = [...chains]
    .filter(([setting]) => admits(setting))
    .flatMap(([setting, chain]) =>
      chain
        .filter(({ fingerprint }) => !tops.has(`${setting}\n${fingerprint}`))
        .map(({ notAfter }) => certificate('enrollment-setting-intermediate', setting, notAfter)),
    )
  return [
    ...own,
    ...(admin === undefined ? [] : chainOf(admin, 'admin', 'admin')),
    ...towards,
    ...anchors.map(({ setting, certificate: { notAfter } }) =>
      certificate('enrollment-setting', setting, notAfter),
    ),
    ...intermediates,
  ]
}

/** The metric, worked out anew when another configuration is in force. */
export class CertificateMetrics {
  /** Of the admin listener, where it has one. */
  readonly #admin: () => ServerIdentity | undefined
  readonly #metrics = new MetricSet()
  readonly #expiry = this.#metrics.gauge('tfe_certificate_not_after_seconds', {
    help: 'When a certificate in use expires (Unix time), by what it is for; of several of one name, the first to expire.',
    labelNames: ['role', 'name'],
  })
  #shown: InUse | undefined
  #adminShown: ServerIdentity | undefined

  constructor(admin: () => ServerIdentity | undefined) {
    this.#admin = admin
  }

  /** In the text format of Prometheus. */
  text(inUse: InUse): Promise<string> {
    const admin = this.#admin()
    if (inUse !== this.#shown || admin !== this.#adminShown) this.#show(inUse, admin)
    return this.#metrics.text()
  }

  #show(inUse: InUse, admin: ServerIdentity | undefined): void {
    this.#shown = inUse
    this.#adminShown = admin
    this.#expiry.reset()
    // The last one that is set stays: the first to expire.
    const all = certificatesInUse(inUse, admin)
    for (const { role, name, notAfter } of all.toSorted((a, b) => b.notAfter - a.notAfter)) {
      // A certificate counts through the whole of its last second (RFC 5280 §4.1.2.5).
      this.#expiry.set({ role, name }, Math.floor(notAfter / 1000))
    }
  }
}

const certificate = (
  role: CertificateRole,
  name: string,
  notAfter: number,
): ExpiringCertificate => ({ role, name, notAfter })

/** A certificate of ours, and what it is shown with. */
function chainOf(
  { certificates: [leaf, ...above] }: ServerIdentity,
  role: 'admin' | 'server' | 'upstream-client',
  name: string,
): readonly ExpiringCertificate[] {
  return [
    certificate(role, name, expiryOf(leaf)),
    ...above.map((one) => certificate(`${role}-chain`, name, expiryOf(one))),
  ]
}

const expiryOf = ({ validToDate }: X509Certificate): number => validToDate.getTime()

/** Opened when the configuration was: what cannot be read is not in force. */
function expiriesIn(bytes: Buffer): readonly number[] {
  const found = certificatesIn(bytes, { others: 'skipped', purpose: 'server' })
  return found.ok ? found.value.map((der) => expiryOf(new X509Certificate(der))) : []
}
