/** What only a relayed connection ends with. */
import type { RelayOnlyFailure } from '../../src/forward/tunnel/relay-failure.ts'
import { amount } from './placeholders.ts'
import { byDevice, type Cases } from './samples.ts'

export const RELAYED: Cases<RelayOnlyFailure> = {
  'relay-idle': byDevice({ kind: 'relay-idle', limit: amount('limit') }),
  'relay-device-gone': byDevice({ kind: 'relay-device-gone' }),
}
