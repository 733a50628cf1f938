/** A request at random: listener, row, address and what the client says of itself. */
import type { SeededRandom } from '../support/seeded-random.ts'

/** Listeners by name, and the table that each serves. */
export const LISTENERS = {
  devices: { exposure: 'internal', table: 'tested' },
  edge: { exposure: 'external', table: 'tested' },
  branch: { exposure: undefined, table: 'tested' },
  strict: { exposure: 'internal', table: 'strict' },
} as const

export type ListenerName = keyof typeof LISTENERS

/** The address that is inside where the listener does not say, and that the row `near` is open to. */
export const NEAR = '127.0.0.2'
const FAR = '127.0.0.1'

/** A request. */
export interface Call {
  readonly listener: ListenerName
  /** The row that its path meets, by its id. */
  readonly row: string
  /** That of no other device of its state. */
  readonly path: string
  readonly from: string
  readonly userAgent: string | undefined
  /** What a client without a certificate says that it is; the inventory has the device. */
  readonly reportedId: string | undefined
}

/** Draws one; a device has its own path. */
export function randomCall(random: SeededRandom): Omit<Call, 'path'> {
  const listener = random.pick<ListenerName>(['devices', 'devices', 'edge', 'branch', 'strict'])
  const rows = LISTENERS[listener].table === 'strict' ? STRICT_ROWS : TESTED_ROWS
  return {
    listener,
    row: random.pick(rows),
    from: random.pick([FAR, FAR, NEAR]),
    userAgent: random.pick([undefined, 'MobileIron/9.0', 'MobileIron/12.1']),
    reportedId: undefined,
  }
}

/** Rows that are drawn: most devices ask for what is judged by their certificate. */
const TESTED_ROWS = [
  'data',
  'data',
  'data',
  'kept',
  'kept',
  'renew',
  'renew',
  'always',
  'token',
  'old-token',
  'enroll',
  'admin',
  'near',
  'of-fleet',
  'of-key',
  'named',
] as const
const STRICT_ROWS = ['data', 'kept'] as const

/** Where the call comes from, as previews name it. */
export function placeOf({ listener, from }: Call): 'inside' | 'outside' {
  const { exposure } = LISTENERS[listener]
  if (exposure !== undefined) return exposure === 'internal' ? 'inside' : 'outside'
  return from === NEAR ? 'inside' : 'outside'
}
