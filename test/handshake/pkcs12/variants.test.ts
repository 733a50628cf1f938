/** What PKCS#12 files of the world hold and how they are closed: made part by part, and judged by the runtime's OpenSSL, too. */
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import { expect, test } from 'vitest'
import type { Pkcs12Failure } from '../../../src/handshake/pkcs12/failure.ts'
import { explainPkcs12 } from '../../../src/handshake/pkcs12/failure.ts'
import { MAX_BAGS, MAX_ROUNDS, Rounds } from '../../../src/handshake/pkcs12/limits.ts'
import { openPkcs12 } from '../../../src/handshake/pkcs12/open.ts'
import * as der from '../../support/certificates/der-writer.ts'
import {
  certificateBag,
  encryptedKeyBag,
  encryptedOctets,
  encryptedSafe,
  envelopedSafe,
  foreignMac,
  keyBag,
  nestedBag,
  pfxOf,
  pkcs12Of,
  plainSafe,
  secretBag,
  unknownBag,
} from '../../support/certificates/mint-pkcs12.ts'
import { mintCa, mintLeaf } from '../../support/certificates/mint.ts'

const PASS = 'geheim'
const BY = { passphrase: PASS }
const issuer = mintCa()
const leaf = mintLeaf({ issuer })
const pkcs8 = createPrivateKey(leaf.keyPem).export({ type: 'pkcs8', format: 'der' })
const certificate = certificateBag(leaf.der)
const key = encryptedKeyBag(pkcs8, BY)
const whole = [plainSafe(certificate), plainSafe(key)]

interface Opens {
  readonly what: string
  readonly file: Buffer
  /** The runtime's OpenSSL does not open it. */
  readonly isOurs?: boolean
  readonly passphrase?: string
  /** Of the key, where it stands in another spelling than DER's. */
  readonly keyOctets?: Buffer
}

/** The pieces of an octet string, with a length that is found at their end. */
const indefinite = (tag: number, ...parts: readonly Buffer[]): Buffer =>
  Buffer.concat([Buffer.from([tag, 0x80]), ...parts, Buffer.from([0, 0])])
const inPieces = (octets: Buffer): Buffer =>
  indefinite(
    0x24,
    der.octetString(octets.subarray(0, 20)),
    indefinite(
      0x24,
      der.octetString(octets.subarray(20, 50)),
      der.octetString(octets.subarray(50)),
    ),
  )
/** An element with a length of four octets, which DER writes in as few as it can. */
function longLength(element: Buffer): Buffer {
  const first = element[1] ?? 0
  const content = element.subarray(first < 0x80 ? 2 : 2 + (first & 0x7f))
  const head = Buffer.of(element[0] ?? 0, 0x84, 0, 0, 0, 0)
  head.writeUInt32BE(content.length, 2)
  return Buffer.concat([head, content])
}
const DATA = der.oid('1.2.840.113549.1.7.1')
const ber = indefinite(
  0x30,
  der.integer(3),
  indefinite(
    0x30,
    DATA,
    indefinite(
      0xa0,
      inPieces(
        indefinite(
          0x30,
          indefinite(0x30, DATA, indefinite(0xa0, inPieces(indefinite(0x30, certificate, key)))),
        ),
      ),
    ),
  ),
)

