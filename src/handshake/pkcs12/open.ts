/**
 * Opens PKCS#12 files: takes the key and the certificates out, each as it stands there. It works as long as the file asks
 * for, within limits, and holds up its thread meanwhile: who serves opens them by `open-on-thread.ts`. Nothing that a file
 * says about its certificates is believed here.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { fail, ok, type Result } from '../../kernel/types.ts'
import type { Problem } from '../../x509/der-fault.ts'
import { DerReader, TAG } from '../../x509/der.ts'
import { pemOf } from '../../x509/pem.ts'
import { nameOf } from './algorithms.ts'
import { pkcs12Octets } from './armour.ts'
import { decrypt, type DecryptFailure } from './decrypt.ts'
import type { Pkcs12Failure, Unsupported } from './failure.ts'
import { isIntact } from './integrity.ts'
import { damaged, type Secret } from './key-derivation.ts'
import { MAX_BAGS, MAX_CERTIFICATES, Rounds, within } from './limits.ts'
import {
  readBags,
  readPfx,
  readSafes,
  type Bag,
  type Encrypted,
  type OtherBag,
  type Pfx,
} from './structure.ts'

/** What a `.p12` held. */
export interface OpenedPkcs12 {
  /** PKCS#8, the octets of the file, as PEM. */
  readonly keyPem: string
  /** Every certificate, in the order of the file. */
  readonly certificatePems: readonly string[]
  /** What else lies in it and is of no use to an identity, each kind once. */
  readonly unused: readonly Unused[]
}

/** A part that was left out. */
export type Unused =
  | { readonly kind: 'other'; readonly type: OtherBag; readonly count: number }
  /** Perhaps a certificate; the key and others came out. */
  | { readonly kind: 'closed'; readonly why: Unsupported }

/** Opens a file; without a passphrase an empty one is tried. */
export function openPkcs12(
  bytes: Buffer,
  passphrase: string | undefined,
  rounds = new Rounds(),
): Result<OpenedPkcs12, Pkcs12Failure> {
  const octets = pkcs12Octets(bytes)
  if (!octets.ok) return octets
  const pfx = readPfx(octets.value)
  if (!pfx.ok) return damaged(pfx.failure)
  let first: Result<never, Pkcs12Failure> | undefined
  for (const secret of secretsOf(passphrase ?? '')) {
    const opened = openWith(pfx.value, secret, rounds)
    if (opened.ok || !isAboutPassphrase(opened.failure)) return opened
    first ??= opened
  }
  return passphrase === undefined ? fail({ kind: 'no-passphrase' }) : (first ?? WRONG_PASSPHRASE)
}

const isAboutPassphrase = ({ kind }: Pkcs12Failure): boolean =>
  kind === 'wrong-passphrase' || kind === 'part-stays-closed'

/** An empty passphrase is written in two ways: as an empty text, and as none at all. */
function secretsOf(passphrase: string): readonly Secret[] {
  const utf8 = Buffer.from(passphrase, 'utf8')
  const utf16 = Buffer.from(`${passphrase}\0`, 'utf16le').swap16()
  const given = { utf8, utf16 }
  return passphrase === '' ? [given, { utf8, utf16: Buffer.alloc(0) }] : [given]
}

/** The state of one try with one passphrase. */
interface Try {
  readonly secret: Secret
  readonly rounds: Rounds
  /** The file is as it was under this passphrase, so that what stays closed has another one. */
  readonly isIntact: boolean
}

function openWith(
  { content, mac }: Pfx,
  secret: Secret,
  rounds: Rounds,
): Result<OpenedPkcs12, Pkcs12Failure> {
  if (content.kind === 'other') {
    const algorithm = nameOf(content.type)
    return fail({ kind: 'unsupported', what: 'integrity check', algorithm })
  }
  if (mac !== undefined) {
    const intact = isIntact(content.octets, mac, { secret, rounds })
    if (!intact.ok) return intact
    if (!intact.value) return WRONG_PASSPHRASE
  }
  const attempt = { secret, rounds, isIntact: mac !== undefined }
  const found = bagsIn(content.octets, attempt)
  if (!found.ok) return found
  const { bags, closed } = found.value
  const missing = (kind: 'no-certificate' | 'no-key'): Result<never, Pkcs12Failure> =>
    fail(closed[0] ?? { kind })
  const keys = bags.filter((bag) => bag.kind === 'key' || bag.kind === 'encrypted-key')
  const [key] = keys
  if (key === undefined) return missing('no-key')
  if (keys.length > 1) return fail({ kind: 'several-keys', count: keys.length })
  const certificates = certificatesIn(bags)
  if (!certificates.ok) return certificates
  if (certificates.value.length === 0) return missing('no-certificate')
  const keyPem = openKey(key, attempt)
  if (!keyPem.ok) return keyPem
  const unused = [...otherBags(bags), ...closed.map((why) => ({ kind: 'closed', why }) as const)]
  return ok({ keyPem: keyPem.value, certificatePems: certificates.value, unused })
}

