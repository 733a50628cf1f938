/**
 * One state: a real front end over TLS with a store and an upstream, devices that call once, what administrators decide then,
 * and the request of each that is compared.
 */
import { frontEnd, type FrontEnd } from '../cases/front-end.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { SETTINGS } from './authorities.ts'
import { compareDevice } from './compare.ts'
import { decideAtRandom } from './decisions.ts'
import { allWritten, listedDevices, type ListedDevice } from './listed-devices.ts'
import { randomDevice, type ExplainedDevice } from './random-device.ts'
import { randomState } from './random-state.ts'
import { realRequest, type Met } from './real-request.ts'
import { before } from './sources.ts'
import type { Tally } from './tally.ts'

/** Which state of a run, and how many devices it has. */
export interface StateNumber {
  readonly seed: number
  readonly state: number
  /** The number of its first device in the run. */
  readonly first: number
  readonly devices: number
}

/** Plays it. */
export async function playState(
  { seed, state, first, devices: count }: StateNumber,
  tally: Tally,
): Promise<void> {
  const random = new SeededRandom(seed, state)
  const devices = Array.from({ length: count }, (_, at) =>
    randomDevice({ random, number: first + at }),
  )
  await using on = await frontEnd(randomState(random, devices))
  await setUp(on, devices)
  for (const device of devices) if (device.isKnown) await realRequest(on, device, 'first')
  await allWritten(on)
  await decideAtRandom(on, devices, random)
  const was = await listedDevices(on)
  const met = new Map<ExplainedDevice, Met>()
  for (const device of devices) met.set(device, await realRequest(on, device, 'last'))
  await allWritten(on)
  const listed = await listedDevices(on)
  const without = new Set((await listedDevices(on, '&code=no-certificate')).keys())
  const foretold = await before(on, [...listed.values()].filter(isMet))
  for (const [device, one] of met) {
    const name = device.call.reportedId ?? device.name
    const rows = [was.get(name), listed.get(name)] as const
    await compareDevice(on, { state, device, met: one, before: foretold, rows, without }, tally)
  }
}

const isMet = ({ verdict }: ListedDevice): boolean => verdict !== null

async function setUp(on: FrontEnd, devices: readonly ExplainedDevice[]): Promise<void> {
  const next = { name: 'Next', source: 'other', chain: SETTINGS.Next.pem }
  const ids = devices.flatMap(({ call: { reportedId: id } }) => (id === undefined ? [] : [{ id }]))
  const answers = [
    await on.call('POST', '/api/enrollment-settings', next),
    ...(ids.length > 0 ? [await on.call('POST', '/api/inventory', { devices: ids })] : []),
  ]
  for (const { status, body } of answers) if (status >= 300) throw new Error(JSON.stringify(body))
  await on.inForce()
}