const OPEN: readonly Opens[] = [
  { what: 'PBMAC1', file: pkcs12Of(whole, BY) },
  { what: 'no MAC', file: pkcs12Of(whole) },
  ...['aes-128-cbc', 'camellia-256-cbc', 'aria-256-cbc', 'sm4-cbc', 'des-ede3-cbc'].map(
    (cipher) => ({
      what: `bags under ${cipher}`,
      file: pkcs12Of(
        [
          encryptedSafe([certificate, encryptedKeyBag(pkcs8, { ...BY, cipher })], {
            ...BY,
            cipher,
          }),
        ],
        BY,
      ),
    }),
  ),
  {
    what: 'bags under AES-GCM',
    file: pkcs12Of([encryptedSafe([certificate, key], { ...BY, cipher: 'aes-256-gcm' })], BY),
    isOurs: true,
  },
  {
    what: 'a key under scrypt',
    file: pkcs12Of(
      [
        plainSafe(
          certificate,
          encryptedKeyBag(pkcs8, { ...BY, scrypt: { cost: 1024, blockSize: 8 } }),
        ),
      ],
      BY,
    ),
  },
  { what: 'a secret beside the identity', file: pkcs12Of([...whole, plainSafe(secretBag())], BY) },
  { what: 'bags in bags', file: pkcs12Of([plainSafe(nestedBag(nestedBag(certificate), key))], BY) },
  {
    what: 'a bag of an unknown type',
    file: pkcs12Of([plainSafe(unknownBag(), certificate, key)], BY),
    isOurs: true,
  },
  { what: 'lengths that end with a mark, and octets in pieces', file: ber },
  { what: 'lengths of more octets than they need', file: longLength(pkcs12Of(whole, BY)) },
  {
    what: 'such a length in the encrypted safe',
    file: pkcs12Of([encryptedOctets(longLength(der.sequence(certificate, key)), BY)], BY),
  },
  {
    what: 'such a length in the encrypted safe, and no MAC',
    file: pkcs12Of([encryptedOctets(longLength(der.sequence(certificate, key)), BY)]),
  },
  {
    what: 'an open length in the encrypted safe',
    file: pkcs12Of([encryptedOctets(indefinite(0x30, certificate, key), BY)], BY),
  },
  {
    what: 'such a length in the encrypted key',
    file: pkcs12Of([plainSafe(certificate, encryptedKeyBag(longLength(pkcs8), BY))], BY),
    keyOctets: longLength(pkcs8),
  },
  {
    what: 'such a length in the key',
    file: pkcs12Of([plainSafe(certificate, keyBag(longLength(pkcs8)))], BY),
  },
  { what: 'a line break behind it', file: Buffer.concat([pkcs12Of(whole, BY), Buffer.from('\n')]) },
  { what: 'an empty passphrase', file: emptied(), passphrase: '' },
]

function emptied(): Buffer {
  const by = { passphrase: '' }
  return pkcs12Of([plainSafe(certificate, encryptedKeyBag(pkcs8, by))], by)
}

for (const { what, file, isOurs = false, passphrase = PASS, keyOctets = pkcs8 } of OPEN) {
  test(`a file with ${what} opens, and key and certificate come out octet for octet`, () => {
    if (!isOurs) createSecureContext({ pfx: file, passphrase })
    const opened = openPkcs12(file, passphrase)
    if (!opened.ok) expect.fail(JSON.stringify(opened.failure))
    const { certificatePems, keyPem } = opened.value
    expect(certificatePems.map((pem) => new X509Certificate(pem).raw)).toEqual([leaf.der])
    expect(octetsOf(keyPem)).toEqual(keyOctets)
    expect(exported(createPrivateKey(keyPem))).toEqual(pkcs8)
  })
}

const octetsOf = (pem: string): Buffer =>
  Buffer.from(pem.replaceAll(/-----[^-]+-----|\n/gu, ''), 'base64')

const KEYS: readonly (readonly [what: string, pkcs8: Buffer])[] = [
  ['Ed25519', exported(generateKeyPairSync('ed25519').privateKey)],
  ['Ed448', exported(generateKeyPairSync('ed448').privateKey)],
  [
    'RSASSA-PSS',
    exported(
      generateKeyPairSync('rsa-pss', {
        modulusLength: 2048,
        hashAlgorithm: 'sha384',
        mgf1HashAlgorithm: 'sha384',
      }).privateKey,
    ),
  ],
]

function exported(one: ReturnType<typeof createPrivateKey>): Buffer {
  return one.export({ type: 'pkcs8', format: 'der' })
}

