/** B2: lists without a number, and what an attacker could do with them. B3: shapes of files with lists. */
import { crlPem, mintCrl, serialIn, type CrlFields } from '../../support/certificates/mint-crl.ts'
import { mintCa, mintLeaf } from '../../support/certificates/mint.ts'
import { fleet } from '../../support/front-ends/product.ts'
import { withControl, type Scene, type Seen } from '../case.ts'
import { frontEnd } from '../front-end.ts'
import { explained, type Asked } from './explained.ts'
import { GIVEN_DAY, givenInput, openssl } from './openssl.ts'
import { besidePeers } from './peers.ts'

const HOUR = 3_600_000
/** A whole second: lists count no smaller time. */
const NOW = Math.floor(Date.now() / 1000) * 1000
const hoursAgo = (hours: number): Date => new Date(NOW - hours * HOUR)
const chain = fleet.devices.pem + fleet.root.pem
const FILES = { 'ca.pem': chain, 'device.pem': fleet.device.pem }
const REVOKED = [{ serial: serialIn(fleet.device.der) }]
const OTHER = [{ serial: 1 }]

const ofDevices = (fields: Partial<CrlFields> = {}) => mintCrl({ issuer: fleet.devices, ...fields })
const ofRoot = mintCrl({ issuer: fleet.root })
const both = (list: Buffer): string => crlPem(ofRoot) + crlPem(list)
const withLineFeed = (list: Buffer): Buffer => Buffer.concat([list, Buffer.from('\r\n')])

const SHAPES: readonly (readonly [
  id: string,
  what: string,
  list: string | Buffer,
  inPrivate: string,
  inStrict: string,
])[] = [
  [
    'B2',
    'a list without a number',
    ofDevices({ number: null }),
    'admitted',
    'refused revocation-unknown',
  ],
  [
    'B2',
    'a list without a number that names the device',
    ofDevices({ number: null, revoked: REVOKED }),
    'refused revoked',
    'refused revocation-unknown',
  ],
  [
    'B3',
    'the lists of root and intermediate in one PEM',
    both(ofDevices()),
    'admitted',
    'admitted',
  ],
  [
    'B3',
    'the lists of both, of which one names the device',
    both(ofDevices({ revoked: REVOKED })),
    'refused revoked',
    'refused revoked',
  ],
  [
    'B3',
    'DER with a line feed behind it',
    withLineFeed(ofDevices()),
    'admitted',
    'refused revocation-unknown',
  ],
  [
    'B3',
    'PEM with a byte order mark',
    `\uFEFF${crlPem(ofDevices())}`,
    'admitted',
    'refused revocation-unknown',
  ],
  [
    'B3',
    'PEM with text around',
    `Our list:\n${crlPem(ofDevices()).replaceAll('\n', '\r\n')}`,
    'admitted',
    'admitted',
  ],
  [
    'B3',
    'a certificate in place of a list',
    fleet.devices.pem,
    'refused revocation-unknown',
    'refused revocation-unknown',
  ],
]

/** OpenSSL takes one file with all lists. */
const besideOf = (list: string | Buffer): string =>
  openssl(
    [
      'verify',
      '-crl_check',
      '-CAfile',
      'root.pem',
      '-untrusted',
      'ca.pem',
      '-CRLfile',
      'a.crl',
      'device.pem',
    ],
    { ...FILES, 'root.pem': fleet.root.pem, 'ca.pem': fleet.devices.pem, 'a.crl': list },
  )

async function shapes(profile: Asked['profile'] & string): Promise<readonly Seen[]> {
  const seen: Seen[] = []
  for (const [, , list] of SHAPES) {
    const { word } = await explained({
      files: { ...FILES, 'a.crl': list },
      lists: ['a.crl'],
      profile,
    })
    const crl = list
    const ca = fleet.root.pem + fleet.devices.pem
    const peers = await besidePeers({ ca, crl, device: fleet.device })
    seen.push({ seen: word, beside: `${besideOf(list)}; ${peers}` })
  }
  return seen
}

