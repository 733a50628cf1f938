import { expect, test } from 'vitest'
import {
  retryDecision,
  type FailedAttempt,
  type RetryDecision,
} from '../../../src/forward/exchange/retry.ts'

/** A GET that met the end of a kept connection before any answer. */
const LOST_GET: FailedAttempt = {
  method: 'GET',
  unsent: false,
  responseBegan: false,
  body: 'none',
  closed: true,
  reused: true,
}

type Row = readonly [promise: string, attempt: Partial<FailedAttempt>, decision: RetryDecision]

const rows: readonly Row[] = [
  ['a lost GET on a kept connection is asked again where it was', {}, 'same-server'],
  ['a lost GET on a new connection is asked elsewhere', { reused: false }, 'other-server'],
  ['a lost HEAD is asked elsewhere', { method: 'HEAD', reused: false }, 'other-server'],
  ['a lost OPTIONS is asked elsewhere', { method: 'OPTIONS', reused: false }, 'other-server'],
  ['a lost POST is not asked again', { method: 'POST' }, 'give-up'],
  ['a lost PUT is not asked again', { method: 'PUT' }, 'give-up'],
  ['a lost DELETE is not asked again', { method: 'DELETE' }, 'give-up'],
  ['a method in lower case is another method', { method: 'get' }, 'give-up'],
  ['an unknown method is not asked again', { method: 'CHECKIN' }, 'give-up'],
  ['an answer that had begun is not asked for again', { responseBegan: true }, 'give-up'],
  ['an answer that made no sense is not asked for again', { closed: false }, 'give-up'],
  ['a GET with a body may have been taken', { body: 'untouched' }, 'give-up'],
  ['a GET whose body was begun is not asked again', { body: 'touched' }, 'give-up'],
  ['a POST that was not sent may go anywhere', { method: 'POST', unsent: true }, 'same-server'],
  [
    'a POST that was not sent, its body still with the device, may go anywhere',
    { method: 'POST', unsent: true, body: 'untouched' },
    'same-server',
  ],
  [
    'a POST that was not sent, a byte of its body taken, is lost: we keep none',
    { method: 'POST', unsent: true, body: 'touched' },
    'give-up',
  ],
  [
    'nothing that was answered counts as not sent',
    { unsent: true, responseBegan: true },
    'give-up',
  ],
]

for (const [promise, attempt, expected] of rows) {
  test(promise, () => expect(retryDecision({ ...LOST_GET, ...attempt })).toBe(expected))
}
