/**
 * B5: PKCS#12 files as the tools of today write them are served from, and those that cannot be say which variant they
 * are. Beside it stands what OpenSSL does; nginx and HAProxy read no PKCS#12. The control is a wrong passphrase, whose
 * sentence none of the others may get.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tfe } from '../../support/cli/run-command.ts'
import {
  certificateBag,
  encryptedKeyBag,
  foreignMac,
  nestedBag,
  pkcs12Of,
  plainSafe,
  secretBag,
} from '../../support/certificates/mint-pkcs12.ts'
import { mintLeaf } from '../../support/certificates/mint.ts'
import { Device } from '../../support/devices/device.ts'
import {
  clientTls,
  fleet,
  product,
  productYaml,
  writeFiles,
} from '../../support/front-ends/product.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import type { Case, Scene, Seen } from '../case.ts'
import {
  byKeytool,
  byOpenssl,
  derOf,
  givenFile,
  openedByOpenssl,
  PASSPHRASE,
  pkcs8Of,
  selfSigned,
  type Keystore,
} from './keystore-files.ts'

interface Variant {
  readonly what: string
  readonly make: () => Keystore
  readonly expected: string
  /** What a wrong passphrase comes to, where that is not what is said of it. */
  readonly control?: string
}

const BY = { passphrase: PASSPHRASE }
const leaf = mintLeaf({ issuer: fleet.serverCa, purposes: ['serverAuth'], dns: ['localhost'] })
const certificate = certificateBag(derOf(leaf))
const key = (passphrase = PASSPHRASE): Buffer => encryptedKeyBag(pkcs8Of(leaf), { passphrase })
const made = (safes: readonly Buffer[], mac?: Buffer): Keystore => ({
  bytes: pkcs12Of(safes, mac === undefined ? BY : { ...BY, mac }),
  passphrase: PASSPHRASE,
})
const under = (cipher: string): readonly string[] => ['-keypbe', cipher, '-certpbe', cipher]

const SERVED = 'served, check exits 0; OpenSSL opens it'
const refused = (why: string, openssl = 'OpenSSL opens it'): string =>
  `refused, check exits 1: ${why}; ${openssl}`

const GOST = 'the integrity check GOST R 34.11-2012 with 256 bits'

const VARIANTS: readonly Variant[] = [
  {
    what: 'PBMAC1, from a tool of 2026',
    make: () => ({ bytes: givenFile('04-pbmac1-passphrase-secret.p12'), passphrase: 'secret' }),
    expected: SERVED,
  },
  {
    what: 'a SHA-3 MAC and Camellia bags',
    make: () => byOpenssl(leaf, [...under('CAMELLIA-256-CBC'), '-macalg', 'SHA3-512']),
    expected: SERVED,
  },
  {
    what: 'RC2 and 3DES of old',
    make: () => byOpenssl(leaf, ['-legacy']),
    expected: SERVED,
  },
  {
    what: 'an Ed25519 key',
    make: () => byOpenssl(selfSigned('-algorithm', 'ed25519'), []),
    expected: SERVED,
  },
  {
    what: 'an Ed448 key',
    make: () => byOpenssl(selfSigned('-algorithm', 'ed448'), []),
    expected: SERVED,
  },
  {
    what: 'an RSASSA-PSS key',
    make: () => byOpenssl(selfSigned('-algorithm', 'RSA-PSS'), []),
    expected: SERVED,
  },
  { what: 'an AES key beside it, by keytool', make: byKeytool, expected: SERVED },
  {
    what: 'a secret beside it and bags in bags',
    make: () => made([plainSafe(secretBag(), nestedBag(nestedBag(certificate), key()))]),
    expected: SERVED,
  },
  {
    what: 'RC4',
    make: () => byOpenssl(leaf, [...under('PBE-SHA1-RC4-128'), '-legacy']),
    expected: refused('the encryption RC4 with 128 bits'),
  },
  {
    what: 'a MAC by GOST',
    make: () => made([plainSafe(certificate, key())], foreignMac('1.2.643.7.1.1.2.2')),
    expected: refused(GOST, 'OpenSSL refuses it'),
    // Without its integrity check there is no telling.
    control: `refused, check exits 1: ${GOST}`,
  },
  {
    what: 'a passphrase of the key alone',
    make: () => made([plainSafe(certificate, key('another'))]),
    expected: refused('the passphrase opens it and not the private key', 'OpenSSL refuses it'),
  },
]

const WRONG = 'refused, check exits 1: a passphrase that does not open'

export const KEYSTORES: readonly Scene[] = VARIANTS.map((variant) => {
  const { what, make, expected, control = WRONG } = variant
  const cases: readonly Case[] = [{ id: 'B5', what: `a keystore with ${what}`, expected, control }]
  return { cases, play: async () => [await playOne(make())] }
})

async function playOne(keystore: Keystore): Promise<Seen> {
  const { passphrase } = keystore
  const openssl = openedByOpenssl(keystore) ? 'OpenSSL opens it' : 'OpenSSL refuses it'
  const seen = `${await comesTo(keystore, passphrase)}; ${openssl}`
  return { seen, control: await comesTo(keystore, `${passphrase}, wrong`) }
}

/** What checking says, and where it says nothing, whether a device is shown the certificate. */
async function comesTo({ bytes }: Keystore, passphrase: string): Promise<string> {
  const files = { 'server.p12': bytes, passphrase }
  const { code, out } = await checked(files)
  const outcome = `check exits ${code}`
  if (code !== 0) return `refused, ${outcome}: ${reasonIn(out)}`
  return `${(await isServed(files)) ? 'served' : 'not served'}, ${outcome}`
}

type Files = Readonly<Record<string, Buffer | string>>

const IDENTITY = "{ pkcs12: 'file:server.p12', passphrase: 'file:passphrase' }"
const LISTENERS = `
  devices:
    address: 127.0.0.1
    port: 0
    hosts: [localhost]
    certificates: [${IDENTITY}]
    routes: tested`

async function checked(files: Files): Promise<{ readonly code: number; readonly out: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-keystores-'))
  try {
    writeFiles(folder)
    write(folder, files)
    const file = join(folder, 'tfe.yaml')
    writeFileSync(file, productYaml({ upstreamPort: 1, yaml: { listeners: LISTENERS } }))
    return await tfe(['check', '--config', file])
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function write(folder: string, files: Files): void {
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, name), content, { mode: 0o600 })
  }
}

/** The words that tell one refusal from the other. */
function reasonIn(out: string): string {
  const known = [
    /found (a passphrase that does not open)/u,
    /found the ((?:encryption|integrity check) .*?) in \//u,
    /found that (the passphrase opens) \S+ (and not the private key)/u,
  ]
  const [, ...words] = known.map((one) => one.exec(out)).find((one) => one !== null) ?? []
  if (words.length === 0) return out.slice(0, 200)
  const [first = '', second] = words
  if (second !== undefined) return `${first} it ${second}`
  return first.startsWith('a ') ? first : `the ${first}`
}

async function isServed(files: Files): Promise<boolean> {
  await using upstream = await rawUpstream(upstreamTlsOptions, answering(OK))
  const yaml = { listeners: LISTENERS }
  await using served = await product({ upstreamPort: upstream.port, files, yaml })
  // Its certificate is of many authorities, none of which the device knows.
  const options = { ...clientTls(served.port, fleet.device), rejectUnauthorized: false }
  await using device = await Device.to(served.port, options)
  device.send('GET /device/x HTTP/1.1\r\nHost: localhost\r\n\r\n')
  return (await device.response()).startLine === 'HTTP/1.1 200 OK'
}