/** What comes after the list of number 7 that revokes the device and was made nine hours ago. */
const AFTER: readonly (readonly [
  what: string,
  next: readonly Partial<CrlFields>[],
  expected: string,
  control: string,
])[] = [
  [
    'an older list without a number does not take its place',
    [{ number: null, thisUpdate: hoursAgo(10) }],
    'crl-replayed, refused',
    '200, served',
  ],
  [
    'a later list without a number does',
    [{ number: null, thisUpdate: hoursAgo(8) }],
    '200, served',
    '200, served',
  ],
  [
    'a lower number does not come back by way of one without',
    [
      { number: null, thisUpdate: hoursAgo(8), revoked: REVOKED },
      { number: 5, thisUpdate: hoursAgo(7) },
    ],
    '200, crl-number-lower, refused',
    // The same two lists where no number was met before.
    '200, 200, served',
  ],
  [
    'an older list without a number does not take the place of a later one without',
    [
      { number: null, thisUpdate: hoursAgo(8), revoked: REVOKED },
      { number: null, thisUpdate: hoursAgo(8.5) },
    ],
    '200, crl-replayed, refused',
    '200, crl-replayed, refused',
  ],
  [
    'one of the same second that names less does not',
    [{ number: null, thisUpdate: hoursAgo(9), revoked: OTHER }],
    'crl-order-unknown, refused',
    '200, served',
  ],
  [
    'one of the same second that names as much and more does, and the device stays revoked',
    [{ number: null, thisUpdate: hoursAgo(9), revoked: [...REVOKED, ...OTHER] }],
    '200, refused',
    '200, refused',
  ],
]

async function succeeded(isListed: boolean): Promise<readonly string[]> {
  const all = AFTER.map(([, next], at) => {
    const ca = mintCa({ name: `Silent CA ${at}` })
    return { next, ca, name: `silent-${at}`, device: mintLeaf({ issuer: ca }) }
  })
  const settings = all.map(
    ({ name }) =>
      `\n    - { name: ${name}, standing: previously-trusted, retiredAt: 2100-01-01, chain: 'file:${name}.pem' }`,
  )
  await using on = await frontEnd({
    files: Object.fromEntries(all.map(({ name, ca }) => [`${name}.pem`, ca.pem])),
    yaml: {
      trust: `
  enrollmentSettings:
    - { name: Fleet, standing: current, chain: 'file:fleet.pem' }${settings.join('')}`,
    },
  })
  const seen: string[] = []
  for (const { next, ca, name, device } of all) {
    const upload = async (fields: Partial<CrlFields>): Promise<string> => {
      const revoked =
        fields.revoked === undefined
          ? {}
          : {
              revoked: fields.revoked.map((one) =>
                one === REVOKED[0] ? { serial: serialIn(device.der) } : one,
              ),
            }
      const list = mintCrl({ issuer: ca, ...fields, ...revoked }).toString('base64')
      const path = `/api/enrollment-settings/${name}/revocation/lists`
      const { status, body } = await on.call('POST', path, { list })
      return /(crl-[a-z-]+)/u.exec(JSON.stringify(body))?.[1] ?? String(status)
    }
    if (isListed) await upload({ number: 7, thisUpdate: hoursAgo(9), revoked: REVOKED })
    const told: string[] = []
    for (const fields of next) told.push(await upload(fields))
    await on.inForce()
    told.push((await on.status(device)) === 200 ? 'served' : 'refused')
    seen.push(told.join(', '))
  }
  return seen
}

/** A list without a number is in force when profile strict is turned on; the control stays in profile private. */
async function turnedStrict(isStrict: boolean): Promise<readonly string[]> {
  const trust = (profile: string): string => `
  profile: ${profile}
  enrollmentSettings:
    - { name: Fleet, standing: current, chain: 'file:fleet.pem', crl: { lists: [{ file: a.pem }] } }`
  const files = { 'a.pem': crlPem(ofDevices({ number: null })) + crlPem(ofRoot) }
  await using on = await frontEnd({ files, yaml: { trust: trust('private') } })
  const before = await on.verdict(fleet.device)
  await on.reload({ files, yaml: { trust: trust(isStrict ? 'strict' : 'private') } })
  return [`${before}, ${await on.verdict(fleet.device)}`]
}

/**
 * A list without a number revokes the device after a numbered one that does not, and then profile strict is turned on. The
 * control publishes the numbered list alone: it is one that profile strict takes.
 */
