/**
 * What devices met, gathered per device and passed on in batches to the process that writes to the store: a request
 * costs a look-up. Sightings with the same facts are one with a count, so that a device that asks a hundred times is one
 * line of the batch.
 */
import type { Policy } from '../decide/policy.ts'
import { addExchange, type Exchange, type Sighting } from '../fleet/sighting.ts'
import type { Fingerprint, Instant, KeyFingerprint } from '../kernel/types.ts'
import { Batch } from './batch.ts'

/** An `Observation` is one request, or a connection that was closed before one; nothing here is made for it alone. */
export interface Observation {
  readonly at: Instant
  readonly listener: string
  /** Tells connections and devices apart: the certificate's key, or nothing. */
  readonly key: KeyFingerprint | undefined
  readonly fingerprint: Fingerprint | undefined
  /** Whether the certificate is on a sound path: others can be made up by the thousand. */
  readonly sound: boolean
  readonly verdict: Sighting['verdict']
  readonly code: string
  readonly authentication: Sighting['authentication']
  readonly row: string | undefined
  readonly wouldRefuse: boolean
  readonly sensitive: boolean
  readonly userAgent: string | undefined
  readonly reportedId: string | undefined
  readonly exchange: Exchange | undefined
  /** What held at that moment: it is part of what `describe` says, so that what held before never speaks for it. */
  readonly policy: Policy
  /** Returns what a batch needs besides; called once, when the batch is passed on. */
  describe(): ObservationDetails
}

/** What is worked out of an observation when its batch is passed on. */
export type ObservationDetails = Pick<
  Sighting,
  'agent' | 'agentRank' | 'agentVersion' | 'approvesItself' | 'certificate' | 'class' | 'migration'
>

/** A `SightingSink` writes sightings to the store. Called between requests, never within one. */
export interface SightingSink {
  /** `lost` counts sightings that came faster than they could be passed on. */
  onSightings(sightings: readonly Sighting[], lost: number): void
}

/** A `SightingBuffer` gathers observations. One per process. */
export class SightingBuffer {
  /** By device; the latest draft, which knows those before it. */
  readonly #batch: Batch<string, PendingSighting>
  #waiting = 0
  /** How many of them are of devices without a sound path. */
  #unverified = 0
  #earlyFlush: NodeJS.Immediate | undefined

  constructor(sink: SightingSink, { waitMs = WAIT_MS, limit = MAX_WAITING } = {}) {
    this.#batch = new Batch({ waitMs, limit }, (latest, lost) => {
      clearImmediate(this.#earlyFlush)
      this.#earlyFlush = undefined
      this.#waiting = 0
      this.#unverified = 0
      // In order of time, so that the newest facts about a device are written last.
      const sightings = latest.flatMap(sightingsOf).toSorted((one, other) => one.at - other.at)
      sink.onSightings(sightings, lost)
    })
  }

  /** Notes an observation: a look-up, and a few words where its facts are new. */
  add(observation: Observation): void {
    // What a sync port carried keeps it open: made-up names elsewhere must not displace that.
    const isExchange = observation.exchange !== undefined
    const hasRoom = this.#hasRoom(observation) || (isExchange && this.#hasRoomToCount())
    if (!this.#note(observation, hasRoom)) {
      // Who it said to be is lost in a flood, and that it would be refused is not.
      const counted = observation.wouldRefuse && !observation.sound && withoutName(observation)
      const isNoted = counted !== false && this.#note(counted, this.#hasRoomToCount())
      if (!isNoted) this.#batch.lost += 1
    }
    this.#batch.schedule()
  }

  /** Passes on what has gathered, at once. */
  flush(): void {
    this.#batch.flush()
  }

  /** Adds it to what is known, or beside it if there is room; returns whether either could be done. */
  #note(observation: Observation, hasRoom: boolean): boolean {
    const { items, limit } = this.#batch
    const name = observation.key ?? anonymousKey(observation)
    const known = items.get(name)
    let depth = 0
    for (let pending = known; pending !== undefined; pending = pending.before) {
      depth += 1
      if (!hasSameFacts(pending.observation, observation) && depth < MAX_VARIANTS) continue
      pending.count += countOf(observation)
      if (observation.exchange !== undefined) {
        pending.exchange = addExchange(observation.exchange, pending.exchange)
      }
      if (observation.at > pending.at) pending.at = observation.at
      return true
    }
    if (!hasRoom) return false
    const { at, exchange } = observation
    items.set(name, { observation, at, count: countOf(observation), exchange, before: known })
    this.#waiting += 1
    if (!observation.sound) this.#unverified += 1
    // Unverified devices hasten nothing: their share of a batch is what they get for the whole wait.
    else if (this.#waiting - this.#unverified >= Math.min(EARLY_FLUSH, limit / 2)) {
      this.#earlyFlush ??= setImmediate(() => this.flush())
    }
    return true
  }

  #hasRoom({ sound }: Observation): boolean {
    const { limit } = this.#batch
    return this.#waiting < limit && (sound || this.#unverified < limit / UNVERIFIED_SHARE)
  }

  /** Kinds of refusals are few, and so that floods leave them room they have as much again. */
  #hasRoomToCount(): boolean {
    const { limit } = this.#batch
    return this.#unverified < (2 * limit) / UNVERIFIED_SHARE
  }
}

