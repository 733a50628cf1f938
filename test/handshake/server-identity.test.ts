import { expect, test } from 'vitest'
import {
  covers,
  serverIdentity,
  uncoveredHosts,
  type IdentitySource,
} from '../../src/handshake/server-identity.ts'
import { mintCa, mintLeaf } from '../support/certificates/mint.ts'

const root = mintCa({ name: 'Root' })
const middle = mintCa({ name: 'Middle', issuer: root })
const leaf = mintLeaf({
  issuer: middle,
  purposes: ['serverAuth'],
  dns: ['mdm.example.com', '*.apps.example.com'],
  ips: ['192.0.2.7'],
})
const other = mintLeaf({ issuer: middle, purposes: ['serverAuth'] })

test('a chain in any order is served leaf first, each followed by its issuer', () => {
  const identity = open({ chain: root.pem + middle.pem + leaf.pem, key: leaf.keyPem })
  expect(identity.certificates.map((one) => one.raw)).toEqual([leaf.der, middle.der, root.der])
})

test('a key that belongs to none of the certificates is a fault', () => {
  expect(faults({ chain: leaf.pem + middle.pem, key: other.keyPem })).toMatch(
    /belongs to none of the 2/,
  )
})

test('an encrypted key without a passphrase, or with a wrong one, is a fault that says which', () => {
  const key = leaf.key.export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'right',
  })
  expect(faults({ chain: leaf.pem, key })).toMatch(/encrypted key.*no passphrase/)
  expect(faults({ chain: leaf.pem, key, passphrase: 'wrong' })).toMatch(/does not open/)
  expect(open({ chain: leaf.pem, key, passphrase: 'right' }).keyPem).toContain('BEGIN PRIVATE KEY')
})

test('every fault of an identity comes at once', () => {
  const found = faults({ chain: 'no certificate here', key: 'no key here' })
  expect(found).toMatch(/chain\.pem: found no certificate/)
  expect(found).toMatch(/no readable private key in key\.pem/)
})

const BOM = Buffer.from([0xef, 0xbb, 0xbf])
const keyAs = (type: 'pkcs8' | 'sec1'): Buffer => leaf.key.export({ type, format: 'der' })

const SHAPES: readonly (readonly [what: string, chain: string | Buffer, key: string | Buffer])[] = [
  ['PEM with a byte order mark', Buffer.concat([BOM, Buffer.from(leaf.pem)]), leaf.keyPem],
  ['a key with a byte order mark', leaf.pem, Buffer.concat([BOM, Buffer.from(leaf.keyPem)])],
  ['DER', leaf.der, leaf.keyPem],
  ['a key in DER (PKCS#8)', leaf.pem, keyAs('pkcs8')],
  ['a key in DER (SEC1)', leaf.pem, keyAs('sec1')],
  ['a key behind a digit 0, which is the tag of DER', leaf.pem, `0: our key\n${leaf.keyPem}`],
  ['an old label', leaf.pem.replaceAll('CERTIFICATE', 'X509 CERTIFICATE'), leaf.keyPem],
  ['chain and key in one file', leaf.keyPem + leaf.pem, leaf.keyPem + leaf.pem],
]

for (const [what, chain, key] of SHAPES) {
  test(`an identity is read from ${what}`, () => {
    expect(open({ chain, key }).certificates.map((one) => one.raw)).toEqual([leaf.der])
  })
}

test('an encrypted key in DER is opened with its passphrase, and not with another', () => {
  const sealed = { type: 'pkcs8', format: 'der', cipher: 'aes-256-cbc' } as const
  const key = leaf.key.export({ ...sealed, passphrase: 'right' })
  expect(open({ chain: leaf.pem, key, passphrase: 'right' }).keyPem).toContain('BEGIN PRIVATE KEY')
  expect(faults({ chain: leaf.pem, key, passphrase: 'wrong' })).toMatch(/does not open/)
})

