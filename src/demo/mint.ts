/**
 * Keys and certificates for the demonstration. Loaded only by it: nothing that serves devices mints anything.
 */
import 'reflect-metadata'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  type Extension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PublicKey,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import { isIP } from 'node:net'

/** What a certificate is for. */
export type Purpose = 'authority' | 'device' | 'server'

/** A certificate still to be made. */
export interface CertificateOrder {
  readonly purpose: Purpose
  /** RFC 4514, e.g. `CN=Ada's phone, O=Demo`. */
  readonly subject: string
  readonly notBefore: Date
  readonly notAfter: Date
  /** Host names and IP addresses of a server. */
  readonly names: readonly string[]
}

/** A certificate with its private key, both PEM. */
export interface Minted {
  readonly certificate: string
  readonly key: string
}

/** Makes a key (P-256) and its certificate; without an issuer it signs itself. */
export async function mint(order: CertificateOrder, issuer: Minted | undefined): Promise<Minted> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' })
  const signing = issuer === undefined ? privateKey : createPrivateKey(issuer.key)
  const above = issuer === undefined ? undefined : new X509Certificate(issuer.certificate)
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: order.subject,
    issuer: above?.subjectName ?? order.subject,
    notBefore: order.notBefore,
    notAfter: order.notAfter,
    publicKey: publicKey.toCryptoKey(ECDSA_P256, true, ['verify']),
    signingKey: signing.toCryptoKey(ECDSA_P256, false, ['sign']),
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    extensions: [
      ...EXTENSIONS[order.purpose],
      ...(order.names.length === 0 ? [] : [alternativeNames(order.names)]),
      await SubjectKeyIdentifierExtension.create(asPublicKey(publicKey)),
      await AuthorityKeyIdentifierExtension.create(asPublicKey(createPublicKey(signing))),
    ],
  })
  return { certificate: `${certificate.toString('pem')}\n`, key }
}

const ECDSA_P256 = { name: 'ECDSA', namedCurve: 'P-256' }

/** Sixteen octets, positive and without a leading zero octet (RFC 5280 §4.1.2.2). */
function serialNumber(): string {
  const octets = randomBytes(16)
  octets[0] = ((octets[0] ?? 0) & 0x7f) | 0x40
  return octets.toString('hex')
}

const asPublicKey = (key: KeyObject): PublicKey =>
  new PublicKey(key.export({ type: 'spki', format: 'der' }))

const alternativeNames = (names: readonly string[]): Extension =>
  new SubjectAlternativeNameExtension(
    names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
  )

const EXTENSIONS: Readonly<Record<Purpose, readonly Extension[]>> = {
  authority: [
    new BasicConstraintsExtension(true, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
  ],
  device: [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
  ],
  server: [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
  ],
}
