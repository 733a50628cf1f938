/** `tfe upstream catalogue`: the columns of the page, for people and for programs. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { tfe } from '../../support/cli/run-command.ts'

const folder = mkdtempSync(join(tmpdir(), 'tfe-catalogue-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const file = join(folder, 'tfe.yaml')
writeFileSync(
  file,
  `
trust:
  enrollmentSettings:
    - { name: CA, standing: current, chain: file:absent.pem }
listeners:
  devices:
    hosts: [mdm.example.com]
    certificates: [{ chain: file:absent.pem, key: file:absent.key }]
    routes: mine
routes:
  mine: { preset: generic, upstream: old }
upstreams:
  plain: { url: http://a.example.com, dangerousPlaintext: true }
  usual: { url: https://a.example.com }
  old:
    url: https://a.example.com
    tls: { protocols: [TLSv1.2, TLSv1.1], ciphers: [TLS_RSA_WITH_AES_128_CBC_SHA, ECDHE-RSA-AES128-GCM-SHA256] }
`,
)

test('each upstream shows its columns although no key or chain is there', async () => {
  const { code, out } = await tfe(['upstream', 'catalogue', '--config', file])
  expect(code).toBe(0)
  expect(out).toMatch(/^plain\n  is called without TLS: no selection has an effect here\n/)
  expect(out).toContain(
    'usual\n  Use Default Cipher Suites and Protocols (recommended): those of secure\n',
  )
  expect(out).toContain('old\n  Use Custom Configuration; the default would be that of secure\n')
})

test('a custom selection shows order, both spellings, marks and warnings', async () => {
  const { out } = await tfe(['upstream', 'catalogue', '--config', file, '--upstream', 'old'])
  expect(out).toContain(
    '  warning: TLSv1.1 is weak: deprecated (RFC 8996): its signatures rest on SHA-1\n',
  )
  expect(out).toContain(
    '  warning: 1 selected suite with no forward secrecy; CBC mode, open to padding attacks\n',
  )
  expect(out).toMatch(
    /Selected\n +![0-9]+ +1\.0\+ AES128-SHA +TLS_RSA_WITH_AES_128_CBC_SHA\n +\* +1\.2 +ECDHE-RSA-AES128-GCM-SHA256 +TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256\n +Available/,
  )
  expect(out).toMatch(/Impossible with this runtime\n +![0-9]+ +SSLv2Hello\n/)
  expect(out).toMatch(/![0-9]+ this runtime cannot send a hello in the form of SSLv2/)
  expect(out).not.toContain('usual')
})

test('a line fits a terminal of a hundred columns', async () => {
  const { out } = await tfe(['upstream', 'catalogue', '--config', file])
  expect(out.split('\n').filter((line) => line.length > 100)).toEqual([])
})

test('programs read the same as JSON', async () => {
  const { out } = await tfe(['upstream', 'catalogue', '--config', file, '--json'])
  const [plain, usual, old] = JSON.parse(out) as readonly object[]
  expect(plain).toEqual({ upstream: 'plain', tls: false })
  expect(usual).toMatchObject({ mode: 'default', preset: 'secure', notices: [] })
  expect(old).toMatchObject({
    mode: 'custom',
    suites: {
      selected: [{ name: 'AES128-SHA', standardName: 'TLS_RSA_WITH_AES_128_CBC_SHA' }, {}],
    },
  })
})

test('without a configuration both presets are shown', async () => {
  const { code, out } = await tfe(['upstream', 'catalogue'])
  expect(code).toBe(0)
  expect(out).toContain('preset secure\n')
  expect(out).toContain('preset sentry-compat\n')
})

const MISUSED: readonly (readonly [string, string, string])[] = [
  ['a mistyped action', 'upstream catalog', 'did you mean catalogue?'],
  ['another action', 'upstream paint', 'actions: test, scan, catalogue, errors'],
  ['an upstream without a configuration', 'upstream catalogue --upstream old', '--config'],
  [
    'an unknown upstream',
    `upstream catalogue --config ${file} --upstream odl`,
    'did you mean old?',
  ],
]

for (const [what, words, says] of MISUSED) {
  test(`${what} is misuse, and answered with what to do`, async () => {
    const { code, out, err } = await tfe(words.split(' '))
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain(says)
  })
}

test('a faulty configuration is answered with its faults', async () => {
  const { code, err } = await tfe(['upstream', 'catalogue', '--config', join(folder, 'no.yaml')])
  expect(code).toBe(1)
  expect(err).toContain('no.yaml')
})

test('tfe check marks weak protocols and counts weak suites', async () => {
  const { out } = await tfe(['check', file])
  expect(out).toContain('TLSv1.2 and TLSv1.1 (WEAK), 2 suites (1 weak): custom configuration')
  expect(out).toContain('TLSv1.3 and TLSv1.2, 9 suites: default of secure')
  expect(out).toMatch(
    /What is dangerous\n[^]*upstream old may be called over TLSv1\.1, which is weak/,
  )
})
