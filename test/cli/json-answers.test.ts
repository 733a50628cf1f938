/** --json: one document on standard output, whatever the outcome; the sentences stay on standard error. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { mintLeaf } from '../support/certificates/mint.ts'
import {
  CONFIGURATION,
  configurationFolder,
  current,
  type ConfigurationFolder,
} from '../support/cli/configuration-folder.ts'
import { program, tfe } from '../support/cli/run-command.ts'
import type { TfeCommand } from '../../src/cli/command.ts'

const WITH_KEYS = CONFIGURATION.replace('data/tfe.sqlite', "data/tfe.sqlite, keys: 'file:tfe.keys'")
const PASSPHRASE = 'correct horse battery'

async function folder(): Promise<ConfigurationFolder> {
  const made = await configurationFolder(WITH_KEYS)
  await made.write('device.pem', mintLeaf({ issuer: current, name: 'phone' }).pem + current.pem)
  return made
}

/** `@` is the folder. */
async function typed(
  { folder }: ConfigurationFolder,
  line: string,
  stdin = '',
): Promise<{ readonly code: number; readonly document: unknown; readonly err: string }> {
  const words = line.split(' ').map((word) => word.replace('@', `${folder}/`))
  const { code, out, err } = await tfe([...words, '--json'], {}, undefined, stdin)
  return { code, document: JSON.parse(out), err }
}

test('every command that answers has --json; one that serves or prints a script has none', () => {
  const ends = (command: TfeCommand): readonly TfeCommand[] =>
    command.commands.length === 0
      ? [command]
      : command.commands.flatMap((one) => ends(one as TfeCommand))
  const without = ends(program()).filter(
    (one) => !one.options.some(({ long }) => long === '--json'),
  )
  expect(without.map((one) => one.path())).toEqual(
    [' serve', ' completion', ' help'].map((it) => `tfe${it}`),
  )
})

test('the commands of the store answer with a document each, in the order in which they are used', async () => {
  await using made = await folder()
  const at = (name: string): string => join(made.folder, name)
  expect(await typed(made, 'init @tfe.yaml')).toMatchObject({
    code: 0,
    document: {
      outcome: 'created',
      enforcement: 'required',
      enrollment_settings: ['New', 'Old'],
      key_ring: at('tfe.keys'),
      rows: null,
    },
  })
  const admin = 'admin create alice --role viewer --config @tfe.yaml'
  expect(await typed(made, `${admin} --token-file @alice.token`)).toMatchObject({
    code: 0,
    document: { outcome: 'created', name: 'alice', role: 'viewer', token_file: at('alice.token') },
  })
  expect(await typed(made, 'keys list @tfe.yaml')).toMatchObject({
    code: 0,
    document: { key_ring: at('tfe.keys'), keys: [1] },
  })
  expect(await typed(made, 'keys new @tfe.yaml')).toMatchObject({ document: { keys: [1, 2] } })
  const bundle = { bundle: at('ring.bundle'), keys: [1, 2] }
  expect(
    await typed(made, 'keys export @ring.bundle --config @tfe.yaml', PASSPHRASE),
  ).toMatchObject({ code: 0, document: bundle })
  expect(
    await typed(made, 'keys import @ring.bundle --config @tfe.yaml', PASSPHRASE),
  ).toMatchObject({ code: 0, document: { keys: [1, 2] } })
  expect(await typed(made, 'break-glass @tfe.yaml --reason lost')).toMatchObject({
    code: 0,
    document: { outcome: 'changed', enforcement: 'recording', times: 1 },
  })
  expect(await typed(made, 'break-glass @tfe.yaml --reason lost')).toMatchObject({
    code: 0,
    document: { outcome: 'unchanged', enforcement: 'recording' },
  })
})

test('headers answers with the fields, and with the formats', async () => {
  await using made = await folder()
  expect(await typed(made, 'headers @device.pem --format nginx')).toMatchObject({
    code: 0,
    document: {
      format: 'nginx',
      fields: expect.arrayContaining([{ name: 'ssl-client-verify', value: 'SUCCESS' }]) as object,
    },
  })
  const { document } = await typed(made, 'headers --list')
  expect(document).toMatchObject({
    formats: expect.arrayContaining([expect.objectContaining({ name: 'rfc9440' })]) as object,
  })
})

