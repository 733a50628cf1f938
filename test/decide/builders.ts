/**
 * Builders for the tables of this room: what a row does not say is a device certificate issued straight by a
 * current CA, both valid, no device denied, enforcement required.
 */
import { NO_REVOCATION } from '../../src/decide/policy.ts'
import type {
  Approval,
  ApprovalModel,
  Enforcement,
  Policy,
  RevocationPolicy,
  Standing,
} from '../../src/decide/policy.ts'
import type { Fingerprint, Instant, KeyFingerprint, Millis } from '../../src/kernel/types.ts'
import { digestOf } from '../../src/trust/signed-ids.ts'
import type { SoundPath } from '../../src/trust/validate.ts'
import type { Certificate, GeneralName } from '../../src/x509/certificate.ts'
import type { Name } from '../../src/x509/name.ts'

export const DAY = 86_400_000
export const at = (time: number): Instant => time as Instant

/** What the rows are built around: some day at noon; the leaf was issued a year earlier. */
export const EXPIRY = Date.UTC(2026, 5, 1, 12) + 999
export const ISSUED = EXPIRY - 365 * DAY
export const GRACE = 30 * DAY
export const RENEWAL_WINDOW = 60 * DAY

export interface PathParts {
  readonly notBefore?: number
  readonly notAfter?: number
  /** An intermediate between leaf and anchor. */
  readonly intermediate?: Lifetime
  readonly anchor?: Lifetime
  readonly setting?: string
  readonly names?: readonly GeneralName[]
  /** Certificate policies of the leaf. */
  readonly policies?: readonly string[]
}

interface Lifetime {
  readonly notBefore?: number
  readonly notAfter?: number
  readonly key?: string
  readonly policies?: readonly string[]
  readonly names?: readonly GeneralName[]
}

/** A path that is sound by decree; the cast stands for `trust/validate.ts`. */
export function aPath(parts: PathParts = {}): SoundPath {
  const { notBefore = ISSUED, notAfter = EXPIRY, intermediate, anchor, setting = 'devices' } = parts
  const { names = [], policies = [] } = parts
  const leaf = aCertificate('leaf', { notBefore, notAfter, names, policies })
  const issuers = intermediate === undefined ? [] : [aCertificate('intermediate', intermediate)]
  return {
    certificates: [leaf, ...issuers],
    anchor: { certificate: aCertificate('anchor', anchor), setting },
  } as unknown as SoundPath
}

export function aCertificate(name: string, lifetime: Lifetime = {}): Certificate {
  const {
    notBefore = ISSUED - 10 * DAY,
    notAfter = EXPIRY + 9000 * DAY,
    key = `${name}-key`,
    names = [],
    policies = [],
  } = lifetime
  return {
    der: Buffer.from(name),
    fingerprint: `${name}-${notAfter}` as Fingerprint,
    serial: '07',
    issuer: aName('issuer'),
    subject: aName(name),
    notBefore: at(notBefore),
    notAfter: at(notAfter),
    publicKey: { fingerprint: key as KeyFingerprint, spki: Buffer.from(key) },
    subjectAltNames: names,
    extensions: { policies: policies.length === 0 ? undefined : policies },
  } as unknown as Certificate
}

export const aName = (commonName: string): Name => ({
  der: Buffer.from(commonName),
  rdns: [[{ oid: '2.5.4.3', text: commonName }]],
  key: commonName,
})

export interface PolicyParts {
  readonly enforcement?: Enforcement
  readonly grace?: number
  readonly renewalWindow?: number
  readonly standings?: Readonly<Record<string, Standing>>
  readonly keys?: readonly string[]
  readonly serials?: readonly string[]
  readonly revocation?: RevocationPolicy
  readonly model?: ApprovalModel
  /** By key; the rest is unapproved. */
  readonly approvals?: Readonly<Record<string, Approval>>
  /** Signed ids of blocked devices. */
  readonly blockedIds?: readonly string[]
  /** Signed ids of approved devices. */
  readonly approvedIds?: readonly string[]
  /** Keys that were seen under every setting before it retired. */
  readonly known?: readonly string[]
  readonly legacyOAuth?: 'enabled' | 'disabled'
  readonly modernOAuth?: 'not-configured' | 'enabled' | 'disabled'
}

export function aPolicy(parts: PolicyParts = {}): Policy {
  const {
    enforcement = 'required',
    grace = GRACE,
    renewalWindow = RENEWAL_WINDOW,
    keys = [],
    serials = [],
  } = parts
  const { standings = { devices: { kind: 'current' } } } = parts
  return {
    enforcement,
    grace: grace as Millis,
    renewalWindow: renewalWindow as Millis,
    standings: new Map(Object.entries(standings)),
    denied: { keys: new Set(keys as KeyFingerprint[]), serials: new Set(serials) },
    revocation: parts.revocation ?? NO_REVOCATION,
    fleet: {
      model: parts.model ?? 'auto',
      approvals: { approvalOf: (key) => parts.approvals?.[key] ?? 'unapproved' },
      blockedIds: new Set((parts.blockedIds ?? []).map(digestOf)),
      approvedIds: new Set((parts.approvedIds ?? []).map(digestOf)),
      known: { wasKnown: (_, key) => parts.known?.includes(key) ?? false },
      oauth: { modern: parts.modernOAuth ?? 'enabled', legacy: parts.legacyOAuth ?? 'enabled' },
    },
  }
}
