import { execFileSync } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openPkcs12, type OpenedPkcs12 } from '../../../src/handshake/pkcs12/open.ts'
import { mintCa, mintLeaf, type Leaf } from '../../support/certificates/mint.ts'
import { hasOpenssl } from '../../support/commands.ts'

const PASS = 'a pass phrase with ünïcode'

const encryptedBy = (cipher: string): readonly string[] => ['-keypbe', cipher, '-certpbe', cipher]
const CAMELLIA = [...encryptedBy('CAMELLIA-256-CBC'), '-macalg', 'SHA3-256']
const ARIA = [...encryptedBy('ARIA-256-CBC'), '-macalg', 'SHA512']
const PBES2_RC2 = [...encryptedBy('RC2-CBC'), '-legacy']
const PBES2_DES = [...encryptedBy('DES-CBC'), '-legacy']
const TWO_KEYS = ['-keypbe', 'PBE-SHA1-2DES', '-certpbe', 'PBE-SHA1-RC2-128', '-legacy']

const FORMS = [
  { form: 'modern AES, RSA key', keyType: 'rsa2048', options: [] },
  { form: 'modern AES, elliptic-curve key', keyType: 'p256', options: [] },
  { form: 'Camellia and a SHA-3 MAC', keyType: 'p256', options: CAMELLIA },
  { form: 'ARIA and a SHA-512 MAC', keyType: 'p256', options: ARIA },
  { form: '3DES with two keys and RC2 with 128 bits', keyType: 'p256', options: TWO_KEYS },
  { form: 'PBES2 with RC2', keyType: 'p256', options: PBES2_RC2 },
  { form: 'PBES2 with single DES', keyType: 'p256', options: PBES2_DES },
  { form: 'no MAC', keyType: 'p256', options: ['-nomac'] },
  { form: 'a certificate that is not encrypted', keyType: 'p256', options: ['-certpbe', 'NONE'] },
  { form: 'legacy RC2 and 3DES, RSA key', keyType: 'rsa2048', options: ['-legacy'] },
  { form: 'legacy RC2 and 3DES, elliptic-curve key', keyType: 'p256', options: ['-legacy'] },
] as const

for (const { form, keyType, options } of FORMS) {
  test.skipIf(!hasOpenssl())(`a .p12 with ${form} opens with its passphrase`, () => {
    const issuer = mintCa()
    const leaf = mintLeaf({ issuer, keyType })
    const opened = openPkcs12(bundle(leaf, issuer.pem, options), PASS)
    if (!opened.ok) expect.fail(opened.failure.kind)
    const { keyPem } = opened.value
    const certificates = certificatesOf(opened.value)
    const own = certificates.find((one) => one.checkPrivateKey(createPrivateKey(keyPem)))
    expect(own?.raw).toEqual(new X509Certificate(leaf.pem).raw)
    expect(certificates.map((one) => one.subject)).toContain(
      new X509Certificate(issuer.pem).subject,
    )
  })
}

/** How openssl is told to sign an RSA certificate; the library that unpacks reads these and writes some of them otherwise. */
const SIGNED: readonly (readonly [how: string, options: readonly string[]])[] = [
  ['PKCS #1 v1.5', []],
  ['RSASSA-PSS with the default salt', pss(20)],
  ['RSASSA-PSS with a salt as long as its digest', pss(32)],
  ['RSASSA-PSS with SHA-384', [...pss(48), '-sha384']],
]

function pss(salt: number): readonly string[] {
  return ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', `rsa_pss_saltlen:${salt}`]
}

test.skipIf(!hasOpenssl()).each(SIGNED)(
  'an RSA certificate that was signed with %s comes out octet for octet, and verifies',
  (_how, options) => {
    const { certificate, key } = selfSigned(options)
    const opened = openPkcs12(bundle({ keyPem: key, pem: certificate }, undefined, []), PASS)
    if (!opened.ok) expect.fail(opened.failure.kind)
    const [found] = certificatesOf(opened.value)
    expect(found?.raw).toEqual(new X509Certificate(certificate).raw)
    expect(found?.verify(found.publicKey)).toBe(true)
  },
)

test.skipIf(!hasOpenssl())(
  'an RSA certificate that an ECDSA key signed comes out octet for octet',
  () => {
    const issuer = mintCa({ keyType: 'p256' })
    const leaf = mintLeaf({ issuer, keyType: 'rsa2048' })
    const opened = openPkcs12(bundle(leaf, issuer.pem, []), PASS)
    if (!opened.ok) expect.fail(opened.failure.kind)
    const raws = certificatesOf(opened.value).map(({ raw }) => raw)
    expect(raws).toContainEqual(new X509Certificate(leaf.pem).raw)
  },
)

test.skipIf(!hasOpenssl())('a wrong passphrase is told from a broken file', () => {
  const issuer = mintCa()
  const file = bundle(mintLeaf({ issuer }), issuer.pem, [])
  expect(openPkcs12(file, 'wrong')).toEqual({ ok: false, failure: { kind: 'wrong-passphrase' } })
  const half = file.subarray(0, file.length / 2)
  const fault = { problem: 'truncated', field: 'encoding', offset: 4 }
  expect(openPkcs12(half, PASS)).toEqual({ ok: false, failure: { kind: 'damaged', fault } })
})

test('what is not PKCS#12 is refused without throwing', () => {
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.from('hello'),
    Buffer.from([0x30, 0x00]),
    Buffer.alloc(4096, 0x30),
  ]) {
    expect(openPkcs12(bytes, '')).toEqual({
      ok: false,
      failure: { kind: 'not-pkcs12', found: 'other' },
    })
  }
})

test.skipIf(!hasOpenssl())('a .p12 without a key says so', () => {
  const issuer = mintCa()
  const file = exported({ 'cert.pem': issuer.pem }, ['-nokeys', '-in', 'cert.pem'])
  expect(openPkcs12(file, PASS)).toEqual({ ok: false, failure: { kind: 'no-key' } })
})

const certificatesOf = ({ certificatePems }: OpenedPkcs12): readonly X509Certificate[] =>
  certificatePems.map((pem) => new X509Certificate(pem))

function bundle(
  leaf: Pick<Leaf, 'keyPem' | 'pem'>,
  caPem: string | undefined,
  options: readonly string[],
): Buffer {
  const files = { 'key.pem': leaf.keyPem, 'cert.pem': leaf.pem, 'ca.pem': caPem ?? '' }
  const ca = caPem === undefined ? [] : ['-certfile', 'ca.pem']
  return exported(files, ['-inkey', 'key.pem', '-in', 'cert.pem', ...ca, ...options])
}

function selfSigned(options: readonly string[]): {
  readonly certificate: string
  readonly key: string
} {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-pss-'))
  try {
    const asked = [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      '/CN=pss',
      '-days',
      '9',
    ]
    const files = ['-keyout', 'key.pem', '-out', 'cert.pem']
    execFileSync('openssl', [...asked, ...files, ...options], { cwd: folder, stdio: 'pipe' })
    const read = (name: string): string => readFileSync(join(folder, name), 'utf8')
    return { certificate: read('cert.pem'), key: read('key.pem') }
  } finally {
    rmSync(folder, { recursive: true })
  }
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
