/** A line of the log has a reference where the device was told one, for it leads to what is kept; else it has none. */
import { expect, test } from 'vitest'
import { decide } from '../../src/decide/decide.ts'
import type { Enforcement, RouteClass } from '../../src/decide/policy.ts'
import type { Instant } from '../../src/kernel/types.ts'
import type { RouteRow } from '../../src/config/routes/types.ts'
import {
  requestEvent,
  type RequestFacts,
  type RequestOutcome,
  type Verdict,
} from '../../src/pipeline/request-event.ts'
import { explainRejection } from '../../src/pipeline/rejection.ts'
import { EMPTY_POLICY } from '../support/empty-policy.ts'

const FACTS: RequestFacts = {
  method: 'GET',
  path: '/device/x',
  host: 'localhost',
  reference: '0123456789abcdef-1',
  userAgent: undefined,
  snapshot: 1,
  durationMs: 1,
  ending: undefined,
}
const OUTCOME: RequestOutcome = {
  identity: { verify: 'NONE', withheld: 'nothing' },
  status: 200,
  bytesIn: 0,
  bytesOut: 0,
  connectMs: undefined,
  firstByteMs: undefined,
  server: undefined,
  retried: false,
  failure: undefined,
}

const judged = (route: RouteClass, enforcement: Enforcement): Verdict => ({
  kind: 'judged',
  decision: decide(
    { peer: { kind: 'none' }, route },
    { ...EMPTY_POLICY, enforcement },
    0 as Instant,
  ),
  route: { id: 'row', class: route, upstream: 'mdm' } as RouteRow,
  timeliness: undefined,
  reported: undefined,
})

const REJECTED: Verdict = {
  kind: 'rejected',
  facts: explainRejection({ kind: 'listener-gone' }),
}

const told = (verdict: Verdict, outcome: Partial<RequestOutcome> = {}): boolean =>
  requestEvent(FACTS, verdict, { ...OUTCOME, ...outcome }).reference !== undefined

test.each([
  ['a refusal', judged('device', 'required'), { status: 403 }, true],
  [
    'a refusal of a device that is gone',
    judged('device', 'required'),
    { status: undefined },
    false,
  ],
  ['a request that no row is for', REJECTED, { status: 404 }, true],
  [
    'an upstream that cannot be reached',
    judged('open', 'required'),
    { status: 502, failure: { kind: 'connect-timeout', limit: 1 } },
    true,
  ],
  ['an admission', judged('open', 'required'), {}, false],
  [
    'an admission in recording, whose device reads the upstream',
    judged('device', 'recording'),
    {},
    false,
  ],
] as const)('%s', (_, verdict, outcome, isTold) => {
  expect(told(verdict, outcome as Partial<RequestOutcome>)).toBe(isTold)
})

const ENDING = { reason: 'we closed it', next_step: 'do this' }

test.each([
  ['a device that went', { kind: 'device-gone', how: 'closed' }, undefined, 'the device closed'],
  [
    'a device whose connection we closed',
    { kind: 'device-gone', how: 'closed' },
    ENDING,
    'we closed it',
  ],
  [
    'a device that stopped reading before we closed',
    { kind: 'device-gone', how: 'stopped-reading' },
    ENDING,
    'the device stopped reading',
  ],
  [
    'an upstream that failed before we closed',
    { kind: 'response-timeout', limit: 1 },
    ENDING,
    'mdm did not begin',
  ],
] as const)('the reason is that of %s', (_what, failure, ending, reason) => {
  const outcome = { ...OUTCOME, status: undefined, failure }
  const event = requestEvent({ ...FACTS, ending }, judged('open', 'required'), outcome)
  expect(event.reason?.startsWith(reason)).toBe(true)
  expect(event.next_step === 'do this').toBe(reason === ENDING.reason)
})
