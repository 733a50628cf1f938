/**
 * A request to the legacy OAuth endpoint, which nobody's certificate speaks for: it passes when the throttle lets it,
 * and how it ended is remembered.
 */
import type { LegacyOAuth } from '../config/config-legacy-oauth.ts'
import type { Exchange, Outcome } from '../forward/exchange/exchange.ts'
import { refuse } from '../forward/exchange/refuse.ts'
import type { Millis } from '../kernel/types.ts'
import { claimOf } from '../throttle/account-names.ts'
import type { Held, HeldBy } from '../throttle/throttle-refusal.ts'
import { networkOf } from '../throttle/network.ts'
import { peek } from '../throttle/body-prefix.ts'
import { shareOf } from '../throttle/per-worker-share.ts'
import type { Answered, Throttle } from '../throttle/throttle.ts'
import type { Connection } from './connection.ts'

/** What is known about a request to the legacy OAuth endpoint besides how it ended. */
export interface Watched {
  /** Hash of the account that it named first. */
  readonly account: string | undefined
  /** Why it did not get through, if it did not. */
  readonly held: Held | undefined
}

/** What became of one such request; from closed lists. */
export interface LegacyAttempt {
  readonly outcome: Answered | Held['kind']
  readonly by: HeldBy | 'none'
}

/** One process's watch over the legacy OAuth endpoint. */
export interface LegacyWatch {
  readonly throttle: Throttle
  /** Makes hashes of names that only this installation can make. */
  readonly key: Buffer
  /** Processes that share the port, and with it what is allowed. */
  readonly sharers: number
  noted(attempt: LegacyAttempt): void
}

/** Lets a request through or holds it back. */
export async function underWatch(
  exchange: Exchange,
  { watch, rules, connection }: UnderWatch,
  go: () => Promise<Outcome>,
): Promise<Outcome & { readonly watched: Watched }> {
  const { request } = exchange
  const { method = '', url = '', headers } = request
  const seen = { method, target: url, headers, ...(await peek(request)) }
  const caller = { network: networkOf(connection.remote), ...claimOf(seen, rules.basic, watch.key) }
  const ours = shareOf(rules, watch.sharers)
  const held = watch.throttle.ask(caller, ours, clock())
  const watched: Watched = { account: caller.accounts[0], held }
  if (held !== undefined) {
    watch.noted({ outcome: held.kind, by: held.by })
    const fields = ['Retry-After', String(held.retryAfter)]
    const answer = refuse(exchange, { status: TOO_MANY_REQUESTS, fields, close: false })
    // Node throws away the body of an answered request that nobody has touched; this one was looked at.
    if (request.complete) request.resume()
    return { ...(await answer), watched }
  }
  const outcome = await go()
  const answered = answeredBy(outcome, method)
  watch.noted({ outcome: answered, by: 'none' })
  watch.throttle.tell({ ...caller, answered }, ours, clock())
  return { ...outcome, watched }
}

/** Everything that such a request meets. */
export interface UnderWatch {
  readonly watch: LegacyWatch
  readonly rules: LegacyOAuth
  readonly connection: Pick<Connection, 'remote'>
}

/**
 * What the server's status says. A device that hung up behind the head of the answer has read it; what we say in the
 * server's place counts for nothing.
 */
function answeredBy({ status, firstByteMs }: Outcome, method: string): Answered {
  if (status === undefined || firstByteMs === undefined) return 'unclear'
  if (FAILED.has(status)) return 'failed'
  // Tokens are asked for with POST (RFC 6749 §3.2); a page that anybody may read proves nothing about an account.
  return method === 'POST' && status >= 200 && status < 300 ? 'succeeded' : 'unclear'
}

/** RFC 6749 §5.2 says 400 or 401, servers of the legacy endpoint say 403, too. */
const FAILED: ReadonlySet<number> = new Set([400, 401, 403])

/** Milliseconds on a clock that nobody sets: a lock must not end, or last, because a day was corrected. */
const clock = (): Millis => performance.now() as Millis

const TOO_MANY_REQUESTS = 429
