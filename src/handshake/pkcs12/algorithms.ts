/** The algorithms that PKCS#12 files name, as the runtime calls them. */
import { getCiphers, getHashes } from 'node:crypto'

/** Digests, by object identifier. */
const DIGESTS: Readonly<Record<string, string>> = {
  '1.2.840.113549.2.5': 'md5',
  '1.3.14.3.2.26': 'sha1',
  '1.3.36.3.2.1': 'ripemd160',
  '2.16.840.1.101.3.4.2.4': 'sha224',
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
  '2.16.840.1.101.3.4.2.5': 'sha512-224',
  '2.16.840.1.101.3.4.2.6': 'sha512-256',
  '2.16.840.1.101.3.4.2.7': 'sha3-224',
  '2.16.840.1.101.3.4.2.8': 'sha3-256',
  '2.16.840.1.101.3.4.2.9': 'sha3-384',
  '2.16.840.1.101.3.4.2.10': 'sha3-512',
}

/** The digest of an HMAC, by the HMAC's object identifier. */
const HMACS: Readonly<Record<string, string>> = {
  '1.2.840.113549.2.6': 'md5',
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.8': 'sha224',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
  '1.2.840.113549.2.12': 'sha512-224',
  '1.2.840.113549.2.13': 'sha512-256',
  '2.16.840.1.101.3.4.2.13': 'sha3-224',
  '2.16.840.1.101.3.4.2.14': 'sha3-256',
  '2.16.840.1.101.3.4.2.15': 'sha3-384',
  '2.16.840.1.101.3.4.2.16': 'sha3-512',
}

/** Ciphers of PBES2 (RFC 8018 §6.2), by object identifier. */
const CIPHERS: Readonly<Record<string, string>> = {
  '2.16.840.1.101.3.4.1.2': 'aes-128-cbc',
  '2.16.840.1.101.3.4.1.6': 'aes-128-gcm',
  '2.16.840.1.101.3.4.1.22': 'aes-192-cbc',
  '2.16.840.1.101.3.4.1.26': 'aes-192-gcm',
  '2.16.840.1.101.3.4.1.42': 'aes-256-cbc',
  '2.16.840.1.101.3.4.1.46': 'aes-256-gcm',
  '1.2.392.200011.61.1.1.1.2': 'camellia-128-cbc',
  '1.2.392.200011.61.1.1.1.3': 'camellia-192-cbc',
  '1.2.392.200011.61.1.1.1.4': 'camellia-256-cbc',
  '1.2.410.200046.1.1.2': 'aria-128-cbc',
  '1.2.410.200046.1.1.7': 'aria-192-cbc',
  '1.2.410.200046.1.1.12': 'aria-256-cbc',
  '1.2.156.10197.1.104.2': 'sm4-cbc',
  '1.2.840.113549.3.7': 'des-ede3-cbc',
}

/** What files name and nothing here does, for the sentence that says so. */
const NAMES: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.5.1': 'PBES1 with MD2 and DES',
  '1.2.840.113549.1.5.3': 'PBES1 with MD5 and DES',
  '1.2.840.113549.1.5.4': 'PBES1 with MD2 and RC2',
  '1.2.840.113549.1.5.6': 'PBES1 with MD5 and RC2',
  '1.2.840.113549.1.5.10': 'PBES1 with SHA-1 and DES',
  '1.2.840.113549.1.5.11': 'PBES1 with SHA-1 and RC2',
  '1.2.840.113549.1.5.12': 'PBKDF2',
  '1.2.840.113549.1.12.1.1': 'RC4 with 128 bits',
  '1.2.840.113549.1.12.1.2': 'RC4 with 40 bits',
  '1.2.840.113549.1.7.2': 'by signature',
  '1.2.840.113549.1.7.3': 'to a public key',
  '1.2.643.2.2.9': 'GOST R 34.11-94',
  '1.2.643.7.1.1.2.2': 'GOST R 34.11-2012 with 256 bits',
  '1.2.643.7.1.1.2.3': 'GOST R 34.11-2012 with 512 bits',
  '1.2.643.7.1.1.1.1': 'GOST R 34.10-2012 with 256 bits',
  '1.2.643.7.1.1.1.2': 'GOST R 34.10-2012 with 512 bits',
  '1.2.840.10040.4.1': 'DSA',
  '1.2.840.10046.2.1': 'DH',
}

const hashes = new Set(getHashes())
const ciphers = new Set(getCiphers())

/** The runtime's digest of this identifier; undefined where it has none. */
export const digestOf = (oid: string): string | undefined => known(DIGESTS[oid], hashes)

/** The runtime's digest under this HMAC. */
export const hmacDigestOf = (oid: string): string | undefined => known(HMACS[oid], hashes)

/** The runtime's cipher of this identifier. */
export const cipherOf = (oid: string): string | undefined => known(CIPHERS[oid], ciphers)

/** What people call an algorithm; its identifier where they hardly ever do. */
export const nameOf = (oid: string): string =>
  NAMES[oid] ?? CIPHERS[oid] ?? DIGESTS[oid] ?? HMACS[oid] ?? oid

const known = (name: string | undefined, all: ReadonlySet<string>): string | undefined =>
  name !== undefined && all.has(name) ? name : undefined