test('a configuration without faults is told as data', async () => {
  await using made = await folder()
  const { code, document, err } = await typed(made, 'check @tfe.yaml')
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(document).toMatchObject({
    outcome: 'ok',
    faults: [],
    warnings: [
      { at: expect.stringContaining('listeners.devices.certificates[0].chain') as string },
      { at: expect.stringMatching(/tfe\.yaml:3:1 store$/) as string },
    ],
    asked: [],
    not_asked: ['server of mdm: mdm.internal:8443'],
    dangers: [],
    would_serve: {
      workers: 1,
      metrics: { port: 0 },
      listeners: [
        {
          name: 'devices',
          hosts: ['mdm.test'],
          certificates: [{ names: ['mdm.test'], publicly_trusted: false }],
          tls: { resumption: 'auto', resumes: false },
          routes: 'all',
          relay: null,
        },
      ],
      enforcement: 'required',
      renewal_window_ms: 270 * 86_400_000,
      trust: {
        profile: 'private',
        denied: 0,
        enrollment_settings: [
          { name: 'New', standing: 'current', anchors: [{ subject: 'CN=Fleet Root' }] },
          { name: 'Old', standing: 'previously-trusted', cut_off: 'not-before', sunset: null },
        ],
      },
      approval: { model: 'auto', sensitive_rows: ['all/everything'] },
      routes: [{ name: 'all', preset: 'generic' }],
      upstreams: [
        {
          name: 'mdm',
          servers: [{ name: 'mdm.internal:8443' }],
          tls: { strict: true, sni: { kind: 'on' } },
          identity: { format: 'rfc9440', fields: { verify: 'X-Verify' } },
        },
      ],
      store: { kind: 'sqlite', key_ring: expect.stringContaining('tfe.keys') as string },
      admin: null,
    },
  })
})

test('a configuration with faults is a document, too, exit code 1', async () => {
  await using made = await folder()
  await made.write('bad.yaml', `grace: 30x\n${CONFIGURATION}`)
  expect(await typed(made, 'check @bad.yaml')).toMatchObject({
    code: 1,
    err: '',
    document: {
      outcome: 'faulty',
      faults: [{ at: expect.stringContaining('bad.yaml:1:8 grace') as string }],
      would_serve: null,
    },
  })
})

test('what a configuration would do is data, too, where nothing but a file is missing', async () => {
  await using made = await folder()
  await made.write('other.yaml', CONFIGURATION.replace('server.pem', 'missing.pem'))
  expect(await typed(made, 'check @other.yaml')).toMatchObject({
    code: 1,
    document: {
      outcome: 'faulty',
      faults: [{}],
      would_serve: { listeners: [{ name: 'devices', certificates: null }] },
    },
  })
})

const FAULTY = [
  'init @missing.yaml',
  'keys list @missing.yaml',
  'keys new @missing.yaml',
  'keys export @ring --config @missing.yaml',
  'keys import @ring --config @missing.yaml',
  'admin create alice --role viewer --token-file @token --config @missing.yaml',
  'break-glass @missing.yaml --reason x',
  'upgrade @missing.yaml --dry-run',
  'explain @device.pem --config @missing.yaml',
  'explain @missing.pem --config @tfe.yaml',
  'headers @missing.pem --format nginx',
  'headers @device.pem --config @missing.yaml',
  'upstream test mdm --config @missing.yaml',
  'upstream scan mdm --config @missing.yaml',
  'upstream catalogue --config @missing.yaml',
] as const

for (const line of FAULTY) {
  test(`what is wrong is a document and a sentence, exit code 1: ${line}`, async () => {
    await using made = await folder()
    const { code, document, err } = await typed(made, line)
    expect(code).toBe(1)
    expect(document).toMatchObject({
      outcome: 'faulty',
      faults: [
        {
          at: expect.stringContaining('missing') as string,
          message: expect.stringMatching(/found no (?:such )?file/u) as string,
        },
      ],
    })
    expect(err).toMatch(/found no (?:such )?file/u)
  })
}

test('a usage error stays a text on standard error', async () => {
  const { code, out, err } = await tfe(['headers', '--json'])
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toContain('tfe headers needs CERT.pem')
})
