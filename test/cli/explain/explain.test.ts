import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { mintCa, mintLeaf, type LeafOptions } from '../../support/certificates/mint.ts'
import {
  CONFIGURATION,
  current,
  DAY,
  day,
  configurationFolder,
  previous,
  root,
} from '../../support/cli/configuration-folder.ts'
import { tfe, type CommandOutput } from '../../support/cli/run-command.ts'

const now = Date.now()

const keyOf = (spki: Buffer): string => createHash('sha256').update(spki).digest('hex')

/** Explains one device of a fresh fleet. */
async function explained(
  device: Partial<LeafOptions> | string | Buffer,
  options: readonly string[] = [],
  configuration = CONFIGURATION,
): Promise<CommandOutput> {
  await using made = await configurationFolder(configuration)
  const content =
    typeof device === 'string' || Buffer.isBuffer(device)
      ? device
      : mintLeaf({ issuer: current, ...device }).pem
  const file = await made.write('device.pem', content)
  return await tfe(['explain', file, '--config', made.config, ...options])
}

const VERDICTS: readonly {
  readonly promise: string
  readonly device: Partial<LeafOptions>
  readonly options?: readonly string[]
  readonly verdict: string
}[] = [
  { promise: 'a device of the current CA passes', device: {}, verdict: 'ADMITTED: verified' },
  {
    promise: 'a device of the previously trusted CA passes',
    device: { issuer: previous, notBefore: now - 200 * DAY },
    verdict: 'ADMITTED: verified',
  },
  {
    promise: 'one that it issued after its retirement does not',
    device: { issuer: previous, notBefore: now - 50 * DAY },
    verdict: 'REFUSED: issued-after-retirement',
  },
  {
    promise: 'an expired one is refused where renewal is not the matter',
    device: { notBefore: now - 90 * DAY, notAfter: now - 9 * DAY },
    verdict: 'REFUSED: expired',
  },
  {
    promise: 'an expired one may renew',
    device: { notBefore: now - 90 * DAY, notAfter: now - 9 * DAY },
    options: ['--route', '/renew/x', '--method', 'POST'],
    verdict: 'ADMITTED: in-grace',
  },
  {
    promise: 'the method decides whether a row is met',
    device: { notBefore: now - 90 * DAY, notAfter: now - 9 * DAY },
    options: ['--route', '/renew/x', '--method', 'GET'],
    verdict: 'no row of the route table matches this path and method',
  },
  {
    promise: 'one that expired too long ago may not even renew',
    device: { notBefore: now - 90 * DAY, notAfter: now - 31 * DAY },
    options: ['--route', '/renew/x', '--method', 'POST'],
    verdict: 'REFUSED: expired-beyond-grace',
  },
  {
    promise: 'what is expired today was valid before',
    device: { notBefore: now - 90 * DAY, notAfter: now - 9 * DAY },
    options: ['--route', '/x', '--at', day(-10)],
    verdict: 'ADMITTED: verified',
  },
  {
    promise: 'what is valid today will expire',
    device: {},
    options: ['--route', '/x', '--at', day(700)],
    verdict: 'REFUSED: issuer-expired',
  },
  {
    promise: 'a certificate for servers does not open doors for devices',
    device: { purposes: ['serverAuth'] },
    verdict: 'REFUSED: wrong-purpose',
  },
  {
    promise: 'a certificate that signed itself says nothing',
    device: { selfSigned: true },
    verdict: 'REFUSED: self-signed',
  },
  {
    promise: 'a denied path is denied to the best of devices',
    device: {},
    options: ['--route', '/admin/users'],
    verdict: 'REFUSED: route-denied',
  },
  {
    promise: 'an open path asks for nothing',
    device: { selfSigned: true },
    options: ['--route', '/enroll/x'],
    verdict: 'ADMITTED: open-route',
  },
  {
    promise:
      'a path that can be read in two ways is turned away before any certificate is asked for',
    device: {},
    options: ['--route', '/x/..;/admin'],
    verdict: 'it holds a `;` parameter, which servers cut off at different places',
  },
]

