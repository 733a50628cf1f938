import { expect, test } from 'vitest'
import type { KeptRefusal, RefusalBatch } from '../../src/fleet/kept-refusal.ts'
import type { Instant } from '../../src/kernel/types.ts'
import { RefusalBuffer } from '../../src/record/refusal-buffer.ts'
import { RefusalPool } from '../../src/record/refusal-pool.ts'
import { aDeviceRefusal, aRefusal } from '../support/store/refusals.ts'

function aBuffer(limits = { known: 4, other: 4 }) {
  const batches: RefusalBatch[] = []
  const buffer = new RefusalBuffer(
    { onRefusals: (batch) => batches.push(batch) },
    { waitMs: 60_000, limits },
  )
  const add = (refusal: KeptRefusal) => buffer.add(refusal, () => refusal)
  return { buffer, batches, add }
}

const at = (time: number) => ({ at: time as Instant })

test('refusals are passed on once, in order of time, and nothing is passed on where there is nothing', () => {
  const { buffer, batches, add } = aBuffer()
  buffer.flush()
  add(aRefusal('b', at(2)))
  add(aDeviceRefusal('a', 'one', at(1)))
  buffer.flush()
  buffer.flush()
  expect(batches.map(({ refusals }) => refusals.map((one) => one.reference))).toEqual([['a', 'b']])
})

test('what other peers do takes no room from known devices, and the other way round', () => {
  const { buffer, batches, add } = aBuffer()
  for (let index = 0; index < 9; index += 1) add(aRefusal(`o${index}`))
  add(aDeviceRefusal('known', 'one'))
  for (let index = 0; index < 9; index += 1) add(aDeviceRefusal(`k${index}`, 'two'))
  buffer.flush()
  const [batch] = batches
  expect(batch?.refusals.map((one) => one.reference)).toContain('known')
  expect(batch?.refusals.map((one) => one.reference)).toContain('o0')
  expect(batch?.refusals).toHaveLength(8)
})

test('what had no room is counted by code and whose it was, with the first and the last moment', () => {
  const { buffer, batches, add } = aBuffer({ known: 1, other: 1 })
  for (const time of [5, 9, 7]) add(aRefusal(`o${time}`, at(time)))
  // It takes the room of nothing, and is counted for itself.
  add(aDeviceRefusal('k1', 'one', at(3)))
  add(aDeviceRefusal('k2', 'one', at(4)))
  buffer.flush()
  const [batch] = batches
  expect(batch?.refusals.map((one) => one.reference)).toEqual(['k1', 'o5'])
  expect(batch?.notKept).toEqual([
    { code: 'no-certificate', known: false, owner: '192.0.2.7', refusals: 2, first: 7, last: 9 },
    {
      code: 'expired',
      known: true,
      owner: batch?.refusals[0]?.owner,
      refusals: 1,
      first: 4,
      last: 4,
    },
  ])
})

test('what gave way to another owner is counted at its own time', () => {
  const { buffer, batches, add } = aBuffer({ known: 1, other: 2 })
  add(aRefusal('a', at(1)))
  add(aRefusal('b', at(2)))
  add(aRefusal('c', { ...at(3), owner: '192.0.2.8' }))
  buffer.flush()
  expect(batches[0]?.refusals.map((one) => one.reference)).toEqual(['a', 'c'])
  expect(batches[0]?.notKept).toMatchObject([{ owner: '192.0.2.7', first: 2, last: 2 }])
})

test('owners past the bound are counted together by code, and none is lost', () => {
  const pool = new RefusalPool({ known: 1, other: 1 })
  for (let index = 0; index < 1500; index += 1) {
    const counted = { code: 'blocked', known: false, refusals: 1, first: 1, last: 2 } as const
    pool.addNotKept({ ...counted, owner: `o${index}`, first: at(1).at, last: at(2).at })
  }
  const { notKept } = pool.take()
  expect(notKept).toHaveLength(1001)
  expect(notKept.find(({ owner }) => owner === undefined)?.refusals).toBe(500)
  expect(pool.isEmpty).toBe(true)
})
