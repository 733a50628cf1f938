/**
 * How a device departs from what the server's documents say of its kind of client. Findings for people: no verdict asks
 * for them, and most of what they rest on is only what a client says of itself.
 */
import type { Explanation } from '../kernel/explanation.ts'
import { unreachable } from '../kernel/types.ts'
import { CLIENT_NAMES, type ClientClass, type Version, versionText } from './client.ts'
import {
  DOCUMENTED_SERVERS,
  expectationOf,
  IOS_MUTUAL_FROM,
  type DocumentedServer,
  type Expectation,
  type Installation,
} from './expectation.ts'
import { canMigrate, migratesFrom, type MigrationStatus } from './migration.ts'

/** The codes, in the order in which they are counted and shown. */
export const DEPARTURES = [
  'on-sync-port',
  'on-https-port',
  'came-without-certificate',
  'cannot-migrate',
] as const

export type DepartureCode = (typeof DEPARTURES)[number]

/** What each of them means, for a list of counts. */
export const DEPARTURE_TITLES: Readonly<Record<DepartureCode, string>> = {
  'on-sync-port': 'on the sync port, expected on 443',
  'on-https-port': 'met elsewhere, expected on the sync port',
  'came-without-certificate': 'came without a certificate, expected with one',
  'cannot-migrate': 'still to leave the sync port, and cannot as it is',
}

/** One way in which a device is not as the documents have it. */
export type Departure =
  /** It checks in on the sync port, and its kind of client is expected on 443. */
  | { readonly kind: 'on-sync-port'; readonly class: ClientClass }
  /** It was met elsewhere, and its kind of client is expected on the sync port. */
  | { readonly kind: 'on-https-port'; readonly class: ClientClass }
  /** Its kind of client is expected to authenticate; one that said to be it came without a certificate. */
  | { readonly kind: 'came-without-certificate'; readonly class: ClientClass }
  /** It has still to leave the sync port, and cannot without being enrolled again or upgraded. */
  | {
      readonly kind: 'cannot-migrate'
      readonly class: ClientClass
      readonly version: Version | undefined
      /** The oldest release that can; undefined where the documents have no such way for its kind. */
      readonly from: Version | undefined
    }

/** What is known of a device that bears on it. */
export interface DepartureFacts {
  readonly class: ClientClass | undefined
  readonly version: Version | undefined
  readonly situation: Situation
}

/** Where and how a device was met. */
export interface Situation {
  /** Where it checks in as far as is known; undefined when that is not known. */
  readonly port: 'sync' | 'https' | undefined
  readonly migration: MigrationStatus
  /** A client that said to be this device came without a certificate, and the device never showed one. */
  readonly cameWithout: boolean
}

/** What is expected of a device, and how it departs from that. */
export interface DeviceExpectation {
  /** Undefined where the documents state nothing that holds for it. */
  readonly expected: Expectation | undefined
  readonly departures: readonly Departure[]
}

/** Compares a device with the documents; `installation` is undefined for a server without such documents. */
export function compareWithDocuments(
  { class: kind, version: told, situation }: DepartureFacts,
  installation: Installation | undefined,
): DeviceExpectation {
  if (kind === undefined || installation === undefined) return NOTHING_EXPECTED
  // What other clients call their version is none of Mobile@Work's releases.
  const version = RELEASE_STEPS.has(kind) ? told : undefined
  // When a device was registered is what the server knows, and we do not.
  const expected = expectationOf({ class: kind, version, registered: undefined }, installation)
  const { port, migration, cameWithout } = situation
  const departures: Departure[] = []
  if (port === 'sync' && expected.port === 'https' && !SHARES_ITS_DEVICE.has(kind)) {
    departures.push({ kind: 'on-sync-port', class: kind })
  }
  if (port === 'https' && expected.port === 'sync' && migration === 'none') {
    departures.push({ kind: 'on-https-port', class: kind })
  }
  if (cameWithout && expected.mutual === 'used') {
    departures.push({ kind: 'came-without-certificate', class: kind })
  }
  const { profile } = installation
  const isStuck = migration === 'pending' && canMigrate({ class: kind, version }, profile) === false
  if (isStuck && RELEASE_STEPS.has(kind)) {
    const from = migratesFrom(kind, profile)
    departures.push({ kind: 'cannot-migrate', class: kind, version, from })
  }
  const isStated = expected.port !== undefined || expected.mutual !== undefined
  return { expected: isStated ? expected : undefined, departures }
}

