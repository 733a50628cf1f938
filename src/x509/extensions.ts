/**
 * The extensions that decide whether a path is sound (RFC 5280 §4.2), decoded; the rest is carried by name.
 */
import { constructed, primitive, TAG, type DerReader } from './der.ts'
import { readGeneralName, readGeneralNames, type GeneralName } from './general-name.ts'
import { readNameConstraints, type NameConstraints } from './extension/name-constraints.ts'
import {
  readPolicies,
  readPolicyConstraints,
  readPolicyMappings,
  type PolicyConstraints,
  type PolicyMapping,
} from './extension/policies.ts'

/** Object identifiers of the extensions we know. */
export const EXTENSION = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  crlDistributionPoints: '2.5.29.31',
  certificatePolicies: '2.5.29.32',
  policyMappings: '2.5.29.33',
  authorityKeyIdentifier: '2.5.29.35',
  policyConstraints: '2.5.29.36',
  extendedKeyUsage: '2.5.29.37',
  inhibitAnyPolicy: '2.5.29.54',
  authorityInfoAccess: '1.3.6.1.5.5.7.1.1',
} as const

/** Bits of a key usage, as `Extensions.keyUsage` holds them (RFC 5280 §4.2.1.3). */
export const KEY_USAGE = {
  digitalSignature: 0x8000_0000 | 0,
  keyEncipherment: 0x2000_0000,
  keyAgreement: 0x0800_0000,
  keyCertSign: 0x0400_0000,
  crlSign: 0x0200_0000,
} as const

/** What a certificate's extensions say; `undefined` where one is absent. */
export interface Extensions {
  /** Every extension in its order, known or not. */
  readonly all: readonly { readonly oid: string; readonly critical: boolean }[]
  readonly basicConstraints: BasicConstraints | undefined
  /** Bits of `KEY_USAGE`. */
  readonly keyUsage: number | undefined
  /** Purposes in dotted decimal. */
  readonly extendedKeyUsage: readonly string[] | undefined
  readonly subjectAltName: readonly GeneralName[] | undefined
  readonly nameConstraints: NameConstraints | undefined
  readonly authorityKeyIdentifier: AuthorityKeyIdentifier | undefined
  /** Lower-case hexadecimal. */
  readonly subjectKeyIdentifier: string | undefined
  /** Policies in dotted decimal. */
  readonly policies: readonly string[] | undefined
  readonly policyMappings: readonly PolicyMapping[] | undefined
  readonly policyConstraints: PolicyConstraints | undefined
  /** How many more certificates may still use anyPolicy. */
  readonly inhibitAnyPolicy: number | undefined
  /** The encoded list; what is in it is only asked for when a revocation list names a point (`distribution-points.ts`). */
  readonly distributionPoints: Buffer | undefined
}

/** RFC 5280 §4.2.1.9. */
export interface BasicConstraints {
  readonly ca: boolean
  /** How many intermediates that are not self-issued may follow. */
  readonly pathLength: number | undefined
}

/** RFC 5280 §4.2.1.1; identifiers and the serial in lower-case hexadecimal. */
export interface AuthorityKeyIdentifier {
  readonly keyIdentifier: string | undefined
  readonly issuer: readonly GeneralName[] | undefined
  readonly serial: string | undefined
}

type Draft = { -readonly [Field in keyof Extensions]: Extensions[Field] }

const none = (): Draft & { all: { oid: string; critical: boolean }[] } => ({
  all: [],
  basicConstraints: undefined,
  keyUsage: undefined,
  extendedKeyUsage: undefined,
  subjectAltName: undefined,
  nameConstraints: undefined,
  authorityKeyIdentifier: undefined,
  subjectKeyIdentifier: undefined,
  policies: undefined,
  policyMappings: undefined,
  policyConstraints: undefined,
  inhibitAnyPolicy: undefined,
  distributionPoints: undefined,
})

/** Reads `[3] EXPLICIT Extensions`, if it is there; a known extension must decode whole. */
export function readExtensions(tbs: DerReader): Extensions {
  const draft = none()
  const explicit = tbs.optional(constructed(3))
  if (explicit === undefined) return draft
  const list = explicit.enter(TAG.sequence)
  explicit.end()
  if (!list.more) list.refuse('missing-element')
  while (list.more) {
    if (draft.all.length === MAX_EXTENSIONS) list.refuse('too-many-elements')
    readExtension(list.enter(TAG.sequence), draft)
  }
  return draft
}

/** The fullest certificates in use have some fifteen. */
const MAX_EXTENSIONS = 64

function readExtension(
  extension: DerReader,
  draft: Draft & { all: { oid: string; critical: boolean }[] },
): void {
  const oid = extension.oid()
  extension.field(`extension ${oid}`)
  const critical = extension.flag()
  const value = extension.enter(TAG.octetString)
  extension.end()
  // RFC 5280 §4.2: at most one of each; readers that take the first and readers that take the last would differ.
  if (draft.all.some((other) => other.oid === oid)) extension.refuse('duplicate-extension')
  draft.all.push({ oid, critical })
  const decode = DECODERS.get(oid)
  if (decode === undefined) return
  decode(value, draft)
  value.end()
}

