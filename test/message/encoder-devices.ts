/**
 * Devices for the tables of encoders: real certificates, minted once; the path is sound by decree.
 */
import type { Vouched } from '../../src/decide/decide.ts'
import type { IdentitySettings } from '../../src/message/encode/settings.ts'
import { parseCertificate, type Certificate } from '../../src/x509/certificate.ts'
import * as der from '../support/certificates/der-writer.ts'
import { mintCa, mintLeaf, type LeafOptions } from '../support/certificates/mint.ts'

const root = mintCa({ name: 'Root CA' })
const issuing = mintCa({ name: 'Issuing CA', issuer: root })
const upper = mintCa({ name: 'Upper CA', issuer: root })
const lower = mintCa({ name: 'Lower CA', issuer: upper })

export interface Device extends Vouched {
  readonly leaf: Certificate
  readonly pem: string
}

/** A device under one intermediate, or under two. */
export function aDevice(options: Partial<LeafOptions> = {}, depth: 1 | 2 = 1): Device {
  const issuer = depth === 1 ? issuing : lower
  const minted = mintLeaf({
    issuer,
    subject: SUBJECT,
    serial: 0x0a1bn,
    notBefore: Date.UTC(2026, 8, 1, 1, 2, 3),
    notAfter: Date.UTC(2027, 10, 12, 22, 43, 21),
    ...options,
  })
  const leaf = read(minted.der)
  const issuers = depth === 1 ? [read(issuing.der)] : [read(lower.der), read(upper.der)]
  const anchor = { certificate: read(root.der), setting: 'devices' }
  const path = { certificates: [leaf, ...issuers], anchor } as unknown as Vouched['path']
  return { path, timeliness: 'valid', leaf, pem: minted.pem }
}

const SUBJECT = der.nameOf(['2.5.4.6', 'DE'], ['2.5.4.10', 'Acme, Inc.'], ['2.5.4.3', 'device 1'])

function read(octets: Buffer): Certificate {
  const parsed = parseCertificate(octets)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.failure))
  return parsed.value
}

export const settings = (parts: Partial<IdentitySettings> = {}): IdentitySettings => ({
  format: 'rfc9440',
  fields: {},
  serial: 'hex-upper',
  name: 'rfc2253',
  fingerprint: { digest: 'sha256', form: 'hex' },
  chain: false,
  grace: false,
  maxBytes: 16_384,
  ...parts,
})

/** Name, value, name, value … → an object; a repeated name is a bug of the test's subject. */
export function named(fields: readonly string[]): Record<string, string> {
  const names = fields.filter((_, index) => index % 2 === 0)
  if (new Set(names).size !== names.length) throw new Error(`repeated: ${names.join(', ')}`)
  return Object.fromEntries(names.map((name, index) => [name, fields[2 * index + 1] ?? '']))
}