interface Contents {
  readonly bags: readonly Bag[]
  /** Safes that no passphrase opens here. */
  readonly closed: readonly Unsupported[]
}

function bagsIn(octets: Buffer, attempt: Try): Result<Contents, Pkcs12Failure> {
  const safes = readSafes(octets)
  if (!safes.ok) return damaged(safes.failure)
  const few = within('bags', safes.value.length, MAX_BAGS)
  if (!few.ok) return few
  const bags: Bag[] = []
  const closed: Unsupported[] = []
  for (const safe of safes.value) {
    if (safe.kind === 'other') {
      closed.push({ kind: 'unsupported', what: 'encryption', algorithm: nameOf(safe.type) })
      continue
    }
    const content =
      safe.kind === 'plain' ? ok(safe.octets) : opened(safe.encrypted, 'certificates', attempt)
    if (!content.ok) {
      if (content.failure.kind !== 'unsupported') return fail(content.failure)
      closed.push(content.failure)
      continue
    }
    const found = readBags(content.value, MAX_BAGS)
    if (!found.ok) return damaged(found.failure)
    bags.push(...found.value)
    const fits = within('bags', bags.length, MAX_BAGS)
    if (!fits.ok) return fits
  }
  return ok({ bags, closed })
}

function opened(
  encrypted: Encrypted,
  part: 'certificates' | 'private key',
  { secret, rounds, isIntact }: Try,
): Result<Buffer, Pkcs12Failure> {
  const plain = decrypt(encrypted, secret, rounds)
  if (!plain.ok) return fail(unopened(plain.failure, part, isIntact))
  // One time in 256 the padding of octets that did not come out right fits by chance.
  const isPlain = beginsWithSequence(plain.value)
  return isPlain ? plain : fail(unopened({ kind: 'mismatch' }, part, isIntact))
}

/** Whether octets begin with a SEQUENCE, as all do that are encrypted in such files; BER's lengths are read after this. */
function beginsWithSequence(octets: Buffer): boolean {
  const reader = DerReader.over(octets)
  reader.step(TAG.sequence)
  return reader.fault === undefined || BER_LENGTHS.has(reader.fault.problem)
}

const BER_LENGTHS: ReadonlySet<Problem> = new Set<Problem>([
  'indefinite-length',
  'length-not-minimal',
])

function unopened(
  failure: DecryptFailure,
  part: 'certificates' | 'private key',
  isIntact: boolean,
): Pkcs12Failure {
  if (failure.kind !== 'mismatch') return failure
  return isIntact ? { kind: 'part-stays-closed', part } : { kind: 'wrong-passphrase' }
}

function openKey(
  bag: Bag & { kind: 'encrypted-key' | 'key' },
  attempt: Try,
): Result<string, Pkcs12Failure> {
  const pkcs8 = bag.kind === 'key' ? ok(bag.pkcs8) : opened(bag.encrypted, 'private key', attempt)
  if (!pkcs8.ok) return pkcs8
  try {
    createPrivateKey({ key: pkcs8.value, format: 'der', type: 'pkcs8' })
  } catch {
    const algorithm = keyAlgorithm(pkcs8.value)
    return fail({ kind: 'unreadable-key', algorithm: nameOf(algorithm ?? 'unknown') })
  }
  return ok(pemOf(pkcs8.value, 'PRIVATE KEY'))
}

/** The algorithm in a PKCS#8 key (RFC 5958 §2); undefined where that is none. */
function keyAlgorithm(pkcs8: Buffer): string | undefined {
  const reader = DerReader.over(pkcs8)
  const info = reader.enter(TAG.sequence)
  info.count()
  const oid = info.enter(TAG.sequence).oid()
  return reader.fault === undefined ? oid : undefined
}

function certificatesIn(bags: readonly Bag[]): Result<readonly string[], Pkcs12Failure> {
  const ders = bags.flatMap((bag) => (bag.kind === 'certificate' ? [bag.der] : []))
  const few = within('certificates', ders.length, MAX_CERTIFICATES)
  if (!few.ok) return few
  const pems: string[] = []
  for (const [index, der] of ders.entries()) {
    try {
      pems.push(pemOf(new X509Certificate(der).raw))
    } catch {
      return fail({ kind: 'unreadable-certificate', number: index + 1 })
    }
  }
  return ok(pems)
}

function otherBags(bags: readonly Bag[]): readonly Unused[] {
  const counts = new Map<OtherBag, number>()
  for (const bag of bags) {
    if (bag.kind === 'other') counts.set(bag.type, (counts.get(bag.type) ?? 0) + 1)
  }
  return [...counts].map(([type, count]) => ({ kind: 'other', type, count }))
}

const WRONG_PASSPHRASE: Result<never, Pkcs12Failure> = fail({ kind: 'wrong-passphrase' })
