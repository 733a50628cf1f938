/**
 * Which certificates of a batch are kept, and what was met last with each.
 */
import type { Selectable } from 'kysely'
import type { SightedCertificate, Sighting } from '../../fleet/sighting.ts'
import type { Tables } from '../schema/tables.ts'

export type CertificateRow = Selectable<Tables['certificates']>

/** A certificate as it is to be kept, and as it was kept before; undefined for a new one. */
export interface RetainedRow {
  readonly row: CertificateRow
  readonly before: CertificateRow | undefined
}

/** Where a batch begins. */
export interface RetentionStart {
  readonly certificates: ReadonlyMap<string, CertificateRow>
  /** Certificates without a sound path that may still be added. */
  readonly unsoundCapacity: number
}

/** A `CertificateRetention` gathers the certificates of one batch. */
export class CertificateRetention {
  readonly #known: RetentionStart['certificates']
  readonly #retained = new Map<string, RetainedRow>()
  #unsoundCapacity: number

  constructor({ certificates, unsoundCapacity }: RetentionStart) {
    this.#known = certificates
    this.#unsoundCapacity = unsoundCapacity
  }

  /** Whether no further certificate without a sound path is kept. */
  get isFull(): boolean {
    return this.#unsoundCapacity <= 0
  }

  /** Whether this certificate is kept. */
  hasCapacity({ fingerprint, sound }: SightedCertificate): boolean {
    const isKnown = this.#retained.has(fingerprint) || this.#known.has(fingerprint)
    return isKnown || sound || !this.isFull
  }

  /** Keeps a certificate, or what it met last, as far as there is capacity. */
  retain(certificate: SightedCertificate, { at, verdict, code }: Sighting): void {
    if (!this.hasCapacity(certificate)) return
    const { fingerprint } = certificate
    const pending = this.#retained.get(fingerprint)
    const before = pending?.before ?? this.#known.get(fingerprint)
    if (pending === undefined && before === undefined && !certificate.sound) {
      this.#unsoundCapacity -= 1
    }
    const last = pending?.row ?? before
    if (last !== undefined && last.last_seen > at) return
    const row = rowOf(certificate, {
      verdict,
      // What else it is refused for comes and goes; why it has no sound path is of the certificate, and asked for later.
      code: certificate.pathFailure ?? code,
      first_seen: last?.first_seen ?? at,
      last_seen: at,
    })
    this.#retained.set(fingerprint, { before, row })
  }

  /** Everything that was kept. */
  retained(): readonly RetainedRow[] {
    return [...this.#retained.values()]
  }
}

const rowOf = (
  certificate: SightedCertificate,
  met: Pick<CertificateRow, 'verdict' | 'code' | 'first_seen' | 'last_seen'>,
): CertificateRow => ({
  fingerprint: certificate.fingerprint,
  key: certificate.key,
  issuer_key: certificate.issuerKey ?? null,
  serial: certificate.serial,
  issuer: certificate.issuer,
  subject: certificate.subject,
  signed_ids: JSON.stringify(certificate.signedIds),
  not_before: certificate.notBefore,
  not_after: certificate.notAfter,
  setting: certificate.setting ?? null,
  sound: Number(certificate.sound),
  ...met,
})
