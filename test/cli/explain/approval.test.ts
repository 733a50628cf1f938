/** What `tfe explain` and `tfe check` say of rows marked `sensitive`, for each model and state (S2-14 to S2-16). */
import { expect, test } from 'vitest'
import { mintLeaf } from '../../support/certificates/mint.ts'
import {
  CONFIGURATION,
  current,
  DAY,
  configurationFolder,
  previous,
} from '../../support/cli/configuration-folder.ts'
import { tfe, type CommandOutput } from '../../support/cli/run-command.ts'

const withModel = (model: string, head = ''): string =>
  `${head}approval: { model: ${model}${model === 'manual-external' ? ', internalNetworks: [10.0.0.0/8]' : ''} }\n${CONFIGURATION.replace(
    '- { id: admin',
    '- { id: secret, path: /secret/*, class: device, sensitive: true }\n      - { id: everything, sensitive: false }\n      - { id: admin',
  )}`

async function explained(
  configuration: string,
  options: readonly string[],
  issuer = current,
): Promise<CommandOutput> {
  await using made = await configurationFolder(configuration)
  const device = { issuer, notBefore: Date.now() - 200 * DAY, notAfter: Date.now() + 20 * DAY }
  const file = await made.write('device.pem', mintLeaf(device).pem)
  return await tfe(['explain', file, '--config', made.config, ...options])
}

const SECRET = ['--route', '/secret/x']
const INSIDE = [...SECRET, '--from', '10.1.2.3']
const OUTSIDE = [...SECRET, '--from', '11.0.0.0']

/** Verdict, then what an unapproved, an approved and a blocked device would meet. */
const ROWS: readonly {
  readonly promise: string
  readonly model: string
  readonly options: readonly string[]
  readonly old?: boolean
  readonly code: number
  readonly unapproved: string
}[] = [
  {
    promise: 'off keeps no unapproved device from a sensitive row',
    model: 'off',
    options: SECRET,
    code: 0,
    unapproved: 'ADMITTED: verified',
  },
  {
    promise: 'under auto a certificate of the current CA is approval',
    model: 'auto',
    options: SECRET,
    code: 0,
    unapproved: 'ADMITTED: verified',
  },
  {
    promise: 'under auto a certificate of a previously trusted CA is approval within its cut-off',
    model: 'auto',
    options: SECRET,
    old: true,
    code: 0,
    unapproved: 'ADMITTED: verified',
  },
  {
    promise: 'under manual an unapproved device stays away from a sensitive row',
    model: 'manual',
    options: SECRET,
    code: 1,
    unapproved: 'REFUSED: unapproved',
  },
  {
    promise: 'under manual it passes a row that is not sensitive',
    model: 'manual',
    options: ['--route', '/x'],
    code: 0,
    unapproved: 'ADMITTED: verified',
  },
  {
    promise: 'under manual-external it stays away from a sensitive row inside, too',
    model: 'manual-external',
    options: INSIDE,
    code: 1,
    unapproved: 'REFUSED: unapproved',
  },
  {
    promise: 'under manual-external it passes a row inside that is not sensitive',
    model: 'manual-external',
    options: ['--route', '/x', '--from', '10.1.2.3'],
    code: 0,
    unapproved: 'ADMITTED: verified',
  },
  {
    promise: 'under manual-external no row that asks for a certificate is open to it outside',
    model: 'manual-external',
    options: ['--route', '/x', '--from', '11.0.0.0'],
    code: 1,
    unapproved: 'REFUSED: unapproved',
  },
  {
    promise: 'under manual-external it is refused from the first address outside',
    model: 'manual-external',
    options: OUTSIDE,
    code: 1,
    unapproved: 'REFUSED: unapproved',
  },
]

for (const { promise, model, options, old, code, unapproved } of ROWS) {
  test(`${promise}, and a blocked one is refused, with the next step`, async () => {
    const said = await explained(withModel(model), options, old === true ? previous : current)
    expect(said).toMatchObject({ code, err: '' })
    expect(said.out).toContain(`unapproved: ${unapproved}\n`)
    expect(said.out).toContain('approved: ADMITTED: verified\n')
    expect(said.out).toMatch(
      /blocked: REFUSED: blocked\n.* is blocked\n +next step: none if that is meant; otherwise lift the block/u,
    )
    if (code === 1) expect(said.out).toMatch(/next step: approve the device/u)
  })
}

test('without an address manual-external is told for both sides, and the verdict is that of outside', async () => {
  const { out, code } = await explained(withModel('manual-external'), ['--route', '/x'])
  expect(code).toBe(1)
  expect(out).toContain('unapproved, from outside: REFUSED: unapproved\n')
  expect(out).toContain('unapproved, from inside: ADMITTED: verified\n')
})

test('in recording every row but renewal holds an unapproved device from outside, under either model', async () => {
  const recording = 'enforcement: recording\n'
  for (const model of ['manual', 'manual-external']) {
    const outside = await explained(withModel(model, recording), ['--route', '/x'])
    expect(outside.out).toContain('unapproved, from outside: REFUSED: unapproved\n')
    expect(outside.out).toContain('unapproved, from inside: ADMITTED: verified\n')
    expect(outside.out).toContain('blocked: REFUSED: blocked\n')
  }
})

