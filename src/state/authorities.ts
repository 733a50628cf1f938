/**
 * The enrollment settings of the configuration → the trust store, or every fault in their chains.
 */
import {
  fail,
  ok,
  type Fault,
  type Instant,
  type KeyFingerprint,
  type Result,
} from '../kernel/types.ts'
import { UNSUPPORTED_STEP, UNSUPPORTED_TEXT } from '../trust/algorithms.ts'
import type { AnchorFault, TrustAnchor } from '../trust/anchor.ts'
import { trustStore, type TrustStore } from '../trust/store.ts'
import { readCertificateFile } from '../x509/file/certificate-file.ts'
import type { Certificate } from '../x509/certificate.ts'
import { FILE_DEPARTURES } from '../x509/file/file-departure.ts'
import type { FilePlace } from '../x509/file/read-file.ts'
import { printName } from '../x509/print-name.ts'
import type { EnrollmentSetting, TrustSettings } from '../config/trust/types.ts'
import { chainWarnings } from './chain-warnings.ts'

/** What the enrollment settings amount to. */
export interface Authorities {
  readonly store: TrustStore
  /** Every certificate of each setting's chain, by the name of the setting. */
  readonly chains: ReadonlyMap<string, readonly Certificate[]>
  /** Keys of the CAs of distrusted settings: none may stand on a path, even where another CA signed it, too. */
  readonly distrusted: readonly KeyFingerprint[]
  /** Certificates of the settings that can admit a device; only these are worth naming to one. */
  readonly admitting: readonly Certificate[]
  readonly warnings: readonly Fault[]
}

/** Reads every chain; all faults at once, warnings apart. */
export function trustedAuthorities(
  trust: TrustSettings,
  now: Instant,
): Result<Authorities, readonly Fault[]> {
  const faults: Fault[] = []
  const warnings: Fault[] = []
  const settings = trust.enrollmentSettings.map((setting) => {
    const read = readChain(setting, trust.profile)
    if (!read.ok) faults.push(...read.failure)
    else warnings.push(...read.value.warnings)
    return { ...setting, chain: read.ok ? read.value.certificates : [] }
  })
  if (faults.length > 0) return fail(faults)
  const store = trustStore({ settings, profile: trust.profile, limits: trust.limits })
  for (const anchor of store.anchors) faults.push(...anchorFaults(anchor, trust))
  if (faults.length > 0) return fail(faults)
  warnings.push(...chainWarnings(settings, store, now))
  const admitting = settings.flatMap(({ standing: { kind }, chain }) =>
    kind === 'current' || kind === 'previously-trusted' ? chain : [],
  )
  const distrusted = distrustedKeys(
    settings.filter(({ standing }) => standing.kind === 'distrusted'),
    admitting,
  )
  const chains = new Map(settings.map(({ name, chain }) => [name, chain]))
  return ok({ store, chains, distrusted, admitting, warnings })
}

/**
 * What stands above another CA of its chain is spared if a setting that admits shares it: distrusting one branch must
 * not distrust the whole tree. A CA that stands above none is what was distrusted: a cross certificate that another
 * setting's chain holds for it does not spare it, or its stolen key would go on signing for the other.
 */
function distrustedKeys(
  settings: readonly { readonly chain: readonly Certificate[] }[],
  admitting: readonly Certificate[],
): readonly KeyFingerprint[] {
  const shared = new Set(admitting.map(keyOf))
  const keys = settings.flatMap(({ chain }) =>
    chain.filter((one) => !(shared.has(keyOf(one)) && isAboveAnother(one, chain))).map(keyOf),
  )
  return [...new Set(keys)]
}

const keyOf = ({ publicKey }: Certificate): KeyFingerprint => publicKey.fingerprint

const isAboveAnother = (one: Certificate, chain: readonly Certificate[]): boolean =>
  chain.some((other) => other.issuer.key === one.subject.key && keyOf(other) !== keyOf(one))

