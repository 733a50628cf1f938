/**
 * What an administrator uploads as a CA chain → certificates, or everything that is wrong with it at once.
 */
import { countText } from '../../../kernel/count-text.ts'
import { fail, isoText, ok, type Fault, type Instant, type Result } from '../../../kernel/types.ts'
import { explainAnchorFault } from '../../../state/authorities.ts'
import { findingCodes, findingsOn, type FindingCode } from '../../../trust/finding.ts'
import type { Limits, Profile } from '../../../trust/limits.ts'
import { trustStore, type TrustStore } from '../../../trust/store.ts'
import { parseCertificate, type Certificate } from '../../../x509/certificate.ts'
import { parsePem } from '../../../x509/pem.ts'
import { certificatesInPkcs7, looksLikePkcs7 } from '../../../x509/pkcs7.ts'
import { printName } from '../../../x509/print-name.ts'

/** A chain that may become an enrollment setting. */
export interface UploadedChain {
  readonly certificates: readonly Certificate[]
  readonly anchors: readonly Certificate[]
  /** Harmless departures from the profiles, to be known before devices carry them. */
  readonly findings: readonly FindingCode[]
  readonly warnings: readonly string[]
}

/** What an upload is held against. */
export interface UploadRules {
  readonly trust: { readonly profile: Profile; readonly limits: Partial<Limits> }
  readonly now: Instant
  /** Anchors that are there already, with the name of their setting. */
  readonly known: readonly { readonly certificate: Certificate; readonly setting: string }[]
}

/** Reads a chain: PEM (certificates or PKCS#7), or base64 of DER (a certificate or PKCS#7). */
export function parseCaUpload(
  text: string,
  rules: UploadRules,
): Result<UploadedChain, readonly Fault[]> {
  const octets = text.includes('-----BEGIN') ? fromPem(text) : fromBase64(text)
  if (!octets.ok) return octets
  const faults: Fault[] = []
  const certificates = octets.value.flatMap(({ der, at }) => {
    const parsed = parseCertificate(der)
    if (parsed.ok) return [parsed.value]
    const { failure } = parsed
    const why =
      failure.kind === 'certificate-malformed'
        ? failure.detail
        : `${countText(failure.bytes, 'octet')}, more than ${failure.limit}`
    faults.push({ at, message: `this is no certificate that can be read: ${why}` })
    return []
  })
  if (faults.length > 0) return fail(faults)
  if (certificates.length === 0) {
    return fail([
      {
        at: 'chain',
        message: 'holds no certificate: upload the CA and what is between it and the devices',
      },
    ])
  }
  const store = trustStore({
    settings: [{ name: 'upload', chain: certificates }],
    ...rules.trust,
  })
  const unfit = [...anchorFaults(store), ...duplicateAnchors(store, rules)]
  if (unfit.length > 0) return fail(unfit)
  return ok({
    certificates,
    anchors: store.anchors.map(({ certificate }) => certificate),
    findings: findingCodes(store.anchors.flatMap((anchor) => findingsOn([], anchor))),
    warnings: store.anchors.flatMap(({ certificate }) => timeWarnings(certificate, rules.now)),
  })
}

interface LocatedDer {
  readonly der: Buffer
  /** Where in the upload. */
  readonly at: string
}

function fromPem(text: string): Result<readonly LocatedDer[], readonly Fault[]> {
  const label = ['PKCS7', 'CMS'].find((it) => text.includes(`-----BEGIN ${it}-----`))
  const blocks = parsePem(text, label)
  if (!blocks.ok) {
    return fail(blocks.failure.map(({ line, message }) => ({ at: `line ${line}`, message })))
  }
  const located = blocks.value.map(({ der, line }) => ({ der, at: `line ${line}` }))
  return label === undefined ? ok(located) : unpackPkcs7(located)
}

function fromBase64(text: string): Result<readonly LocatedDer[], readonly Fault[]> {
  const bare = text.replaceAll(/\s/gu, '')
  const der = Buffer.from(bare, 'base64')
  if (bare === '' || der.toString('base64').replaceAll('=', '') !== bare.replaceAll('=', '')) {
    return fail([
      {
        at: 'chain',
        message:
          'is neither PEM nor base64: send the text of a PEM file, or the octets of a DER or PKCS#7 file in base64',
      },
    ])
  }
  const located = [{ der, at: 'chain' }]
  return looksLikePkcs7(der) ? unpackPkcs7(located) : ok(located)
}

function unpackPkcs7(
  containers: readonly LocatedDer[],
): Result<readonly LocatedDer[], readonly Fault[]> {
  const faults: Fault[] = []
  const located = containers.flatMap(({ der, at }) => {
    const parsed = certificatesInPkcs7(der)
    if (parsed.ok) {
      return parsed.value.map((it, index) => ({ der: it, at: `${at}, certificate ${index + 1}` }))
    }
    const { field, problem, offset } = parsed.failure
    faults.push({
      at,
      message: `this PKCS#7 file cannot be read: ${field}: ${problem.replaceAll('-', ' ')} at octet ${offset}`,
    })
    return []
  })
  return faults.length > 0 ? fail(faults) : ok(located)
}

const anchorFaults = (store: TrustStore): readonly Fault[] =>
  store.anchors.flatMap(({ certificate, faults }) =>
    faults.map((fault) => ({
      at: printName(certificate.subject),
      message: `cannot be a trust anchor: ${explainAnchorFault(fault)}`,
    })),
  )

/** The same key again would make one CA stand in two places at once. */
const duplicateAnchors = (store: TrustStore, { known }: UploadRules): readonly Fault[] =>
  store.anchors.flatMap(({ certificate }) => {
    const key = certificate.publicKey.fingerprint
    const other = known.find((it) => it.certificate.publicKey.fingerprint === key)
    if (other === undefined) return []
    const message = `is the CA of the enrollment setting ${other.setting} already: change that one's standing instead`
    return [{ at: printName(certificate.subject), message }]
  })

function timeWarnings(
  { subject, notBefore, notAfter }: Certificate,
  now: Instant,
): readonly string[] {
  const who = printName(subject)
  if (now > notAfter) return [`${who} expired at ${isoText(notAfter)} and admits no device`]
  if (now < notBefore) return [`${who} is valid only from ${isoText(notBefore)}`]
  return []
}
