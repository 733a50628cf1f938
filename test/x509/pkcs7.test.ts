import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { contentOfPkcs7, looksLikePkcs7 } from '../../src/x509/file/pkcs7.ts'
import * as der from '../support/certificates/der-writer.ts'
import { mintCa } from '../support/certificates/mint.ts'

const root = mintCa({ name: 'Root' })
const issuing = mintCa({ name: 'Issuing', issuer: root })
const SIGNED_DATA = '1.2.840.113549.1.7.2'
const DATA = '1.2.840.113549.1.7.1'

/** A bag as OpenSSL's `crl2pkcs7 -nocrl` writes it. */
const bag = (certificates: readonly Buffer[], type = SIGNED_DATA): Buffer =>
  der.sequence(
    der.oid(type),
    der.context(
      0,
      der.sequence(
        der.integer(1),
        der.set(),
        der.sequence(der.oid(DATA)),
        der.context(0, ...certificates),
        der.set(),
      ),
    ),
  )

test('certificates come out of the bag as they went in', () => {
  expect(contentOfPkcs7(bag([issuing.der, root.der]))).toEqual({
    ok: true,
    value: { certificates: [issuing.der, root.der], lists: [] },
  })
})

test('a bag of OpenSSL is read', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-pkcs7-'))
  const chain = join(folder, 'chain.pem')
  writeFileSync(chain, issuing.pem + root.pem)
  try {
    const args = ['crl2pkcs7', '-nocrl', '-certfile', chain, '-outform', 'DER']
    const made = spawnSync('openssl', args)
    // The bag that we write ourselves is read above; OpenSSL's is a second opinion, on machines that have it.
    if (made.error !== undefined) return context.skip('openssl is not on this machine')
    expect(looksLikePkcs7(made.stdout)).toBe(true)
    expect(contentOfPkcs7(made.stdout)).toMatchObject({
      ok: true,
      value: { certificates: { length: 2 } },
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a certificate is told from a bag', () => {
  expect(looksLikePkcs7(root.der)).toBe(false)
  expect(looksLikePkcs7(bag([]))).toBe(true)
})

const whole = bag([root.der])
const FAULTY: readonly [string, Buffer][] = [
  ['nothing', Buffer.alloc(0)],
  ['a certificate', root.der],
  ['another kind of content', bag([root.der], DATA)],
  ['a bag that ends early', whole.subarray(0, whole.length - 1)],
  ['octets behind the bag', Buffer.concat([whole, Buffer.of(0)])],
  ['more certificates than any chain has', bag(Array.from({ length: 101 }, () => root.der))],
]

for (const [what, octets] of FAULTY) {
  test(`${what} gives a fault, not a chain`, () => {
    expect(contentOfPkcs7(octets).ok).toBe(false)
  })
}
