/**
 * What outlives the moment in which it was judged: live connections, kept alive between requests or with a body under
 * way. A change of trust, a block, a revocation and time itself end those that would now be refused.
 */
import { decide, type Ask } from '../decide/decide.ts'
import { explain } from '../decide/explain.ts'
import type { Refusal } from '../decide/refusal.ts'
import { nextTurn } from '../decide/turning.ts'
import type { Recognition } from '../identify/peer.ts'
import type { Clock } from '../kernel/ports.ts'
import type { Instant, KeyFingerprint } from '../kernel/types.ts'
import type { Connection } from '../pipeline/connection.ts'
import { explainTurnedAway } from '../pipeline/turned-away.ts'
import type { Snapshot } from '../state/snapshot.ts'

export interface VigilDeps {
  /** Every open connection of this process. */
  readonly connections: ReadonlySet<Connection>
  readonly recognition: Recognition
  readonly clock: Clock
  snapshot(): Snapshot
}

/** One per process. */
export class Vigil {
  readonly #deps: VigilDeps
  readonly #timer: NodeJS.Timeout
  /** Up to here every turn has been looked at. */
  #swept: Instant

  constructor(deps: VigilDeps, { everyMs = EVERY_MS } = {}) {
    this.#deps = deps
    this.#swept = deps.clock.now()
    this.#timer = setInterval(() => this.sweep(), everyMs)
    this.#timer.unref()
  }

  /** Ends whoever would now be refused: of all, or of those with such a key. */
  endTheRefused(has?: (key: KeyFingerprint) => boolean): void {
    const now = this.#deps.clock.now()
    for (const connection of this.#deps.connections) {
      if (has === undefined || this.#holds(connection, has)) this.#judge(connection, now)
    }
  }

  /** Ends those whose verdict has turned since the last time. */
  sweep(): void {
    const { clock, connections, recognition } = this.#deps
    const { world, judge } = this.#deps.snapshot()
    const now = clock.now()
    for (const connection of connections) {
      if (connection.turning?.policy !== world.policy) {
        const peer = connection.peer(recognition, judge)
        const at = nextTurn(peer, world.policy, this.#swept)
        connection.turning = { policy: world.policy, at }
      }
      const { at } = connection.turning
      if (at === undefined || now < at) continue
      connection.turning = undefined
      this.#judge(connection, now)
    }
    this.#swept = now
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #holds(connection: Connection, has: (key: KeyFingerprint) => boolean): boolean {
    const peer = connection.peer(this.#deps.recognition, this.#deps.snapshot().judge)
    return peer.kind === 'presented' && has(peer.leaf.publicKey.fingerprint)
  }

  #judge(connection: Connection, now: Instant): void {
    const ending = this.#endingOf(connection, now)
    if (ending === undefined) return
    connection.ending = { outcome: 'ended', ...ending }
    connection.socket.destroy()
  }

  /** Why it ends: a request under way would now be refused, or nothing is open to it any more. */
  #endingOf(connection: Connection, now: Instant): Ending | undefined {
    const { world, judge, listeners } = this.#deps.snapshot()
    const listener = listeners.get(connection.listener)?.world
    if (listener === undefined) return wordsOf(explainTurnedAway({ kind: 'listener-gone' }))
    if (listener.isClosed) return wordsOf(explainTurnedAway({ kind: 'listener-closed' }))
    const peer = connection.peer(this.#deps.recognition, judge)
    const refusalOf = (ask: Ask): Refusal | undefined => {
      const decision = decide(ask, world.policy, now)
      return decision.kind === 'admit' ? undefined : decision.why
    }
    for (const asked of connection.underWay) {
      const why = refusalOf({ ...asked, peer })
      if (why !== undefined) return wordsOf(explain(why))
    }
    let last: Refusal | undefined
    for (const route of listener.classes) {
      const why = refusalOf({ peer, route })
      if (why === undefined) return undefined
      // What a denied row says tells nothing about the peer.
      if (why.kind !== 'route-denied') last ??= why
    }
    return last === undefined ? NOTHING_OPEN : wordsOf(explain(last))
  }
}

interface Ending {
  readonly code: string | undefined
  readonly reason: string | undefined
  readonly next_step: string | undefined
}

const NOTHING_OPEN: Ending = { code: undefined, reason: undefined, next_step: undefined }

const wordsOf = (it: {
  readonly code: string
  readonly sentence: string
  readonly nextStep: string
}): Ending => ({ code: it.code, reason: it.sentence, next_step: it.nextStep })

/**
 * Half of what a change may take to act, so that the sweep and a slow moment fit in. Looking at 4,000 connections
 * whose turn has been worked out takes some 50 microseconds; the requests' own way knows nothing of it.
 */
const EVERY_MS = 1000
