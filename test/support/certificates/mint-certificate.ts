/**
 * The workbench of the test CA: a certificate whose every field can be made wrong, signed as it is.
 */
import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'
import * as der from './der-writer.ts'

export type KeyType =
  | 'p256'
  | 'p384'
  | 'p521'
  | 'rsa2048'
  | 'rsa1024'
  | 'ed25519'
  | 'ed448'
  | 'ml-dsa-44'
  | 'ml-dsa-65'
  | 'ml-dsa-87'

/** An extension as it is encoded; `value` is the DER inside the OCTET STRING. */
export interface MintedExtension {
  readonly oid: string
  readonly critical?: boolean
  readonly value: Uint8Array
}

/** A private key and the public key that belongs to it. */
export interface Keys {
  readonly key: KeyObject
  readonly spki: Buffer
}

/** What a certificate looks like from outside, whatever it is for. */
export interface Minted extends Keys {
  readonly der: Buffer
  readonly pem: string
  readonly keyPem: string
  /** The encoded subject. */
  readonly subject: Buffer
}

/** Every field of a certificate; the Buffers go in as they are. */
export interface CertificateFields {
  readonly subject: Buffer
  readonly keys: Keys
  readonly issuer: { readonly subject: Buffer; readonly key: KeyObject }
  readonly notBefore: Date | Buffer
  readonly notAfter: Date | Buffer
  readonly extensions?: readonly MintedExtension[]
  /** 0 is v1 and left out of the encoding; default 2 (v3). */
  readonly version?: number
  readonly serial?: number | bigint | Buffer
  /** AlgorithmIdentifier inside what is signed. */
  readonly innerAlgorithm?: Buffer
  readonly outerAlgorithm?: Buffer
  /** Default: SHA-256 for RSA and P-256, SHA-384 for P-384, SHA-512 for P-521. */
  readonly digest?: string
  /** The signature's bits instead of the true ones. */
  readonly signature?: Buffer
  /** Replaces `[3] extensions` whole. */
  readonly rawExtensions?: Buffer
  /** issuerUniqueID and the like, between the key and the extensions. */
  readonly beforeExtensions?: Buffer
}

/** Signs exactly what it is given. */
export function mintCertificate(fields: CertificateFields): Minted {
  const { keys, issuer, version = 2 } = fields
  const inner = fields.innerAlgorithm ?? signatureAlgorithm(issuer.key, fields.digest)
  const tbs = der.sequence(
    ...(version === 0 ? [] : [der.context(0, der.integer(version))]),
    serialOf(fields.serial),
    inner,
    issuer.subject,
    der.sequence(timeOf(fields.notBefore), timeOf(fields.notAfter)),
    fields.subject,
    keys.spki,
    ...(fields.beforeExtensions === undefined ? [] : [fields.beforeExtensions]),
    fields.rawExtensions ?? encodedExtensions(fields.extensions ?? []),
  )
  const signature = fields.signature ?? sign(digestFor(issuer.key, fields.digest), tbs, issuer.key)
  const encoded = der.sequence(tbs, fields.outerAlgorithm ?? inner, der.bitString(signature))
  return {
    ...keys,
    der: encoded,
    pem: pemOfDer(encoded),
    keyPem: keys.key.export({ type: 'pkcs8', format: 'pem' }),
    subject: fields.subject,
  }
}

/** A fresh key pair. RSA takes a tenth of a second: share it between tests. */
export function mintKeys(type: KeyType = 'p256'): Keys {
  const { privateKey, publicKey } = pairOf(type)
  return { key: privateKey, spki: publicKey.export({ type: 'spki', format: 'der' }) }
}

const CURVES = { p256: 'P-256', p384: 'P-384', p521: 'P-521' } as const

