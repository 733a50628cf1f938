import { expect, test } from 'vitest'
import {
  afterResponse,
  afterCheck,
  afterFailure,
  UNKNOWN_HEALTH,
  countsAgainstServer,
  healthStateOf,
  type Health,
} from '../../../src/forward/balance/health.ts'
import type { HealthSettings } from '../../../src/forward/settings.ts'
import type { Moment } from '../../../src/kernel/types.ts'
import { UPSTREAM } from '../../../scripts/refusals/upstream-samples.ts'

const SETTINGS = {
  failures: 3,
  ejection: 1000,
  longestEjection: 5000,
  check: { interval: 1000, timeout: 1000, up: 2, down: 3, sni: { kind: 'off' }, http: undefined },
} as HealthSettings

/** `f` a failure, `a` an answer, `P` a check passed, `F` a check failed, a number milliseconds that pass. */
function lived(story: string, chance = 0): { readonly health: Health; readonly now: Moment } {
  let now = 0
  let health = UNKNOWN_HEALTH
  for (const [step] of story.matchAll(/[faPF]|\d+/g)) {
    if (step === 'f') health = afterFailure(health, SETTINGS, { now: now as Moment, chance })
    else if (step === 'a') health = afterResponse(health)
    else if (step === 'P' || step === 'F') health = afterCheck(health, step === 'P', SETTINGS)
    else now += Number(step)
  }
  return { health, now: now as Moment }
}

type Row = readonly [promise: string, story: string, state: string]

const rows: readonly Row[] = [
  ['a server of which nothing is known is in', '', 'available'],
  ['one failure less than enough leaves it in', 'ff', 'available'],
  ['enough failures in a row put it out', 'fff', 'ejected'],
  ['an answer in between begins the count anew', 'ffaff', 'available'],
  ['it is out through the last millisecond of its time', 'fff 999', 'ejected'],
  ['it is in again when its time is over', 'fff 1000', 'available'],
  ['on probation one failure is enough', 'fff 1000 f', 'ejected'],
  ['the second time lasts twice as long: still out', 'fff 1000 f 1999', 'ejected'],
  ['the second time lasts twice as long: in again', 'fff 1000 f 2000', 'available'],
  ['the fourth time is cut at the longest: still out', 'fff 1000 f 2000 f 4000 f 4999', 'ejected'],
  ['the fourth time is cut at the longest: in again', 'fff 1000 f 2000 f 4000 f 5000', 'available'],
  ['an answer on probation forgives all', 'fff 1000 a ff', 'available'],
  ['after forgiveness the first time is short again', 'fff 1000 f 2000 a fff 1000', 'available'],
  ['failures while it is out do not lengthen its time', 'fff 500 ffff 500', 'available'],
  ['an answer while it is out brings it back', 'fff a', 'available'],
  ['checks failed, one less than enough, leave it in', 'FF', 'available'],
  ['enough checks failed put it out', 'FFF', 'check-failed'],
  ['a check passed in between begins the count anew', 'FFPFF', 'available'],
  ['one check passed does not bring it back', 'FFFP', 'check-failed'],
  ['enough checks passed bring it back', 'FFFPP', 'available'],
  ['passes must come in a row', 'FFFPFP', 'check-failed'],
  ['time alone does not bring back what a check put out', 'FFF 1000000', 'check-failed'],
  ['answers do not bring back what a check put out', 'FFF a', 'check-failed'],
  ['checks passed do not shorten what failures cost', 'fff PPP', 'ejected'],
]

for (const [promise, story, expected] of rows) {
  test(promise, () => {
    const { health, now } = lived(story)
    expect(healthStateOf(health, now)).toBe(expected)
  })
}

test('chance shortens an ejection by up to a tenth, and never lengthens it', () => {
  expect(lived('fff', 0).health.ejectedUntil).toBe(1000)
  expect(lived('fff', 0.999_999).health.ejectedUntil).toBe(900)
})

test('an answer costs a healthy server nothing', () => {
  expect(afterResponse(UNKNOWN_HEALTH)).toBe(UNKNOWN_HEALTH)
})

test('what the device, the request or we spoiled does not speak against a server', () => {
  const against = Object.values(UPSTREAM)
    .flatMap(({ facts }) => [...facts])
    .filter(countsAgainstServer)
  const ours = [
    'device-gone',
    'out-of-descriptors',
    'overloaded',
    'share-used-up',
    'request-timeout',
    'request-too-large',
    'unsendable',
  ]
  const all = Object.keys(UPSTREAM)
  expect(new Set(against.map(({ kind }) => kind))).toEqual(
    new Set(all.filter((kind) => !ours.includes(kind))),
  )
})
