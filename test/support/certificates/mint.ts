/**
 * The test CA: keys and certificates by the dozen, P-256 unless asked otherwise, valid from a day before now for a
 * year. Now is the real clock's; a test whose clock stands elsewhere mints with `mintingAt`.
 */
import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import { isIPv4 } from 'node:net'
import * as der from './der-writer.ts'
import {
  mintCertificate,
  mintKeys,
  type Keys,
  type KeyType,
  type Minted,
  type MintedExtension,
} from './mint-certificate.ts'

export type Purpose = 'clientAuth' | 'serverAuth'

export interface Ca extends Minted {
  /** The same as `der`. */
  readonly certificate: Buffer
  /** The common name. */
  readonly name: string
  /** This CA and the intermediates above it; empty when it is self-signed, for a root is not presented. */
  readonly chainPem: string
}

export interface Leaf extends Minted {
  /** The leaf and its intermediates, as a TLS peer presents them. */
  readonly chainPem: string
}

export interface CaOptions {
  readonly name?: string
  /** The whole encoded subject, when a common name is not enough. */
  readonly subject?: Buffer
  readonly keyType?: KeyType
  readonly keys?: Keys
  readonly notBefore?: Date | number
  readonly notAfter?: Date | number
  /** What the clock shows by which it is judged; default: the real clock's time. */
  readonly now?: number
  /** Left out means self-signed. */
  readonly issuer?: Ca
  readonly pathLength?: number
  /** The whole AlgorithmIdentifier of the signature. */
  readonly innerAlgorithm?: Buffer
  /** Added to the usual ones; one with the same oid replaces the usual one. */
  readonly extensions?: readonly MintedExtension[]
  /** Extensions to leave out, by oid. */
  readonly without?: readonly string[]
}

export interface LeafOptions {
  readonly issuer: Ca
  readonly name?: string
  /** The whole encoded subject, when a common name is not enough. */
  readonly subject?: Buffer
  readonly notBefore?: Date | number
  readonly notAfter?: Date | number
  /** What the clock shows by which it is judged; default: the real clock's time. */
  readonly now?: number
  /** Extended key usages; `[]` leaves the extension out. */
  readonly purposes?: readonly Purpose[]
  readonly dns?: readonly string[]
  readonly ips?: readonly string[]
  readonly uris?: readonly string[]
  readonly emails?: readonly string[]
  readonly keyType?: KeyType
  readonly key?: KeyObject
  readonly keys?: Keys
  readonly serial?: number | bigint | Buffer
  /** Default: what suits the issuer's key. */
  readonly digest?: string
  /** The whole AlgorithmIdentifier of the signature. */
  readonly innerAlgorithm?: Buffer
  /** Signed with its own key and named as its own issuer; `issuer` is then not used. */
  readonly selfSigned?: boolean
  readonly extensions?: readonly MintedExtension[]
  readonly without?: readonly string[]
}

const DAY = 86_400_000

export interface Minting {
  readonly mintCa: (options?: CaOptions) => Ca
  readonly mintLeaf: (options: LeafOptions) => Leaf
}

/**
 * The test CA of a clock that stands at `now`, in milliseconds since 1970: what a fixed clock judges and the clock
 * come from one place, so that the verdict does not depend on the day of the run.
 */
export const mintingAt = (now: number): Minting => ({
  mintCa: (options) => mintCa({ now, ...options }),
  mintLeaf: (options) => mintLeaf({ now, ...options }),
})

/** A certification authority, self-signed unless it has an issuer. */
export function mintCa(options: CaOptions = {}): Ca {
  const { name = 'Test CA', issuer } = options
  const keys = options.keys ?? mintKeys(options.keyType)
  const subject = options.subject ?? der.commonName(name)
  const usual = [
    basicConstraints(true, options.pathLength),
    keyUsage('keyCertSign', 'cRLSign'),
    subjectKeyIdentifier(keys.spki),
    ...(issuer === undefined ? [] : [authorityKeyIdentifier(issuer.spki)]),
  ]
  const minted = mintCertificate({
    subject,
    keys,
    issuer: issuer ?? { subject, key: keys.key },
    ...validityOf(options),
    ...(options.innerAlgorithm === undefined ? {} : { innerAlgorithm: options.innerAlgorithm }),
    extensions: merged(usual, options),
  })
  const chainPem = issuer === undefined ? '' : minted.pem + issuer.chainPem
  return { ...minted, certificate: minted.der, name, chainPem }
}