/** Of 256 wrong passphrases about one decrypts to well-formed padding; these do, under OpenSSL 3.5. */
const OPENED_BY_CHANCE: readonly (readonly [what: string, key: string | Buffer, wrong: string])[] =
  [
    [
      'DER',
      Buffer.from(
        'MIGjMF8GCSqGSIb3DQEFDTBSMDEGCSqGSIb3DQEFDDAkBBBxM4hSO2N0pZft/n7pJDTeAgIIADAMBggqhkiG9w0CCQUAMB0GCWCGSAFl' +
          'AwQBKgQQAfKIN6CLvbHPi63ZaqNs6wRAz/eNLwarfYjEMN6wNTQs0qjfFFBTglRdTVYEBHzE5l/VFpHlr7G4PnldXscNqq6yNpW7' +
          'Gc0/rogPg7il6eP7+Q==',
        'base64',
      ),
      'wrong 0',
    ],
    [
      'PEM',
      `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGjMF8GCSqGSIb3DQEFDTBSMDEGCSqGSIb3DQEFDDAkBBCs7/PD10TWaZS5Ep1K
ICSIAgIIADAMBggqhkiG9w0CCQUAMB0GCWCGSAFlAwQBKgQQ7U7lonzH61w5/5xh
hzaLjQRAIQBbSrcubSBzQH77ZOyi4YrBDEBiDvKZhyJdI2L1yNCRkoCf94GWK4ZH
TGpJei8lOi23V/7uLuLzmZiA200Xrg==
-----END ENCRYPTED PRIVATE KEY-----
`,
      'wrong 12',
    ],
  ]

for (const [what, key, wrong] of OPENED_BY_CHANCE) {
  test(`a wrong passphrase that decrypts to well-formed padding by chance is called wrong (${what})`, () => {
    expect(faults({ chain: leaf.pem, key, passphrase: wrong })).toMatch(/does not open/)
    expect(faults({ chain: leaf.pem, key, passphrase: 'right' })).not.toMatch(/does not open/)
  })
}

test('a key that is not encrypted and not readable is not put down to its passphrase', () => {
  const found = faults({ chain: leaf.pem, key: 'no key here', passphrase: 'any' })
  expect(found).toMatch(/no readable private key in key\.pem/)
})

test('a PKCS#12 file in place of a chain is called that', () => {
  const octets = Buffer.from('30050201033000', 'hex')
  expect(faults({ chain: octets, key: leaf.keyPem })).toMatch(/chain\.pem: found a PKCS#12 file/)
})

test('an unreadable certificate is named by its place', () => {
  const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
  expect(faults({ chain: leaf.pem + broken, key: leaf.keyPem })).toMatch(
    /certificate 2 of chain\.pem/,
  )
})

test('a name that holds a comma is one name, and not two', () => {
  const odd = mintLeaf({
    issuer: middle,
    purposes: ['serverAuth'],
    dns: ['mdm.example.com, DNS:bank.example', 'mdm.example.com'],
  })
  const { names } = open({ chain: odd.pem + middle.pem, key: odd.keyPem })
  expect(names).toEqual([String.raw`"mdm.example.com\u002c DNS:bank.example"`, 'mdm.example.com'])
})

const HOSTS = [
  ['mdm.example.com', true],
  ['MDM.example.com', true],
  ['x.apps.example.com', true],
  ['*.apps.example.com', true],
  ['192.0.2.7', true],
  ['apps.example.com', false],
  ['a.b.apps.example.com', false],
  ['*.example.com', false],
  ['example.com', false],
  ['192.0.2.8', false],
] as const

for (const [host, covered] of HOSTS) {
  test(`the names of a certificate ${covered ? 'cover' : 'do not cover'} ${host}`, () => {
    expect(covers(open({ chain: leaf.pem, key: leaf.keyPem }), host)).toBe(covered)
  })
}

test('a common name never counts as a name', () => {
  const nameless = mintLeaf({ issuer: middle, name: 'mdm.example.com', purposes: ['serverAuth'] })
  const identity = open({ chain: nameless.pem, key: nameless.keyPem })
  expect(uncoveredHosts([identity], ['mdm.example.com'])).toEqual(['mdm.example.com'])
})

interface Files {
  readonly chain: string | Buffer
  readonly key: string | Buffer
  readonly passphrase?: string
}

function source({ chain, key, passphrase }: Files): IdentitySource {
  const file = (path: string, content: string | Buffer) => ({
    at: `tfe.yaml:1:1 ${path}`,
    path,
    bytes: Buffer.from(content),
  })
  return {
    kind: 'pem',
    chain: file('chain.pem', chain),
    key: file('key.pem', key),
    passphrase: passphrase === undefined ? undefined : { text: passphrase },
  }
}

function open(files: Files) {
  const opened = serverIdentity(source(files))
  if (!opened.ok) expect.fail(opened.failure.map((fault) => fault.message).join('; '))
  return opened.value
}

function faults(files: Files): string {
  const opened = serverIdentity(source(files))
  return opened.ok ? 'no fault' : opened.failure.map((fault) => fault.message).join('; ')
}
