/** What administrators decide, at random, about a fleet that has called once: over the admin API. */
import { X509Certificate } from 'node:crypto'
import { CONFIRMATION_PHRASE } from '../../src/fleet/enforcement.ts'
import type { FrontEnd } from '../cases/front-end.ts'
import type { SeededRandom } from '../support/seeded-random.ts'
import { keyHash, SETTINGS } from './authorities.ts'
import { listedDevices, type ListedDevice } from './listed-devices.ts'
import type { Decision, ExplainedDevice } from './random-device.ts'

/** Makes all of them, and settles once they are in force. */
export async function decideAtRandom(
  on: FrontEnd,
  devices: readonly ExplainedDevice[],
  random: SeededRandom,
): Promise<void> {
  const listed = await listedDevices(on)
  const those = (isOne: (one: ExplainedDevice) => boolean): readonly ListedDevice[] =>
    devices.flatMap((one) => (isOne(one) ? (listed.get(one.name) ?? []) : []))
  await select(
    on,
    'approve',
    // Drawn for each, so that a draw does not depend on what is listed.
    those(({ decision }) => [random.oneIn(3), decision === 'approved'].includes(true)),
  )
  await select(
    on,
    'block',
    those(({ decision }) => decision === 'blocked'),
  )
  for (const device of devices) {
    const denied = deniedBy(device)
    if (denied !== undefined) await change(on, 'POST', '/api/deny-list', { denied, note: 'lost' })
  }
  if (random.oneIn(4)) {
    const denied = { kind: 'key', key: keyHash(SETTINGS.Previous) }
    await change(on, 'POST', '/api/deny-list', { denied, note: 'stolen' })
  }
  const cutOff = random.pick(['not-before', 'known-devices'])
  const retirement = {
    cut_off: cutOff,
    sunset: random.pick([null, null, null, '2020-01-01T00:00:00Z', '2200-01-01T00:00:00Z']),
  }
  if (random.oneIn(2)) await change(on, 'PATCH', '/api/enrollment-settings/Previous', retirement)
  if (random.oneIn(2)) await change(on, 'POST', '/api/enrollment-settings/Next/promote', retirement)
  if (random.oneIn(3)) await requireCertificates(on)
  const oauth = random.pick([
    [],
    ['enable-new'],
    ['enable-new', 'disable-legacy'],
    ['enable-new', 'disable-new'],
  ])
  // Before certificates are required it is refused.
  for (const one of oauth) await on.call('POST', '/api/oauth', { change: one, confirmations: 2 })
  await on.inForce()
}

async function select(
  on: FrontEnd,
  verb: 'approve' | 'block',
  chosen: readonly ListedDevice[],
): Promise<void> {
  const devices = chosen.map(({ id, version }) => ({ id, version }))
  if (devices.length > 0) await change(on, 'POST', `/api/devices/${verb}`, { devices })
}

function deniedBy({ decision, leaf, issuer }: ExplainedDevice): object | undefined {
  const kind: Decision | undefined = decision
  if (leaf === undefined || issuer === undefined) return undefined
  if (kind === 'denied-key') return { kind: 'key', key: keyHash(leaf) }
  if (kind !== 'denied-serial') return undefined
  const serial = new X509Certificate(leaf.der).serialNumber.toLowerCase()
  return { kind: 'serial', serial, issuer_key: keyHash(issuer) }
}

/** The latch; nothing where certificates are required already. */
async function requireCertificates(on: FrontEnd): Promise<void> {
  const { body } = await on.call('GET', '/api/enforcement')
  const { warnings, enforcement } = body as {
    readonly enforcement: { readonly state: string }
    readonly warnings: readonly { readonly kind: string }[]
  }
  if (enforcement.state === 'required') return
  const read = [...new Set(warnings.map(({ kind }) => kind))]
  const kept = { save_authentication: true, save_decryption: false }
  await change(on, 'POST', '/api/enforcement/require', {
    phrase: CONFIRMATION_PHRASE,
    read,
    ...kept,
  })
}

async function change(on: FrontEnd, method: string, path: string, body: object): Promise<void> {
  const answer = await on.call(method, path, body)
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`)
}
