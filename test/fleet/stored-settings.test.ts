import { expect, test } from 'vitest'
import { readApprovalModel, readMinimums } from '../../src/fleet/stored-settings.ts'

test('the oldest agents are kept per class', () => {
  const read = readMinimums({ 'android-maw': '10.1', 'ios-maw': '12.11.10' })
  expect(read.ok && [...read.value]).toEqual([
    ['android-maw', [10, 1]],
    ['ios-maw', [12, 11, 10]],
  ])
})

const STRANGE: readonly [string, unknown, number][] = [
  ['no mapping', null, 1],
  ['a list', ['10.1'], 1],
  ['a class that is none', { 'android-tv': '10.1' }, 1],
  ['a version that is none', { 'android-maw': 'latest' }, 1],
  ['a number in place of a version', { 'android-maw': 10 }, 1],
  ['two faults at once', { 'android-tv': '10.1', 'ios-maw': '' }, 2],
]

for (const [what, body, faults] of STRANGE) {
  test(`${what} is no document of oldest agents, and says why`, () => {
    const read = readMinimums(body)
    expect(read.ok ? [] : read.failure).toHaveLength(faults)
  })
}

for (const model of ['off', 'auto', 'manual', 'manual-external']) {
  test(`the approval model ${model} is read as it was kept`, () => {
    expect(readApprovalModel({ model })).toEqual({ ok: true, value: model })
  })
}

for (const body of [undefined, null, 'auto', {}, { model: 'Auto' }, { model: null }]) {
  test(`${JSON.stringify(body) ?? 'nothing'} is no approval model, and is not taken for one`, () => {
    expect(readApprovalModel(body).ok).toBe(false)
  })
}
