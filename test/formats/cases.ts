/** Client certificates that are valid or seen in the wild, and on which products and readers disagree. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as der from '../support/certificates/der-writer.ts'
import {
  type Ca,
  mintCa,
  mintLeaf,
  type Leaf,
  type LeafOptions,
} from '../support/certificates/mint.ts'

export interface Case {
  readonly name: string
  readonly leaf: Leaf
  /** The intermediates below the root, nearest first. */
  readonly intermediates: readonly Buffer[]
}

export interface Material {
  readonly root: Ca
  /** A PEM file of the root. */
  readonly rootFile: string
  /** A PEM file of the product's own certificate and its key. */
  readonly serverFile: string
  readonly cases: readonly Case[]
}

/** Mints everything; what products read goes below `folder`. */
export function mintCases(folder: string): Material {
  const root = mintCa({ name: 'Fleet Root' })
  const issuing = mintCa({ name: 'Fleet Issuing CA', issuer: root, pathLength: 0 })
  const server = mintLeaf({ issuer: root, purposes: ['serverAuth'], dns: ['localhost'] })
  const write = (name: string, text: string): string => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }
  return {
    root,
    rootFile: write('root.pem', root.pem),
    serverFile: write('server.pem', server.chainPem + server.keyPem),
    cases: Object.entries(CASES).map(([name, options]) => ({
      name,
      leaf: mintLeaf({ issuer: issuing, ...options }),
      intermediates: [issuing.der],
    })),
  }
}

const CN = '2.5.4.3'
const O = '2.5.4.10'

const attribute = (type: string, value: Buffer): Buffer => der.sequence(der.oid(type), value)
const bmp = (text: string): Buffer => der.tlv(0x1e, Buffer.from(text, 'utf16le').swap16())
const teletex = (text: string): Buffer => der.tlv(0x14, Buffer.from(text, 'latin1'))

const CASES: Readonly<Record<string, Partial<LeafOptions>>> = {
  plain: { subject: der.nameOf(['2.5.4.6', 'DE'], [O, 'Acme, Inc.'], [CN, 'device 1']) },
  'multi-valued': {
    subject: der.sequence(
      der.set(attribute(O, der.utf8('Acme'))),
      der.set(attribute(CN, der.utf8('device')), attribute('2.5.4.5', der.printable('SN-1'))),
    ),
  },
  utf8: { subject: der.nameOf([O, 'Größe 株式会社'], [CN, 'Gerät 📱']) },
  bmp: { subject: der.sequence(der.set(attribute(CN, bmp('Gerät')))) },
  teletex: { subject: der.sequence(der.set(attribute(CN, teletex('Gerät')))) },
  printable: { subject: der.sequence(der.set(attribute(CN, der.printable('device-1')))) },
  // Made by software that takes every string for UTF-8.
  'printable with UTF-8': {
    subject: der.sequence(der.set(attribute(CN, der.tlv(0x13, Buffer.from('Gerät'))))),
  },
  'two common names': { subject: der.nameOf([CN, 'first'], [O, 'Acme'], [CN, 'last']) },
  'slash, quotes, backslash': {
    subject: der.nameOf([O, 'Foo A/S'], ['2.5.4.11', 'a+b="c"'], [CN, 'DOMAIN\\user']),
  },
  'other types': {
    subject: der.nameOf(
      ['0.9.2342.19200300.100.1.25', 'example'],
      ['1.2.840.113549.1.9.1', 'a@b.example'],
      ['1.2.3.4.5', 'unknown'],
      [CN, ' edges '],
    ),
  },
  'line break': { subject: der.nameOf([O, 'Acme'], [CN, 'a\r\nb: c\t\u007f\u0085d\u2028e']) },
  'no subject': { subject: der.sequence(), dns: ['device.example'] },
  'serial of 21 octets': { serial: Buffer.from(`00${'f1'.repeat(20)}`, 'hex') },
  'short serial': { serial: 5 },
  'year 2049': { notAfter: Date.UTC(2049, 11, 31, 23, 59, 59) },
  'year 2050': { notAfter: Date.UTC(2050, 0, 1) },
  'year 2099': { notAfter: Date.UTC(2099, 11, 31, 23, 59, 59) },
  'year 2100': { notAfter: Date.UTC(2100, 0, 1) },
  'year 2150': { notAfter: Date.UTC(2150, 5, 1) },
  'year 9999': { notAfter: Date.UTC(9999, 11, 31, 23, 59, 59) },
  'since 1999': { notBefore: Date.UTC(1999, 11, 31) },
  'since 2000': { notBefore: Date.UTC(2000, 0, 1) },
  'since 1975': { notBefore: Date.UTC(1975, 0, 1) },
  'since 1949': { notBefore: Date.UTC(1949, 0, 1) },
  ed25519: { keyType: 'ed25519' },
  'many names': { dns: Array.from({ length: 200 }, (_, index) => `d${index}.example`) },
}
