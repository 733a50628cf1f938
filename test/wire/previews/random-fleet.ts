/** A small fleet of a seed: how its CAs stand, its devices, and the devices that nothing is known of. */
import { mintCa, mintLeaf, type Ca, type Leaf } from '../../support/certificates/mint.ts'
import { fleet } from '../../support/front-ends/product.ts'
import type { SeededRandom } from '../../support/seeded-random.ts'
import { ROWS } from './meetings.ts'

export const DAY = 86_400_000

/** The enrollment settings and the CA that signs devices of each; `Next` is uploaded, the others are in the file. */
export const CAS: Readonly<Record<string, Ca>> = {
  Fleet: fleet.devices,
  'Old Fleet': fleet.previous,
  Next: fleet.stranger,
}

const CLASSES: Readonly<Record<(typeof ROWS)[number], string>> = {
  data: 'device, sensitive: true',
  renew: 'renewal',
  token: 'always, endpoint: oauth',
  'old-token': 'legacy-oauth',
  // So that only what is refused on every row has its connection ended.
  enroll: 'open',
}

/** What the configuration says, and where the listeners are. */
export interface FleetPorts {
  readonly outside: number
  readonly sync: number | undefined
}

/** YAML of a state: standings of the two CAs of the file, and whether a sync port is there. */
export function fleetYaml(
  random: SeededRandom,
  { outside, sync }: FleetPorts,
): Readonly<Record<string, string>> {
  const retired = (): string => {
    const at = new Date(Date.now() - random.pick([12, 8]) * DAY).toISOString()
    return `standing: previously-trusted, retiredAt: ${at}`
  }
  const current = random.pick(['Fleet', 'Old Fleet'])
  const setting = (name: string, file: string): string =>
    `\n    - { name: ${name}, ${name === current ? 'standing: current' : retired()}, chain: 'file:${file}' }`
  const listener = (name: string, port: number, more: string): string => `
  ${name}:
    address: 127.0.0.1
    port: ${port}
    hosts: [localhost, 127.0.0.1]
    certificates: [{ chain: 'file:server.pem', key: 'file:server.key' }]
    ${more}`
  const relay = `{ upstream: mdm, certificate: ${random.pick(['if-shown', 'device'])} }`
  return {
    // The profile's word is not the file's: the store begins with recording, and its latch decides.
    profile: ' core-10',
    // No client of the legacy endpoint is throttled here.
    legacyOAuth:
      ' { address: { rate: 60000, burst: 1000 }, account: { rate: 60000, burst: 1000 } }',
    trust: `\n  enrollmentSettings:${setting('Fleet', 'fleet.pem')}${setting('Old Fleet', 'previous.pem')}`,
    listeners:
      listener('devices', 0, 'exposure: internal\n    routes: tested') +
      listener('edge', outside, 'exposure: external\n    routes: tested') +
      (sync === undefined ? '' : listener('sync', sync, `purpose: sync\n    relay: ${relay}`)),
    routes: `
  tested:
    upstream: mdm
    rows:
${ROWS.map((row) => `      - { id: ${row}, path: /${row}/*, class: ${CLASSES[row]} }\n`).join('')}`,
  }
}

/** A device, by the name that its certificate has. */
export interface FleetDevice {
  readonly name: string
  readonly leaf: Leaf
}

const BEGINS = { 'long ago': -400 * DAY, 'ten days ago': -10 * DAY, 'two days ago': -2 * DAY }
const ENDS = { valid: 300 * DAY, due: 10 * DAY, 'in grace': -DAY, 'beyond grace': -60 * DAY }
const unknownCa = mintCa({ name: 'Not of this fleet' })

/** Draws devices of every CA and age, three of them of each CA at least and one that no CA vouches for. */
export function randomDevices(random: SeededRandom): readonly FleetDevice[] {
  const now = Date.now()
  const of = (setting: string, issuer: Ca): FleetDevice[] =>
    Object.entries(BEGINS).flatMap(([begun, begins]) =>
      Object.entries(ENDS).flatMap(([end, ends]) => {
        const name = `${setting} ${begun} ${end}`
        const validity = { notBefore: now + begins, notAfter: now + ends }
        return ends <= begins ? [] : [{ name, leaf: mintLeaf({ issuer, name, ...validity }) }]
      }),
    )
  return [
    ...Object.entries(CAS).flatMap(([setting, ca]) => random.shuffled(of(setting, ca)).slice(0, 3)),
    ...random.shuffled(of('stranger', unknownCa)).slice(0, 1),
  ]
}