test('a blocked device is refused on an open row, too, and no device passes a denied one', async () => {
  const open = await explained(withModel('manual'), ['--route', '/enroll/x'])
  expect(open.out).toContain('unapproved: ADMITTED: open-route\n')
  expect(open.out).toContain('blocked: REFUSED: blocked\n')
  const denied = await explained(withModel('manual'), ['--route', '/admin/x'])
  expect(denied.out).not.toContain('What approval would change')
})

test('without a request each kind of row is told, and how to see what the device is', async () => {
  const { out, code } = await explained(withModel('manual'), [])
  expect(code).toBe(0)
  expect(out).toContain('On sensitive rows of class device (secret)\n')
  expect(out).toContain('On rows that are not sensitive, of class device (everything)\n')
  expect(out).toContain('unapproved: REFUSED: unapproved\n')
  expect(out).toMatch(/`tfe devices list --text [0-9a-f]{16}` shows what it is/u)
})

test('for programs the route says that it is sensitive', async () => {
  const { out } = await explained(withModel('manual'), [...SECRET, '--json'])
  expect(JSON.parse(out)).toMatchObject({
    code: 'unapproved',
    next_step: 'approve the device',
    route: { id: 'secret', class: 'device', sensitive: true },
  })
})

const EVERY_ROW =
  /unapproved outside +refused \(unapproved\) on every row that asks for a certificate, but for renewal/mu
const CHECKED: readonly [string, string, RegExp][] = [
  ['off', '', /unapproved +passes as if it were approved$/mu],
  ['auto', '', /unapproved +passes as if it were approved$/mu],
  ['manual', '', /unapproved +refused \(unapproved\) on sensitive rows; approve it with/mu],
  ['manual', 'enforcement: recording\n', EVERY_ROW],
  ['manual-external', '', EVERY_ROW],
  ['manual-external', '', /unapproved inside +refused \(unapproved\) on sensitive rows/mu],
  ['manual-external', 'enforcement: recording\n', /unapproved inside +passes as if it were/mu],
]

for (const [model, head, unapproved] of CHECKED) {
  test(`a check says ${String(unapproved)} under ${model}${head === '' ? '' : ' in recording'}`, async () => {
    await using made = await configurationFolder(withModel(model, head))
    const { out, code } = await tfe(['check', made.config])
    expect(code).toBe(0)
    expect(out).toContain(`  model ${model}: `)
    expect(out).not.toContain('the portal may have chosen another one')
    expect(out).toMatch(/sensitive rows +all\/secret$/mu)
    expect(out).toMatch(/device +any method \/secret\/\* +→ mdm, sensitive +secret$/mu)
    expect(out).toMatch(unapproved)
    expect(out).toMatch(
      /blocked +refused everywhere \(blocked\), in recording and on open rows too/u,
    )
    expect(/^ +inside +10\.0\.0\.0\/8$/mu.test(out)).toBe(model === 'manual-external')
  })
}

test('where the file names no model, a check says what counts then', async () => {
  await using made = await configurationFolder()
  const { out } = await tfe(['check', made.config])
  expect(out).toContain('model auto: every fit certificate approves its device')
  expect(out).toContain('; the portal may have chosen another one\n')
  expect(out).toMatch(/sensitive rows +all\/everything$/mu)
  expect(out).toMatch(/unapproved +passes as if it were approved$/mu)
})

test('explain names the ids that an approval or a block would reach the certificate by, and none where there is none', async () => {
  await using made = await configurationFolder(withModel('manual'))
  const device = { issuer: current, notBefore: Date.now() - DAY, notAfter: Date.now() + 200 * DAY }
  const uris = ['urn:sn:7', 'https://a.example/x', 'URN:UUID:AB']
  const told = async (leaf: object): Promise<string> => {
    const file = await made.write('device.pem', mintLeaf({ ...device, ...leaf }).pem)
    return (await tfe(['explain', file, '--config', made.config, ...SECRET])).out
  }
  const sentence = 'refused as blocked while a device with its key or a signed id of it is'
  const found = (await told({ uris })).replaceAll(/\s+/gu, ' ')
  expect(found).toContain(`${sentence}, and approved while one is: urn:sn:7, urn:uuid:ab`)
  expect((await told({})).replaceAll(/\s+/gu, ' ')).not.toContain(sentence)
})

test('a check says which listeners bear no mark while a model asks, and warns where every device is outside', async () => {
  const warning = 'neither exposure on devices nor internalNetworks'
  const said = async (configuration: string): Promise<string> => {
    await using made = await configurationFolder(configuration)
    return (await tfe(['check', made.config])).out
  }
  const bare = await said(withModel('manual'))
  expect(bare).toContain(warning)
  expect(bare).toMatch(/not marked +listener devices: the address alone says who is inside$/mu)
  const marked = await said(
    withModel('manual').replace('  devices:\n', '  devices:\n    exposure: internal\n'),
  )
  expect(marked).not.toContain(warning)
  expect(marked).toMatch(/^ +inside +listener devices$/mu)
  expect(marked).not.toMatch(/^ +not marked/mu)
  expect(await said(withModel('auto'))).not.toContain(warning)
})
