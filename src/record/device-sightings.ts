/**
 * What devices met, gathered per device and told in batches to whoever keeps the books: a look-up on the way of a
 * request, the rest later. Sightings with the same facts are one with a count, so that a device that asks a hundred
 * times is one line of the batch.
 */
import type { Fingerprint, Instant, KeyFingerprint } from '../kernel/types.ts'

/** A device was seen, once or `count` times with the same facts. */
export interface Sighting {
  /** Of the last of them. */
  readonly at: Instant
  readonly count: number
  readonly listener: string
  /** Undefined when none was shown. */
  readonly certificate: SightedCertificate | undefined
  /** What the device says of itself, in a URL or header. */
  readonly reportedId: string | undefined
  readonly class: string | undefined
  readonly agent: string | undefined
  readonly agentVersion: string | undefined
  readonly agentRank: number | undefined
  /** What it met; in recording, what it would have met. */
  readonly verdict: 'admit' | 'refuse'
  readonly code: string
  readonly authentication: 'succeeded' | 'no-info' | 'failed'
  readonly migration: 'pending' | 'success' | undefined
  readonly approvesItself: boolean
}

export interface SightedCertificate {
  readonly fingerprint: Fingerprint
  readonly key: KeyFingerprint
  /** Of the CA on the sound path. */
  readonly issuerKey: KeyFingerprint | undefined
  readonly serial: string
  readonly issuer: string
  readonly subject: string
  /** Device ids from subject alternative names. */
  readonly signedIds: readonly string[]
  readonly notBefore: Instant
  readonly notAfter: Instant
  readonly setting: string | undefined
  readonly sound: boolean
}

/** One request, or a connection that was closed unjudged, as it passes by; nothing here has to be made for it. */
export interface Observation {
  readonly at: Instant
  readonly listener: string
  /** Tells connections and devices apart: the certificate's key, or nothing. */
  readonly key: KeyFingerprint | undefined
  readonly fingerprint: Fingerprint | undefined
  /** Whether a CA that is trusted vouches for the key: others can be made up by the thousand. */
  readonly sound: boolean
  readonly verdict: Sighting['verdict']
  readonly code: string
  readonly authentication: Sighting['authentication']
  readonly row: string | undefined
  readonly userAgent: string | undefined
  readonly reportedId: string | undefined
  /** Whatever a batch needs besides; asked once, when the batch goes. */
  describe(): ObservationDetails
}

/** What is worked out of a glimpse when its batch goes. */
export type ObservationDetails = Omit<
  Sighting,
  'at' | 'count' | 'listener' | 'verdict' | 'code' | 'authentication'
>

/** Whoever keeps the books. Called between requests, never on the way of one. */
export interface SightingSink {
  /** `lost` counts sightings that came faster than they could be passed on. */
  onSightings(sightings: readonly Sighting[], lost: number): void
}

/** Gathers glimpses. One per process. */
export class SightingBuffer {
  readonly #sink: SightingSink
  readonly #waitMs: number
  readonly #limit: number
  /** By key; the latest draft, which knows those before it. */
  readonly #pending = new Map<string, PendingSighting>()
  #waiting = 0
  /** How many of those that wait are nobody's whom a CA vouches for. */
  #unverified = 0
  #lost = 0
  #timer: NodeJS.Timeout | undefined
  #earlyFlush: NodeJS.Immediate | undefined

  constructor(sink: SightingSink, { waitMs = WAIT_MS, limit = MAX_WAITING } = {}) {
    this.#sink = sink
    this.#waitMs = waitMs
    this.#limit = limit
  }

  /** Notes a glimpse; costs a look-up, and a few words where its facts are new. */
  add(observation: Observation): void {
    const name = observation.key ?? anonymousKey(observation)
    const known = this.#pending.get(name)
    let depth = 0
    for (let pending = known; pending !== undefined; pending = pending.before) {
      depth += 1
      if (!hasSameFacts(pending.observation, observation) && depth < MAX_VARIANTS) continue
      pending.count += 1
      if (observation.at > pending.at) pending.at = observation.at
      return
    }
    const isFull = this.#waiting >= this.#limit
    if (isFull || (!observation.sound && this.#unverified >= this.#limit / UNVERIFIED_SHARE))
      this.#lost += 1
    else {
      this.#pending.set(name, { observation, at: observation.at, count: 1, before: known })
      this.#waiting += 1
      if (!observation.sound) this.#unverified += 1
      // Strangers hasten nothing: their share of a batch is what they get for the whole wait.
      else if (this.#waiting - this.#unverified >= Math.min(EARLY_FLUSH, this.#limit / 2)) {
        this.#earlyFlush ??= setImmediate(() => this.flush())
      }
    }
    this.#timer ??= setTimeout(() => this.flush(), this.#waitMs).unref()
  }

  /** Passes on what has gathered, at once. */
  flush(): void {
    clearTimeout(this.#timer)
    clearImmediate(this.#earlyFlush)
    this.#timer = undefined
    this.#earlyFlush = undefined
    if (this.#waiting === 0) return
    const sightings: Sighting[] = []
    for (const latest of this.#pending.values()) {
      for (
        let pending: PendingSighting | undefined = latest;
        pending !== undefined;
        pending = pending.before
      ) {
        sightings.push(sightingOf(pending))
      }
    }
    const lost = this.#lost
    this.#pending.clear()
    this.#waiting = 0
    this.#unverified = 0
    this.#lost = 0
    // What happened first is told first: the last word on a device is the newest.
    this.#sink.onSightings(
      sightings.toSorted((one, other) => one.at - other.at),
      lost,
    )
  }
}

interface PendingSighting {
  readonly observation: Observation
  at: Instant
  count: number
  readonly before: PendingSighting | undefined
}

const hasSameFacts = (one: Observation, other: Observation): boolean =>
  one.code === other.code &&
  one.verdict === other.verdict &&
  one.fingerprint === other.fingerprint &&
  one.listener === other.listener &&
  one.row === other.row &&
  one.userAgent === other.userAgent &&
  one.reportedId === other.reportedId

function sightingOf({ observation, at, count }: PendingSighting): Sighting {
  const { listener, verdict, code, authentication } = observation
  return { at, count, listener, verdict, code, authentication, ...observation.describe() }
}

/** A device has a handful of agents and routes; whoever has more is counted with what came before. */
const MAX_VARIANTS = 16
/** The part of the room that is left to whom no CA vouches for: they must not crowd out the fleet. */
const UNVERIFIED_SHARE = 5
/** Whoever showed no certificate: by what he calls himself, and one draft for each way of being nobody. */
const anonymousKey = ({ reportedId = '' }: Observation): string => ` ${reportedId}`
/** A batch costs a message between processes, and one transaction; a chart that is two seconds old is young. */
const WAIT_MS = 2000
/** So many go at once: telling a thousand in one piece would hold up requests for as long as they take to describe. */
const EARLY_FLUSH = 250
/** One call of the store takes 5,000. Each keeps its connection's certificate from being forgotten: some 15 MB at most. */
const MAX_WAITING = 5000
