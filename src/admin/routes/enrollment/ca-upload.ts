/**
 * What an administrator uploads as a CA chain → certificates, or everything that is wrong with it at once.
 */
import { fail, isoText, ok, type Fault, type Instant, type Result } from '../../../kernel/types.ts'
import { explainAnchorFault } from '../../../state/authorities.ts'
import { findingCodes, findingsOn, type FindingCode } from '../../../trust/finding.ts'
import type { Limits, Profile } from '../../../trust/limits.ts'
import { trustStore, type TrustStore } from '../../../trust/store.ts'
import {
  NO_ENCODING,
  octetsOfText,
  readCertificateFile,
} from '../../../x509/file/certificate-file.ts'
import type { Certificate } from '../../../x509/certificate.ts'
import { FILE_DEPARTURES, type FileDeparture } from '../../../x509/file/file-departure.ts'
import { placeText } from '../../../x509/file/read-file.ts'
import { printName } from '../../../x509/print-name.ts'

/** A chain that may become an enrollment setting. */
export interface UploadedChain {
  readonly certificates: readonly Certificate[]
  readonly anchors: readonly Certificate[]
  /** Harmless departures from the profiles, in anchors and in the file, to be known before devices carry them. */
  readonly findings: readonly (FindingCode | FileDeparture)[]
  readonly warnings: readonly string[]
}

/** What an upload is held against. */
export interface UploadRules {
  readonly trust: { readonly profile: Profile; readonly limits: Partial<Limits> }
  readonly now: Instant
  /** Anchors that are there already, with the name of their setting. */
  readonly known: readonly { readonly certificate: Certificate; readonly setting: string }[]
}

/** Reads a chain: PEM, or base64 of DER or of PKCS#7; whatever a file of the configuration may be, too. */
export function parseCaUpload(
  text: string,
  rules: UploadRules,
): Result<UploadedChain, readonly Fault[]> {
  const octets = octetsOfText(text)
  if (octets === undefined) return fail([{ at: 'chain', message: NO_ENCODING }])
  const file = readCertificateFile(octets, { others: 'refused', purpose: 'client' })
  if (!file.ok) {
    return fail(
      file.failure.map(({ place, message }) => ({ at: placeText(place) || 'chain', message })),
    )
  }
  const certificates = file.value.certificates.map(({ certificate }) => certificate)
  const departures = [...file.value.departures]
  if (rules.trust.profile === 'strict' && departures.length > 0) {
    return fail(
      departures.map((one) => ({
        at: 'chain',
        message: `profile strict does not take it: the file ${FILE_DEPARTURES[one]}: upload it as the CA's certificates in PEM, with nothing else`,
      })),
    )
  }
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
    findings: [
      ...findingCodes(store.anchors.flatMap((anchor) => findingsOn([], anchor))),
      ...departures,
    ],
    warnings: store.anchors.flatMap(({ certificate }) => timeWarnings(certificate, rules.now)),
  })
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
