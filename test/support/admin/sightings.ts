import type { Fingerprint, Instant, KeyFingerprint } from '../../../src/kernel/types.ts'
import type { Sighting } from '../../../src/fleet/sighting.ts'
import type { Store } from '../../../src/store/store.ts'
import { mintCa, NOW } from './admin-api.ts'

export const hex = (digit: string): string => digit.repeat(64)
export const DAY_MS = 86_400_000

/** A device with the key of that digit, which was admitted yesterday and is valid for a month. */
export const sighting = (digit: string, facts: Partial<Sighting> = {}): Sighting => ({
  at: (NOW - DAY_MS) as Instant,
  count: 1,
  listener: 'devices',
  certificate: {
    fingerprint: hex(digit) as Fingerprint,
    key: hex(digit) as KeyFingerprint,
    issuerKey: hex('c') as KeyFingerprint,
    serial: `0${digit}`,
    issuer: 'CN=Example CA',
    subject: `CN=device ${digit}`,
    signedIds: [],
    notBefore: (NOW - 30 * DAY_MS) as Instant,
    notAfter: (NOW + 30 * DAY_MS) as Instant,
    setting: 'current',
    sound: true,
  },
  reportedId: undefined,
  class: 'android-maw',
  agent: 'Mobile@Work',
  agentVersion: '10.2',
  agentRank: 10_002,
  verdict: 'admit',
  code: 'verified',
  authentication: 'succeeded',
  migration: undefined,
  approvesItself: false,
  ...facts,
})

const CURRENT_CA = mintCa({ name: 'Example CA' })

/** Makes the setting current that those devices are of. */
export async function makeCurrent({ enrollment }: Store): Promise<void> {
  const by = { who: 'test', from: 'test' }
  const chain = [CURRENT_CA.certificate]
  await enrollment.stage(by, { name: 'current', source: 'local', chain })
  const retiring = { cutOff: 'not-before', sunset: undefined } as const
  await enrollment.promote(by, 'current', { expected: 'any', retiring })
}
