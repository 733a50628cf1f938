/**
 * The CAs of random fleets, and certificates of each: minted once, whatever state they are then put in.
 */
import { hash } from 'node:crypto'
import type { RawCertificate } from '../../../src/identify/presented.ts'
import type { Fingerprint, Instant } from '../../../src/kernel/types.ts'
import { parseCertificate, type Certificate } from '../../../src/x509/certificate.ts'
import { mintCrl } from '../../support/certificates/mint-crl.ts'
import { mintingAt, type Ca } from '../../support/certificates/mint.ts'

/** Where the clock of every state stands. */
export const NOW = Date.UTC(2026, 10, 22) as Instant
export const DAY = 86_400_000
const { mintCa, mintLeaf } = mintingAt(NOW)

const lifetime = { notBefore: NOW - 1000 * DAY, notAfter: NOW + 1000 * DAY }
const ca = (name: string, options: Parameters<typeof mintCa>[0] = {}): Ca =>
  mintCa({ name, ...lifetime, ...options })

const first = ca('First')
const second = ca('Second')
const root = ca('Shared Root')
const third = ca('Third', { issuer: root })
const fourth = ca('Fourth', { issuer: root })
const ended = ca('Ended', { notAfter: NOW - DAY })
const stranger = ca('Stranger')
/** The name of the first with another key. */
const namesake = ca('First')
/** The key of the first under the second. */
const crossed = ca('First', { issuer: second, keys: { key: first.key, spki: first.spki } })

/** Chains of enrollment settings, the CA that signs devices first. */
export const CHAINS = {
  first: [first],
  second: [second],
  bridge: [crossed, second],
  third: [third, root],
  fourth: [fourth, root],
  ended: [ended],
  namesake: [namesake],
} as const satisfies Readonly<Record<string, readonly Ca[]>>

export type SettingName = keyof typeof CHAINS
export const SETTINGS = Object.keys(CHAINS) as [SettingName, ...SettingName[]]
export const FIRST_PEM = first.pem
export const FIRST_KEY = hash('sha256', first.spki)

const ISSUERS = { first, second, third, fourth, ended, stranger, namesake } as const
const BEGINS = { old: NOW - 400 * DAY, before: NOW - 15 * DAY, after: NOW - 5 * DAY }
const ENDS = {
  valid: NOW + 300 * DAY,
  due: NOW + 10 * DAY,
  'in grace': NOW - 9 * DAY,
  'beyond grace': NOW - 60 * DAY,
}

/** A certificate and what is shown with it. */
export interface Shown {
  readonly label: string
  readonly leaf: RawCertificate
  readonly certificate: Certificate
  readonly intermediates: readonly RawCertificate[]
  readonly issuer: keyof typeof ISSUERS
}

const raw = (der: Buffer): RawCertificate => ({
  der,
  fingerprint: hash('sha256', der) as Fingerprint,
})

function shown(
  issuer: keyof typeof ISSUERS,
  label: string,
  options: Omit<Parameters<typeof mintLeaf>[0], 'issuer'>,
): Shown {
  const signer = ISSUERS[issuer]
  const leaf = raw(mintLeaf({ issuer: signer, name: label, ...options }).der)
  const parsed = parseCertificate(leaf.der, leaf.fingerprint)
  if (!parsed.ok) throw new Error('the test mints what we cannot read')
  const intermediates = signer === third || signer === fourth ? [raw(signer.der)] : []
  return { label, leaf, certificate: parsed.value, intermediates, issuer }
}

/** Certificates of every CA and age, two of each: one without a signed id, one with an id that it may share. */
export const POOL: readonly Shown[] = Object.keys(ISSUERS).flatMap((issuer, at) =>
  Object.entries(BEGINS).flatMap(([begun, notBefore]) =>
    Object.entries(ENDS).flatMap(([end, notAfter], index) => {
      if (notAfter < notBefore) return []
      const label = `${issuer}, issued ${begun}, ${end}`
      const uris = [`urn:x-device:${(at + index) % 5}`]
      const make = (name: string, more: object) =>
        shown(issuer as keyof typeof ISSUERS, name, { notBefore, notAfter, ...more })
      return [make(label, {}), make(`${label}, with an id`, { uris })]
    }),
  ),
)

const fresh = new Map<string, Shown>()

/** A device of a setting that nothing is known of, with a certificate from that moment. */
export function unmet(setting: SettingName, notBefore: Instant): Shown {
  const key = `${setting} ${notBefore}`
  const issuer = setting === 'bridge' ? 'first' : setting
  const known = fresh.get(key) ?? shown(issuer, key, { notBefore, notAfter: NOW + 900 * DAY })
  fresh.set(key, known)
  return known
}

/** The same device with the cross certificate, as one whose CA told it to show that. */
export const withCross = (one: Shown): Shown => ({
  ...one,
  label: `${one.label}, showing the cross certificate`,
  intermediates: [raw(crossed.der)],
})

/** A list of the first CA that names every third of its devices. */
export function revocationList(): Buffer {
  const revoked = POOL.filter(({ issuer }, at) => issuer === 'first' && at % 3 === 0)
  return mintCrl({
    issuer: first,
    revoked: revoked.map(({ certificate: { serial } }) => ({
      serial: Buffer.from(serial, 'hex'),
      at: new Date(NOW - DAY),
    })),
    thisUpdate: new Date(NOW - DAY),
    nextUpdate: new Date(NOW + DAY),
  })
}
