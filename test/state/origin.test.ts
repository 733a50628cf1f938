import { expect, test } from 'vitest'
import { parseNetwork, UNKNOWN_ADDRESS, type Network } from '../../src/kernel/network.ts'
import { originOf } from '../../src/state/origin.ts'

function network(text: string): Network {
  const read = parseNetwork(text)
  return read.ok ? read.value : expect.unreachable(read.failure)
}

const MARKED = {
  model: 'manual',
  modelStated: true,
  modelAt: 'approval',
  internalNetworks: [network('10.0.0.0/8'), network('192.0.2.0/24')],
  externalNetworks: [network('10.9.0.0/16')],
} as const

for (const [remote, exposure, expected] of [
  ['10.0.0.7', undefined, 'internal'],
  ['192.0.2.7', undefined, 'internal'],
  ['10.9.0.7', undefined, 'external'],
  ['10.9.0.7', 'internal', 'external'],
  ['198.51.100.7', undefined, 'external'],
  ['198.51.100.7', 'internal', 'internal'],
  ['10.0.0.7', 'external', 'external'],
  [UNKNOWN_ADDRESS, undefined, 'external'],
  [UNKNOWN_ADDRESS, 'internal', 'external'],
  [UNKNOWN_ADDRESS, 'external', 'external'],
] as const) {
  test(`a device at ${remote} on a listener that is marked ${exposure ?? 'not at all'} is ${expected}`, () => {
    expect(originOf({ remote, listener: { exposure } }, MARKED)).toBe(expected)
  })
}
