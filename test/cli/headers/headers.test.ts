import { X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import { FORMATS } from '../../../src/cli/headers/formats.ts'
import { IDENTITY_FORMATS } from '../../../src/message/encode/settings.ts'
import { mintCa, mintLeaf } from '../../support/certificates/mint.ts'
import {
  CONFIGURATION,
  current,
  configurationFolder,
  root,
} from '../../support/cli/configuration-folder.ts'
import { tfe } from '../../support/cli/run-command.ts'

const leaf = mintLeaf({ issuer: current, name: 'phone', serial: 0xabcd })

test('every format that there is can be asked for, and says who reads it', async () => {
  expect(FORMATS.map(({ name }) => name).toSorted()).toEqual([...IDENTITY_FORMATS].toSorted())
  const { out, code } = await tfe(['headers', '--list'])
  expect(code).toBe(0)
  const said = FORMATS.map(({ name, readers }) => out.includes(name) && out.includes(readers))
  expect(said).toEqual(FORMATS.map(() => true))
})

for (const { name, readers } of FORMATS) {
  test(`${name} is printed as field lines and nothing else; its readers go to standard error`, async () => {
    await using made = await configurationFolder()
    const file = await made.write('device.pem', leaf.pem)
    const { out, err, code } = await tfe(['headers', file, '--format', name])
    expect(code).toBe(0)
    expect(out).toMatch(/^(?:[A-Za-z0-9_-]+: [ -~]+\n)+$/)
    expect(err).toBe(`read by: ${readers}\n`)
  })
}

test('the standard format holds the very certificate', async () => {
  await using made = await configurationFolder()
  const file = await made.write('device.pem', leaf.pem)
  const { out } = await tfe(['headers', file, '--format', 'rfc9440'])
  const [, base64 = ''] = /^Client-Cert: :(.*):$/m.exec(out) ?? []
  expect(Buffer.from(base64, 'base64')).toEqual(new X509Certificate(leaf.pem).raw)
})

test('an upstream of the configuration lends its format and its field names', async () => {
  await using made = await configurationFolder()
  const file = await made.write('device.pem', leaf.pem)
  const asked = ['headers', file, '--config', made.config]
  expect((await tfe(asked)).out).toMatch(/^Client-Cert: .*\nX-Verify: SUCCESS\n$/)
  expect((await tfe([...asked, '--upstream', 'mdm'])).out).toContain('X-Verify: SUCCESS')
  expect((await tfe([...asked, '--verify', 'none'])).out).toBe('X-Verify: NONE\n')
})

test('the intermediates are those of the path, also when the device did not send them', async () => {
  const file = CONFIGURATION.replace('format: rfc9440', 'format: rfc9440\n      chain: true')
  await using made = await configurationFolder(file)
  const device = await made.write('device.pem', leaf.pem)
  const { out } = await tfe(['headers', device, '--config', made.config])
  expect(out).toContain(`Client-Cert-Chain: :${current.der.toString('base64')}:`)
  expect(out).not.toContain(root.der.toString('base64'))
})

test('a certificate in grace is written as expired', async () => {
  await using made = await configurationFolder()
  const file = await made.write('device.pem', leaf.pem)
  const { out } = await tfe(['headers', file, '--format', 'nginx', '--verify', 'in-grace'])
  expect(out).toContain('FAILED:expired-grace')
})

test('a certificate that would be refused is shown, and said to be', async () => {
  await using made = await configurationFolder()
  const stranger = mintLeaf({ issuer: mintCa({ name: 'X' }) })
  const file = await made.write('device.pem', stranger.pem)
  const { out, err, code } = await tfe(['headers', file, '--config', made.config])
  expect(code).toBe(0)
  expect(out).toContain('Client-Cert: ')
  expect(err).toContain('would refuse the certificate (untrusted-issuer)')
})

const WRONG: readonly (readonly [
  promise: string,
  more: readonly string[],
  code: number,
  said: string,
])[] = [
  [
    'an upstream needs its configuration',
    ['--format', 'nginx', '--upstream', 'x'],
    2,
    '--upstream without --config',
  ],
  [
    'an upstream that does not exist is named',
    ['--config', 'CONFIG', '--upstream', 'mdn'],
    2,
    'did you mean mdm?',
  ],
  [
    'a faulty configuration is answered with its faults',
    ['--config', '/nowhere'],
    1,
    'found no file',
  ],
]

for (const [promise, more, code, said] of WRONG) {
  test(promise, async () => {
    await using made = await configurationFolder()
    const file = await made.write('device.pem', leaf.pem)
    const argv = ['headers', file, ...more.map((word) => (word === 'CONFIG' ? made.config : word))]
    const answer = await tfe(argv)
    expect(answer).toMatchObject({ code, out: '', err: expect.stringContaining(said) })
  })
}

test('an upstream that is told nothing has nothing to show', async () => {
  const mute =
    CONFIGURATION.slice(0, CONFIGURATION.indexOf('    identity:')) + 'metrics: { port: 0 }\n'
  await using made = await configurationFolder(mute)
  const file = await made.write('device.pem', leaf.pem)
  const { code, err } = await tfe(['headers', file, '--config', made.config, '--upstream', 'mdm'])
  expect(code).toBe(2)
  expect(err).toContain("the upstream 'mdm' is told nothing")
})

test('a file that is no certificate is answered with no', async () => {
  await using made = await configurationFolder()
  const { code, err } = await tfe(['headers', made.config, '--format', 'nginx'])
  expect(code).toBe(1)
  expect(err).toContain('found no certificate')
})