interface ReadChain {
  readonly certificates: readonly Certificate[]
  readonly warnings: readonly Fault[]
}

function readChain(
  { name, chain }: EnrollmentSetting,
  profile: TrustSettings['profile'],
): Result<ReadChain, readonly Fault[]> {
  const { at, path } = chain
  const file = readCertificateFile(chain.bytes, { others: 'refused', purpose: 'client' })
  if (!file.ok) {
    return fail(
      file.failure.map(({ place, message }) => ({ at: filePlaceText(path, place), message })),
    )
  }
  const certificates = file.value.certificates.map(({ certificate }) => certificate)
  if (certificates.length === 0) {
    const message = `found no certificate in ${path}, wanted the CA chain of ${name} in PEM`
    return fail([{ at, message }])
  }
  const odd = [...file.value.departures].map((one) => FILE_DEPARTURES[one])
  if (profile === 'strict' && odd.length > 0) {
    return fail(
      odd.map((text) => ({
        at: path,
        message: `found that the file ${text}, which profile strict does not take, wanted the CA's certificates in PEM with nothing else: write the file anew`,
      })),
    )
  }
  const warnings = odd.map((text) => ({ at, message: `${name}: ${path} ${text}` }))
  return ok({ certificates, warnings })
}

function filePlaceText(path: string, { line, item }: FilePlace): string {
  const within = item === undefined ? '' : `, certificate ${item}`
  return line === undefined ? `${path}${within}` : `${path}:${line}${within}`
}

function anchorFaults(
  { certificate, setting, faults }: TrustAnchor,
  trust: TrustSettings,
): readonly Fault[] {
  const at = placeOf(setting, trust)
  const who = printName(certificate.subject)
  return faults.map((fault) => ({
    at,
    message: `${setting}: ${who} cannot be a trust anchor: ${explainAnchorFault(fault)}`,
  }))
}

/** Why a certificate cannot be a trust anchor, and what to do. */
export function explainAnchorFault(fault: AnchorFault): string {
  switch (fault.kind) {
    case 'anchor-not-a-ca':
      return 'its basic constraints do not say that it is a CA (RFC 5280 §4.2.1.9); upload the CA, not a certificate it issued'
    case 'anchor-may-not-sign':
      return 'its key usage lacks keyCertSign (RFC 5280 §4.2.1.3); have the CA issued again'
    case 'anchor-without-name':
      return 'it has no subject (RFC 5280 §4.1.2.6); have the CA issued again'
    case 'anchor-key-weak':
      return `its key, ${fault.key}, is weaker than we accept, or on a curve that we do not take; have the CA issued with RSA 3072 or 4096, P-256, P-384, P-521 or Ed25519`
    case 'anchor-key-unsupported':
      return `its key is ${fault.key}, ${UNSUPPORTED_TEXT[fault.why]}; have the CA issued ${UNSUPPORTED_STEP[fault.why]}`
    case 'anchor-signature-unsupported':
      return `it names itself as its issuer and is signed with ${fault.algorithm}, ${UNSUPPORTED_TEXT[fault.why]}; have the CA issued ${UNSUPPORTED_STEP[fault.why]}`
    case 'anchor-version-old':
      return `it is a certificate of version ${fault.version}, which cannot say that it is a CA (basic constraints came with version 3, RFC 5280 §4.2.1.9); have the CA issued again with the same name and key as version 3, basic constraints CA:TRUE`
    case 'anchor-extension-unknown':
      return `it holds the critical extension ${fault.oid}, which this program does not implement; have the CA issued without it`
    case 'anchor-contradicts-itself':
      return 'it signed itself, and its authority key identifier names another key; have the CA issued again'
    case 'anchor-origin-unstated':
      return 'another CA signed it, and it does not say which key did; add that CA to the chain'
  }
}

const placeOf = (name: string, { enrollmentSettings }: TrustSettings): string =>
  enrollmentSettings.find((setting) => setting.name === name)?.at ?? name
