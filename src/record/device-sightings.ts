/**
 * What devices met, gathered per device and told in batches to whoever keeps the books: a look-up on the way of a
 * request, the rest later. Sightings with the same facts are one with a count, so that a device that asks a hundred
 * times is one line of the batch.
 */
import type { Fingerprint, Instant, KeyFingerprint } from '../kernel/types.ts'

/** A device was seen, once or `count` times with the same facts. */
export interface Seen {
  /** Of the last of them. */
  readonly at: Instant
  readonly count: number
  readonly listener: string
  /** Undefined when none was shown. */
  readonly certificate: SeenCertificate | undefined
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

export interface SeenCertificate {
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
export interface Glimpse {
  readonly at: Instant
  readonly listener: string
  /** Tells connections and devices apart: the certificate's key, or nothing. */
  readonly key: KeyFingerprint | undefined
  readonly fingerprint: Fingerprint | undefined
  /** Whether a CA that is trusted vouches for the key: others can be made up by the thousand. */
  readonly sound: boolean
  readonly verdict: Seen['verdict']
  readonly code: string
  readonly authentication: Seen['authentication']
  readonly row: string | undefined
  readonly userAgent: string | undefined
  readonly reportedId: string | undefined
  /** Whatever a batch needs besides; asked once, when the batch goes. */
  describe(): Description
}

/** What is worked out of a glimpse when its batch goes. */
export type Description = Omit<
  Seen,
  'at' | 'count' | 'listener' | 'verdict' | 'code' | 'authentication'
>

/** Whoever keeps the books. Called between requests, never on the way of one. */
export interface LedgerSink {
  /** `lost` counts sightings that came faster than they could be passed on. */
  seen(sightings: readonly Seen[], lost: number): void
}

/** Gathers glimpses. One per process. */
export class Ledger {
  readonly #sink: LedgerSink
  readonly #waitMs: number
  readonly #limit: number
  /** By key; the latest draft, which knows those before it. */
  readonly #drafts = new Map<string, Draft>()
  #waiting = 0
  /** How many of those that wait are nobody's whom a CA vouches for. */
  #strangers = 0
  #lost = 0
  #timer: NodeJS.Timeout | undefined
  #early: NodeJS.Immediate | undefined

  constructor(sink: LedgerSink, { waitMs = WAIT_MS, limit = MAX_WAITING } = {}) {
    this.#sink = sink
    this.#waitMs = waitMs
    this.#limit = limit
  }

  /** Notes a glimpse; costs a look-up, and a few words where its facts are new. */
  saw(glimpse: Glimpse): void {
    const name = glimpse.key ?? nobody(glimpse)
    const known = this.#drafts.get(name)
    let depth = 0
    for (let draft = known; draft !== undefined; draft = draft.before) {
      depth += 1
      if (!isAlike(draft.glimpse, glimpse) && depth < MAX_WAYS) continue
      draft.count += 1
      if (glimpse.at > draft.at) draft.at = glimpse.at
      return
    }
    const isFull = this.#waiting >= this.#limit
    if (isFull || (!glimpse.sound && this.#strangers >= this.#limit / STRANGERS)) this.#lost += 1
    else {
      this.#drafts.set(name, { glimpse, at: glimpse.at, count: 1, before: known })
      this.#waiting += 1
      if (!glimpse.sound) this.#strangers += 1
      // Strangers hasten nothing: their share of a batch is what they get for the whole wait.
      else if (this.#waiting - this.#strangers >= Math.min(ENOUGH, this.#limit / 2)) {
        this.#early ??= setImmediate(() => this.flush())
      }
    }
    this.#timer ??= setTimeout(() => this.flush(), this.#waitMs).unref()
  }

  /** Passes on what has gathered, at once. */
  flush(): void {
    clearTimeout(this.#timer)
    clearImmediate(this.#early)
    this.#timer = undefined
    this.#early = undefined
    if (this.#waiting === 0) return
    const seen: Seen[] = []
    for (const latest of this.#drafts.values()) {
      for (let draft: Draft | undefined = latest; draft !== undefined; draft = draft.before) {
        seen.push(seenOf(draft))
      }
    }
    const lost = this.#lost
    this.#drafts.clear()
    this.#waiting = 0
    this.#strangers = 0
    this.#lost = 0
    // What happened first is told first: the last word on a device is the newest.
    this.#sink.seen(
      seen.toSorted((one, other) => one.at - other.at),
      lost,
    )
  }
}

interface Draft {
  readonly glimpse: Glimpse
  at: Instant
  count: number
  readonly before: Draft | undefined
}

const isAlike = (one: Glimpse, other: Glimpse): boolean =>
  one.code === other.code &&
  one.verdict === other.verdict &&
  one.fingerprint === other.fingerprint &&
  one.listener === other.listener &&
  one.row === other.row &&
  one.userAgent === other.userAgent &&
  one.reportedId === other.reportedId

function seenOf({ glimpse, at, count }: Draft): Seen {
  const { listener, verdict, code, authentication } = glimpse
  return { at, count, listener, verdict, code, authentication, ...glimpse.describe() }
}

/** A device has a handful of agents and routes; whoever has more is counted with what came before. */
const MAX_WAYS = 16
/** The part of the room that is left to whom no CA vouches for: they must not crowd out the fleet. */
const STRANGERS = 5
/** Whoever showed no certificate: by what he calls himself, and one draft for each way of being nobody. */
const nobody = ({ reportedId = '' }: Glimpse): string => ` ${reportedId}`
/** A batch costs a message between processes, and one transaction; a chart that is two seconds old is young. */
const WAIT_MS = 2000
/** So many go at once: telling a thousand in one piece would hold up requests for as long as they take to describe. */
const ENOUGH = 250
/** One call of the store takes 5,000. Each keeps its connection's certificate from being forgotten: some 15 MB at most. */
const MAX_WAITING = 5000
