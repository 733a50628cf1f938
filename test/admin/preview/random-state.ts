/**
 * Random states of a fleet: a store whose settings stand anywhere, devices of every CA and age, and what
 * administrators decided about them. The same number gives the same state.
 */
import { hash } from 'node:crypto'
import { loadConfig } from '../../../src/config/load.ts'
import { ok, type Instant, type KeyFingerprint, type Millis } from '../../../src/kernel/types.ts'
import { observationOf } from '../../../src/pipeline/observation.ts'
import { LoadedCrls } from '../../../src/state/revocation-policy.ts'
import type { StoredStanding } from '../../../src/store/settings/enrollment-setting.ts'
import type { StoredRevocation } from '../../../src/store/settings/setting-revocation.ts'
import type { CutOff, EndpointState } from '../../../src/store/schema/vocabulary.ts'
import type { Store } from '../../../src/store/store.ts'
import { parseCrl } from '../../../src/x509/crl.ts'
import { mintCa, mintLeaf } from '../../support/certificates/mint.ts'
import type { SeededRandom } from '../../support/seeded-random.ts'
import { unwrap } from '../../support/store/sightings.ts'
import {
  CHAINS,
  DAY,
  FIRST_KEY,
  FIRST_PEM,
  NOW,
  POOL,
  revocationList,
  SETTINGS,
  withCross,
  type SettingName,
  type Shown,
} from './fleet-cas.ts'
import { RealJudge } from './real-judge.ts'

export const BY = { who: 'test', from: 'test' }

const serverCa = mintCa({ name: 'Server Root', now: NOW })
const server = mintLeaf({
  issuer: serverCa,
  purposes: ['serverAuth'],
  dns: ['localhost'],
  now: NOW,
})
const FILES: Readonly<Record<string, string>> = {
  'first.pem': FIRST_PEM,
  'server.pem': server.pem,
  'server.key': server.keyPem,
}

/** Every class of row, from inside and outside, with and without what cannot be asked of kept certificates. */
const YAML = `profile: generic
grace: 30d
renewalWindow: 60d
store: { dangerousNone: true }
approval: { internalNetworks: [10.0.0.0/8], externalNetworks: [10.9.0.0/16] }
trust:
  enrollmentSettings:
    - { name: first, standing: current, chain: file:first.pem }
listeners:
  devices:
    hosts: [localhost]
    certificates: [{ chain: file:server.pem, key: file:server.key }]
    routes: rows
  edge:
    port: 8444
    exposure: external
    hosts: [localhost]
    certificates: [{ chain: file:server.pem, key: file:server.key }]
    routes: rows
  sync:
    purpose: sync
    port: 9997
    hosts: [localhost]
    certificates: [{ chain: file:server.pem, key: file:server.key }]
    relay: { upstream: core, certificate: RELAY }
routes:
  rows:
    upstream: core
    rows:
      - { id: checkin, path: /checkin/*, class: device, sensitive: true }
      - { id: data, path: /data/*, class: device }
      - { id: always, path: /always/*, class: always }
      - { id: renew, path: /renew/*, class: renewal }
      - { id: enrol, path: /enrol/*, class: open }
      - { id: token, path: /token, class: always, endpoint: oauth }
      - { id: old-token, path: /old-token, class: legacy-oauth }
      - { id: shut, path: /shut, class: denied }
      - { id: of-first, path: /of-first, class: device, match: { enrollmentSettings: [first] } }
      - { id: by-key, path: /by-key, class: device, match: { issuerKeys: ['${FIRST_KEY}'] } }
ODD
upstreams:
  core: { url: https://core.example.com, identity: {} }
`
const ODD = `      - { id: named, path: /named, class: device, match: { subjectAltNames: ['uri:urn:x-device:1'] } }
      - { id: near, path: /near, class: device, allow: [10.0.0.0/8] }
`

async function configOf(random: SeededRandom) {
  const yaml = YAML.replace('RELAY', random.pick(['if-shown', 'device'])).replace(
    'ODD\n',
    random.oneIn(3) ? ODD : '',
  )
  const loaded = await loadConfig(
    'tfe.yaml',
    {},
    {
      folder: '/given',
      read: (path) => {
        const text = path.endsWith('tfe.yaml') ? yaml : (FILES[path.replace('/given/', '')] ?? '')
        return Promise.resolve(
          ok({ bytes: Buffer.from(text), exposure: undefined, stamp: undefined }),
        )
      },
    },
  )
  return unwrap(loaded).config
}

/** A state, and what the test has to know of it. */
export interface RandomState {
  readonly config: Awaited<ReturnType<typeof configOf>>
  readonly crls: LoadedCrls
  /** By their keys. */
  readonly shown: ReadonlyMap<KeyFingerprint, Shown>
  readonly settings: readonly SettingName[]
}