test.each(KEYS)('a key of %s comes out as it went in', (_what, inside) => {
  for (const bag of [keyBag(inside), encryptedKeyBag(inside, BY)]) {
    const opened = openPkcs12(pkcs12Of([plainSafe(certificate, bag)], BY), PASS)
    if (!opened.ok) expect.fail(opened.failure.kind)
    expect(octetsOf(opened.value.keyPem)).toEqual(inside)
    expect(exported(createPrivateKey(opened.value.keyPem))).toEqual(inside)
  }
})

test('base64 that ends with a full line is followed by no empty one', () => {
  const inside = KEYS[0]?.[1] ?? Buffer.alloc(0)
  expect(inside.toString('base64')).toHaveLength(64)
  const opened = openPkcs12(pkcs12Of([plainSafe(certificate, keyBag(inside))], BY), PASS)
  expect(opened.ok && opened.value.keyPem.split('\n')).toEqual([
    '-----BEGIN PRIVATE KEY-----',
    inside.toString('base64'),
    '-----END PRIVATE KEY-----',
    '',
  ])
})

test('what lies beside the identity is left out, and counted', () => {
  const beside = plainSafe(
    secretBag(),
    secretBag(),
    unknownBag(),
    certificateBag(leaf.der, '1.2.3'),
  )
  const opened = openPkcs12(pkcs12Of([...whole, beside, envelopedSafe()], BY), PASS)
  expect(opened.ok && opened.value.unused).toEqual([
    { kind: 'other', type: 'secret', count: 2 },
    { kind: 'other', type: 'unknown part', count: 1 },
    { kind: 'other', type: 'certificate of another type', count: 1 },
    {
      kind: 'closed',
      why: { kind: 'unsupported', what: 'encryption', algorithm: 'to a public key' },
    },
  ])
})

test.each([
  ['PEM', (file: Buffer) => `Bag\n-----BEGIN PKCS12-----\n${lines(file)}\n-----END PKCS12-----\n`],
  ['base64', (file: Buffer) => `${lines(file)}\n`],
])('a file that was written as %s opens', (_what, text) => {
  expect(openPkcs12(Buffer.from(text(pkcs12Of(whole, BY))), PASS).ok).toBe(true)
})

const lines = (file: Buffer): string => file.toString('base64').replaceAll(/.{64}/gu, '$&\n')

const beyond = 10_000_001
const SALTY = Buffer.alloc(1025)

interface Refused {
  readonly what: string
  readonly file: Buffer
  readonly failure: Pkcs12Failure
  readonly passphrase?: string | undefined
}

const OTHER = { passphrase: 'another' }
const rounds = { kind: 'beyond-limit', what: 'rounds', found: beyond, most: MAX_ROUNDS } as const
const salt = { kind: 'beyond-limit', what: 'octets of salt', found: 1025, most: 1024 } as const
const SHA256 = '2.16.840.1.101.3.4.2.1'

