/**
 * Settings → the TLS context of every connection to one upstream, built once. What cannot be built is a fault
 * with the place that caused it, so that a reload can refuse whole.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { createSecureContext, getCACertificates, getCiphers, type SecureContext } from 'node:tls'
import { fail, ok, type Fault, type Result } from '../../kernel/types.ts'
import type { Selection } from '../../upstream-tls/catalogue.ts'
import { handshakeOffer } from '../../upstream-tls/handshake-offer.ts'
import { certificatePems } from '../../upstream-tls/custom-certificates.ts'
import { certificatesIn } from '../../x509/file/certificate-file.ts'
import { certificateBlocks, pemOf } from '../../x509/pem.ts'
import { placeText } from '../../x509/file/read-file.ts'
import type { Certificate } from '../../x509/certificate.ts'
import type { TimelyPath } from './own-path-check.ts'
import type { ClientIdentity, PemFile, UpstreamTls } from '../settings.ts'

/** Builds the context, or says everything that stands in its way. */
export function clientContext(
  tls: UpstreamTls,
  identity: ClientIdentity | undefined,
  at: string,
): Result<SecureContext, readonly Fault[]> {
  const faults = [
    ...tls.trust.custom.flatMap(pemFaults),
    ...suiteFaults(tls.selection, at),
    ...identityFaults(identity, at),
  ]
  if (faults.length > 0) return fail(faults)
  try {
    return ok(createSecureContext(contextOptions(tls, identity)))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return fail([{ at: `${at}.tls`, message: `the TLS library refuses these settings: ${reason}` }])
  }
}

/**
 * Builds the context that trusts the end of one path and nothing else, and knows the intermediates of it: these are no
 * anchors to the TLS library, which verifies the whole path.
 */
export function pathContext(
  tls: UpstreamTls,
  identity: ClientIdentity | undefined,
  { leaf, intermediates, anchor }: TimelyPath,
): SecureContext {
  const isListed = anchor.fingerprint === leaf.fingerprint
  const needsMark = !isListed && !looksSelfSigned(anchor)
  return createSecureContext({
    ...contextOptions(tls, identity),
    ca: [
      needsMark
        ? pemOf(Buffer.concat([anchor.der, TRUSTED_FOR_SERVERS]), 'TRUSTED CERTIFICATE')
        : pemOf(anchor.der),
      ...intermediates.map(({ der }) => pemOf(der)),
    ],
    // With it, intermediates would be anchors; without it, a leaf cannot be its own.
    allowPartialTrustChain: isListed,
  })
}

/**
 * Whether the TLS library takes a certificate for self-signed, which it tells by names and key identifiers, not by the
 * signature: what it is handed and takes for self-signed is an anchor to it.
 */
export function looksSelfSigned({ der }: Certificate): boolean {
  const certificate = new X509Certificate(der)
  return certificate.checkIssued(certificate)
}

/**
 * Marks a certificate that another CA signed as an anchor: an X509_CERT_AUX with the purpose serverAuth, as
 * `openssl x509 -addtrust serverAuth` writes it behind the certificate. Of such an anchor the TLS library then looks at no
 * date and at no purpose: who hands it over does. One that needs no mark is given none, so that the library looks.
 */
const TRUSTED_FOR_SERVERS = Buffer.from('300c300a06082b06010505070301', 'hex')

/**
 * Adds to a certificate of ours that stands alone what issued it, from the trust store: as the TLS library does, which
 * takes it from what a context trusts, and in the context of one path that is not there.
 */
export function completedIdentity(
  tls: UpstreamTls,
  identity: ClientIdentity | undefined,
): ClientIdentity | undefined {
  if (identity === undefined) return undefined
  const [own, ...others] = certificateBlocks(identity.chainPem)
  if (own === undefined || others.length > 0) return identity
  const trusted = trustedPems(tls).map((pem) => new X509Certificate(pem))
  const chain = [new X509Certificate(own)]
  for (let last = chain.at(-1); last !== undefined && chain.length <= MAX_ISSUERS;) {
    const below = last
    last = trusted.find((one) => !chain.includes(one) && issued(one, below))
    if (last !== undefined) chain.push(last)
  }
  return { ...identity, chainPem: chain.map(({ raw }) => pemOf(raw)).join('') }
}