const DECODERS: ReadonlyMap<string, (value: DerReader, draft: Draft) => void> = new Map([
  [EXTENSION.basicConstraints, readBasicConstraints],
  [
    EXTENSION.keyUsage,
    (value, draft) => {
      draft.keyUsage = value.namedBits()
    },
  ],
  [
    EXTENSION.extendedKeyUsage,
    (value, draft) => {
      draft.extendedKeyUsage = readOids(value)
    },
  ],
  [
    EXTENSION.subjectAltName,
    (value, draft) => {
      draft.subjectAltName = readGeneralNames(value.enter(TAG.sequence))
    },
  ],
  [
    EXTENSION.nameConstraints,
    (value, draft) => {
      draft.nameConstraints = readNameConstraints(value.enter(TAG.sequence))
    },
  ],
  [EXTENSION.authorityKeyIdentifier, readAuthorityKeyIdentifier],
  [
    EXTENSION.subjectKeyIdentifier,
    (value, draft) => {
      draft.subjectKeyIdentifier = value.hex(TAG.octetString)
    },
  ],
  [
    EXTENSION.certificatePolicies,
    (value, draft) => {
      draft.policies = readPolicies(value.enter(TAG.sequence))
    },
  ],
  [
    EXTENSION.policyMappings,
    (value, draft) => {
      draft.policyMappings = readPolicyMappings(value.enter(TAG.sequence))
    },
  ],
  [
    EXTENSION.policyConstraints,
    (value, draft) => {
      draft.policyConstraints = readPolicyConstraints(value.enter(TAG.sequence))
    },
  ],
  [
    EXTENSION.inhibitAnyPolicy,
    (value, draft) => {
      draft.inhibitAnyPolicy = value.count()
    },
  ],
  [
    EXTENSION.crlDistributionPoints,
    (value, draft) => {
      draft.distributionPoints = value.element(TAG.sequence)
    },
  ],
  [EXTENSION.authorityInfoAccess, checkInfoAccess],
])

function readBasicConstraints(value: DerReader, draft: Draft): void {
  const fields = value.enter(TAG.sequence)
  const ca = fields.flag()
  const pathLength = fields.more ? fields.count() : undefined
  fields.end()
  draft.basicConstraints = { ca, pathLength }
}

function readOids(value: DerReader): readonly string[] {
  const list = value.enter(TAG.sequence)
  const oids: string[] = []
  if (!list.more) list.refuse('missing-element')
  while (list.more) {
    if (oids.length === MAX_OIDS) list.refuse('too-many-elements')
    oids.push(list.oid())
  }
  return oids
}

/** The purposes of one certificate are a handful. */
const MAX_OIDS = 128

function readAuthorityKeyIdentifier(value: DerReader, draft: Draft): void {
  draft.authorityKeyIdentifier = authorityKeyIdentifierIn(value)
}

/** Reads an AuthorityKeyIdentifier (RFC 5280 §4.2.1.1). */
export function authorityKeyIdentifierIn(value: DerReader): AuthorityKeyIdentifier {
  const fields = value.enter(TAG.sequence)
  const keyIdentifier = fields.tag === primitive(0) ? fields.hex(primitive(0)) : undefined
  const issuerNames = fields.optional(constructed(1))
  const issuer = issuerNames === undefined ? undefined : readGeneralNames(issuerNames)
  const serial = fields.tag === primitive(2) ? serialText(fields.integer(primitive(2))) : undefined
  fields.end()
  return { keyIdentifier, issuer, serial }
}

/** A serial as certificates are known by: lower-case hexadecimal, no leading zero octet, `-` before a negative one. */
export function serialText(octets: Buffer): string {
  const first = octets[0] ?? 0
  if (first > 0x7f) {
    const magnitude = -BigInt.asIntN(octets.length * 8, BigInt(`0x${octets.toString('hex')}`))
    const hex = magnitude.toString(16)
    return `-${hex.length % 2 === 0 ? hex : `0${hex}`}`
  }
  return octets.toString('hex', first === 0 && octets.length > 1 ? 1 : 0)
}

/** The octets of the INTEGER that such a text stands for: the fewest in two's complement. */
export function serialOctets(text: string): Buffer {
  if (!text.startsWith('-')) {
    const octets = Buffer.from(text, 'hex')
    return (octets[0] ?? 0) > 0x7f ? Buffer.concat([ZERO, octets]) : octets
  }
  const magnitude = BigInt(`0x${text.slice(1)}`)
  // A serial of 60,000 octets is readable, too: sizes are not tried one by one from the smallest.
  let size = text.length >> 1
  while (magnitude > 1n << BigInt(size * 8 - 1)) size += 1
  const hex = BigInt.asUintN(size * 8, -magnitude).toString(16)
  return Buffer.from(hex.padStart(size * 2, '0'), 'hex')
}

const ZERO = Buffer.from([0])

/** Authority information access says nothing that we use; an undecodable one is still a broken certificate. */
function checkInfoAccess(value: DerReader): void {
  const list = value.enter(TAG.sequence)
  if (!list.more) list.refuse('missing-element')
  while (list.more) {
    const description = list.enter(TAG.sequence)
    description.oid()
    readGeneralName(description)
    description.end()
  }
}
