import { rootCertificates } from 'node:tls'
import { expect, test } from 'vitest'
import type { Standing } from '../../src/decide/policy.ts'
import type { Instant } from '../../src/kernel/types.ts'
import { chainWarnings } from '../../src/state/chain-warnings.ts'
import { trustedCaWarnings } from '../../src/state/trusted-ca-warnings.ts'
import { trustStore } from '../../src/trust/store.ts'
import { readCertificateFile } from '../../src/x509/file/certificate-file.ts'
import { keyUsage, mintingAt } from '../support/certificates/mint.ts'

const DAY = 86_400_000
const NOW = Date.UTC(2026, 5, 1)
const { mintCa, mintLeaf } = mintingAt(NOW)
const YEARS = { notBefore: NOW - 900 * DAY, notAfter: NOW + 900 * DAY }
const ENDING = { notBefore: NOW - 900 * DAY, notAfter: NOW + 89 * DAY }
const root = mintCa({ name: 'Root', ...YEARS })
const middle = mintCa({ name: 'Middle', issuer: root, ...YEARS })

function warningsOf(pem: string, standing: Standing = { kind: 'current' }): readonly string[] {
  const file = readCertificateFile(Buffer.from(pem), { others: 'refused', purpose: 'client' })
  if (!file.ok) throw new Error('the chain can be read')
  const chain = file.value.certificates.map(({ certificate }) => certificate)
  const setting = { at: 'tfe.yaml:6:7', name: 'New', chain, standing }
  const store = trustStore({ settings: [setting], profile: 'private' })
  return chainWarnings([setting], store, NOW as Instant).map(({ message }) => message)
}

const retired = (sunset: number | undefined): Standing => ({
  kind: 'previously-trusted',
  retiredAt: NOW as Instant,
  cutOff: 'not-before',
  sunset: sunset as Instant | undefined,
})

test('a sound chain, with and without its root, is told nothing of', () => {
  expect(warningsOf(middle.pem + root.pem)).toEqual([])
  expect(warningsOf(middle.pem)).toEqual([])
})

const ROWS: readonly (readonly [promise: string, pem: string, said: readonly RegExp[]])[] = [
  [
    'a root that ends within ninety days has to have a successor',
    mintCa({ name: 'Root', ...ENDING }).pem,
    [/^New: its CA expires at 2026-08-29T00:00:00.999Z; stage its successor now$/],
  ],
  [
    'an intermediate that has expired is named',
    root.pem + mintCa({ name: 'Late', issuer: root, notAfter: NOW - 1000 }).pem,
    [/^New: its intermediate CA CN=Late expired at .* and admits no device$/],
  ],
  [
    'an intermediate that is not valid yet is named',
    root.pem + mintCa({ name: 'Early', issuer: root, notBefore: NOW + DAY }).pem,
    [/^New: its intermediate CA CN=Early is valid only from /],
  ],
  [
    'a leaf among the CAs vouches for no device',
    root.pem + mintLeaf({ issuer: root, name: 'phone' }).pem,
    [/^New: CN=phone in its chain is no CA \(basic constraints\)/],
  ],
  [
    'a CA that may not sign certificates vouches for no device',
    root.pem + mintCa({ name: 'Mute', issuer: root, extensions: [keyUsage('cRLSign')] }).pem,
    [/^New: CN=Mute in its chain is no CA \(key usage without keyCertSign\)/],
  ],
]

for (const [promise, pem, said] of ROWS) {
  test(promise, () => {
    expect(warningsOf(pem)).toEqual(said.map((one) => expect.stringMatching(one)))
  })
}

test('public web authorities are counted', () => {
  const [one, ...others] = warningsOf(root.pem + rootCertificates.slice(0, 5).join('\n')).filter(
    (text) => text.includes('public'),
  )
  expect(others).toEqual([])
  expect(one).toMatch(/^New: 5 of the 6 certificates of its chain, such as .*, are of public web/)
  expect(warningsOf(rootCertificates[0] ?? '').join('\n')).toMatch(
    /1 of the 1 certificate of its chain, .*, is of public web authorities/,
  )
})

test('of a distrusted setting nothing is told', () => {
  expect(warningsOf(rootCertificates[0] ?? '', { kind: 'distrusted' })).toEqual([])
})

test('the end of a CA is not told where its setting ends before', () => {
  const { pem } = mintCa({ name: 'Root', ...ENDING })
  expect(warningsOf(pem, retired(ENDING.notAfter + 999))).toEqual([])
  expect(warningsOf(pem, retired(ENDING.notAfter + 1000))).toHaveLength(1)
  expect(warningsOf(pem, retired(undefined))).toHaveLength(1)
})

test('a CA by which servers are verified is told when it ends, and not before', () => {
  const said = (pem: string): readonly string[] =>
    trustedCaWarnings(
      'core',
      [{ at: 'tfe.yaml:9:9', path: 'ca.pem', bytes: Buffer.from(pem) }],
      NOW as Instant,
    ).map(({ message }) => message)
  expect(said(root.pem)).toEqual([])
  expect(said(mintCa({ ...ENDING }).pem).join('')).toMatch(/ends at 2026-08-29.*add its successor/)
  expect(said(mintCa({ notAfter: NOW - 1000 }).pem).join('')).toMatch(/expired at .* no server/)
  expect(said(mintCa({ notBefore: NOW + 1000 }).pem).join('')).toMatch(/is valid only from/)
  expect(said('no PEM')).toEqual([])
})
