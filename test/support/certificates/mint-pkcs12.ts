/**
 * Writes PKCS#12 files part by part (RFC 7292 §4), so that a test can make the variant that it is about. It shares no line
 * with the reader; whether a file is right, the runtime's OpenSSL says.
 */
import {
  createCipheriv,
  createHmac,
  pbkdf2Sync,
  scryptSync,
  type CipherGCMTypes,
} from 'node:crypto'
import * as der from './der-writer.ts'

const OIDS = {
  data: '1.2.840.113549.1.7.1',
  encryptedData: '1.2.840.113549.1.7.6',
  pbes2: '1.2.840.113549.1.5.13',
  pbkdf2: '1.2.840.113549.1.5.12',
  pbmac1: '1.2.840.113549.1.5.14',
  scrypt: '1.3.6.1.4.1.11591.4.11',
  hmacSha256: '1.2.840.113549.2.9',
  x509: '1.2.840.113549.1.9.22.1',
} as const

/** Object identifiers of ciphers, by the runtime's name. */
const CIPHERS: Readonly<Record<string, string>> = {
  'aes-128-cbc': '2.16.840.1.101.3.4.1.2',
  'aes-256-cbc': '2.16.840.1.101.3.4.1.42',
  'aes-256-gcm': '2.16.840.1.101.3.4.1.46',
  'camellia-256-cbc': '1.2.392.200011.61.1.1.1.4',
  'aria-256-cbc': '1.2.410.200046.1.1.12',
  'sm4-cbc': '1.2.156.10197.1.104.2',
  'des-ede3-cbc': '1.2.840.113549.3.7',
}
const KEY_SIZES: Readonly<Record<string, number>> = {
  'aes-128-cbc': 16,
  'sm4-cbc': 16,
  'des-ede3-cbc': 24,
}

/** How a part is encrypted, and with which numbers in the file. */
export interface Encryption {
  readonly passphrase: string
  readonly cipher?: string
  readonly iterations?: number
  readonly salt?: Buffer
  /** The identifier that stands in the place of the cipher's. */
  readonly named?: string
  readonly scrypt?: { readonly cost: number; readonly blockSize: number }
}

const SALT = Buffer.from('0123456789abcdef')

interface Encrypted {
  readonly algorithm: Buffer
  readonly octets: Buffer
}

function encrypted(plain: Buffer, how: Encryption): Encrypted {
  const { cipher = 'aes-256-cbc', named = CIPHERS[cipher] ?? '' } = how
  const isGcm = cipher.endsWith('-gcm')
  const iv = Buffer.alloc(isGcm ? 12 : cipher.startsWith('des') ? 8 : 16, 7)
  const key = keyOf(how, KEY_SIZES[cipher] ?? 32)
  const ivElement = der.octetString(iv)
  const scheme = der.sequence(
    der.oid(named),
    isGcm ? der.sequence(ivElement, der.integer(16)) : ivElement,
  )
  const algorithm = der.sequence(der.oid(OIDS.pbes2), der.sequence(derivation(how), scheme))
  if (!isGcm) {
    const cipherer = createCipheriv(cipher, key, iv)
    return { algorithm, octets: Buffer.concat([cipherer.update(plain), cipherer.final()]) }
  }
  const cipherer = createCipheriv(cipher as CipherGCMTypes, key, iv)
  const octets = [cipherer.update(plain), cipherer.final()]
  return { algorithm, octets: Buffer.concat([...octets, cipherer.getAuthTag()]) }
}

/** Derives for the numbers that stand there, or for small ones in place of those that no machine could. */
function keyOf(
  { passphrase, iterations = 4, salt = SALT, scrypt }: Encryption,
  size: number,
): Buffer {
  if (scrypt !== undefined) {
    const isLarge = scrypt.cost * scrypt.blockSize > 100_000
    return scryptSync(passphrase, salt, size, {
      N: isLarge ? 2 : scrypt.cost,
      r: isLarge ? 1 : scrypt.blockSize,
      p: 1,
    })
  }
  return pbkdf2Sync(passphrase, salt, iterations > 1_000_000 ? 1 : iterations, size, 'sha256')
}