for (const { promise, device, options = ['--route', '/x'], verdict } of VERDICTS) {
  test(promise, async () => {
    const { out, code, err } = await explained(device, options)
    expect(out).toContain(verdict)
    expect({ code, err }).toEqual({ code: verdict.startsWith('ADMITTED') ? 0 : 1, err: '' })
    if (verdict.startsWith('REFUSED')) expect(out).toMatch(/ {4}next step: \S/)
  })
}

test('without a route every class of route has its say, and device decides the exit code', async () => {
  const { out, code } = await explained({ notBefore: now - 90 * DAY, notAfter: now - 9 * DAY })
  expect(out).toMatch(/✗ device: REFUSED: expired/)
  expect(out).toMatch(/✓ renewal: ADMITTED: in-grace/)
  expect(out).toMatch(/✓ open: ADMITTED: open-route/)
  expect(code).toBe(1)
})

test('each certificate shows subject, issuer, serial, validity and key', async () => {
  const leaf = mintLeaf({ issuer: current, name: 'phone', serial: 0x1234, dns: ['phone.test'] })
  const { out } = await explained(leaf.pem + current.pem)
  expect(out).toMatch(
    /The device's certificate\n {2}· CN=phone\n {6}issuer +CN=Fleet CA\n {6}serial +1234\n/,
  )
  expect(out).toMatch(/valid +\S+ \S+Z to \S+ \S+Z; ends in 36[45] days/)
  expect(out).toMatch(/names +dns:phone\.test/)
  expect(out).toMatch(/key +P-256, SHA-256 [0-9a-f]{64}/)
  expect(out).toMatch(/Certificate 2 of 2, sent along\n {2}· CN=Fleet CA/)
})

const LIVES: readonly (readonly [promise: string, days: number, state: string])[] = [
  ['before the window it is too early to renew', 300, '✓ valid: it is too early to renew'],
  ['within the window the device should renew', 100, '✓ in-renewal-window: it counts'],
  ['an expired certificate within grace opens renewal routes only', -9, '✗ in-grace: it has'],
  ['after grace the device has to be registered again', -60, '✗ expired: grace is over'],
]

for (const [promise, days, state] of LIVES) {
  test(`${promise}, and the turning points are shown`, async () => {
    const { out } = await explained({ notBefore: now - 400 * DAY, notAfter: now + days * DAY })
    expect(out).toContain(state)
    expect(out).toMatch(
      /renewal window begins {2}\S+ \S+Z, .*\n {4}expires {16}\S+ \S+Z, .*\n {4}grace ends {13}\S+ \S+Z, /,
    )
  })
}

const MATCHED = CONFIGURATION.replace(
  '- { id: enroll,',
  "- { id: phones, path: /phones/*, class: device, match: { subjectAltNames: ['dns:*.phones.test'], enrollmentSettings: [New] } }\n      - { id: enroll,",
)

test('what a row asks of the certificate is shown rule by rule, with what was found', async () => {
  const met = await explained({ dns: ['a.phones.test'] }, ['--route', '/phones/x'], MATCHED)
  expect(met.out).toMatch(
    /✓ a subject alternative name: one of these\n {4}asked for {2}dns:\*\.phones\.test\n {4}found {6}dns:a\.phones\.test/,
  )
  expect(met.out).toContain('✓ the enrollment setting: one of these')
  expect(met.code).toBe(0)
  const unmet = await explained({ dns: ['a.other.test'] }, ['--route', '/phones/x'], MATCHED)
  expect(unmet.out).toContain('✗ a subject alternative name: none of these')
  expect(unmet.out).toContain('REFUSED: match-rule-unmet')
  expect(unmet.code).toBe(1)
})

test('a client that has no grace is told apart by what it says of itself', async () => {
  const late = { notBefore: now - 90 * DAY, notAfter: now - 9 * DAY }
  const yaml = `withoutGrace: [{ product: Client, below: '10.1' }]\n${CONFIGURATION}`
  const renewing = ['--route', '/renew/x', '--method', 'POST']
  const old = await explained(late, [...renewing, '--user-agent', 'Client/9'], yaml)
  expect(old.out).toContain('REFUSED: expired-without-grace')
  const newer = await explained(late, [...renewing, '--user-agent', 'Client/10.1'], yaml)
  expect(newer.out).toContain('ADMITTED: in-grace')
})

