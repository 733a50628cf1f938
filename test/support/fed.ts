/**
 * Devices that exist on paper only, fed into the ledger of a front end that serves: any number of them, at any rate,
 * each told from the others by a number.
 */
import cluster from 'node:cluster'
import { hash } from 'node:crypto'
import type { Fingerprint, Instant, KeyFingerprint } from '../../src/kernel/types.ts'
import type { Glimpse } from '../../src/record/device-sightings.ts'
import type { Witness } from '../../src/serve/workers/pool.ts'

/** What is fed. Plain data: it travels on a command line. */
export interface Feed {
  /** Devices that the store knows already. */
  readonly known: number
  /** Devices that it does not. */
  readonly fresh: number
  /** Sightings, over all processes. */
  readonly total: number
  /** Over all processes; without it all of it comes at once, when the program is told to end. */
  readonly perSecond?: number
}

/** Whose sighting comes at this place: known devices strewn over the whole fleet, new ones evenly between them. */
export function numberAt(place: number, { known, fresh, total }: Feed): number {
  if (known === 0) return place % fresh
  const every = Math.max(1, Math.floor(total / fresh))
  const nth = Math.floor(place / every)
  if (place % every === 0 && nth < fresh) return known + nth
  // A prime that divides no round number: neighbours in time are no neighbours in the store.
  return (place * 7919) % known
}

/** Hexadecimal as any fingerprint; those of known devices grow with their number, so that a store fills quickly. */
const named = (what: string, number: number, { known }: Pick<Feed, 'known'>): string => {
  const digits = hash('sha256', `${what} ${number}`)
  if (number >= known) return digits
  const place = Math.floor((number / known) * 2 ** 32)
  return place.toString(16).padStart(8, '0') + digits.slice(8)
}

/** The key of a device. */
export const fedKey = (number: number, feed: Pick<Feed, 'known'>): KeyFingerprint =>
  named('key', number, feed) as KeyFingerprint

/** A device as it passes by: one in twenty is refused. */
export function fedGlimpse(number: number, at: Instant, feed: Pick<Feed, 'known'>): Glimpse {
  const key = fedKey(number, feed)
  const fingerprint = named('certificate', number, feed) as Fingerprint
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
    userAgent: 'Fed/1.0',
    reportedId: undefined,
    describe: () => ({
      certificate: {
        fingerprint,
        key,
        issuerKey: ISSUER,
        serial: fingerprint.slice(0, 32),
        issuer: 'CN=Fleet Devices,O=Example',
        subject: `CN=${named('subject', number, feed).slice(0, 16)},O=Example`,
        signedIds: [named('id', number, feed).slice(0, 32)],
        notBefore: YEAR_BEGAN,
        notAfter: (YEAR_BEGAN + 3 * YEAR_MS) as Instant,
        setting: 'Fleet',
        sound: true,
      },
      reportedId: undefined,
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
export const feeding =
  (feed: Feed, share: { readonly worker: number; readonly of: number }): Witness =>
  (ledger) => {
    const { total, perSecond } = feed
    let place = share.worker
    const feedUpTo = (due: number): void => {
      for (; place < due; place += share.of) {
        ledger.saw(fedGlimpse(numberAt(place, feed), Date.now() as Instant, feed))
      }
      if (place >= total) process.stderr.write(`${FED}\n`)
    }
    if (perSecond === undefined) return atTheEnd(() => feedUpTo(total))
    const began = performance.now()
    const timer = setInterval(() => {
      feedUpTo(Math.min(total, ((performance.now() - began) / 1000) * perSecond))
      if (place >= total) clearInterval(timer)
    }, TICK_MS)
  }

/** A worker is told by its primary, and that by a signal. */
function atTheEnd(work: () => void): void {
  if (!cluster.isWorker) process.once('SIGTERM', work)
  else {
    process.on('message', (message: { readonly kind?: unknown }) => {
      if (message.kind === 'drain') work()
    })
  }
}

/** What a process says that has fed its share. */
export const FED = 'fed'
const TICK_MS = 10