function derivation(
  { iterations = 4, salt = SALT, scrypt }: Omit<Encryption, 'passphrase'>,
  ...size: readonly Buffer[]
): Buffer {
  if (scrypt !== undefined) {
    const numbers = [scrypt.cost, scrypt.blockSize, 1].map((one) => der.integer(one))
    return der.sequence(der.oid(OIDS.scrypt), der.sequence(der.octetString(salt), ...numbers))
  }
  const hmac = der.sequence(der.oid(OIDS.hmacSha256), der.nothing())
  return der.sequence(
    der.oid(OIDS.pbkdf2),
    der.sequence(der.octetString(salt), der.integer(iterations), ...size, hmac),
  )
}

const bag = (number: number, value: Buffer): Buffer =>
  der.sequence(der.oid(`1.2.840.113549.1.12.10.1.${number}`), der.context(0, value))

export const keyBag = (pkcs8: Buffer): Buffer => bag(1, pkcs8)

export function encryptedKeyBag(pkcs8: Buffer, how: Encryption): Buffer {
  const { algorithm, octets } = encrypted(pkcs8, how)
  return bag(2, der.sequence(algorithm, der.octetString(octets)))
}

export const certificateBag = (certificate: Buffer, type: string = OIDS.x509): Buffer =>
  bag(3, der.sequence(der.oid(type), der.context(0, der.octetString(certificate))))

/** A secret key as a Java keystore has it; what is inside is of no concern here. */
export const secretBag = (): Buffer =>
  bag(5, der.sequence(der.oid('1.2.840.113549.1.12.10.1.2'), der.context(0, der.octetString(SALT))))

/** A bag of a type that is not defined. */
export const unknownBag = (): Buffer => bag(77, der.nothing())

/** Bags in a bag. */
export const nestedBag = (...bags: readonly Buffer[]): Buffer => bag(6, der.sequence(...bags))

export const plainSafe = (...bags: readonly Buffer[]): Buffer =>
  der.sequence(der.oid(OIDS.data), der.context(0, der.octetString(der.sequence(...bags))))

export const encryptedSafe = (bags: readonly Buffer[], how: Encryption): Buffer =>
  encryptedOctets(der.sequence(...bags), how)

/** A safe over whatever octets. */
export function encryptedOctets(plain: Buffer, how: Encryption): Buffer {
  const { algorithm, octets } = encrypted(plain, how)
  const info = der.sequence(der.oid(OIDS.data), algorithm, der.contextPrimitive(0, octets))
  return der.sequence(
    der.oid(OIDS.encryptedData),
    der.context(0, der.sequence(der.integer(0), info)),
  )
}

/** A safe that is closed for the holder of a private key. */
export const envelopedSafe = (): Buffer =>
  der.sequence(der.oid('1.2.840.113549.1.7.3'), der.context(0, der.sequence(der.integer(0))))

/** A whole file, with PBMAC1 where there is a passphrase for it. */
export function pkcs12Of(
  safes: readonly Buffer[],
  mac?: Omit<Encryption, 'cipher'> & { readonly mac?: Buffer },
): Buffer {
  const content = der.sequence(...safes)
  return pfxOf(content, mac?.mac ?? (mac && pbmac1(content, mac)))
}

/** The outermost; what goes in is written as it is. */
export const pfxOf = (content: Buffer, mac: Buffer = Buffer.alloc(0)): Buffer =>
  der.sequence(
    der.integer(3),
    der.sequence(der.oid(OIDS.data), der.context(0, der.octetString(content))),
    mac,
  )

/** RFC 9579 §4. */
function pbmac1(content: Buffer, how: Encryption): Buffer {
  const digest = createHmac('sha256', keyOf(how, 32)).update(content).digest()
  const hmac = der.sequence(der.oid(OIDS.hmacSha256), der.nothing())
  const algorithm = der.sequence(
    der.oid(OIDS.pbmac1),
    der.sequence(derivation(how, der.integer(32)), hmac),
  )
  const info = der.sequence(algorithm, der.octetString(digest))
  return der.sequence(info, der.octetString(SALT), der.integer(1))
}

/** A MAC of a kind that nothing here makes. */
export const foreignMac = (oid: string, salt = SALT, iterations = 1): Buffer =>
  der.sequence(
    der.sequence(der.sequence(der.oid(oid), der.nothing()), der.octetString(Buffer.alloc(32))),
    der.octetString(salt),
    der.integer(iterations),
  )
