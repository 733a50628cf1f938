/** A state at random: the configuration of a front end, and the revocation lists beside it. */
import { X509Certificate } from 'node:crypto'
import { mintCrl } from '../support/certificates/mint-crl.ts'
import { fleet } from '../support/front-ends/product.ts'
import type { FrontEndOptions } from '../cases/front-end.ts'
import type { SeededRandom } from '../support/seeded-random.ts'
import { CHAIN_FILES, DAY, keyHash, SETTINGS } from './authorities.ts'
import { LISTENERS, NEAR, type ListenerName } from './random-call.ts'
import type { ExplainedDevice } from './random-device.ts'

const daysAgo = (days: number): string =>
  `${new Date(Date.now() - days * DAY).toISOString().slice(0, 19)}Z`

/** Draws one for these devices. */
export function randomState(
  random: SeededRandom,
  devices: readonly ExplainedDevice[],
): FrontEndOptions {
  const standings = {
    Fleet: 'standing: current',
    Previous: `standing: previously-trusted, retiredAt: ${daysAgo(10)}`,
    Retired: random.pick([
      `standing: previously-trusted, retiredAt: ${daysAgo(10)}, sunset: ${daysAgo(1)}`,
      `standing: previously-trusted, retiredAt: ${daysAgo(10)}, sunset: ${daysAgo(-90)}`,
      'standing: staged',
      'standing: distrusted',
    ]),
    Aged: `standing: previously-trusted, retiredAt: ${daysAgo(10)}`,
  }
  const names = Object.keys(CHAIN_FILES) as (keyof typeof CHAIN_FILES)[]
  const lists = listsOf(random)
  const settings = names.map((name) => {
    const crl = name === 'Fleet' ? lists : ''
    return `\n    - { name: ${name}, ${standings[name]}, chain: 'file:${CHAIN_FILES[name]}'${crl} }`
  })
  return {
    files: {
      'retired.pem': SETTINGS.Retired.pem,
      'aged.pem': SETTINGS.Aged.pem,
      ...listFiles(devices),
    },
    yaml: {
      // One begins with recording, the other requires certificates from the start.
      profile: ` ${random.pick(['core-10', 'core-10', 'generic'])}`,
      withoutGrace: '\n  - { product: MobileIron, below: "10.1" }',
      // No client of the legacy endpoint is throttled here.
      legacyOAuth:
        ' { address: { rate: 60000, burst: 1000 }, account: { rate: 60000, burst: 1000 } }',
      approval: ` { model: ${random.pick(['off', 'auto', 'manual', 'manual-external'])}, internalNetworks: [${NEAR}/32] }`,
      trust: `\n  enrollmentSettings:${settings.join('')}`,
      listeners: Object.keys(LISTENERS)
        .map((name) => listenerYaml(name as ListenerName))
        .join(''),
      routes: ROUTES,
    },
  }
}

function listenerYaml(name: ListenerName): string {
  const { exposure, table } = LISTENERS[name]
  return `
  ${name}:
    address: 127.0.0.1
    port: 0
    hosts: [localhost]
    certificates: [{ chain: 'file:server.pem', key: 'file:server.key' }]
    tls: { resumption: off }
    ${exposure === undefined ? '' : `exposure: ${exposure}`}
    routes: ${table}`
}

const ROUTES = `
  tested:
    upstream: mdm
    rows:
      - { id: data, path: /data/*, class: device, reportedId: 'query:clientid' }
      - { id: kept, path: /kept/*, class: device, sensitive: true, reportedId: 'query:clientid' }
      - { id: renew, path: /renew/*, class: renewal, reportedId: 'query:clientid' }
      - { id: always, path: /always/*, class: always }
      - { id: token, path: /token/*, class: always, endpoint: oauth }
      - { id: old-token, path: /old-token/*, class: legacy-oauth }
      - { id: enroll, path: /enroll/*, class: open }
      - { id: admin, path: /admin/*, class: denied }
      - { id: near, path: /near/*, class: device, allow: [${NEAR}/32] }
      - { id: of-fleet, path: /of-fleet/*, class: device, match: { enrollmentSettings: [Fleet] } }
      - { id: of-key, path: /of-key/*, class: device, match: { issuerKeys: ['${keyHash(SETTINGS.Previous)}'] } }
      - { id: named, path: /named/*, class: device, match: { subjectAltNames: ['dns:*.fleet.example'] } }
  strict:
    upstream: mdm
    rows:
      - { id: data, path: /data/*, class: device }
      - { id: kept, path: /kept/*, class: device, sensitive: true }`

/** Lists of Fleet: most often a fresh one, else one that is too old, or none of the CA that signs devices. */
function listsOf(random: SeededRandom): string {
  const file = random.pick(['fresh', 'fresh', 'fresh', 'stale', 'other'])
  const failure = random.pick(['hard-fail', 'soft-fail'])
  return `, crl: { lists: [{ file: ${file}.crl }], failure: ${failure} }`
}

function listFiles(devices: readonly ExplainedDevice[]): Readonly<Record<string, Uint8Array>> {
  const revoked = devices.flatMap(({ leaf, decision }) =>
    decision === 'revoked' && leaf !== undefined
      ? [{ serial: BigInt(`0x${new X509Certificate(leaf.der).serialNumber}`) }]
      : [],
  )
  return {
    'fresh.crl': mintCrl({ issuer: fleet.devices, revoked }),
    'stale.crl': mintCrl({
      issuer: fleet.devices,
      revoked,
      thisUpdate: new Date(Date.now() - 9 * DAY),
      nextUpdate: new Date(Date.now() - 2 * DAY),
    }),
    'other.crl': mintCrl({ issuer: fleet.root, revoked: [] }),
  }
}
