/** B1: parameters of algorithms, and algorithms that are not known; at a listener, in a file, in an upload, in a list. */
import * as der from '../../support/certificates/der-writer.ts'
import { crlPem, mintCrl } from '../../support/certificates/mint-crl.ts'
import { mintCa, mintLeaf, type Leaf } from '../../support/certificates/mint.ts'
import { fleet } from '../../support/front-ends/product.ts'
import type { Scene, Seen } from '../case.ts'
import { frontEnd } from '../front-end.ts'
import { explained } from './explained.ts'
import { GIVEN_DAY, givenInput, openssl } from './openssl.ts'
import { besidePeers } from './peers.ts'

const ecdsa = '1.2.840.10045.4.3.2'
const ecdsaNull = der.sequence(der.oid(ecdsa), der.nothing())
const below = (innerAlgorithm: Buffer): Leaf => mintLeaf({ issuer: fleet.devices, innerAlgorithm })

const DEVICES: readonly (readonly [
  what: string,
  leaf: Leaf,
  inPrivate: string,
  inStrict: string,
])[] = [
  ['ECDSA with NULL', below(ecdsaNull), '200 verified', '403 departs-from-profile'],
  [
    'ECDSA with a sequence',
    below(der.sequence(der.oid(ecdsa), der.sequence())),
    '403 unsupported-signature',
    '403 unsupported-signature',
  ],
  [
    'an algorithm that is not known',
    below(der.sequence(der.oid('1.2.3.4'))),
    '403 unsupported-signature',
    '403 unsupported-signature',
  ],
  [
    'ECDSA with NULL, made by another key',
    mintLeaf({ issuer: mintCa({ name: 'Fleet Devices' }), innerAlgorithm: ecdsaNull }),
    '403 bad-signature',
    '403 bad-signature',
  ],
  [
    'an ML-DSA key',
    mintLeaf({ issuer: fleet.devices, keyType: 'ml-dsa-44' }),
    '403 unsupported-key',
    '403 unsupported-key',
  ],
  ['ECDSA as it should be', fleet.device, '200 verified', '200 verified'],
]

const trust = (profile: string, limits = ''): string => `
  profile: ${profile}${limits}
  enrollmentSettings:
    - { name: Fleet, standing: current, chain: 'file:fleet.pem' }`

async function atListener(profile: string): Promise<readonly Seen[]> {
  await using on = await frontEnd({ yaml: { trust: trust(profile) } })
  const seen: Seen[] = []
  for (const [, leaf] of DEVICES) {
    const beside = openssl(['verify', '-CAfile', 'root.pem', '-untrusted', 'ca.pem', 'leaf.pem'], {
      'root.pem': fleet.root.pem,
      'ca.pem': fleet.devices.pem,
      'leaf.pem': leaf.pem,
    })
    const peers = await besidePeers({ ca: fleet.root.pem + fleet.devices.pem, device: leaf })
    seen.push({ seen: await on.verdict(leaf), beside: `${beside}; ${peers}` })
  }
  return seen
}

async function mlDsa(): Promise<readonly Seen[]> {
  const limits = '\n  limits: { mlDsa: ML-DSA-65 }'
  await using on = await frontEnd({ yaml: { trust: trust('private', limits) } })
  const seen: string[] = []
  for (const keyType of ['ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87'] as const) {
    seen.push(await on.verdict(mintLeaf({ issuer: fleet.devices, keyType })))
  }
  return [{ seen: seen.join(', ') }]
}

/** What an administrator reads at the upload of a CA that is not taken. */
async function uploads(): Promise<readonly Seen[]> {
  await using on = await frontEnd()
  const upload = async (name: string, chain: string): Promise<string> => {
    const { status, body } = await on.call('POST', '/api/enrollment-settings', {
      name,
      source: 'scep',
      chain,
    })
    const said = JSON.stringify(body)
    const words = [/not know/u, /another CA signed it/u, /weaker/u, /ML-DSA-65/u, /mlDsa/u]
    return [status, ...words.flatMap((word) => (word.test(said) ? word.source : []))].join(', ')
  }
  const post = mintCa({ name: 'Post', keyType: 'ml-dsa-65' })
  const odd = mintCa({ name: 'Odd', innerAlgorithm: der.sequence(der.oid('1.2.3.4')) })
  const fine = mintCa({ name: 'Fine', innerAlgorithm: ecdsaNull })
  const seen: Seen[] = []
  for (const [name, { pem }] of Object.entries({ post, odd, fine }))
    seen.push({ seen: await upload(name, pem), beside: await besidePeers({ ca: pem }) })
  return seen
}

