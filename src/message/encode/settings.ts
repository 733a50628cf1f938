/**
 * What an upstream wants to be told about a device, and in whose words.
 */
import type { NameForm } from '../../x509/name.ts'

/** The formats, by the product or standard that speaks them. */
export const IDENTITY_FORMATS = [
  'rfc9440',
  'nginx',
  'tomcat',
  'apache',
  'haproxy',
  'lighttpd',
  'xfcc',
  'traefik',
  'aws-alb',
  'base64-der',
] as const

export type IdentityFormat = (typeof IDENTITY_FORMATS)[number]

/** The facts that an identity field may carry, in the order in which they are sent. */
export const IDENTITY_FIELDS = [
  'certificate',
  'escapedCertificate',
  'chain',
  'info',
  'used',
  'verify',
  'subject',
  'issuer',
  'commonName',
  'subjectAltNames',
  'serial',
  'fingerprint',
  'notBefore',
  'notAfter',
  'validity',
  'timeliness',
] as const

export type IdentityField = (typeof IDENTITY_FIELDS)[number]

export type SerialForm = 'hex-lower' | 'hex-upper' | 'hex-colon' | 'decimal'

export interface FingerprintForm {
  readonly digest: 'sha1' | 'sha256'
  readonly form: 'hex' | 'colon' | 'base64'
}

/** How one upstream is told who the device is. */
export interface IdentitySettings {
  readonly format: IdentityFormat
  /** Names in place of the format's own; a fact that the format does not send is sent when it has a name here. */
  readonly fields: Readonly<Partial<Record<IdentityField, string>>>
  readonly serial: SerialForm
  /** `format`: as the product of the format does. */
  readonly name: NameForm | 'format'
  readonly fingerprint: FingerprintForm
  /** Send the intermediates too, where the format has a place for them. */
  readonly chain: boolean
  /** Name a device in grace also in a format whose readers look at no verify field (decision 7). */
  readonly grace: boolean
  /** Octets of all identity fields together, as they stand on the wire. */
  readonly maxBytes: number
}