test('the path is shown from the device to the trust anchor, with who vouches for each', async () => {
  const { out } = await explained({ name: 'phone' }, ['--route', '/x'])
  expect(out).toContain('✓ CN=phone was signed by CN=Fleet CA')
  expect(out).toContain('✓ CN=Fleet CA was signed by CN=Fleet Root')
  expect(out).toContain('CN=phone < CN=Fleet CA < CN=Fleet Root')
  expect(out).toContain('✓ the enrollment setting New is current')
})

test('what the upstream would be told is shown on the route, and that it is no device on an open one', async () => {
  const known = await explained({}, ['--route', '/x'])
  expect(known.out).toMatch(
    /the upstream mdm would read\n {4}Client-Cert: :MII.*\n {4}X-Verify: SUCCESS/,
  )
  const open = await explained({}, ['--route', '/enroll/x'])
  expect(open.out).toMatch(/the upstream mdm would read\n {4}X-Verify: NONE\n/)
})

test('a device in grace that the format cannot tell apart is not named, and the reason is said', async () => {
  const { out } = await explained({ notBefore: now - 90 * DAY, notAfter: now - 9 * DAY }, [
    '--route',
    '/renew/x',
    '--method',
    'POST',
  ])
  expect(out).toMatch(/would read\n {4}X-Verify: FAILED:expired-grace\n/)
  expect(out).toContain('the device is not named: readers of this format know no verify field')
})

const MISSES: readonly (readonly [promise: string, device: Partial<LeafOptions>, said: string])[] =
  [
    [
      'a CA made anew under the old name is recognised by its name',
      { issuer: mintCa({ name: 'Fleet CA' }) },
      'CN=Fleet CA (from an enrollment setting) has the name and another key',
    ],
    [
      'a CA that was renamed is recognised by its key',
      { issuer: mintCa({ name: 'Renamed CA', keys: { key: previous.key, spki: previous.spki } }) },
      'CN=Old Fleet CA (from the enrollment setting Old) has the key and another name',
    ],
    [
      'a CA of almost the same name is pointed at',
      { issuer: mintCa({ name: 'Fleet CAs' }) },
      "'Fleet CA' is called almost the same",
    ],
    [
      'a CA like no other is answered with those that are known',
      { issuer: mintCa({ name: 'X' }) },
      'known here: CN=Fleet Root; CN=Old Fleet CA; CN=Fleet CA',
    ],
  ]

for (const [promise, device, said] of MISSES) {
  test(promise, async () => {
    const { out, code } = await explained(device)
    expect(out).toContain(said)
    expect(code).toBe(1)
  })
}

test('a harmless departure from the standard is noted and does not refuse', async () => {
  const { out, code } = await explained({ purposes: [] }, ['--route', '/x'])
  expect(out).toContain('· departs harmlessly from RFC 5280: purpose missing')
  expect(out).toContain('the certificate does not say what it is for')
  expect(code).toBe(0)
})

test('every path that was tried is shown with what spoke against it, and the work it took', async () => {
  // A path to a current CA would do, and what was sent along would not be looked at, as on a connection.
  const twin = mintCa({ name: 'Old Fleet CA', issuer: root })
  const leaf = mintLeaf({ issuer: previous, name: 'phone', notBefore: now - 200 * DAY })
  const { out } = await explained(leaf.pem + twin.pem)
  expect(out).toMatch(/✓ CN=phone < CN=Old Fleet CA\n {4}sound/)
  expect(out).toMatch(
    /✗ CN=phone < CN=Old Fleet CA < CN=Fleet Root\n {4}bad-signature: .*\n {4}next step: /,
  )
  expect(out).toMatch(/the work: \d+ of 64 signatures, \d of 2000 steps, 0 of 65536 comparisons/)
  const stranger = await explained({ issuer: mintCa({ name: 'X' }), name: 'phone' })
  expect(stranger.out).toMatch(/✗ CN=phone < no authority known here\n {4}untrusted-issuer: /)
})

