/** PKCS#12 files for cases: written by `openssl`, by `keytool`, or part by part; and what OpenSSL says of each. */
import { execFileSync, spawnSync } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import { hasCommand, hasOpenssl } from '../../support/commands.ts'
import type { Leaf } from '../../support/certificates/mint.ts'

export const PASSPHRASE = 'a pass phrase'

/** A keystore, and what opens it. */
export interface Keystore {
  readonly bytes: Buffer
  readonly passphrase: string
}

/** What `openssl pkcs12 -export` makes of an identity. */
export function byOpenssl(
  { keyPem, pem }: Pick<Leaf, 'keyPem' | 'pem'>,
  options: readonly string[],
): Keystore {
  if (!hasOpenssl()) throw new Error('openssl is missing')
  const files = { 'key.pem': keyPem, 'cert.pem': pem }
  const bytes = inFolder(files, (folder) => {
    const names = ['-inkey', 'key.pem', '-in', 'cert.pem', '-out', 'out.p12']
    run(
      'openssl',
      ['pkcs12', '-export', ...names, '-passout', `pass:${PASSPHRASE}`, ...options],
      folder,
    )
    return readFileSync(join(folder, 'out.p12'))
  })
  return { bytes, passphrase: PASSPHRASE }
}

/** A certificate of its own key, for the algorithms that our own mint does not have. */
export function selfSigned(...key: readonly string[]): Pick<Leaf, 'keyPem' | 'pem'> {
  if (!hasOpenssl()) throw new Error('openssl is missing')
  return inFolder({}, (folder) => {
    run('openssl', ['genpkey', ...key, '-out', 'key.pem'], folder)
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
    run('openssl', ['req', '-x509', '-key', 'key.pem', ...subject, '-out', 'cert.pem'], folder)
    const [keyPem = '', pem = ''] = ['key.pem', 'cert.pem'].map((name) =>
      readFileSync(join(folder, name), 'utf8'),
    )
    return { keyPem, pem }
  })
}

/** A Java keystore with an identity and an AES key. */
export function byKeytool(): Keystore {
  if (!hasCommand('keytool', ['-help'])) throw new Error('keytool is missing')
  const bytes = inFolder({}, (folder) => {
    const common = ['-keystore', 'out.p12', '-storetype', 'PKCS12', '-storepass', PASSPHRASE]
    const identity = ['-alias', 'server', '-keyalg', 'EC', '-dname', 'CN=localhost']
    run('keytool', ['-genkeypair', ...common, ...identity], folder)
    const secret = ['-alias', 'secret', '-keyalg', 'AES', '-keysize', '256']
    run('keytool', ['-genseckey', ...common, ...secret], folder)
    return readFileSync(join(folder, 'out.p12'))
  })
  return { bytes, passphrase: PASSPHRASE }
}

/** A file of the folder that `TFE_CASES` names. */
export function givenFile(name: string): Buffer {
  const folder = process.env['TFE_CASES']
  if (folder === undefined) throw new Error('TFE_CASES names no folder')
  return readFileSync(join(folder, 'inputs', name))
}

/** Whether the OpenSSL in the runtime, and else the command with its old algorithms, opens it. */
export function openedByOpenssl({ bytes, passphrase }: Keystore): boolean {
  try {
    createSecureContext({ pfx: bytes, passphrase })
    return true
  } catch {
    const args = ['pkcs12', '-legacy', '-nodes', '-passin', `pass:${passphrase}`]
    return (
      spawnSync('openssl', args, { input: bytes, stdio: ['pipe', 'ignore', 'ignore'] }).status === 0
    )
  }
}

/** PKCS#8, as files of a test are made of it. */
export const pkcs8Of = ({ keyPem }: Pick<Leaf, 'keyPem'>): Buffer =>
  createPrivateKey(keyPem).export({ type: 'pkcs8', format: 'der' })

export const derOf = ({ pem }: Pick<Leaf, 'pem'>): Buffer => new X509Certificate(pem).raw

function inFolder<Made>(
  files: Readonly<Record<string, string>>,
  make: (folder: string) => Made,
): Made {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-keystore-'))
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    return make(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function run(command: string, args: readonly string[], folder: string): void {
  execFileSync(command, args, { cwd: folder, stdio: 'pipe' })
}
