/**
 * The health of a server as one process sees it, by the outcome of requests (passive) and by health checks (active).
 * Pure: time and chance are arguments. Time is that of a clock that only goes forward: a clock that is set back by an hour must not
 * keep a server out for an hour.
 *
 * Requests avoid an unavailable server while another one is available. When none is, all are tried, because a wrong
 * judgement of ours must not be worse than none; the log says so.
 */
import { plus, unreachable, type Moment, type Millis } from '../../kernel/types.ts'
import type { UpstreamFailure } from '../upstream-failure.ts'
import type { HealthSettings } from '../settings.ts'

/** What is remembered of one server. */
export interface Health {
  /** Requests and connections that failed in a row. */
  readonly failures: number
  /** Times it was put out since a request last succeeded: each lasts twice as long as the one before. */
  readonly ejections: number
  readonly ejectedUntil: Moment | undefined
  readonly check: CheckRecord
}

interface CheckRecord {
  /** `unchecked` counts as well: a start or a reload must not begin without a server. */
  readonly verdict: 'down' | 'unchecked' | 'up'
  /** Results in a row that speak against the verdict. */
  readonly streak: number
}

/** Available, or why not. */
export type HealthState = 'available' | 'check-failed' | 'ejected'

/** A server about which nothing is known. */
export const UNKNOWN_HEALTH: Health = {
  failures: 0,
  ejections: 0,
  ejectedUntil: undefined,
  check: { verdict: 'unchecked', streak: 0 },
}

/** Returns the state of a server at `now`. */
export function healthStateOf({ ejectedUntil, check }: Health, now: Moment): HealthState {
  if (check.verdict === 'down') return 'check-failed'
  return ejectedUntil !== undefined && now < ejectedUntil ? 'ejected' : 'available'
}

/** An answer came, whatever its status: statuses are the application's words, not the server's health. */
export function afterResponse(health: Health): Health {
  if (health.failures === 0 && health.ejections === 0) return health
  return { ...health, failures: 0, ejections: 0, ejectedUntil: undefined }
}

/**
 * A request or a connection failed; `chance` is from 0 up to 1. Enough in a row put the server out; after its time
 * it is on probation, and the next failure puts it out again for longer.
 */
export function afterFailure(
  health: Health,
  settings: HealthSettings,
  { now, chance }: { readonly now: Moment; readonly chance: number },
): Health {
  // Out already, and tried because no server is available: that must not lengthen its time.
  if (health.ejectedUntil !== undefined && now < health.ejectedUntil) return health
  const failures = health.failures + 1
  if (health.ejections === 0 && failures < settings.failures) return { ...health, failures }
  const length = Math.min(settings.longestEjection, settings.ejection * 2 ** health.ejections)
  return {
    ...health,
    failures,
    ejections: health.ejections + 1,
    ejectedUntil: plus(now, withJitter(length as Millis, chance)),
  }
}

/** An active check ended. */
export function afterCheck(health: Health, passed: boolean, settings: HealthSettings): Health {
  const { check } = health
  const verdict = passed ? 'up' : 'down'
  if (check.verdict === verdict)
    return check.streak === 0 ? health : withCheckRecord(health, verdict, 0)
  // The first answer after the start counts at once when it is good, and like any other when it is bad.
  const needed = passed
    ? check.verdict === 'unchecked'
      ? 1
      : settings.check?.up
    : settings.check?.down
  const streak = check.streak + 1
  return streak >= (needed ?? 1)
    ? withCheckRecord(health, verdict, 0)
    : withCheckRecord(health, check.verdict, streak)
}

const withCheckRecord = (
  health: Health,
  verdict: CheckRecord['verdict'],
  streak: number,
): Health => ({
  ...health,
  check: { verdict, streak },
})

/** Up to a tenth shorter, so that workers and replicas do not come back all at once. */
export const withJitter = (length: Millis, chance: number): Millis =>
  Math.round(length * (1 - chance / 10)) as Millis

/** Whether a failure speaks against the server, and not against the device, the request or ourselves. */
export function countsAgainstServer(failure: UpstreamFailure): boolean {
  switch (failure.kind) {
    case 'bad-response':
    case 'body-timeout':
    case 'connect-timeout':
    case 'dns':
    case 'refused':
    case 'reset':
    case 'response-timeout':
    case 'tls-handshake':
    case 'tls-name-mismatch':
    case 'tls-pin-mismatch':
    case 'tls-untrusted':
    case 'unreachable':
      return true
    case 'device-gone':
    case 'out-of-descriptors':
    case 'overloaded':
    case 'request-timeout':
    case 'request-too-large':
    case 'share-used-up':
    case 'unsendable':
      return false
    default:
      return unreachable(failure)
  }
}