/** Fills an empty store. */
export async function fillStore(store: Store, random: SeededRandom): Promise<RandomState> {
  const config = await configOf(random)
  const names = random.shuffled(SETTINGS).slice(0, 2 + random.below(4))
  const crls = new LoadedCrls()
  const revocation = random.oneIn(3) ? listOf(crls, random) : undefined
  const current = random.below(names.length + 1)
  unwrap(
    await store.enrollment.seed(
      BY,
      names.map((name, at) => ({
        name,
        source: 'local',
        chain: CHAINS[name].map(({ der }) => der),
        standing: at === current ? { kind: 'current' } : standingOf(random),
        ...(name === 'first' && revocation !== undefined ? { revocation } : {}),
      })),
    ),
  )
  const model = random.pick(['off', 'auto', 'manual', 'manual-external'])
  unwrap(await store.documents.put(BY, { name: 'approval-model', body: { model } }, 'any'))
  const mutual = random.pick<EndpointState>(['not-configured', 'enabled', 'disabled'])
  const legacy =
    mutual === 'disabled' ? 'enabled' : random.pick<EndpointState>(['enabled', 'disabled'])
  unwrap(await store.oauth.set(BY, { mutual, legacy }, 'any'))
  if (random.oneIn(3)) unwrap(await store.enforcement.require(BY, RETENTION, 'any'))
  const shown = random.shuffled(POOL).slice(0, 24)
  const crossing = shown.map((one) =>
    one.issuer === 'first' && random.oneIn(4) ? withCross(one) : one,
  )
  await meet(store, { config, random }, crossing)
  await decideOnDevices(store, random)
  return {
    config,
    crls,
    shown: new Map(crossing.map((one) => [one.certificate.publicKey.fingerprint, one])),
    settings: names,
  }
}

export const RETENTION = { saveAuthentication: true, saveDecryption: false }

function standingOf(random: SeededRandom): StoredStanding {
  const retired = {
    kind: 'previously-trusted',
    retiredAt: (NOW - random.pick([12, 10, 6]) * DAY) as Instant,
    cutOff: random.pick<CutOff>(['not-before', 'known-devices']),
    sunset: random.pick([undefined, undefined, NOW - DAY, NOW + DAY]) as Instant | undefined,
  } as const
  const plain = (['staged', 'distrusted', 'removed'] as const).map((kind) => ({ kind }))
  return random.pick<StoredStanding>([retired, retired, retired, ...plain])
}

/** A list that is in force, as an administrator uploads it. */
function listOf(crls: LoadedCrls, random: SeededRandom): StoredRevocation {
  const octets = revocationList()
  const digest = hash('sha256', octets)
  crls.set('first', digest, [unwrap(parseCrl(octets))])
  return {
    failure: random.pick(['soft-fail', 'hard-fail']),
    grace: 0 as Millis,
    refresh: 3_600_000 as Millis,
    lists: [{ kind: 'upload', digest, octets }],
  }
}

/** Records what devices met, as the program does, before or after a retirement. */
async function meet(
  store: Store,
  { config, random }: Pick<RandomState, 'config'> & { readonly random: SeededRandom },
  devices: readonly Shown[],
): Promise<void> {
  // Lists came later: a device that was always refused by its CA is kept under no setting.
  const real = await RealJudge.read(store, config, { crls: undefined, now: NOW })
  const sightings = devices.flatMap((device) => {
    const met = real.verdicts(device).get('rows/data (inside)')
    if (met === undefined) throw new Error('the configuration has no such row')
    const named = met.code === 'verified' || met.code === 'in-grace'
    const at = (NOW - random.pick([20, 11, 3]) * DAY) as Instant
    const observed = observationOf(
      {
        decision: met.admitted ? 'admit' : 'refuse',
        code: met.code,
        would_refuse: met.admitted && !named ? met.code : undefined,
        route: 'data',
        route_class: 'device',
        user_agent: undefined,
        reported_id: undefined,
      },
      {
        peer: real.peer(device),
        policy: real.compiled.policy,
        listener: 'devices',
        port: 'https',
        now: at,
      },
    )
    if (observed === undefined) return []
    const { listener, verdict, code, authentication, reportedId } = observed
    const facts = { at, count: 1, listener, verdict, code, authentication, reportedId }
    return { ...facts, ...observed.describe() }
  })
  unwrap(await store.sightings.record(sightings))
}

async function decideOnDevices(store: Store, random: SeededRandom): Promise<void> {
  const listed = unwrap(
    await store.devices.list({ filter: {}, order: 'last-seen', limit: 100, minimums: [] }),
  )
  // Ids are new in each run: the order must not depend on them.
  const subjects = unwrap(await store.devices.subjects(listed.items.map(({ id }) => id)))
  const named = [...subjects].toSorted(([, one], [, two]) => (one < two ? -1 : 1))
  const ids = random.shuffled(named).map(([id]) => ({ id }))
  unwrap(await store.approvals.approve(BY, ids.slice(0, ids.length / 2), NOW))
  unwrap(await store.approvals.block(BY, ids.slice(-2)))
  for (const { certificate } of random.shuffled(POOL).slice(0, 1)) {
    const key = certificate.publicKey.fingerprint
    unwrap(await store.denials.add(BY, { kind: 'key', key }, 'lost'))
  }
}
