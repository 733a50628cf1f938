/**
 * What reading a certificate costs, and what each reader lets pass: ours, node:crypto's and @peculiar/x509's on
 * the same octets. Prints the two tables of docs/design-notes.md, "Certificate parsing".
 *   node scripts/node26.mjs test/bench/parse.ts
 */
import 'reflect-metadata'
import { X509Certificate } from 'node:crypto'
import process from 'node:process'
import * as peculiar from '@peculiar/x509'
import { parseCertificate } from '../../src/x509/certificate.ts'
import * as der from '../support/certificates/der-writer.ts'
import {
  mintCertificate,
  mintKeys,
  type CertificateFields,
} from '../support/certificates/mint-certificate.ts'
import { basicConstraints, mintCa, mintLeaf } from '../support/certificates/mint.ts'

/** Answers whether it took the certificate; a reader that decodes lazily is made to decode. */
type Read = (octets: Buffer) => boolean

const READERS: Readonly<Record<string, Read>> = {
  ours: (octets) => parseCertificate(octets).ok,
  'node:crypto': (octets) => taken(() => new X509Certificate(octets)),
  '@peculiar/x509': (octets) =>
    taken(() => {
      const certificate = new peculiar.X509Certificate(octets)
      return [certificate.extensions, certificate.subject, certificate.issuer, certificate.notAfter]
    }),
}

function taken(read: () => unknown): boolean {
  try {
    read()
    return true
  } catch {
    return false
  }
}

const root = mintCa({ name: 'Example Fleet Root' })
const authority = mintCa({ name: 'Example Fleet Issuing CA 1', issuer: root, pathLength: 0 })
const ROUNDS = 5
const COUNT = 500

function speed(): void {
  const devices = Array.from({ length: COUNT }, (_, number) => {
    return mintLeaf({ issuer: authority, name: `device-${number}`, uris: [`urn:device:${number}`] })
  })
  console.log(`\nreading ${COUNT} certificates never seen before, best of ${ROUNDS}, us each`)
  for (const [name, read] of Object.entries(READERS)) {
    const rounds = Array.from({ length: ROUNDS }, () => {
      const start = process.hrtime.bigint()
      for (const device of devices) read(device.der)
      return Number(process.hrtime.bigint() - start) / COUNT / 1000
    })
    console.log(
      `${name.padEnd(16)} ${Math.min(...rounds)
        .toFixed(1)
        .padStart(7)}`,
    )
  }
}

const keys = mintKeys()
const plain: CertificateFields = {
  subject: der.commonName('device-1'),
  keys,
  issuer: { subject: authority.subject, key: authority.key },
  notBefore: new Date('2026-01-01T00:00:00Z'),
  notAfter: new Date('2027-01-01T00:00:00Z'),
}
const made = (fields: Partial<CertificateFields>): Buffer =>
  mintCertificate({ ...plain, ...fields }).der
const ecdsa = (digest: number): Buffer => der.sequence(der.oid(`1.2.840.10045.4.3.${digest}`))
const twice = [basicConstraints(false), basicConstraints(true)]

/** Octets that are not a certificate by X.690 §10 or RFC 5280 §4.1. */
const BROKEN: Readonly<Record<string, Buffer>> = {
  'octets after the certificate': Buffer.concat([made({}), Buffer.from([0])]),
  'length not minimal': longLength(made({})),
  'indefinite length': indefinite(made({})),
  'serial with a needless zero': made({ serial: Buffer.from([0, 0, 1]) }),
  'same extension twice': made({ extensions: twice }),
  'TRUE written as 1': made({
    extensions: [
      {
        ...basicConstraints(true),
        value: der.sequence(der.tlv(0x01, Buffer.from([1]))),
      },
    ],
  }),
  'algorithms differ inside and outside': made({ outerAlgorithm: ecdsa(3) }),
  'extensions in version 1': made({ version: 0, extensions: [basicConstraints(false)] }),
  'version 7': made({ version: 6 }),
  'UTCTime without seconds': made({ notBefore: der.tlv(0x17, Buffer.from('2601010000Z')) }),
  'UTCTime with a zone': made({ notBefore: der.tlv(0x17, Buffer.from('260101000000+0100')) }),
  'day 31 of February': made({ notBefore: der.tlv(0x17, Buffer.from('260231000000Z')) }),
  'garbage in basic constraints': made({
    extensions: [{ ...basicConstraints(true), value: Buffer.from('30ff', 'hex') }],
  }),
}

function longLength(octets: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x30, 0x83, 0]), octets.subarray(2)])
}

function indefinite(octets: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x30, 0x80]), octets.subarray(4), Buffer.from([0, 0])])
}

function strictness(): void {
  console.log('\nwho takes what is no certificate')
  for (const [what, octets] of Object.entries(BROKEN)) {
    const takers = Object.entries(READERS).filter(([, read]) => read(octets))
    const names = takers.map(([name]) => name).join(', ')
    console.log(`${what.padEnd(38)} ${names === '' ? 'none' : names}`)
  }
}

speed()
strictness()
