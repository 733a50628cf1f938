import { execFileSync } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openPkcs12 } from '../../src/handshake/pkcs12.ts'
import { mintCa, mintLeaf, type Leaf } from '../support/certificates/mint.ts'
import { hasOpenssl } from '../support/commands.ts'

const PASS = 'a pass phrase with ünïcode'

const FORMS = [
  { form: 'modern AES, RSA key', keyType: 'rsa2048', options: [] },
  { form: 'modern AES, elliptic-curve key', keyType: 'p256', options: [] },
  { form: 'legacy RC2 and 3DES, RSA key', keyType: 'rsa2048', options: ['-legacy'] },
  { form: 'legacy RC2 and 3DES, elliptic-curve key', keyType: 'p256', options: ['-legacy'] },
] as const

for (const { form, keyType, options } of FORMS) {
  test.skipIf(!hasOpenssl())(`a .p12 with ${form} opens with its passphrase`, () => {
    const issuer = mintCa()
    const leaf = mintLeaf({ issuer, keyType })
    const opened = openPkcs12(bundle(leaf, issuer.pem, options), PASS)
    if (!opened.ok) expect.fail(opened.failure.kind)
    const { certificates, keyPem } = opened.value
    const own = certificates.find((one) => one.checkPrivateKey(createPrivateKey(keyPem)))
    expect(own?.raw).toEqual(new X509Certificate(leaf.pem).raw)
    expect(certificates.map((one) => one.subject)).toContain(
      new X509Certificate(issuer.pem).subject,
    )
  })
}

test.skipIf(!hasOpenssl())('a wrong passphrase is told from a broken file', () => {
  const issuer = mintCa()
  const file = bundle(mintLeaf({ issuer }), issuer.pem, [])
  expect(openPkcs12(file, 'wrong')).toEqual({ ok: false, failure: { kind: 'wrong-passphrase' } })
  const half = file.subarray(0, file.length / 2)
  expect(openPkcs12(half, PASS)).toEqual({ ok: false, failure: { kind: 'not-pkcs12' } })
})

test('what is not PKCS#12 is refused without throwing', () => {
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.from('hello'),
    Buffer.from([0x30, 0x00]),
    Buffer.alloc(4096, 0x30),
  ]) {
    expect(openPkcs12(bytes, '')).toEqual({ ok: false, failure: { kind: 'not-pkcs12' } })
  }
})

test.skipIf(!hasOpenssl())('a .p12 without a key says so', () => {
  const issuer = mintCa()
  const file = exported({ 'cert.pem': issuer.pem }, ['-nokeys', '-in', 'cert.pem'])
  expect(openPkcs12(file, PASS)).toEqual({ ok: false, failure: { kind: 'no-key' } })
})

function bundle(leaf: Leaf, caPem: string, options: readonly string[]): Buffer {
  const files = { 'key.pem': leaf.keyPem, 'cert.pem': leaf.pem, 'ca.pem': caPem }
  return exported(files, [
    '-inkey',
    'key.pem',
    '-in',
    'cert.pem',
    '-certfile',
    'ca.pem',
    ...options,
  ])
}

function exported(files: Readonly<Record<string, string>>, options: readonly string[]): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-p12-'))
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    const args = ['pkcs12', '-export', '-out', 'out.p12', '-passout', `pass:${PASS}`, ...options]
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
    return readFileSync(join(folder, 'out.p12'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}
