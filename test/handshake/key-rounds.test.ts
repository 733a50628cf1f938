import { expect, test } from 'vitest'
import { keyWithinLimits } from '../../src/handshake/key-rounds.ts'
import { MAX_ROUNDS } from '../../src/handshake/pkcs12/limits.ts'
import { serverIdentity } from '../../src/handshake/server-identity.ts'
import { pemOf } from '../../src/x509/pem.ts'
import * as der from '../support/certificates/der-writer.ts'
import { mintCa, mintLeaf } from '../support/certificates/mint.ts'

const leaf = mintLeaf({ issuer: mintCa({ name: 'Root' }), purposes: ['serverAuth'] })
const SALT = der.octetString(Buffer.alloc(8, 1))
const algorithm = (oid: string, ...parameters: readonly Buffer[]): Buffer =>
  der.sequence(der.oid(oid), ...parameters)
const encrypted = (scheme: Buffer): Buffer =>
  der.sequence(scheme, der.octetString(Buffer.alloc(48, 2)))
const aes = algorithm('2.16.840.1.101.3.4.1.42', der.octetString(Buffer.alloc(16, 3)))
const pbes2 = (derivation: Buffer): Buffer =>
  encrypted(algorithm('1.2.840.113549.1.5.13', der.sequence(derivation, aes)))
const pbkdf2 = (rounds: number | bigint, ...rest: readonly Buffer[]): Buffer =>
  pbes2(algorithm('1.2.840.113549.1.5.12', der.sequence(SALT, der.integer(rounds), ...rest)))
const scrypt = (...numbers: readonly number[]): Buffer =>
  pbes2(
    algorithm(
      '1.3.6.1.4.1.11591.4.11',
      der.sequence(SALT, ...numbers.map((number) => der.integer(number))),
    ),
  )
const pkcs12 = (rounds: number): Buffer =>
  encrypted(algorithm('1.2.840.113549.1.12.1.3', der.sequence(SALT, der.integer(rounds))))
const pem = (...keys: readonly Buffer[]): Buffer =>
  Buffer.from(keys.map((key) => pemOf(key, 'ENCRYPTED PRIVATE KEY')).join(''))

const WITHIN: readonly (readonly [what: string, file: Buffer])[] = [
  ['as many rounds of PBKDF2 as a keystore may have', pbkdf2(MAX_ROUNDS)],
  ['the size of a key behind the rounds', pbkdf2(MAX_ROUNDS, der.integer(32))],
  ['the same in PEM', pem(pbkdf2(MAX_ROUNDS))],
  ['as many rounds of the scheme of PKCS#12', pkcs12(MAX_ROUNDS)],
  ['the usual numbers of scrypt', scrypt(16_384, 8, 1, 32)],
  ['a key that is not encrypted', leaf.key.export({ type: 'pkcs8', format: 'der' })],
  ['a key in PEM that is not encrypted', Buffer.from(leaf.keyPem)],
  ['what is no key', Buffer.from('no key here')],
  ['what is no sequence', der.sequence()],
  ['parameters that are none', encrypted(algorithm('1.2.840.113549.1.5.13'))],
]

for (const [what, file] of WITHIN) {
  test(`${what}: no more work than may be`, () => {
    expect(keyWithinLimits(file)).toEqual({ ok: true, value: undefined })
  })
}

const BEYOND: readonly (readonly [what: string, file: Buffer, found: number])[] = [
  ['one round of PBKDF2 more', pbkdf2(MAX_ROUNDS + 1), MAX_ROUNDS + 1],
  ['a number of rounds of five octets', pbkdf2(2n ** 39n - 1n), Infinity],
  ['the same in PEM', pem(pbkdf2(MAX_ROUNDS + 1)), MAX_ROUNDS + 1],
  ['a second key', pem(pbkdf2(1), pbkdf2(MAX_ROUNDS + 1)), MAX_ROUNDS + 1],
  [
    'PEM that has its lines indented',
    Buffer.from(
      pem(pbkdf2(MAX_ROUNDS + 1))
        .toString()
        .replaceAll('\n', '\n '),
    ),
    MAX_ROUNDS + 1,
  ],
  ['one round of the scheme of PKCS#12 more', pkcs12(MAX_ROUNDS + 1), MAX_ROUNDS + 1],
  ['a parallelization of scrypt that is large', scrypt(16_384, 8, 80), 16_384 * 8 * 80],
  [
    'lengths in the long form of BER',
    Buffer.concat([Buffer.of(0x30, 0x80), pbkdf2(MAX_ROUNDS + 1).subarray(2), Buffer.of(0, 0)]),
    MAX_ROUNDS + 1,
  ],
  [
    'a line feed behind DER',
    Buffer.concat([pkcs12(MAX_ROUNDS + 1), Buffer.from('\n')]),
    MAX_ROUNDS + 1,
  ],
]

for (const [what, file, found] of BEYOND) {
  test(`${what}: more work than may be`, () => {
    const failure = { kind: 'beyond-limit', what: 'rounds', found, most: MAX_ROUNDS }
    expect(keyWithinLimits(file)).toEqual({ ok: false, failure })
  })
}

test('a key that asks for more rounds than may be is refused before its passphrase is tried, and one that asks for fewer is tried', () => {
  const file = (rounds: number): Buffer => pem(pbkdf2(rounds))
  const message = (rounds: number, passphrase: { readonly text: string } | undefined): string => {
    const opened = serverIdentity({
      kind: 'pem',
      chain: { at: 'chain', path: 'chain.pem', bytes: Buffer.from(leaf.pem) },
      key: { at: 'key', path: 'key.pem', bytes: file(rounds) },
      passphrase,
    })
    return opened.ok ? '' : opened.failure.map((fault) => `${fault.at}: ${fault.message}`).join()
  }
  expect(message(1000, { text: 'x' })).toMatch(/passphrase that does not open key\.pem/u)
  expect(message(2_000_000_000, { text: 'x' })).toBe(
    'key: found 2,000,000,000 rounds of key derivation in key.pem, wanted at most 10,000,000: export it again with fewer iterations (600,000 are what the most careful tools use)',
  )
  expect(message(2_000_000_000, undefined)).toMatch(/no passphrase/u)
})
