/**
 * The simulated devices: each with a key of its own, a certificate of some age and origin, and a name that its CA
 * signed.
 */
import { createHash } from 'node:crypto'
import { mintCa, mintLeaf, type Ca, type Leaf } from '../support/certificates/mint.ts'
import { mintKeys, type Keys } from '../support/certificates/mint-certificate.ts'
import type { SeededRandom } from '../support/seeded-random.ts'
import { KINDS, OLD_AGENT, type KindFacts } from './client-kinds.ts'

const DAY = 86_400_000

/** The CAs that certificates of the story come from. */
export type Issuer = 'next' | 'old' | 'stranger'

/** What the operator calls the enrollment settings. */
export const SETTING_NAMES = { old: 'Local CA 2021', next: 'Local CA 2026' } as const

export interface Authorities {
  readonly old: Ca
  readonly next: Ca
  readonly stranger: Ca
}

export const mintAuthorities = (): Authorities => ({
  old: mintCa({ name: SETTING_NAMES.old }),
  next: mintCa({ name: SETTING_NAMES.next }),
  stranger: mintCa({ name: 'Foreign CA' }),
})

/** A certificate, and what the simulation knows of it because it made it. */
export interface Certificate {
  readonly issuer: Issuer
  readonly keys: Keys
  /** SHA-256 of the public key, in hexadecimal digits. */
  readonly key: string
  readonly notBefore: number
  readonly notAfter: number
  readonly leaf: Leaf
}

/** A device of the story. */
export interface Device {
  readonly name: string
  readonly facts: KindFacts
  /** What the CA signs as a subject alternative name. */
  readonly urn: string
  /** Whether the inventory knows it. */
  readonly listed: boolean
  /** What it begins the story with. */
  readonly lot: Lot
  /** Whether it still checks in on the sync port. */
  isLegacy: boolean
  /** What it checks in with; an agent that is too old has none. */
  certificate: Certificate | undefined
  agent: Agent
}

export interface Agent {
  readonly product: string
  readonly version: string | null
  readonly userAgent: string
}

/** How a device enters the story. */
export type Lot =
  | 'sound'
  /** Its certificate ended nine days ago. */
  | 'in-grace'
  /** Its certificate ended sixty days ago. */
  | 'beyond-grace'
  /** Its certificate comes from a CA that is not trusted. */
  | 'stranger'
  /** Its agent cannot authenticate. */
  | 'old-agent'
  /** The inventory expects it, and it never comes. */
  | 'ghost'

/** How many of 500 have each lot; the rest are sound. */
const LOTS: readonly [Lot, number][] = [
  ['in-grace', 15],
  ['beyond-grace', 5],
  ['stranger', 5],
]
const OLD_AGENTS = 20
/** Devices that were registered before the server had certificates, and check in on the sync port. */
const LEGACY = 60

/** A fleet of so many devices, 500 in the story as it is told. */
export function makeFleet(size: number, authorities: Authorities, random: SeededRandom): Device[] {
  const of500 = (count: number): number => Math.max(1, Math.round((count * size) / 500))
  const kinds = KINDS.flatMap((facts) => Array.from({ length: of500(facts.share) }, () => facts))
  const dealt = random.shuffled(
    LOTS.flatMap(([lot, count]) => Array.from({ length: of500(count) }, () => lot)),
  )
  let oldAgents = of500(OLD_AGENTS)
  let legacy = of500(LEGACY)
  return random.shuffled(kinds).map((facts, index) => {
    const isOld = facts.kind === 'android-maw' && oldAgents > 0
    if (isOld) oldAgents -= 1
    // A device that nothing tells apart, or that shows nothing, can only be counted by the inventory.
    const isDealt = !isOld && facts.told !== null && dealt.length > 0
    const lot: Lot = isOld ? 'old-agent' : isDealt ? (dealt.pop() ?? 'sound') : 'sound'
    const name = `story-${String(index + 1).padStart(4, '0')}`
    const urn = `urn:uuid:${uuidOf(name)}`
    const isLegacy = lot === 'sound' && facts.moves === true && legacy > 0
    if (isLegacy) legacy -= 1
    const device: Device = {
      name,
      facts,
      urn,
      // What a stranger's CA signed leads to no entry of the inventory.
      listed: isOld || facts.told === null || (lot !== 'stranger' && random.below(2) === 0),
      lot,
      isLegacy,
      certificate: undefined,
      agent: isOld ? OLD_AGENT : facts,
    }
    device.certificate = isOld ? undefined : firstCertificate(device, authorities)
    return device
  })
}

/** Devices that only the inventory knows. */
export function makeAbsentDevices(count: number): Device[] {
  const [facts] = KINDS
  if (facts === undefined) throw new Error('there are no kinds')
  return Array.from({ length: count }, (_, index) => {
    const name = `ghost-${index + 1}`
    const urn = `urn:uuid:${uuidOf(name)}`
    return {
      name,
      facts,
      urn,
      listed: true,
      lot: 'ghost',
      isLegacy: false,
      certificate: undefined,
      agent: facts,
    }
  })
}

/** What a certificate is to be. */
export interface Issue {
  readonly issuer: Issuer
  readonly keys?: Keys | undefined
  readonly notBefore?: number
  readonly notAfter?: number
}

/** Issues a certificate to a device; with a new key unless it is given one. */
export function issue(device: Device, authorities: Authorities, wanted: Issue): Certificate {
  const now = Date.now()
  const { issuer, keys = mintKeys(), notBefore = now - DAY, notAfter = now + 300 * DAY } = wanted
  const leaf = mintLeaf({
    issuer: authorities[issuer],
    name: device.name,
    uris: [device.urn],
    keys,
    notBefore,
    notAfter,
  })
  const key = createHash('sha256').update(keys.spki).digest('hex')
  // Certificates count whole seconds, and a last second counts to its end.
  const [first, last] = [
    Math.floor(notBefore / 1000) * 1000,
    Math.floor(notAfter / 1000) * 1000 + 999,
  ]
  return { issuer, keys, key, notBefore: first, notAfter: last, leaf }
}

function firstCertificate(device: Device, authorities: Authorities): Certificate {
  const now = Date.now()
  switch (device.lot) {
    case 'in-grace':
      return issue(device, authorities, {
        issuer: 'old',
        notBefore: now - 400 * DAY,
        notAfter: now - 9 * DAY,
      })
    case 'beyond-grace':
      return issue(device, authorities, {
        issuer: 'old',
        notBefore: now - 400 * DAY,
        notAfter: now - 60 * DAY,
      })
    case 'stranger':
      return issue(device, authorities, { issuer: 'stranger' })
    case 'sound':
    case 'old-agent':
    case 'ghost':
      return issue(device, authorities, { issuer: 'old' })
  }
}

function uuidOf(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