const REFUSED: readonly Refused[] = [
  {
    what: 'a wrong passphrase under PBMAC1',
    file: pkcs12Of(whole, OTHER),
    failure: { kind: 'wrong-passphrase' },
  },
  {
    what: 'a wrong passphrase without a MAC',
    file: pkcs12Of([plainSafe(certificate, encryptedKeyBag(pkcs8, OTHER))]),
    failure: { kind: 'wrong-passphrase' },
  },
  {
    what: 'no passphrase where one is wanted',
    file: pkcs12Of(whole, BY),
    passphrase: undefined,
    failure: { kind: 'no-passphrase' },
  },
  {
    what: 'a key under another passphrase than the file',
    file: pkcs12Of([plainSafe(certificate, encryptedKeyBag(pkcs8, OTHER))], BY),
    failure: { kind: 'part-stays-closed', part: 'private key' },
  },
  {
    what: 'certificates under another passphrase than the file',
    file: pkcs12Of([encryptedSafe([certificate], OTHER), plainSafe(key)], BY),
    failure: { kind: 'part-stays-closed', part: 'certificates' },
  },
  {
    what: 'a MAC that nothing here makes',
    file: pkcs12Of(whole, { ...BY, mac: foreignMac('1.2.643.7.1.1.2.2') }),
    failure: {
      kind: 'unsupported',
      what: 'integrity check',
      algorithm: 'GOST R 34.11-2012 with 256 bits',
    },
  },
  {
    what: 'a key under a cipher that nothing here has',
    file: pkcs12Of(
      [plainSafe(certificate, encryptedKeyBag(pkcs8, { ...BY, named: '1.2.3.4' }))],
      BY,
    ),
    failure: { kind: 'unsupported', what: 'encryption', algorithm: '1.2.3.4' },
  },
  {
    what: 'certificates under a cipher that nothing here has',
    file: pkcs12Of([encryptedSafe([certificate], { ...BY, named: '1.2.3.4' }), plainSafe(key)], BY),
    failure: { kind: 'unsupported', what: 'encryption', algorithm: '1.2.3.4' },
  },
  {
    what: 'everything in an envelope',
    file: pkcs12Of([envelopedSafe()], BY),
    failure: { kind: 'unsupported', what: 'encryption', algorithm: 'to a public key' },
  },
  {
    what: 'more rounds than a file may ask for, in its MAC',
    file: pkcs12Of(whole, { ...BY, iterations: beyond }),
    failure: rounds,
  },
  {
    what: 'more rounds than a file may ask for, in a MAC of the old kind',
    file: pkcs12Of(whole, { ...BY, mac: foreignMac(SHA256, undefined, beyond) }),
    failure: rounds,
  },
  {
    what: 'more rounds than a file may ask for, in its key',
    file: pkcs12Of([plainSafe(certificate, encryptedKeyBag(pkcs8, { ...BY, iterations: beyond }))]),
    failure: rounds,
  },
  {
    what: 'more rounds than a number holds',
    file: pkcs12Of([
      plainSafe(certificate, encryptedKeyBag(pkcs8, { ...BY, iterations: 2 ** 41 })),
    ]),
    failure: { ...rounds, found: Infinity },
  },
  {
    what: 'more salt than a file may ask for',
    file: pkcs12Of(whole, { ...BY, salt: SALTY }),
    failure: salt,
  },
  {
    what: 'more salt than a file may ask for, in a MAC of the old kind',
    file: pkcs12Of(whole, { ...BY, mac: foreignMac(SHA256, SALTY) }),
    failure: salt,
  },
  {
    what: 'more memory than a file may ask for',
    file: pkcs12Of([
      plainSafe(
        certificate,
        encryptedKeyBag(pkcs8, { ...BY, scrypt: { cost: 2 ** 20, blockSize: 8 } }),
      ),
    ]),
    failure: {
      kind: 'beyond-limit',
      what: 'octets of memory',
      found: 128 * 8 * (2 ** 20 + 1),
      most: 64 * 1024 * 1024,
    },
  },
  {
    what: 'more bags than a file may have',
    file: pkcs12Of([plainSafe(...Array.from({ length: MAX_BAGS + 1 }, unknownBag))]),
    failure: { kind: 'beyond-limit', what: 'bags', found: MAX_BAGS + 1, most: MAX_BAGS },
  },
  {
    what: 'more certificates than a file may have',
    file: pkcs12Of([plainSafe(key, ...Array.from({ length: 401 }, () => certificate))]),
    failure: { kind: 'beyond-limit', what: 'certificates', found: 401, most: 400 },
  },
  {
    what: 'two keys',
    file: pkcs12Of([plainSafe(certificate, key, keyBag(pkcs8))], BY),
    failure: { kind: 'several-keys', count: 2 },
  },
  {
    what: 'a key alone',
    file: pkcs12Of([plainSafe(key)], BY),
    failure: { kind: 'no-certificate' },
  },
  {
    what: 'a certificate alone',
    file: pkcs12Of([plainSafe(certificate)], BY),
    failure: { kind: 'no-key' },
  },
  {
    what: 'a certificate that is none',
    file: pkcs12Of([plainSafe(key, certificate, certificateBag(Buffer.from('none')))], BY),
    failure: { kind: 'unreadable-certificate', number: 2 },
  },
  {
    what: 'a key of an algorithm that the runtime does not have',
    file: pkcs12Of([plainSafe(certificate, keyBag(foreignKey()))], BY),
    failure: { kind: 'unreadable-key', algorithm: 'GOST R 34.10-2012 with 256 bits' },
  },
  {
    what: 'a safe that breaks off',
    file: pfxOf(Buffer.concat([Buffer.from([0x30, 0x20]), DATA])),
    failure: { kind: 'damaged', fault: { problem: 'truncated', field: 'encoding', offset: 2 } },
  },
  {
    what: 'a Java keystore of an old type',
    file: Buffer.from('feedfeed00000002', 'hex'),
    failure: { kind: 'not-pkcs12', found: 'java-keystore' },
  },
  {
    what: 'PEM in its place',
    file: Buffer.from(leaf.keyPem + leaf.pem),
    failure: { kind: 'not-pkcs12', found: 'pem' },
  },
  {
    what: 'a certificate in its place',
    file: leaf.der,
    failure: { kind: 'not-pkcs12', found: 'other' },
  },
  { what: 'a key in its place', file: pkcs8, failure: { kind: 'not-pkcs12', found: 'other' } },
]

