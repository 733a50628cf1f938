/** Certificates as people look at them: what `tfe upstream test` shows of a chain, and what the log says. Text in them is the peer's. */
import type { X509Certificate } from 'node:crypto'
import type { PresentedCertificate } from '../../kernel/upstream-error.ts'
import { pinOf } from './pins.ts'
import { presentedList, presentedPath } from './presented-chain.ts'
import { namesOf } from './server-name.ts'

/** One certificate that a server sent. */
export interface CertificateReport {
  readonly subject: string
  readonly issuer: string
  /** Subject alternative names, or the common name when there is none; bounded. */
  readonly names: readonly string[]
  /** ISO 8601. */
  readonly notBefore: string
  readonly notAfter: string
  /** Such as `RSA 2048` or `EC prime256v1`. */
  readonly key: string
  /** For `tls.pins`. */
  readonly pin: string
  /** SHA-256, lower-case hexadecimal. */
  readonly fingerprint: string
  /** Whether it is the leaf or signed its way down to it; the others are decoration. */
  readonly onPath: boolean
}

/** Everything the server sent, in its order. */
export function chainReport(leaf: X509Certificate): readonly CertificateReport[] {
  const path = presentedPath(leaf)
  return presentedList(leaf).map((one) => ({
    subject: oneLine(one.subject),
    issuer: oneLine(one.issuer),
    names: namesOf(one),
    notBefore: timeText(one.validFromDate),
    notAfter: timeText(one.validToDate),
    key: keyText(one),
    pin: pinOf(one),
    fingerprint: fingerprintOf(one),
    onPath: path.some(({ fingerprint256 }) => fingerprint256 === one.fingerprint256),
  }))
}

/** Node writes one part per line, the widest first; people are used to the narrowest first. */
const oneLine = (name: string | undefined): string =>
  (name ?? '').split('\n').toReversed().join(', ').slice(0, MAX_NAME)

/** SHA-256, lower-case hexadecimal. */
const fingerprintOf = ({ fingerprint256 }: X509Certificate): string =>
  fingerprint256.replaceAll(':', '').toLowerCase()

const timeText = (date: Date): string =>
  Number.isNaN(date.getTime()) ? 'unreadable' : date.toISOString()

function keyText(certificate: X509Certificate): string {
  try {
    const { asymmetricKeyType = 'unknown', asymmetricKeyDetails = {} } = certificate.publicKey
    const { modulusLength, namedCurve } = asymmetricKeyDetails
    const size = modulusLength ?? namedCurve
    return `${asymmetricKeyType.toUpperCase()}${size === undefined ? '' : ` ${size}`}`
  } catch {
    return 'unreadable'
  }
}

/** What a server presented in a few words, leaf first, for the log and for the list of errors: ten at most. */
export const loggedChain = (leaf: X509Certificate): readonly PresentedCertificate[] =>
  presentedList(leaf).slice(0, MAX_LOGGED).map(loggedCertificate)

const loggedCertificate = (one: X509Certificate): PresentedCertificate => ({
  subject: nameText(one.subject),
  issuer: nameText(one.issuer),
  not_after: timeText(one.validToDate),
  sha256: fingerprintOf(one),
})

/** Node gives a line per attribute, and nothing for an empty name. */
const nameText = (name: string | undefined): string =>
  (name ?? '').replaceAll('\n', ', ').slice(0, MAX_NAME)

/** Enough to recognise a certificate by; the peer chooses the length, and there are up to ten in a line of the log. */
const MAX_NAME = 300
/** The usual chain has four at most; a line of a longer one says enough by its beginning. */
const MAX_LOGGED = 10