/** An end entity's certificate, for TLS clients unless asked otherwise. */
export function mintLeaf(options: LeafOptions): Leaf {
  const { issuer, purposes = ['clientAuth'], selfSigned = false } = options
  const keys = keysFor(options)
  const subject = options.subject ?? der.commonName(options.name ?? 'device-1')
  const names = generalNames(options)
  const usual = [
    keyUsage('digitalSignature'),
    ...(purposes.length === 0 ? [] : [extendedKeyUsage(...purposes.map((one) => PURPOSES[one]))]),
    ...(names.length === 0 ? [] : [{ oid: OIDS.subjectAltName, value: der.sequence(...names) }]),
    ...(selfSigned ? [] : [authorityKeyIdentifier(issuer.spki)]),
  ]
  const minted = mintCertificate({
    subject,
    keys,
    issuer: selfSigned ? { subject, key: keys.key } : issuer,
    ...validityOf(options),
    ...(options.serial === undefined ? {} : { serial: options.serial }),
    ...(options.digest === undefined ? {} : { digest: options.digest }),
    ...(options.innerAlgorithm === undefined ? {} : { innerAlgorithm: options.innerAlgorithm }),
    extensions: merged(usual, options),
  })
  return { ...minted, chainPem: minted.pem + (selfSigned ? '' : issuer.chainPem) }
}

function keysFor(options: LeafOptions): Keys {
  if (options.keys !== undefined) return options.keys
  if (options.key === undefined) return mintKeys(options.keyType)
  return { key: options.key, spki: publicHalf(options.key) }
}

function publicHalf(key: KeyObject): Buffer {
  return createPublicKey(key).export({ type: 'spki', format: 'der' })
}

/** Object identifiers of the extensions that tests name. */
export const OIDS = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  certificatePolicies: '2.5.29.32',
  policyMappings: '2.5.29.33',
  authorityKeyIdentifier: '2.5.29.35',
  policyConstraints: '2.5.29.36',
  extendedKeyUsage: '2.5.29.37',
  inhibitAnyPolicy: '2.5.29.54',
} as const

const PURPOSES = { serverAuth: '1.3.6.1.5.5.7.3.1', clientAuth: '1.3.6.1.5.5.7.3.2' } as const

export function basicConstraints(ca: boolean, pathLength?: number): MintedExtension {
  const parts = [
    ...(ca ? [der.boolean(true)] : []),
    ...(pathLength === undefined ? [] : [der.integer(pathLength)]),
  ]
  return { oid: OIDS.basicConstraints, critical: true, value: der.sequence(...parts) }
}

const USAGE_BITS = {
  digitalSignature: 0,
  keyEncipherment: 2,
  keyAgreement: 4,
  keyCertSign: 5,
  cRLSign: 6,
} as const

export function keyUsage(...usages: readonly (keyof typeof USAGE_BITS)[]): MintedExtension {
  const bits = usages.map((usage) => USAGE_BITS[usage])
  const octet = bits.reduce<number>((sum, bit) => sum | (0x80 >> bit), 0)
  // DER drops the trailing zero bits of a named bit list.
  const value = der.bitString(Buffer.from([octet]), 7 - Math.max(...bits))
  return { oid: OIDS.keyUsage, critical: true, value }
}

export const extendedKeyUsage = (...purposes: readonly string[]): MintedExtension => ({
  oid: OIDS.extendedKeyUsage,
  value: der.sequence(...purposes.map(der.oid)),
})

export const subjectKeyIdentifier = (spki: Buffer): MintedExtension => ({
  oid: OIDS.subjectKeyIdentifier,
  value: der.octetString(keyIdentifier(spki)),
})

export const authorityKeyIdentifier = (issuerSpki: Buffer): MintedExtension => ({
  oid: OIDS.authorityKeyIdentifier,
  value: der.sequence(der.contextPrimitive(0, keyIdentifier(issuerSpki))),
})

const keyIdentifier = (spki: Buffer): Buffer => createHash('sha1').update(spki).digest()

/** GeneralName encodings of everything a leaf's options name (RFC 5280 §4.2.1.6). */
function generalNames({ dns = [], ips = [], uris = [], emails = [] }: LeafOptions): Buffer[] {
  const latin = (tag: number) => (text: string) =>
    der.contextPrimitive(tag, Buffer.from(text, 'latin1'))
  return [
    ...emails.map(latin(1)),
    ...dns.map(latin(2)),
    ...uris.map(latin(6)),
    ...ips.map((ip) => der.contextPrimitive(7, ipOctets(ip))),
  ]
}

/** The four or sixteen octets of an address. */
export function ipOctets(ip: string): Buffer {
  if (isIPv4(ip)) return Buffer.from(ip.split('.').map(Number))
  const [head = '', tail] = ip.split('::')
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'))
  const before = groups(head)
  const after = tail === undefined ? [] : groups(tail)
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0')
  const all = [...before, ...zeros, ...after].map((group) => group.padStart(4, '0'))
  return Buffer.from(all.join(''), 'hex')
}

function merged(
  usual: readonly MintedExtension[],
  { extensions = [], without = [] }: Pick<LeafOptions, 'extensions' | 'without'>,
): MintedExtension[] {
  const replaced = new Set([...without, ...extensions.map(({ oid }) => oid)])
  return [...usual.filter(({ oid }) => !replaced.has(oid)), ...extensions]
}

function validityOf(options: Pick<LeafOptions, 'notBefore' | 'notAfter' | 'now'>): {
  notBefore: Date
  notAfter: Date
} {
  const now = options.now ?? Date.now()
  return {
    notBefore: new Date(options.notBefore ?? now - DAY),
    notAfter: new Date(options.notAfter ?? now + 365 * DAY),
  }
}
