import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { derKind, type DerKind } from '../../src/x509/file/der-kind.ts'
import * as der from '../support/certificates/der-writer.ts'
import { mintCertificate } from '../support/certificates/mint-certificate.ts'
import { mintCrl } from '../support/certificates/mint-crl.ts'
import { mintCa } from '../support/certificates/mint.ts'

const ca = mintCa({ name: 'CA' })
const first = mintCertificate({
  subject: ca.subject,
  keys: ca,
  issuer: ca,
  notBefore: new Date('2026-01-01T00:00:00Z'),
  notAfter: new Date('2027-01-01T00:00:00Z'),
  version: 0,
})
const { privateKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 1024 })
const encrypted = { cipher: 'aes-256-cbc', passphrase: 'x' }
const algorithm = der.sequence(der.oid('1.2.840.10045.4.3.2'))
const signed = (...tbs: readonly Buffer[]): Buffer =>
  der.sequence(der.sequence(...tbs), algorithm, der.bitString(Buffer.of(1)))

const ROWS: readonly (readonly [promise: string, octets: Buffer, kind: DerKind])[] = [
  ['a certificate of version 3', ca.der, 'certificate'],
  ['a certificate of version 1', first.der, 'certificate'],
  ['a list of version 2', mintCrl({ issuer: ca }), 'revocation-list'],
  ['a list of version 1', mintCrl({ issuer: ca, version: 0 }), 'revocation-list'],
  [
    'a list whose times are GeneralizedTime',
    mintCrl({ issuer: ca, thisUpdate: der.tlv(0x18, Buffer.from('20260101000000Z')) }),
    'revocation-list',
  ],
  ['a request', signed(der.integer(0), ca.subject, ca.spki, der.context(0)), 'certificate-request'],
  ['something signed that ends early', signed(der.integer(0), ca.subject), 'unknown'],
  ['something signed of another kind', signed(der.utf8('x')), 'unknown'],
  ['a key in PKCS#8', ca.key.export({ type: 'pkcs8', format: 'der' }), 'private-key'],
  ['a key in SEC1', ca.key.export({ type: 'sec1', format: 'der' }), 'private-key'],
  ['a key in PKCS#1', rsa.export({ type: 'pkcs1', format: 'der' }), 'private-key'],
  [
    'an encrypted key',
    ca.key.export({ type: 'pkcs8', format: 'der', ...encrypted }),
    'private-key',
  ],
  ['a public key', ca.spki, 'public-key'],
  ['an algorithm alone', der.sequence(algorithm), 'unknown'],
  ['PKCS#12', der.sequence(der.integer(3), der.sequence()), 'pkcs12'],
  ['PKCS#12 of open length', Buffer.from('308002010330800000', 'hex'), 'pkcs12'],
  ['PKCS#7 of open length', Buffer.from('308006012a0000', 'hex'), 'pkcs7'],
  ['a set of open length', Buffer.from('31800201033080', 'hex'), 'unknown'],
  ['a number alone', der.sequence(der.integer(3)), 'unknown'],
  ['PKCS#7', der.sequence(der.oid('1.2.840.113549.1.7.2')), 'pkcs7'],
  ['text', der.sequence(der.utf8('x')), 'unknown'],
  ['two sequences without a third', der.sequence(der.sequence()), 'unknown'],
  ['a number', der.integer(1), 'unknown'],
  ['nothing', Buffer.alloc(0), 'unknown'],
  ['what is cut short', ca.der.subarray(0, 100), 'unknown'],
]

for (const [promise, octets, kind] of ROWS) {
  test(`${promise} is told as ${kind}`, () => {
    expect(derKind(octets)).toBe(kind)
  })
}