async function replacedThenStrict(isReplaced: boolean): Promise<readonly string[]> {
  const trust = (profile: string): string => `
  profile: ${profile}
  enrollmentSettings:
    - { name: Fleet, standing: current, chain: 'file:fleet.pem' }`
  await using on = await frontEnd({ yaml: { trust: trust('private') } })
  const publish = async (fields: Partial<CrlFields>, issuer = fleet.devices): Promise<void> => {
    const list = mintCrl({ issuer, ...fields }).toString('base64')
    await on.call('POST', '/api/enrollment-settings/Fleet/revocation/lists', { list })
  }
  await publish({ thisUpdate: hoursAgo(9) }, fleet.root)
  await publish({ number: 7, thisUpdate: hoursAgo(9) })
  const revoked = [{ serial: serialIn(fleet.device.der) }]
  if (isReplaced) await publish({ number: null, thisUpdate: hoursAgo(8), revoked })
  await on.inForce()
  const before = await on.verdict(fleet.device)
  await on.reload({ yaml: { trust: trust('strict') } })
  return [`${before}, ${await on.verdict(fleet.device)}`]
}

const GIVEN_LISTS: readonly (readonly [
  id: string,
  name: string,
  inPrivate: string,
  inStrict: string,
])[] = [
  ['B2', '02a-crl-v2-aki-no-number.crl', 'admitted', 'refused revocation-unknown'],
  ['B3', '03a-crl-two-lists-one-file.pem', 'admitted', 'admitted'],
  ['B3', '03b-crl-der-and-newline.crl', 'admitted', 'refused revocation-unknown'],
]

async function given(): Promise<readonly Seen[]> {
  const ca = givenInput('ca.pem')
  const plain = givenInput('14-subject-printable-utf8.pem')
  if (ca === undefined || plain === undefined) return []
  const seen: Seen[] = []
  for (const [, name] of GIVEN_LISTS) {
    const list = givenInput(name)
    if (list === undefined) continue
    const files = { 'ca.pem': ca, 'device.pem': plain, 'a.crl': list }
    const words: string[] = []
    for (const profile of ['private', 'strict'] as const) {
      words.push((await explained({ files, lists: ['a.crl'], profile, at: GIVEN_DAY })).word)
    }
    const at = ['-attime', String(Date.parse(GIVEN_DAY) / 1000)]
    const args = [
      'verify',
      ...at,
      '-crl_check',
      '-CAfile',
      'ca.pem',
      '-CRLfile',
      'a.crl',
      'device.pem',
    ]
    seen.push({ seen: words.join(', '), beside: openssl(args, files) })
  }
  return seen
}

const atProfile = (profile: 'private' | 'strict'): Scene => ({
  cases: SHAPES.map(([id, what, , inPrivate, inStrict]) => ({
    id,
    what: `${what}, in profile ${profile}`,
    expected: profile === 'private' ? inPrivate : inStrict,
  })),
  play: () => shapes(profile),
})

export const LISTS: readonly Scene[] = [
  atProfile('private'),
  atProfile('strict'),
  {
    cases: AFTER.map(([what, , expected, control]) => ({
      id: 'B2',
      what: `after a list of number 7, ${what}`,
      expected,
      control,
    })),
    play: () => withControl(succeeded),
  },
  {
    cases: [
      {
        id: 'B2',
        what: 'a list without a number no longer counts once profile strict is turned on',
        expected: '200 verified, 403 revocation-unknown',
        control: '200 verified, 200 verified',
      },
    ],
    play: () => withControl(turnedStrict),
  },
  {
    cases: [
      {
        id: 'B2',
        what: 'a list that one without a number took the place of stays out of force in profile strict',
        expected: '0 revoked, 403 revocation-unknown',
        control: '200 verified, 200 verified',
      },
    ],
    play: () => withControl(replacedThenStrict),
  },
  ...(process.env['TFE_CASES'] === undefined
    ? []
    : [
        {
          cases: GIVEN_LISTS.map(([id, name, inPrivate, inStrict]) => ({
            id,
            what: `the given list ${name}, in profile private and in strict`,
            expected: `${inPrivate}, ${inStrict}`,
          })),
          play: given,
        },
      ]),
]