interface PendingSighting {
  readonly observation: Observation
  at: Instant
  count: number
  exchange: Exchange | undefined
  readonly before: PendingSighting | undefined
}

/** Octets that are added to a connection make no second one of it. */
const countOf = ({ exchange }: Observation): number => exchange?.connections ?? 1

const hasSameFacts = (one: Observation, other: Observation): boolean =>
  one.code === other.code &&
  one.verdict === other.verdict &&
  one.fingerprint === other.fingerprint &&
  one.listener === other.listener &&
  one.row === other.row &&
  one.wouldRefuse === other.wouldRefuse &&
  one.sensitive === other.sensitive &&
  one.userAgent === other.userAgent &&
  one.reportedId === other.reportedId &&
  one.exchange?.address === other.exchange?.address &&
  one.policy === other.policy

/** The same, of no device in particular. */
const withoutName = (observation: Observation): Observation => ({
  ...observation,
  key: undefined,
  fingerprint: undefined,
  userAgent: undefined,
  reportedId: undefined,
  exchange: undefined,
  describe: () => OF_NO_DEVICE,
})

const OF_NO_DEVICE: ObservationDetails = {
  agent: undefined,
  agentRank: undefined,
  agentVersion: undefined,
  approvesItself: false,
  certificate: undefined,
  class: undefined,
  migration: undefined,
}

function sightingsOf(latest: PendingSighting): readonly Sighting[] {
  const sightings: Sighting[] = []
  for (let pending: PendingSighting | undefined = latest; pending; pending = pending.before) {
    const { observation, at, count, exchange } = pending
    const { listener, verdict, code, authentication, reportedId, wouldRefuse, sensitive } =
      observation
    // A row is passed on where something is counted by it; elsewhere it would tell sightings apart in vain.
    const row = wouldRefuse || sensitive || verdict === 'refuse' ? observation.row : undefined
    const facts = {
      listener,
      verdict,
      code,
      authentication,
      reportedId,
      row,
      wouldRefuse,
      sensitive,
    }
    sightings.push({ at, count, ...facts, exchange, ...observation.describe() })
  }
  return sightings
}

/** A device has a handful of agents and routes; what is more is counted with what came before. */
const MAX_VARIANTS = 16
/** The part of a batch that devices without a sound path may take: they must not displace the fleet. */
const UNVERIFIED_SHARE = 5
/**
 * The key of devices without a certificate: what they call themselves, and what is counted. Those that no id tells
 * apart are few, because listeners and rows are the configuration's and codes a closed list.
 */
const anonymousKey = ({
  reportedId = '',
  listener,
  row = '',
  code,
  exchange,
}: Observation): string => ` ${[reportedId, listener, row, code, exchange?.address].join('\n')}`
/** A batch costs a message between processes, and one transaction; a chart that is two seconds old is young. */
const WAIT_MS = 2000
/** So many are flushed at once: a thousand in one piece would hold up requests for as long as they take to describe. */
const EARLY_FLUSH = 250
/** One call of the store takes 5,000. Each keeps its connection's certificate from being forgotten: some 15 MB at most. */
const MAX_WAITING = 5000
