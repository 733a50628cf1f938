/**
 * A request to the legacy OAuth endpoint, for which no certificate is asked: it passes when the throttle admits it, and
 * its outcome is counted.
 */
import { countedNetwork } from '../kernel/network.ts'
import type { Exchange, Outcome } from '../forward/exchange/exchange.ts'
import { refuse } from '../forward/exchange/refuse.ts'
import { fieldValue, firstFieldValue } from '../http1/message.ts'
import type { Millis } from '../kernel/types.ts'
import { accountNamesOf } from '../throttle/account-names.ts'
import type { ThrottleRefusal, ThrottledBy } from '../throttle/throttle-refusal.ts'
import { readBodyPrefix } from '../throttle/body-prefix.ts'
import { perWorkerRules } from '../throttle/per-worker-share.ts'
import type { SignInResult, Throttle } from '../throttle/throttle.ts'
import type { Connection } from './connection.ts'
import type { LegacyOAuthSettings } from '../config/service/types.ts'

/** What is known about a request to the legacy OAuth endpoint besides how it ended. */
export interface ThrottleResult {
  /** Hash of the account that it named first. */
  readonly account: string | undefined
  /** Why it did not get through, if it did not. */
  readonly refusal: ThrottleRefusal | undefined
}

/** What became of one such request; from closed lists. */
export interface LegacyOAuthAttempt {
  readonly outcome: SignInResult | ThrottleRefusal['kind']
  readonly by: ThrottledBy | 'none'
}

/** The throttle of the legacy OAuth endpoint, as one process has it. */
export interface LegacyOAuthThrottle {
  readonly throttle: Throttle
  /** Makes hashes of names that only this installation can make. */
  readonly key: Buffer
  /** Processes that share the port, and with it what is allowed. */
  readonly processCount: number
  onAttempt(attempt: LegacyOAuthAttempt): void
}

/** Lets a request through or holds it back. */
export async function throttleLegacyOAuth(
  exchange: Exchange,
  { oauthThrottle, rules, connection }: LegacyOAuthContext,
  next: () => Promise<Outcome>,
): Promise<Outcome & { readonly throttled: ThrottleResult }> {
  const { method, target, fields } = exchange.device.request
  const seen = {
    method,
    target,
    headers: {
      authorization: firstFieldValue(fields, 'authorization'),
      'content-type': firstFieldValue(fields, 'content-type'),
      'content-encoding': fieldValue(fields, 'content-encoding'),
    },
    ...(await readBodyPrefix(exchange.device)),
  }
  const caller = {
    network: countedNetwork(connection.remote),
    ...accountNamesOf(seen, rules.basic, oauthThrottle.key),
  }
  const ours = perWorkerRules(rules, oauthThrottle.processCount)
  const refusal = oauthThrottle.throttle.check(caller, ours, clock())
  const throttled: ThrottleResult = { account: caller.accounts[0], refusal }
  if (refusal !== undefined) {
    oauthThrottle.onAttempt({ outcome: refusal.kind, by: refusal.by })
    const retry = ['Retry-After', String(refusal.retryAfter)]
    const answer = await refuse(exchange, {
      status: TOO_MANY_REQUESTS,
      fields: retry,
      close: false,
    })
    return { ...answer, throttled }
  }
  const outcome = await next()
  const answered = outcomeOf(outcome, method)
  oauthThrottle.onAttempt({ outcome: answered, by: 'none' })
  oauthThrottle.throttle.recordResult({ ...caller, answered }, ours, clock())
  return { ...outcome, throttled }
}

/** Everything that such a request meets. */
export interface LegacyOAuthContext {
  readonly oauthThrottle: LegacyOAuthThrottle
  readonly rules: LegacyOAuthSettings
  readonly connection: Pick<Connection, 'remote'>
}

/**
 * What the server's status says. A device that closed the connection after the head of the answer has read it; what we say in the
 * server's place counts for nothing.
 */
function outcomeOf({ status, firstByteMs }: Outcome, method: string): SignInResult {
  if (status === undefined || firstByteMs === undefined) return 'unclear'
  if (FAILED.has(status)) return 'failed'
  // Tokens are asked for with POST (RFC 6749 §3.2); a page that any client may read proves nothing about an account.
  return method === 'POST' && status >= 200 && status < 300 ? 'succeeded' : 'unclear'
}

/** RFC 6749 §5.2 says 400 or 401, servers of the legacy endpoint say 403, too. */
const FAILED: ReadonlySet<number> = new Set([400, 401, 403])

/** Milliseconds on a clock that is never set: a lock must not end, or last, because a day was corrected. */
const clock = (): Millis => performance.now() as Millis

const TOO_MANY_REQUESTS = 429
