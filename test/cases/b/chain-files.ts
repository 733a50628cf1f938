/** B6: one reader for files, uploads and commands: what one of them takes all do, and each says the same of the rest. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as der from '../../support/certificates/der-writer.ts'
import { crlPem, mintCrl } from '../../support/certificates/mint-crl.ts'
import { mintCa, mintLeaf } from '../../support/certificates/mint.ts'
import type { Scene, Seen } from '../case.ts'
import { frontEnd, type FrontEnd } from '../front-end.ts'
import { explained } from './explained.ts'
import { GIVEN_DAY, givenInput, openssl } from './openssl.ts'
import { besidePeers } from './peers.ts'

const root = mintCa({ name: 'Shaped Root' })
const ca = mintCa({ name: 'Shaped CA', issuer: root })
const device = mintLeaf({ issuer: ca, name: 'shaped-1' })
const pem = (octets: Buffer, label: string): string =>
  `-----BEGIN ${label}-----\n${octets.toString('base64').replaceAll(/.{64}(?=.)/gu, '$&\n')}\n-----END ${label}-----\n`

const SIGNED_DATA = der.oid('1.2.840.113549.1.7.2')
const DATA = der.oid('1.2.840.113549.1.7.1')
const bag = (...certificates: readonly Buffer[]): Buffer =>
  der.sequence(
    SIGNED_DATA,
    der.context(
      0,
      der.sequence(
        der.integer(1),
        der.set(),
        der.sequence(DATA),
        der.context(0, ...certificates),
        der.set(),
      ),
    ),
  )
const open = (tag: number, ...parts: readonly Buffer[]): Buffer =>
  Buffer.concat([Buffer.of(tag, 0x80), ...parts, Buffer.of(0, 0)])
const berBag = (...certificates: readonly Buffer[]): Buffer =>
  open(
    0x30,
    SIGNED_DATA,
    open(
      0xa0,
      open(
        0x30,
        der.integer(1),
        open(0x31),
        open(0x30, DATA),
        open(0xa0, ...certificates),
        open(0x31),
      ),
    ),
  )

/** What OpenSSL's own command writes, with its settings. */
function trusted(...settings: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-trusted-'))
  try {
    writeFileSync(join(folder, 'root.pem'), root.pem)
    const args = ['x509', '-in', 'root.pem', '-trustout', ...settings]
    return spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' }).stdout
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const both = root.pem + ca.pem
const label = (one: string): string => both.replaceAll('CERTIFICATE', one)
const request = der.sequence(
  der.sequence(der.integer(0), root.subject, root.spki, der.context(0)),
  der.sequence(der.oid('1.2.840.10045.4.3.2')),
  der.bitString(Buffer.of(1)),
)

const TAKEN = 'file admitted, upload 201, command 0'
const ODD = 'file not read, upload 422, command 1'

const SHAPES: readonly (readonly [
  what: string,
  content: string | Buffer,
  inPrivate: string,
  inStrict: string,
])[] = [
  ['PEM', both, TAKEN, TAKEN],
  [
    'PEM with lines of Windows and text around',
    `Ours:\r\n${both.replaceAll('\n', '\r\n')}`,
    TAKEN,
    TAKEN,
  ],
  ['PEM with a byte order mark', `\uFEFF${both}`, TAKEN, ODD],
  ['the label X509 CERTIFICATE', label('X509 CERTIFICATE'), TAKEN, ODD],
  ['TRUSTED CERTIFICATE without settings', label('TRUSTED CERTIFICATE'), TAKEN, TAKEN],
  [
    'TRUSTED CERTIFICATE that trusts for clients',
    trusted('-addtrust', 'clientAuth') + ca.pem,
    TAKEN,
    ODD,
  ],
  [
    'TRUSTED CERTIFICATE that rejects for clients',
    trusted('-addreject', 'clientAuth') + ca.pem,
    ODD,
    ODD,
  ],
  ['PKCS7 in PEM', pem(bag(root.der, ca.der), 'PKCS7'), TAKEN, TAKEN],
  ['the label PKCS #7 SIGNED DATA', pem(bag(root.der, ca.der), 'PKCS #7 SIGNED DATA'), TAKEN, ODD],
  ['PKCS#7 labelled CERTIFICATE', pem(bag(root.der, ca.der), 'CERTIFICATE'), TAKEN, ODD],
  ['both kinds of block', ca.pem + pem(bag(root.der), 'PKCS7'), TAKEN, TAKEN],
  ['PKCS#7 in DER', bag(root.der, ca.der), TAKEN, TAKEN],
  ['PKCS#7 in BER', berBag(root.der, ca.der), TAKEN, TAKEN],
  ['PKCS#7 in BER in PEM', pem(berBag(root.der, ca.der), 'PKCS7'), TAKEN, TAKEN],
  ['DER', ca.der, TAKEN, TAKEN],
  ['DER with a line feed behind it', Buffer.concat([ca.der, Buffer.from('\n')]), TAKEN, ODD],
  ['a private key beside them', both + root.keyPem, ODD, ODD],
  ['a list beside them', both + crlPem(mintCrl({ issuer: root })), ODD, ODD],
  ['a request', pem(request, 'CERTIFICATE REQUEST'), ODD, ODD],
  ['UTF-16', Buffer.from(`\uFEFF${both}`, 'utf16le'), ODD, ODD],
  ['two files put together without a line feed', root.pem.trimEnd() + ca.pem, ODD, ODD],
]

async function shapes(profile: 'private' | 'strict'): Promise<readonly Seen[]> {
  const trust = `
  profile: ${profile}
  enrollmentSettings:
    - { name: Fleet, standing: current, chain: 'file:fleet.pem' }`
  const seen: Seen[] = []
  for (const [, content] of SHAPES) {
    // The same CA stands in one place only, so each shape has a front end of its own.
    await using on = await frontEnd({ yaml: { trust } })
    const files = { 'ca.pem': content, 'device.pem': device.pem + ca.pem }
    const { word } = await explained({ files, profile })
    const words = [`file ${word}`, `upload ${await uploaded(on, content)}`]
    await using other = await frontEnd({ yaml: { trust } })
    words.push(`command ${await typed(other, content)}`)
    const beside = openssl(
      ['verify', '-partial_chain', '-CAfile', 'ca.pem', '-untrusted', 'mid.pem', 'device.pem'],
      {
        'ca.pem': content,
        'mid.pem': ca.pem,
        'device.pem': device.pem,
      },
    )
    const shown = { chainPem: device.pem + ca.pem, keyPem: device.keyPem }
    const peers = await besidePeers({ ca: content, device: shown })
    seen.push({ seen: words.join(', '), beside: `${beside}; ${peers}` })
  }
  return seen
}

async function uploaded(on: FrontEnd, content: string | Buffer): Promise<string> {
  const chain = typeof content === 'string' ? content : content.toString('base64')
  const body = { name: 'shaped', source: 'scep', chain }
  return String((await on.call('POST', '/api/enrollment-settings', body)).status)
}

async function typed(on: FrontEnd, content: string | Buffer): Promise<string> {
  const file = join(on.product.folder, 'shaped.bin')
  writeFileSync(file, content)
  return String((await on.type('ca', 'upload', 'shaped', file)).code)
}

async function given(): Promise<readonly Seen[]> {
  const content = givenInput('05-ca-with-bom.pem')
  const leaf = givenInput('14-subject-printable-utf8.pem')
  if (content === undefined || leaf === undefined) return []
  await using on = await frontEnd()
  const files = { 'ca.pem': content, 'device.pem': leaf }
  const { word } = await explained({ files, at: GIVEN_DAY })
  const words = [`file ${word}`, `upload ${await uploaded(on, content.toString('utf8'))}`]
  await using other = await frontEnd()
  words.push(`command ${await typed(other, content)}`)
  const at = ['-attime', String(Date.parse(GIVEN_DAY) / 1000)]
  const beside = openssl(['verify', ...at, '-CAfile', 'ca.pem', 'device.pem'], files)
  return [{ seen: words.join(', '), beside }]
}

const atProfile = (profile: 'private' | 'strict'): Scene => ({
  cases: SHAPES.map(([what, , inPrivate, inStrict]) => ({
    id: 'B6',
    what: `a chain in ${what}, in profile ${profile}`,
    expected: profile === 'private' ? inPrivate : inStrict,
  })),
  play: () => shapes(profile),
})

export const CHAIN_FILES: readonly Scene[] = [
  atProfile('private'),
  atProfile('strict'),
  ...(process.env['TFE_CASES'] === undefined
    ? []
    : [
        {
          cases: [{ id: 'B6', what: 'the given CA file with a byte order mark', expected: TAKEN }],
          play: given,
        },
      ]),
]
