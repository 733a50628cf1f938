/**
 * Our own side of mutual TLS: a chain and its key, and the checks an operator wants before a fleet
 * meets them (S0-17, S0-42): the key fits, the chain is in order, and the names cover the hosts.
 */
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import { isIP } from 'node:net'
import { errorCode } from '../kernel/error-code.ts'
import { fail, ok, type Fault, type Result } from '../kernel/types.ts'
import { certificatesIn } from '../x509/file/certificate-file.ts'
import { derEnd } from '../x509/file/der-end.ts'
import { placeText } from '../x509/file/read-file.ts'
import { printedHosts } from '../x509/printed-hosts.ts'
import { keyWithinLimits } from './key-rounds.ts'
import { explainPkcs12 } from './pkcs12/failure.ts'
import type { OpenedPkcs12 } from './pkcs12/open.ts'

/** A file that configuration has read: `at` is where the file is named, for faults. */
export interface LoadedFile {
  readonly at: string
  readonly path: string
  readonly bytes: Buffer
}

/** Where an identity comes from. */
export type IdentitySource =
  | {
      readonly kind: 'pem'
      readonly chain: LoadedFile
      readonly key: LoadedFile
      readonly passphrase: Passphrase | undefined
    }
  /** Opened already, by the process that read the configuration: the others need neither file nor passphrase. */
  | {
      readonly kind: 'pkcs12'
      readonly at: string
      readonly opened: Pick<OpenedPkcs12, 'certificatePems' | 'keyPem'>
    }
  /** A part of it lies in the store, which was not looked into: it is served by none. */
  | { readonly kind: 'sealed'; readonly at: string; readonly name: string }

/** What opens an encrypted key; never to be printed. */
export interface Passphrase {
  readonly text: string
}

/** A certificate chain with its key, leaf first, ready for a TLS context. */
export interface ServerIdentity {
  readonly certificates: readonly [X509Certificate, ...X509Certificate[]]
  readonly chainPem: string
  readonly keyPem: string
  /** DNS names and IP addresses of the leaf's subject alternative name, as Node prints them. */
  readonly names: readonly string[]
  readonly at: string
}

/** Reads and checks one identity; every fault of it at once. */
export function serverIdentity(source: IdentitySource): Result<ServerIdentity, readonly Fault[]> {
  if (source.kind === 'sealed') {
    const message = `found the secret ${source.name} of the store that was not looked at, wanted its content`
    return fail([{ at: source.at, message }])
  }
  const material = source.kind === 'pem' ? fromPem(source) : fromPkcs12(source)
  if (!material.ok) return material
  const { certificates, keyPem, at } = material.value
  const key = createPrivateKey(keyPem)
  const leaf = certificates.find((one) => one.checkPrivateKey(key))
  if (leaf === undefined) {
    const message = `found a private key that belongs to none of the ${certificates.length} certificate(s), wanted the key of the first one: pair them again`
    return fail([{ at, message }])
  }
  const chain = inOrder(leaf, certificates)
  return ok({
    certificates: chain,
    chainPem: chain.map((one) => one.toString()).join(''),
    keyPem,
    names: printedHosts(leaf.subjectAltName),
    at,
  })
}

/** The hosts that none of the identities is valid for; a common name does not count. */
export function uncoveredHosts(
  identities: readonly ServerIdentity[],
  hosts: readonly string[],
): readonly string[] {
  return hosts.filter((host) => !identities.some((identity) => covers(identity, host)))
}

/** Whether an identity's subject alternative names match a host name or an IP address. */
export function covers(identity: ServerIdentity, host: string): boolean {
  const leaf = identity.certificates[0]
  if (isIP(host) !== 0) return leaf.checkIP(host) !== undefined
  // A configured wildcard host is covered by the same wildcard, or by what covers any label under it.
  const probe = host.startsWith('*.') ? `any-label${host.slice(1)}` : host
  // A device names its host as it likes, and the matcher throws on what cannot be a name.
  return HOST_NAME.test(probe) && leaf.checkHost(probe, { subject: 'never' }) !== undefined
}

interface Material {
  readonly certificates: readonly [X509Certificate, ...X509Certificate[]]
  readonly keyPem: string
  readonly at: string
}