async function lists(): Promise<readonly Seen[]> {
  const seen: Seen[] = []
  const files = { 'ca.pem': fleet.devices.pem + fleet.root.pem, 'device.pem': fleet.device.pem }
  const listed = (innerAlgorithm: Buffer) => mintCrl({ issuer: fleet.devices, innerAlgorithm })
  const odd = [listed(ecdsaNull), listed(der.sequence(der.oid('1.2.3.4')))]
  for (const list of odd) {
    const asked = { files: { ...files, 'a.crl': list }, lists: ['a.crl'] }
    const { word, said } = await explained(asked)
    const code = /crl-signature-[a-z]+/u.exec(said)?.[0]
    const crl = crlPem(list) + crlPem(mintCrl({ issuer: fleet.root }))
    const ca = fleet.root.pem + fleet.devices.pem
    const beside = await besidePeers({ ca, crl, device: fleet.device })
    seen.push({ seen: code === undefined ? word : `${word}, ${code}`, beside })
  }
  return seen
}

async function given(): Promise<readonly Seen[]> {
  const [device, ca] = [givenInput('01a-ecdsa-with-null.pem'), givenInput('ca.pem')]
  if (device === undefined || ca === undefined) return []
  const files = { 'device.pem': device, 'ca.pem': ca }
  const at = ['-attime', String(Date.parse(GIVEN_DAY) / 1000)]
  const beside = openssl(['verify', ...at, '-CAfile', 'ca.pem', 'device.pem'], files)
  const words: string[] = []
  for (const profile of ['private', 'strict'] as const) {
    words.push((await explained({ files, profile, at: GIVEN_DAY })).word)
  }
  return [{ seen: words.join(', '), beside }]
}

const atProfile = (profile: 'private' | 'strict'): Scene => ({
  cases: DEVICES.map(([what, , inPrivate, inStrict]) => ({
    id: 'B1',
    what: `a device whose certificate has ${what}, in profile ${profile}`,
    expected: profile === 'private' ? inPrivate : inStrict,
  })),
  play: () => atListener(profile),
})

const GIVEN: readonly Scene[] =
  process.env['TFE_CASES'] === undefined
    ? []
    : [
        {
          cases: [
            {
              id: 'B1',
              what: 'the given certificate with ECDSA and NULL, in profile private and in strict',
              expected: 'admitted, refused departs-from-profile',
            },
          ],
          play: given,
        },
      ]

export const ALGORITHMS: readonly Scene[] = [
  atProfile('private'),
  atProfile('strict'),
  {
    cases: [
      {
        id: 'B1',
        what: 'keys of ML-DSA-44, 65 and 87 where ML-DSA-65 is the weakest that is taken',
        expected: '403 unsupported-key, 200 verified, 200 verified',
      },
    ],
    play: mlDsa,
  },
  {
    cases: [
      {
        id: 'B1',
        what: 'a root of ML-DSA is refused as what it is',
        expected: '422, ML-DSA-65, mlDsa',
      },
      {
        id: 'B1',
        what: 'a root signed in a way that is not known is refused as that',
        expected: '422, not know',
      },
      { id: 'B1', what: 'a root signed with ECDSA and NULL is taken', expected: '201' },
    ],
    play: uploads,
  },
  {
    cases: [
      { id: 'B1', what: 'a list signed with ECDSA and NULL counts', expected: 'admitted' },
      {
        id: 'B1',
        what: 'a list signed in a way that is not known does not, and is not called weak',
        expected: 'refused revocation-unknown, crl-signature-unsupported',
      },
    ],
    play: lists,
  },
  ...GIVEN,
]