const NOTHING_EXPECTED: DeviceExpectation = { expected: undefined, departures: [] }

/** Clients beside which Mobile@Work lives on the same phone: what is met on the sync port is that, and not them. */
const SHARES_ITS_DEVICE: ReadonlySet<ClientClass> = new Set([
  'android-apps',
  'ios-appconnect',
  'ios-apps',
  'ios-mdm',
])

/**
 * The releases of Mobile@Work from which on something else may hold, oldest first; between two of them nothing changes.
 * The store compares by them, so that it finds the devices that `compareWithDocuments` means.
 */
export const RELEASE_STEPS: ReadonlyMap<ClientClass, readonly Version[]> = new Map<
  ClientClass,
  readonly Version[]
>([
  ['android-maw', stepsOf('android-maw')],
  ['ios-maw', [IOS_MUTUAL_FROM, ...stepsOf('ios-maw')]],
])

function stepsOf(kind: ClientClass): readonly Version[] {
  const from = DOCUMENTED_SERVERS.flatMap((profile) => {
    const version = migratesFrom(kind, profile)
    return version === undefined ? [] : [version]
  })
  // Both servers may name the same release.
  return from.filter(
    (one, at) => from.findIndex((other) => versionText(other) === versionText(one)) === at,
  )
}

/** What an operator reads about an expectation. */
export function explainExpectation(
  kind: ClientClass,
  { port, mutual }: Expectation,
  profile: DocumentedServer,
): string {
  const parts = [PORT_WORDS[port ?? 'open'], MUTUAL_WORDS[mutual ?? 'open']]
  const said = mutual === 'from-next-check-in' ? MOVING : parts.filter(Boolean).join(' ')
  return `the documents of ${SERVER_NAMES[profile]} expect ${CLIENT_NAMES[kind]} ${said}`
}

const MOVING =
  'on 443 with a certificate from the check-in on that follows the setting, and on the sync port at most until then'
const PORT_WORDS = { https: 'on 443', sync: 'on the sync port', open: '' }
const MUTUAL_WORDS = {
  used: 'with a certificate',
  'not-used': 'without a certificate',
  'from-next-check-in': '',
  open: '',
}

const SERVER_NAMES: Readonly<Record<DocumentedServer, string>> = {
  'epmm-11.5': 'EPMM 11.5',
  'core-10': 'Core 10',
}

/** What an operator reads about a departure. */
export function explainDeparture(it: Departure, profile: DocumentedServer): Explanation {
  const [name, server] = [CLIENT_NAMES[it.class], SERVER_NAMES[profile]]
  switch (it.kind) {
    case 'on-sync-port':
      return {
        sentence: `as far as is known it checks in on the sync port, and the documents of ${server} expect ${name} on 443`,
        nextStep:
          'compare its class with the inventory of the server; if it is right, register the device again, so that it uses 443',
      }
    case 'on-https-port':
      return {
        sentence: `it was last met on another port than the sync port, where the documents of ${server} expect ${name} to stay`,
        nextStep:
          'compare its class, its release and the mutual authentication setting with the server: it was upgraded, the setting is on, or it is not the client that it says it is',
      }
    case 'came-without-certificate':
      return {
        sentence: `a client that said to be this device came without a certificate, the device never showed one, and the documents of ${server} expect ${name} to use one`,
        nextStep: 'register the device again, or find out from the log which client it was',
      }
    case 'cannot-migrate':
      return explainStuck(it, { name, server })
    default:
      return unreachable(it)
  }
}

function explainStuck(
  { version, from }: Departure & { readonly kind: 'cannot-migrate' },
  { name, server }: { readonly name: string; readonly server: string },
): Explanation {
  if (from === undefined) {
    return {
      sentence: `it has still to leave the sync port, and the documents of ${server} describe no migration of ${name}`,
      nextStep: 'register the device again, or keep the sync port open for it',
    }
  }
  const found = version === undefined ? 'unknown' : versionText(version)
  return {
    sentence: `it has still to leave the sync port, its agent was last told as release ${found}, and the documents of ${server} have ${name} migrate from ${versionText(from)} on`,
    nextStep: `upgrade it to ${versionText(from)} or later`,
  }
}
