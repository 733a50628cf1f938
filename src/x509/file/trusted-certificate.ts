/**
 * `TRUSTED CERTIFICATE`, as `openssl x509 -trustout` writes it: a certificate, and behind it what OpenSSL shall trust it for
 * (X509_CERT_AUX in openssl/crypto/asn1). Who wrote that it is not for TLS clients is not passed over.
 */
import { fail, ok, type Result } from '../../kernel/types.ts'
import { constructed, DerReader, TAG } from '../der.ts'

/** What a certificate is wanted for. */
export type TrustedFor = 'client' | 'server' | 'any'

/** Cuts the certificate out, if what follows it lets it be used so; otherwise says why not. */
export function certificateInTrusted(der: Buffer, purpose: TrustedFor): Result<Buffer, string> {
  const whole = DerReader.over(der)
  const certificate = whole.element(TAG.sequence)
  if (!whole.more) {
    return whole.fault === undefined ? ok(certificate) : fail(UNREADABLE)
  }
  const settings = whole.enter(TAG.sequence)
  const trusted =
    settings.tag === TAG.sequence ? purposesIn(settings.enter(TAG.sequence)) : undefined
  const rejected = purposesIn(settings.optional(constructed(0)))
  if (settings.tag === TAG.utf8String) settings.step(TAG.utf8String)
  if (settings.tag === TAG.octetString) settings.step(TAG.octetString)
  if (settings.tag === constructed(1)) settings.step(constructed(1))
  settings.end()
  whole.end()
  if (whole.fault !== undefined) return fail(UNREADABLE)
  if (purpose === 'any') return ok(certificate)
  const wanted = [PURPOSES[purpose], ANY]
  if (rejected.some((oid) => wanted.includes(oid))) return fail(`rejects it for TLS ${purpose}s`)
  if (trusted !== undefined && !trusted.some((oid) => wanted.includes(oid))) {
    return fail(`trusts it for other purposes than TLS ${purpose}s`)
  }
  return ok(certificate)
}

function purposesIn(list: DerReader | undefined): readonly string[] {
  if (list === undefined) return []
  const found: string[] = []
  while (list.more) {
    if (found.length === MAX_PURPOSES) list.refuse('too-many-elements')
    found.push(list.oid())
  }
  return found
}

const UNREADABLE = 'cannot be read'
const PURPOSES: Readonly<Record<Exclude<TrustedFor, 'any'>, string>> = {
  client: '1.3.6.1.5.5.7.3.2',
  server: '1.3.6.1.5.5.7.3.1',
}
/** anyExtendedKeyUsage (RFC 5280 §4.2.1.12). */
const ANY = '2.5.29.37.0'
/** OpenSSL knows ten. */
const MAX_PURPOSES = 32