test('what is sent beside a certificate that needs none of it is not searched, as on a connection', async () => {
  const twin = mintCa({ name: 'Fleet CA', issuer: root })
  const { out } = await explained(mintLeaf({ issuer: current, name: 'phone' }).pem + twin.pem)
  expect(out).toContain('✓ CN=phone < CN=Fleet CA < CN=Fleet Root\n    sound')
  expect(out).not.toContain('bad-signature')
})

test('more paths than a person reads are counted', async () => {
  const mids = Array.from({ length: 5 }, () => mintCa({ name: 'Mid', issuer: root }))
  const lows = Array.from({ length: 5 }, () => mintCa({ name: 'Low', issuer: mids[0] ?? root }))
  const leaf = mintLeaf({ issuer: mintCa({ name: 'Low' }), name: 'phone' })
  const { out } = await explained(leaf.pem + [...lows, ...mids].map(({ pem }) => pem).join(''))
  expect(out).toContain('· and 5 more')
})

test('a device that sends more than any may is refused for that, as on a connection', async () => {
  const twins = Array.from({ length: 140 }, () => mintCa({ name: 'Fleet CA', issuer: root }))
  const leaf = mintLeaf({ issuer: mintCa({ name: 'Fleet CA' }) })
  const { out, code } = await explained(leaf.pem + twins.map(({ pem }) => pem).join(''), [
    '--route',
    '/x',
  ])
  expect(out).toContain('REFUSED: chain-too-large')
  expect(code).toBe(1)
})

test('what each certificate of the path was held to is shown, up to the trust anchor', async () => {
  const { out } = await explained({ name: 'phone' })
  expect(out).toMatch(
    /What was checked on it\n {2}✓ CN=phone\n {6}signature {2}ECDSA with SHA256, verified with the key of CN=Fleet CA\n {6}key {8}P-256, strong enough\n {6}CA {9}no\n {6}key usage {2}digitalSignature\n {6}purposes {3}clientAuth\n {6}critical {3}keyUsage: all understood\n/,
  )
  expect(out).toMatch(/✓ CN=Fleet Root, the trust anchor\n {6}signature {2}not asked for/)
})

test('the deny list is held against device, serial and every CA above', async () => {
  const leaf = mintLeaf({ issuer: current, name: 'phone', serial: 0x1234 })
  const yaml = CONFIGURATION.replace(
    'trust:\n',
    `trust:\n  deny: { serials: [{ issuerKey: '${keyOf(current.spki)}', serial: '1234' }] }\n`,
  )
  const { out } = await explained(leaf.pem, [], yaml)
  expect(out).toContain('The deny list, with 1 entry')
  expect(out).toContain('✓ the key of CN=phone is not on it')
  expect(out).toContain('✗ serial 1234 of CN=Fleet CA is on it')
  expect(out).toContain('✓ the key of CN=Fleet Root is not on it')
})

test('for programs there are the state in time and the findings by their codes', async () => {
  const leaf = mintLeaf({ issuer: current, purposes: [], notAfter: now + 9 * DAY })
  const { out } = await explained(leaf.pem, ['--route', '/x', '--json'])
  expect(JSON.parse(out)).toMatchObject({
    verdict: 'admit',
    timeliness: 'in-renewal-window',
    findings: ['purpose-missing'],
  })
})

test('DER is read as well as PEM, and a private key beside the certificate is passed over', async () => {
  const leaf = mintLeaf({ issuer: current })
  expect((await explained(leaf.der)).code).toBe(0)
  expect((await explained(leaf.keyPem + leaf.pem)).code).toBe(0)
})

test('what is no certificate inside is judged as the front end would, and refused', async () => {
  const hollow = `-----BEGIN CERTIFICATE-----\n${Buffer.from('hollow').toString('base64')}\n-----END CERTIFICATE-----\n`
  const { out, code } = await explained(hollow, ['--route', '/x'])
  expect(out).toContain('REFUSED: certificate-malformed')
  expect(code).toBe(1)
})