function foreignKey(): Buffer {
  const algorithm = der.sequence(der.oid('1.2.643.7.1.1.1.1'), der.sequence())
  return der.sequence(der.integer(0), algorithm, der.octetString(Buffer.alloc(32, 1)))
}

for (const { what, file, failure, ...given } of REFUSED) {
  test(`a file with ${what} is refused for that, in a whole sentence`, () => {
    const passphrase = 'passphrase' in given ? given.passphrase : PASS
    expect(openPkcs12(file, passphrase)).toEqual({ ok: false, failure })
    const sentence = explainPkcs12(failure, '/etc/tls/a.p12')
    expect(sentence).toMatch(/^found .*\/etc\/tls\/a\.p12.*, wanted .*$/u)
    expect(sentence).not.toMatch(/undefined|NaN|\[object|geheim/u)
  })
}

test('the rounds of all parts of a file count together, and the last that fits is spent', () => {
  const iterations = 500
  const by = { ...BY, iterations }
  const file = pkcs12Of(
    [encryptedSafe([certificate], by), plainSafe(encryptedKeyBag(pkcs8, by))],
    by,
  )
  const enough = new Rounds(3 * iterations)
  expect(openPkcs12(file, PASS, enough).ok).toBe(true)
  expect(enough.spent).toBe(3 * iterations)
  expect(openPkcs12(file, PASS, new Rounds(3 * iterations - 1))).toEqual({
    ok: false,
    failure: { ...rounds, found: 3 * iterations, most: 3 * iterations - 1 },
  })
})

const folder = process.env['TFE_CASES'] ?? ''
test.skipIf(folder === '')('a file that a tool of 2026 wrote with PBMAC1 opens', () => {
  const file = readFileSync(join(folder, 'inputs/04-pbmac1-passphrase-secret.p12'))
  const opened = openPkcs12(file, 'secret')
  if (!opened.ok) expect.fail(opened.failure.kind)
  const [own] = opened.value.certificatePems.map((pem) => new X509Certificate(pem))
  expect(own?.checkPrivateKey(createPrivateKey(opened.value.keyPem))).toBe(true)
  expect(openPkcs12(file, 'Secret')).toEqual({ ok: false, failure: { kind: 'wrong-passphrase' } })
})

test('a file with more elements than are read is told so, and not called damaged', () => {
  const nulls = Buffer.alloc(300_000, Buffer.from([0x05, 0x00]))
  const opened = openPkcs12(der.sequence(der.integer(3), der.sequence(nulls)), PASS)
  expect(opened.ok ? '' : explainPkcs12(opened.failure, 'a.p12')).toBe(
    'found more than 100,000 elements in a.p12, wanted at most that many: export the identity alone, with its chain',
  )
})
