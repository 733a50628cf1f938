/**
 * Devices that exist on paper only, fed into the ledger of a front end that serves: any number of them, at any rate,
 * each told from the others by a number.
 */
import cluster from 'node:cluster'
import { hash } from 'node:crypto'
import type { Fingerprint, Instant, KeyFingerprint } from '../../../src/kernel/types.ts'
import type { Observation } from '../../../src/record/sighting-buffer.ts'
import type { TestHook } from '../../../src/serve/workers/pool.ts'
import { EMPTY_POLICY } from '../empty-policy.ts'

/** What is fed. Plain data: it travels on a command line. */
export interface SightingLoad {
  /** Devices that the store knows already. */
  readonly known: number
  /** Devices that it does not. */
  readonly newDevices: number
  /** Sightings, over all processes. */
  readonly total: number
  /** Over all processes; without it all of it comes at once, when the program is told to end. */
  readonly perSecond?: number
}

/** Whose sighting comes at this place: known devices strewn over the whole fleet, new ones evenly between them. */
export function deviceNumberAt(place: number, { known, newDevices, total }: SightingLoad): number {
  if (known === 0) return place % newDevices
  const every = Math.max(1, Math.floor(total / newDevices))
  const nth = Math.floor(place / every)
  if (place % every === 0 && nth < newDevices) return known + nth
  // A prime that divides no round number: neighbours in time are no neighbours in the store.
  return (place * 7919) % known
}

/** Hexadecimal as any fingerprint; those of known devices grow with their number, so that a store fills quickly. */
const named = (what: string, number: number, { known }: Pick<SightingLoad, 'known'>): string => {
  const digits = hash('sha256', `${what} ${number}`)
  if (number >= known) return digits
  const place = Math.floor((number / known) * 2 ** 32)
  return place.toString(16).padStart(8, '0') + digits.slice(8)
}

/** The key of a device. */
export const syntheticKey = (number: number, load: Pick<SightingLoad, 'known'>): KeyFingerprint =>
  named('key', number, load) as KeyFingerprint

/** A device as it passes by: one in twenty is refused. */
export function fedObservation(
  number: number,
  at: Instant,
  load: Pick<SightingLoad, 'known'>,
): Observation {
  const key = syntheticKey(number, load)
  const fingerprint = named('certificate', number, load) as Fingerprint
  const isRefused = number % 20 === 0
  return {
    at,
    listener: 'devices',
    key,
    fingerprint,
    sound: true,
    verdict: isRefused ? 'refuse' : 'admit',
    code: isRefused ? 'expired' : 'verified',
    authentication: isRefused ? 'failed' : 'succeeded',
    row: 'device',
    wouldRefuse: false,
    sensitive: false,
    exchange: undefined,
    userAgent: 'Fed/1.0',
    reportedId: undefined,
    policy: EMPTY_POLICY,
    describe: () => ({
      certificate: {
        fingerprint,
        key,
        issuerKey: ISSUER,
        serial: fingerprint.slice(0, 32),
        issuer: 'CN=Fleet Devices,O=Example',
        subject: `CN=${named('subject', number, load).slice(0, 16)},O=Example`,
        signedIds: [named('id', number, load).slice(0, 32)],
        notBefore: YEAR_BEGAN,
        notAfter: (YEAR_BEGAN + 3 * YEAR_MS) as Instant,
        setting: 'Fleet',
        sound: true,
      },
      class: CLASSES[number % CLASSES.length],
      agent: 'agent',
      agentVersion: `${number % 5}.0`,
      agentRank: number % 5,
      migration: undefined,
      approvesItself: !isRefused,
    }),
  }
}

const CLASSES = ['ios-maw', 'ios-mdm', 'macos-mdm', 'android-maw', 'win10'] as const
const ISSUER = hash('sha256', 'issuer') as KeyFingerprint
const YEAR_BEGAN = Date.UTC(2026, 0, 1) as Instant
const YEAR_MS = 365 * 86_400_000

/** This process's share of a feed; tells the error stream when all of it has been noted. */
export const injectSightings =
  (load: SightingLoad, share: { readonly worker: number; readonly of: number }): TestHook =>
  ({ sightingBuffer }) => {
    const { total, perSecond } = load
    let place = share.worker
    const injectUpTo = (due: number): void => {
      for (; place < due; place += share.of) {
        sightingBuffer.add(fedObservation(deviceNumberAt(place, load), Date.now() as Instant, load))
      }
      if (place >= total) process.stderr.write(`${INJECTED}\n`)
    }
    if (perSecond === undefined) return beforeDrain(() => injectUpTo(total))
    const began = performance.now()
    const timer = setInterval(() => {
      injectUpTo(Math.min(total, ((performance.now() - began) / 1000) * perSecond))
      if (place >= total) clearInterval(timer)
    }, TICK_MS)
  }

/** A worker is told by its primary, and that by a signal. */
function beforeDrain(work: () => void): void {
  if (!cluster.isWorker) process.once('SIGTERM', work)
  else {
    process.on('message', (message: { readonly kind?: unknown }) => {
      if (message.kind === 'drain') work()
    })
  }
}

/** What a process says that has fed its share. */
export const INJECTED = 'fed'
const TICK_MS = 10
