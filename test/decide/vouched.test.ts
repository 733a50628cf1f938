import { expect, test } from 'vitest'
import { decide, vouchedFor, type Peer } from '../../src/decide/decide.ts'
import type { RouteClass } from '../../src/decide/policy.ts'
import { ok } from '../../src/kernel/types.ts'
import type { SoundPath } from '../../src/trust/validate.ts'
import { aPath, aPolicy, at, EXPIRY, ISSUED, RENEWAL_WINDOW } from './builders.ts'
import type { PolicyParts } from './builders.ts'

const onlyPath = (path: SoundPath): Peer => ({
  kind: 'presented',
  leaf: path.certificates[0],
  paths: ok([path]),
})

const vouchedAt = (now: number, route: RouteClass, parts: PolicyParts = {}): unknown => {
  const decision = decide({ peer: onlyPath(aPath()), route }, aPolicy(parts), at(now))
  return decision.kind === 'admit' ? vouchedFor(decision)?.timeliness : 'refused'
}

test('a verified device is vouched for as valid', () => {
  expect(vouchedAt(EXPIRY - RENEWAL_WINDOW - 1, 'device')).toBe('valid')
})

test('a device in grace is vouched for as in grace, never as valid', () => {
  expect(vouchedAt(EXPIRY + 1, 'renewal')).toBe('in-grace')
})

test('no device is vouched for on an open route, however good the certificate', () => {
  expect(vouchedAt(EXPIRY, 'open')).toBeUndefined()
})

test('no device is vouched for that only recording admitted', () => {
  expect(vouchedAt(EXPIRY + 1, 'device', { enforcement: 'recording' })).toBeUndefined()
})

test('the path that is vouched for is the one that was timely', () => {
  const stale = aPath({ intermediate: { notAfter: ISSUED } })
  const timely = aPath()
  const peer: Peer = { kind: 'presented', leaf: timely.certificates[0], paths: ok([stale, timely]) }
  const decision = decide({ peer, route: 'device' }, aPolicy(), at(EXPIRY))
  expect(decision.kind === 'admit' && vouchedFor(decision)?.path).toBe(timely)
})

test('among equally good paths the first is vouched for', () => {
  const [first, second] = [aPath(), aPath({ intermediate: {} })]
  const peer: Peer = { kind: 'presented', leaf: first.certificates[0], paths: ok([first, second]) }
  for (const now of [EXPIRY, EXPIRY + 1]) {
    const decision = decide({ peer, route: 'renewal' }, aPolicy(), at(now))
    expect(decision.kind === 'admit' && vouchedFor(decision)?.path).toBe(first)
  }
})