function issued(issuer: X509Certificate, subject: X509Certificate): boolean {
  try {
    return subject.checkIssued(issuer) && subject.verify(issuer.publicKey)
  } catch {
    // A key that this runtime cannot use has signed nothing.
    return false
  }
}

/** As many as our judge takes between a leaf and its anchor, and the anchor. */
const MAX_ISSUERS = 9

const trustedPems = ({ trust }: UpstreamTls): readonly string[] => [
  ...defaultRoots(trust.default),
  ...trust.custom.flatMap(({ bytes }) => certificatePems(bytes)),
]

function contextOptions(tls: UpstreamTls, identity: ClientIdentity | undefined) {
  return {
    // Never undefined: that would add what NODE_EXTRA_CA_CERTS names. An empty list trusts no CA.
    ca: [...trustedPems(tls)],
    // Whatever is listed is an anchor, an intermediate or the server's own certificate included.
    allowPartialTrustChain: true,
    ...handshakeOffer(tls.selection),
    ...(identity === undefined ? {} : { cert: identity.chainPem, key: identity.keyPem }),
  }
}

/** Parsed by the runtime once and the same for every upstream; a hundred and more texts are not fetched twice. */
function defaultRoots(store: UpstreamTls['trust']['default']): readonly string[] {
  return store === 'off' ? [] : getCACertificates(store)
}

/** OpenSSL skips what it cannot read and trusts the rest: the operator would never hear of it. */
function pemFaults({ at, bytes }: PemFile): readonly Fault[] {
  const ders = certificatesIn(bytes, { others: 'skipped', purpose: 'server' })
  if (!ders.ok) {
    return ders.failure.map(({ place, message }) => {
      const within = placeText(place)
      return { at, message: within === '' ? message : `${within}: ${message}` }
    })
  }
  if (ders.value.length === 0) {
    return [{ at, message: 'found no certificate, wanted PEM: convert it with `openssl x509`' }]
  }
  return ders.value.flatMap((der, index) => {
    if (parses(() => new X509Certificate(der))) return []
    return [{ at, message: `certificate ${index + 1} of ${ders.value.length} cannot be read` }]
  })
}

/** OpenSSL ignores a name it does not know as long as one is known. */
function suiteFaults({ suites }: Selection, at: string): readonly Fault[] {
  const known = new Set(getCiphers())
  const unknown = suites.filter((name) => !known.has(name.toLowerCase()))
  return unknown.map((name) => ({
    at: `${at}.tls.ciphers`,
    message: `found ${name}, wanted a suite of this runtime: \`tfe upstream catalogue\` lists them`,
  }))
}

function identityFaults(identity: ClientIdentity | undefined, at: string): readonly Fault[] {
  if (identity === undefined) return []
  const where = `${at}.tls.clientCertificate`
  const [leaf] = certificateBlocks(identity.chainPem)
  if (leaf === undefined || !parses(() => new X509Certificate(leaf))) {
    return [
      { at: where, message: 'the certificate cannot be read, wanted PEM with the leaf first' },
    ]
  }
  if (!parses(() => createPrivateKey(identity.keyPem))) {
    return [
      { at: where, message: 'the private key cannot be read, wanted PEM without a passphrase' },
    ]
  }
  if (new X509Certificate(leaf).checkPrivateKey(createPrivateKey(identity.keyPem))) return []
  return [{ at: where, message: 'the private key does not belong to the certificate' }]
}

function parses(read: () => unknown): boolean {
  try {
    read()
    return true
  } catch {
    return false
  }
}
