import { hash } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Approval } from '../../src/decide/policy.ts'
import type { KeyFingerprint } from '../../src/kernel/types.ts'
import {
  approvalsDelta,
  knownDelta,
  Overlay,
  signedIdsDelta,
  type OverlayDelta,
  type Restricted,
} from '../../src/state/overlay.ts'
import { digestOf } from '../../src/trust/signed-ids.ts'

const [one, two, three] = ['one', 'two', 'three'].map(
  (name) => hash('sha256', name) as KeyFingerprint,
) as [KeyFingerprint, KeyFingerprint, KeyFingerprint]
const digests = ['urn:sn:1', 'urn:sn:2', 'urn:sn:3'].map(digestOf)
const restrictedAmong = (restricted: Restricted) =>
  digests.map((digest) => restricted.kind === 'ids' && restricted.has(digest))
const approvals = (overlay: Overlay) => [one, two, three].map((key) => overlay.approvalOf(key))

test('an empty overlay knows no device', () => {
  const overlay = new Overlay()
  expect(approvals(overlay)).toEqual(['unapproved', 'unapproved', 'unapproved'])
  expect(overlay.wasKnown('Fleet', one)).toBe(false)
  expect(overlay.revision).toBe(0)
})

test('a delta changes what it names and leaves the rest', () => {
  const overlay = new Overlay()
  overlay.apply(
    approvalsDelta(4, [
      { key: one, approval: 'approved' },
      { key: two, approval: 'blocked' },
    ]),
  )
  overlay.apply(
    approvalsDelta(5, [
      { key: two, approval: 'unapproved' },
      { key: three, approval: 'blocked' },
    ]),
  )
  expect(approvals(overlay)).toEqual(['approved', 'unapproved', 'blocked'])
  expect(overlay.revision).toBe(5)
})

test('a view that a policy holds shows the present', () => {
  const overlay = new Overlay()
  const { approvals: view, known } = overlay
  overlay.apply(approvalsDelta(1, [{ key: one, approval: 'blocked' }]))
  overlay.apply(knownDelta(2, 'Fleet', [two]))
  expect(view.approvalOf(one)).toBe('blocked')
  expect([
    known.wasKnown('Fleet', two),
    known.wasKnown('Other', two),
    known.wasKnown('Fleet', one),
  ]).toEqual([true, false, false])
})

test('only who was blocked or forgotten can have lost by a change of approvals', () => {
  const overlay = new Overlay()
  expect(overlay.apply(approvalsDelta(1, [{ key: one, approval: 'approved' }])).kind).toBe('none')
  const narrowed = overlay.apply(
    approvalsDelta(2, [
      { key: one, approval: 'unapproved' },
      { key: two, approval: 'blocked' },
    ]),
  )
  if (narrowed.kind !== 'keys') throw new Error(`found ${narrowed.kind}`)
  expect([one, two, three].map((key) => narrowed.has(key))).toEqual([true, true, false])
})

test('between begin and end no device is judged by half of it', () => {
  const overlay = new Overlay()
  overlay.apply(approvalsDelta(1, [{ key: one, approval: 'blocked' }]))
  overlay.apply({ kind: 'begin', revision: 9 })
  overlay.apply(approvalsDelta(9, [{ key: two, approval: 'blocked' }]))
  expect(approvals(overlay)).toEqual(['blocked', 'unapproved', 'unapproved'])
  expect(overlay.revision).toBe(1)
  expect(overlay.apply({ kind: 'end', revision: 9 })).toEqual({ kind: 'any' })
  expect(approvals(overlay)).toEqual(['unapproved', 'blocked', 'unapproved'])
  expect(overlay.revision).toBe(9)
})

test('the deny list of the configuration stays when ours comes and goes', () => {
  const overlay = new Overlay()
  const { keys, serials } = overlay.deniedWith(new Set([one]), new Set(['a:01']))
  const denied = (): readonly boolean[] => [one, two].map((key) => keys.has(key))
  expect([denied(), keys.size, serials.size]).toEqual([[true, false], 1, 1])
  const entries = [
    { of: 'key', value: two, denied: true },
    { of: 'serial', value: 'b:02', denied: true },
  ] as const
  expect(overlay.apply({ kind: 'denied', revision: 1, entries }).kind).toBe('any')
  expect([denied(), keys.size, serials.has('b:02'), serials.has('b:03')]).toEqual([
    [true, true],
    2,
    true,
    false,
  ])
  const lifted = entries.map((entry) => ({ ...entry, denied: false }))
  expect(overlay.apply({ kind: 'denied', revision: 2, entries: lifted }).kind).toBe('none')
  expect([denied(), serials.has('b:02'), serials.has('a:01')]).toEqual([[true, false], false, true])
})