function pairOf(type: KeyType): { privateKey: KeyObject; publicKey: KeyObject } {
  if (type === 'rsa1024' || type === 'rsa2048') {
    return generateKeyPairSync('rsa', { modulusLength: Number(type.slice(3)) })
  }
  if (type === 'ed25519') return generateKeyPairSync('ed25519')
  if (type === 'ed448') return generateKeyPairSync('ed448')
  if (type === 'ml-dsa-44') return generateKeyPairSync('ml-dsa-44')
  if (type === 'ml-dsa-65') return generateKeyPairSync('ml-dsa-65')
  if (type === 'ml-dsa-87') return generateKeyPairSync('ml-dsa-87')
  return generateKeyPairSync('ec', { namedCurve: CURVES[type] })
}

/** `[number] EXPLICIT Extensions`, or without that tag for `null`; nothing when there are none. */
export function encodedExtensions(
  extensions: readonly MintedExtension[],
  number: number | null = 3,
): Buffer {
  if (extensions.length === 0) return Buffer.alloc(0)
  const encoded = extensions.map(({ oid, critical = false, value }) =>
    der.sequence(der.oid(oid), ...(critical ? [der.boolean(true)] : []), der.octetString(value)),
  )
  const list = der.sequence(...encoded)
  return number === null ? list : der.context(number, list)
}

export function signatureAlgorithm(key: KeyObject, digest = digestFor(key)): Buffer {
  const type = key.asymmetricKeyType
  if (type === 'ed25519') return der.sequence(der.oid('1.3.101.112'))
  if (type === 'ed448') return der.sequence(der.oid('1.3.101.113'))
  const mlDsa = ML_DSA_SIGNATURES[type ?? '']
  if (mlDsa !== undefined) return der.sequence(der.oid(mlDsa))
  if (type === 'rsa')
    return der.sequence(der.oid(RSA_SIGNATURES[digest ?? ''] ?? '0.0'), der.nothing())
  return der.sequence(der.oid(ECDSA_SIGNATURES[digest ?? ''] ?? '0.0'))
}

const ML_DSA_SIGNATURES: Readonly<Record<string, string>> = {
  'ml-dsa-44': '2.16.840.1.101.3.4.3.17',
  'ml-dsa-65': '2.16.840.1.101.3.4.3.18',
  'ml-dsa-87': '2.16.840.1.101.3.4.3.19',
}

const RSA_SIGNATURES: Readonly<Record<string, string>> = {
  md5: '1.2.840.113549.1.1.4',
  sha1: '1.2.840.113549.1.1.5',
  sha256: '1.2.840.113549.1.1.11',
  sha384: '1.2.840.113549.1.1.12',
  sha512: '1.2.840.113549.1.1.13',
}

const ECDSA_SIGNATURES: Readonly<Record<string, string>> = {
  sha1: '1.2.840.10045.4.1',
  sha256: '1.2.840.10045.4.3.2',
  sha384: '1.2.840.10045.4.3.3',
  sha512: '1.2.840.10045.4.3.4',
}

function digestFor(key: KeyObject, wanted?: string): string | undefined {
  if (wanted !== undefined) return wanted
  if (key.asymmetricKeyType === 'rsa') return 'sha256'
  if (key.asymmetricKeyType !== 'ec') return undefined
  const curve = key.asymmetricKeyDetails?.namedCurve
  return curve === 'secp384r1' ? 'sha384' : curve === 'secp521r1' ? 'sha512' : 'sha256'
}

function serialOf(serial: number | bigint | Buffer | undefined): Buffer {
  if (Buffer.isBuffer(serial)) return der.tlv(0x02, serial)
  if (serial !== undefined) return der.integer(serial)
  return der.integer(BigInt(`0x40${randomBytes(15).toString('hex')}`))
}

const timeOf = (at: Date | Buffer): Buffer => (Buffer.isBuffer(at) ? at : der.time(at))

export const pemOfDer = (encoded: Uint8Array): string =>
  `-----BEGIN CERTIFICATE-----\n${
    Buffer.from(encoded)
      .toString('base64')
      .match(/.{1,64}/gu)
      ?.join('\n') ?? ''
  }\n-----END CERTIFICATE-----\n`