test('an intermediate that cannot be read is as good as not sent', async () => {
  const leaf = mintLeaf({ issuer: current })
  const hollow = `-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`
  expect((await explained(leaf.pem + hollow)).code).toBe(0)
})

test('a certificate cannot write over the answer that explains it', async () => {
  const { out } = await explained({ name: 'a\u001B[2J\u202Eb' })
  expect(out).not.toMatch(/[\u001B\u202E]/)
})

test('with recording the would-be refusal is told, and the device is admitted', async () => {
  const { out, code } = await explained(
    { issuer: mintCa({ name: 'X' }) },
    ['--route', '/x'],
    `enforcement: recording\n${CONFIGURATION}`,
  )
  expect(out).toContain('ADMITTED: recording')
  expect(out).toContain('once enforcement is required it would be refused: untrusted-issuer')
  expect(code).toBe(0)
})

test('for programs there is the same verdict in JSON', async () => {
  const leaf = mintLeaf({ issuer: mintCa({ name: 'X' }) })
  const { out, code } = await explained(leaf.pem, ['--route', '/x', '--json'])
  expect(code).toBe(1)
  expect(JSON.parse(out)).toMatchObject({
    verdict: 'refuse',
    code: 'untrusted-issuer',
    route: { id: 'everything', class: 'device' },
    certificates: [
      { subject: 'CN=device-1', issuer: 'CN=X', serial: expect.stringMatching(/^[0-9a-f]+$/) },
    ],
  })
})

test('a path that is turned away has its code in JSON, too', async () => {
  const { out } = await explained({}, ['--route', '/x/../y', '--json'])
  expect(JSON.parse(out)).toMatchObject({ verdict: 'refuse', code: 'target-dot-segment' })
})

const MISUSED: readonly (readonly [promise: string, options: readonly string[], said: string])[] = [
  ['a listener that does not exist is named', ['--listener', 'device'], 'did you mean devices?'],
  ['a time without its offset is refused', ['--at', '2026-11-22T10:00:00'], 'wanted a day'],
  ['a day that does not exist is refused', ['--at', '2026-02-30'], "found --at '2026-02-30'"],
  ['a method without a route is a mistake', ['--method', 'GET'], '--method without --route'],
]

for (const [promise, options, said] of MISUSED) {
  test(promise, async () => {
    const { err, code, out } = await explained({}, options)
    expect(err).toContain(said)
    expect({ code, out }).toEqual({ code: 2, out: '' })
  })
}

test('a certificate that is not there, and one that is none, are answered with no', async () => {
  await using made = await configurationFolder()
  const absent = await tfe(['explain', '/nowhere.pem', '--config', made.config])
  expect(absent).toMatchObject({
    code: 1,
    err: expect.stringContaining('/nowhere.pem: found no such file'),
  })
  const none = await tfe(['explain', made.config, '--config', made.config])
  expect(none).toMatchObject({ code: 1, err: expect.stringContaining('found no certificate') })
})

test('a faulty configuration is answered with its faults', async () => {
  const { code, err } = await explained({}, [], CONFIGURATION.replace('workers: 1', 'worker: 1'))
  expect(code).toBe(1)
  expect(err).toMatch(/tfe\.yaml:2:1 worker: found the unknown key/)
})

test('an anchor may be sent along without becoming one', async () => {
  const stranger = mintCa({ name: 'Stranger' })
  const leaf = mintLeaf({ issuer: stranger })
  const { out, code } = await explained(leaf.pem + stranger.pem + root.pem)
  expect(out).toContain('CN=Stranger was signed by its own key: only a trust anchor may be')
  expect(code).toBe(1)
})

test('the store that a configuration names is said not to have been asked; without one there is nothing to ask', async () => {
  const { out } = await explained({})
  expect(out).toMatch(/What was not asked\n +· the store: an administrator may have changed/u)
  expect(out).toContain('that of the configuration is empty')
  const without = CONFIGURATION.replace('{ sqlite: data/tfe.sqlite }', '{ dangerousNone: true }')
  expect((await explained({}, [], without)).out).not.toContain('What was not asked')
})