test('its deltas make another one like it, also in the middle of being replaced', () => {
  const overlay = new Overlay()
  const make: readonly OverlayDelta[] = [
    approvalsDelta(1, [{ key: one, approval: 'blocked' }]),
    knownDelta(2, 'Fleet', [three]),
    { kind: 'denied', revision: 3, entries: [{ of: 'key', value: two, denied: true }] },
    { kind: 'begin', revision: 4 },
    approvalsDelta(4, [{ key: two, approval: 'approved' }]),
  ]
  for (const delta of make) overlay.apply(delta)
  const other = new Overlay()
  for (const delta of structuredClone([...overlay.deltas()])) other.apply(delta)
  const NONE = new Set<never>()
  expect(approvals(other)).toEqual(['blocked', 'unapproved', 'unapproved'])
  expect([
    other.revision,
    other.wasKnown('Fleet', three),
    other.deniedWith(NONE, NONE).keys.has(two),
  ]).toEqual([3, true, true])
  for (const each of [overlay, other]) each.apply({ kind: 'end', revision: 4 })
  expect(approvals(other)).toEqual(approvals(overlay))
  expect(approvals(other)).toEqual(['unapproved', 'approved', 'unapproved'])
})

test('a setting whose cut-off asks no more is forgotten', () => {
  const overlay = new Overlay()
  overlay.apply(knownDelta(1, 'Fleet', [one]))
  expect(overlay.apply({ kind: 'unknown', revision: 2, setting: 'Fleet' }).kind).toBe('any')
  expect(overlay.wasKnown('Fleet', one)).toBe(false)
})

for (const [approval, view, other] of [
  ['blocked', 'blockedIds', 'approvedIds'],
  ['approved', 'approvedIds', 'blockedIds'],
] as const) {
  test(`signed ids come to be ${approval} and are no more, and a view that a policy holds shows the present`, () => {
    const overlay = new Overlay()
    const held = overlay[view]
    const seen = () => digests.map((digest) => held.has(digest))
    expect([seen(), held.size]).toEqual([[false, false, false], 0])
    const restricted = overlay.apply(
      signedIdsDelta(1, [
        { id: 'urn:sn:1', approval },
        { id: 'urn:sn:2', approval },
      ]),
    )
    expect(restrictedAmong(restricted)).toEqual(
      approval === 'blocked' ? [true, true, false] : [false, false, false],
    )
    expect([seen(), held.size, overlay.revision]).toEqual([[true, true, false], 2, 1])
    expect(overlay[other].size).toBe(0)
    const lifted = overlay.apply(signedIdsDelta(2, [{ id: 'urn:sn:1', approval: 'unapproved' }]))
    // Who was approved may lose that; who was blocked is judged again for nothing.
    expect(restrictedAmong(lifted)).toEqual([true, false, false])
    expect([seen(), held.size]).toEqual([[false, true, false], 1])
  })
}

test('an id is approved or blocked, as was said last, and never both', () => {
  const overlay = new Overlay()
  const says = (approval: Approval, revision: number) => {
    const restricted = overlay.apply(signedIdsDelta(revision, [{ id: 'urn:sn:1', approval }]))
    return [overlay.approvedIds.size, overlay.blockedIds.size, restricted.kind]
  }
  expect(says('approved', 1)).toEqual([1, 0, 'none'])
  expect(says('blocked', 2)).toEqual([0, 1, 'ids'])
  expect(says('approved', 3)).toEqual([1, 0, 'none'])
})

test('signed ids reach a worker that is hired later, and are replaced with all else', () => {
  const overlay = new Overlay()
  overlay.apply(signedIdsDelta(1, [{ id: 'urn:sn:1', approval: 'blocked' }]))
  overlay.apply(signedIdsDelta(1, [{ id: 'urn:sn:3', approval: 'approved' }]))
  overlay.apply({ kind: 'begin', revision: 2 })
  overlay.apply(signedIdsDelta(2, [{ id: 'urn:sn:2', approval: 'blocked' }]))
  const other = new Overlay()
  for (const delta of structuredClone([...overlay.deltas()])) other.apply(delta)
  const seen = () => digests.map((digest) => other.blockedIds.has(digest))
  const approved = () => digests.map((digest) => other.approvedIds.has(digest))
  expect([seen(), approved()]).toEqual([
    [true, false, false],
    [false, false, true],
  ])
  other.apply({ kind: 'end', revision: 2 })
  expect([seen(), approved()]).toEqual([
    [false, true, false],
    [false, false, false],
  ])
})