function fromPem(source: IdentitySource & { kind: 'pem' }): Result<Material, readonly Fault[]> {
  const faults: Fault[] = []
  const certificates: X509Certificate[] = []
  const { chain, key } = source
  const ders = certificatesIn(chain.bytes, { others: 'skipped', purpose: 'any' })
  for (const { place, message } of ders.ok ? [] : ders.failure) {
    const within = placeText(place)
    faults.push({
      at: chain.at,
      message: `${within === '' ? '' : `${within} of `}${chain.path}: ${message}`,
    })
  }
  for (const der of ders.ok ? ders.value : []) {
    try {
      certificates.push(new X509Certificate(der))
    } catch {
      const place = `certificate ${certificates.length + 1} of ${chain.path}`
      faults.push({
        at: chain.at,
        message: `found an unreadable ${place}, wanted X.509 in PEM: export the chain again`,
      })
      break
    }
  }
  const [first, ...rest] = certificates
  if (first === undefined && faults.length === 0) {
    faults.push({
      at: chain.at,
      message: `found no certificate in ${chain.path}, wanted a PEM chain, the server's own certificate first`,
    })
  }
  const keyPem = decryptKey(key, source.passphrase?.text)
  if (!keyPem.ok) faults.push(keyPem.failure)
  if (first === undefined || !keyPem.ok || faults.length > 0) return fail(faults)
  return ok({ certificates: [first, ...rest], keyPem: keyPem.value, at: chain.at })
}

function decryptKey(key: LoadedFile, passphrase: string | undefined): Result<string, Fault> {
  const within = passphrase === undefined ? undefined : keyWithinLimits(key.bytes)
  if (within?.ok === false) {
    return fail({ at: key.at, message: explainPkcs12(within.failure, key.path) })
  }
  try {
    const opened = openKey(key.bytes, passphrase)
    return ok(opened.export({ type: 'pkcs8', format: 'pem' }))
  } catch (error) {
    // With a passphrase: what decrypted by chance into well-formed padding is no key, and the TLS library then names that.
    const asksFor = passphrase === undefined ? errorCode(error) : complaintWithoutPassphrase(key)
    const encrypted = /MISSING_PASSPHRASE|INTERRUPTED_OR_CANCELLED/.test(asksFor)
    if (encrypted && passphrase === undefined) {
      return fail({
        at: key.at,
        message: `found an encrypted key in ${key.path} and no passphrase, wanted one: add \`passphrase: file:…\` or \`env:…\``,
      })
    }
    if (encrypted) {
      const known = /BAD_DECRYPT|BAD_PASSWORD/.test(errorCode(error))
      const scheme = known ? '' : ', and a key encrypted in a way that OpenSSL reads (AES-256)'
      return fail({
        at: key.at,
        message: `found a passphrase that does not open ${key.path}, wanted the right one${scheme}`,
      })
    }
    return fail({
      at: key.at,
      message: `found no readable private key in ${key.path}, wanted one in PEM or DER (PKCS#8, PKCS#1 or SEC1)`,
    })
  }
}

/** The code of what the TLS library says of a key that is opened without a passphrase; '' if it opens. */
function complaintWithoutPassphrase(key: LoadedFile): string {
  try {
    openKey(key.bytes, undefined)
    return ''
  } catch (error) {
    return errorCode(error)
  }
}

/** Opens a key in PEM, or in DER of any of the three forms; throws what the TLS library says. */
function openKey(bytes: Buffer, passphrase: string | undefined): KeyObject {
  const given = passphrase === undefined ? {} : { passphrase }
  if (derEnd(bytes) === undefined) return createPrivateKey({ key: bytes, ...given })
  for (const type of ['pkcs1', 'sec1'] as const) {
    try {
      return createPrivateKey({ key: bytes, format: 'der', type })
    } catch {
      // The only way to ask which of the forms it is; the last one's complaint is let through.
    }
  }
  return createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8', ...given })
}

function fromPkcs12({
  at,
  opened,
}: IdentitySource & { kind: 'pkcs12' }): Result<Material, readonly Fault[]> {
  const [first, ...rest] = opened.certificatePems.map((pem) => new X509Certificate(pem))
  // Who opened it has seen to both.
  if (first === undefined) throw new Error('an opened PKCS#12 file has a certificate')
  return ok({ certificates: [first, ...rest], keyPem: opened.keyPem, at })
}

/** Leaf, its issuer, that one's issuer …: TLS 1.2 asks for this order and files often have another. */
function inOrder(
  leaf: X509Certificate,
  pool: readonly X509Certificate[],
): readonly [X509Certificate, ...X509Certificate[]] {
  const chain: [X509Certificate, ...X509Certificate[]] = [leaf]
  for (let last = leaf; !isSelfIssued(last) && chain.length <= pool.length;) {
    const child = last
    const issuer = pool.find(
      (one) => one !== child && child.checkIssued(one) && child.verify(one.publicKey),
    )
    if (issuer === undefined) break
    chain.push(issuer)
    last = issuer
  }
  return chain
}

const isSelfIssued = (one: X509Certificate): boolean => one.subject === one.issuer

const HOST_NAME = /^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/i
