/**
 * Judges live connections again, those between two requests and those with a body under way. A change of trust, a
 * block, a revocation and time itself end those that would now be refused.
 */
import { decide, type Ask, type Decision } from '../../decide/decide.ts'
import { explain } from '../../decide/explain-refusal.ts'
import type { Policy } from '../../decide/policy.ts'
import type { Refusal } from '../../decide/refusal.ts'
import { nextChange } from '../../decide/next-change.ts'
import type { PeerCache } from '../../identify/peer.ts'
import { explanationFields, type Explanation } from '../../kernel/explanation.ts'
import type { Clock } from '../../kernel/ports.ts'
import type { Instant } from '../../kernel/types.ts'
import type { Connection } from '../../pipeline/connection.ts'
import { originOf } from '../../state/origin.ts'
import { explainRejection } from '../../pipeline/rejection.ts'
import { isVouchedFor, tunnelAsk } from '../../state/ask.ts'
import type { ConnectionEvent } from '../../record/event.ts'
import type { Snapshot } from '../../state/snapshot.ts'
import type { Certificate } from '../../x509/certificate.ts'

export interface ConnectionRevalidatorDeps {
  /** Every open connection of this process. */
  readonly connections: Iterable<Connection>
  readonly peerCache: PeerCache
  readonly clock: Clock
  snapshot(): Snapshot
}

/** One per process. */
export class ConnectionRevalidator {
  readonly #deps: ConnectionRevalidatorDeps
  readonly #timer: NodeJS.Timeout
  /** Every verdict that turned up to this instant has been looked at. */
  #checkedUntil: Instant

  constructor(deps: ConnectionRevalidatorDeps, { everyMs = REVALIDATE_EVERY_MS } = {}) {
    this.#deps = deps
    this.#checkedUntil = deps.clock.now()
    this.#timer = setInterval(() => this.revalidateExpiring(), everyMs)
    this.#timer.unref()
  }

  /** Ends the connections that would now be refused: of all judged by a policy, or of those with such a certificate. */
  closeUnauthorized(judgedBy: Policy, isMeant?: (leaf: Certificate) => boolean): void {
    const now = this.#deps.clock.now()
    for (const connection of this.#deps.connections) {
      if (isMeant !== undefined && !this.#holds(connection, isMeant)) continue
      this.#revalidate(connection, { policy: judgedBy, at: now, now })
    }
  }

  /** Ends those whose verdict has turned since the last time. */
  revalidateExpiring(): void {
    const { clock, connections, peerCache } = this.#deps
    const { compiled, judge } = this.#deps.snapshot()
    const now = clock.now()
    for (const connection of connections) {
      if (connection.nextChange?.policy !== compiled.policy) {
        const peer = connection.peer(peerCache, judge)
        const at = nextChange(peer, compiled.policy, this.#checkedUntil)
        connection.nextChange = { policy: compiled.policy, at }
      }
      const { at } = connection.nextChange
      if (at === undefined || now < at) continue
      connection.nextChange = undefined
      this.#revalidate(connection, { policy: compiled.policy, at: this.#checkedUntil, now })
    }
    this.#checkedUntil = now
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #holds(connection: Connection, isMeant: (leaf: Certificate) => boolean): boolean {
    const peer = connection.peer(this.#deps.peerCache, this.#deps.snapshot().judge)
    return peer.kind === 'presented' && isMeant(peer.leaf)
  }

  #revalidate(connection: Connection, change: Change): void {
    const ending = this.#endingOf(connection, change)
    if (ending === undefined) return this.#countAnew(connection, change.now)
    connection.ending = { outcome: 'ended', ...ending.words }
    // What is under way where nothing was lost may end; behind it nothing is read any more.
    if (ending.when === 'answered') connection.endAfterAnswer()
    else connection.socket.destroy()
  }

  /**
   * What stays open may have become fit, or be fit no longer: enforcement that is recording lets pass whom a CA that is not
   * trusted any more vouched for, and such peers must not hold what devices with a fit certificate need.
   */
  #countAnew(connection: Connection, now: Instant): void {
    const { compiled, judge, listeners } = this.#deps.snapshot()
    const listener = listeners.get(connection.listener)?.compiled
    if (listener === undefined) return
    const peer = connection.peer(this.#deps.peerCache, judge)
    const isFit = isVouchedFor({ listener, peer, remote: connection.remote }, compiled, now)
    if (isFit) connection.vouch()
    else connection.unvouch()
  }

  #endingOf(connection: Connection, { policy, at, now }: Change): Ending | undefined {
    const { compiled, judge, listeners } = this.#deps.snapshot()
    const listener = listeners.get(connection.listener)?.compiled
    if (listener === undefined) return atOnce(explainRejection({ kind: 'listener-gone' }))
    if (listener.isClosed) return atOnce(explainRejection({ kind: 'listener-closed' }))
    const before = connection.lastPeer
    const peer = connection.peer(this.#deps.peerCache, judge)
    const refusalOf = (ask: Ask): Refusal | undefined => refusal(decide(ask, compiled.policy, now))
    // A tunnel is asked about as if it began now: it may outlive what its listener asked of it.
    const { config } = listener
    const { relay } = config
    const { approval } = compiled.config
    const asked =
      relay === undefined
        ? connection.activeAsk
        : tunnelAsk(connection, { relay, listener: config }, { peer, approval })
    const why = asked === undefined ? undefined : refusalOf({ ...asked, peer })
    if (why !== undefined) return atOnce(explain(why))
    // What a denied row says tells nothing about the peer.
    const routes = listener.classes.filter((route) => route !== 'denied')
    const origin = originOf({ remote: connection.remote, listener: config }, approval)
    const refused = routes.flatMap((route) => {
      const why = refusalOf({ peer, route, origin })
      return why === undefined ? [] : [{ route, why }]
    })
    const [first] = refused
    if (first === undefined) return undefined
    if (refused.length === routes.length) return atOnce(explain(first.why))
    const lost = refused.find(
      ({ route }) =>
        before !== undefined &&
        refusal(decide({ peer: before, route, origin }, policy, at)) === undefined,
    )
    if (lost === undefined) return undefined
    const words = explanationFields(explain(lost.why))
    return { words, when: connection.isAnswering ? 'answered' : 'at-once' }
  }
}

/** What a verdict may have been before a change, and when; and the time now. */
interface Change {
  readonly policy: Policy
  readonly at: Instant
  readonly now: Instant
}

const refusal = (decision: Decision): Refusal | undefined =>
  decision.kind === 'admit' ? undefined : decision.why

/**
 * Why and when a connection ends: at once where a request under way would now be refused or nothing is open any more;
 * between requests where less is open than before. It may come back for what is left.
 */
interface Ending {
  readonly words: Pick<ConnectionEvent, 'code' | 'reason' | 'next_step'>
  readonly when: 'at-once' | 'answered'
}

const atOnce = (it: Explanation & { readonly code: string }): Ending => ({
  words: explanationFields(it),
  when: 'at-once',
})

/**
 * Half of what a change may take to act, so that the check and a slow moment fit in. Looking at 4,000 connections
 * whose next change has been worked out takes some 50 microseconds; requests do nothing for it.
 */
export const REVALIDATE_EVERY_MS = 1000
