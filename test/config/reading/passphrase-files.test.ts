/** Passphrase files as editors write them, for keystores and keys that OpenSSL made with the bare passphrase. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { secretText } from '../../../src/config/reading/content.ts'
import { openPkcs12 } from '../../../src/handshake/pkcs12/open.ts'
import { serverIdentity } from '../../../src/handshake/server-identity.ts'
import { mintCa, mintLeaf } from '../../support/certificates/mint.ts'

const PASSPHRASE = 'gehéim 1'
const folder = mkdtempSync(join(tmpdir(), 'tfe-passphrase-'))
afterAll(() => rmSync(folder, { recursive: true }))
const leaf = mintLeaf({ issuer: mintCa(), purposes: ['serverAuth'], dns: ['localhost'] })
writeFileSync(join(folder, 'leaf.pem'), leaf.pem)
writeFileSync(join(folder, 'leaf.key'), leaf.keyPem)
const openssl = (...args: string[]): void =>
  void execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
const by = `pass:${PASSPHRASE}`
openssl(
  'pkcs12',
  '-export',
  '-in',
  'leaf.pem',
  '-inkey',
  'leaf.key',
  '-out',
  'l.p12',
  '-passout',
  by,
)
openssl('pkcs8', '-topk8', '-in', 'leaf.key', '-out', 'sealed.key', '-passout', by)

const opensKeystore = (passphrase: string): boolean =>
  openPkcs12(readFileSync(join(folder, 'l.p12')), passphrase).ok
const opensKey = (text: string): boolean => {
  const file = (path: string) => ({ at: path, path, bytes: readFileSync(join(folder, path)) })
  const [chain, key] = [file('leaf.pem'), file('sealed.key')]
  return serverIdentity({ kind: 'pem', chain, key, passphrase: { text } }).ok
}

const MARK = '\uFEFF'
test.each([
  ['bare', PASSPHRASE, true],
  ['with a line break behind it', `${PASSPHRASE}\n`, true],
  ['with a line break of Windows behind it', `${PASSPHRASE}\r\n`, true],
  ['with a byte order mark before it', `${MARK}${PASSPHRASE}`, true],
  ['with a byte order mark and a line break', `${MARK}${PASSPHRASE}\r\n`, true],
  ['with two byte order marks', `${MARK}${MARK}${PASSPHRASE}`, false],
  ['with a byte order mark behind it', `${PASSPHRASE}${MARK}`, false],
  ['with two line breaks', `${PASSPHRASE}\n\n`, false],
  ['with a space behind it', `${PASSPHRASE} `, false],
])('a passphrase %s opens what it opens, and nothing else', (_how, written, opens) => {
  const read = secretText(Buffer.from(written))
  expect({ keystore: opensKeystore(read), key: opensKey(read) }).toEqual({
    keystore: opens,
    key: opens,
  })
  // As it is written, without being read as one line, only the bare one opens them.
  expect(opensKeystore(written)).toBe(written === PASSPHRASE)
})
