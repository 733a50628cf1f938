import type { Fingerprint, Instant, KeyFingerprint, Result } from '../../../src/kernel/types.ts'
import type { KeyApproval } from '../../../src/store/devices/approvals.ts'
import type { SightedCertificate, Sighting } from '../../../src/fleet/sighting.ts'
import type { Store } from '../../../src/store/store.ts'
import type { Approval } from '../../../src/store/schema/vocabulary.ts'

/** 64 hexadecimal digits that follow from a name. */
export const hex = (name: string): string =>
  Buffer.from(name).toString('hex').padEnd(64, '0').slice(0, 64)

export const aKey = (name: string): KeyFingerprint => hex(name) as KeyFingerprint

/** A sound certificate of the setting `current`, unless the test says otherwise. */
export function aCertificate(
  key: string,
  change: Partial<SightedCertificate> = {},
): SightedCertificate {
  return {
    fingerprint: hex(`certificate ${key}`) as Fingerprint,
    key: aKey(key),
    issuerKey: aKey('issuer'),
    serial: '0a1b',
    issuer: 'CN=Test CA',
    subject: `CN=${key}`,
    signedIds: [],
    notBefore: (SEEN - DAY) as Instant,
    notAfter: (SEEN + 365 * DAY) as Instant,
    setting: 'first',
    sound: true,
    ...change,
  }
}

/** One admitted sighting. */
export function aSighting(
  certificate: SightedCertificate | undefined,
  change: Partial<Sighting> = {},
): Sighting {
  return {
    at: SEEN,
    count: 1,
    listener: 'devices',
    certificate,
    reportedId: undefined,
    class: 'ios-mdm',
    agent: 'MDM',
    agentVersion: '1.0',
    agentRank: 1,
    verdict: 'admit',
    code: 'verified',
    authentication: 'succeeded',
    migration: undefined,
    approvesItself: false,
    ...change,
  }
}

export const DAY = 86_400_000
/** When test devices are seen. */
export const SEEN = Date.UTC(2026, 10, 22) as Instant

export const ADMIN = { who: 'alice', from: '127.0.0.1' }

/** Every key of the devices with these approvals. */
export async function keysOf(
  store: Store,
  ...approvals: readonly Approval[]
): Promise<readonly KeyApproval[]> {
  const keys: KeyApproval[] = []
  for (const approval of approvals) {
    let after: string | undefined
    do {
      // A small page, so that most tests turn one.
      const page = unwrap(await store.approvals.keys(approval, { limit: 2, after }))
      keys.push(...page.items)
      after = page.next
    } while (after !== undefined)
  }
  return keys
}

/** The value of a result that the test counts on. */
export function unwrap<Value>(result: Result<Value, unknown>): Value {
  if (!result.ok) throw new Error(JSON.stringify(result.failure))
  return result.value
}

/** The failure of a result that the test counts on. */
export function unwrapFailure<Failure>(result: Result<unknown, Failure>): Failure {
  if (result.ok) throw new Error(`it was granted: ${JSON.stringify(result.value)}`)
  return result.failure
}
