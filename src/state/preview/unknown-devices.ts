/**
 * The classes of devices that were never met: nothing is kept of them, so a change is foretold for each kind that there can
 * be. A class is a CA and a time of issue; such a device has a key that was not seen before, and is not approved.
 */
import { DAY_MS, plus, type Instant, type KeyFingerprint, type Millis } from '../../kernel/types.ts'
import type { JudgedState } from './judged-state.ts'
import type { KnownDevice } from './preview.ts'

/** A class, and a device that stands for it. */
export interface UnknownClass {
  readonly label: string
  readonly device: KnownDevice
  /** When it is judged: not before it is issued. */
  readonly at: Instant
}

/** Returns the classes that a change from one state to another is asked about. */
export function unknownClasses(
  before: JudgedState,
  after: JudgedState,
  now: Instant,
): readonly UnknownClass[] {
  const settings = new Set([...before.chains.keys(), ...after.chains.keys()])
  return [...settings].flatMap((setting) => {
    const issuer = issuingCa(setting, before) ?? issuingCa(setting, after)
    if (issuer === undefined) return []
    const retirements = [before, after].flatMap(({ policy }) => {
      const standing = policy.standings.get(setting)
      return standing?.kind === 'previously-trusted' ? [standing.retiredAt] : []
    })
    const first = retirements[0]
    const times: readonly (readonly [string, Instant])[] =
      first === undefined
        ? [['', now]]
        : [
            // A retirement may be announced: what has been issued by now is issued before it.
            [
              ', issued before it retired',
              Math.min(now, plus(first, -DAY_MS as Millis)) as Instant,
            ],
            [', issued after it retired', plus(first, 1 as Millis)],
          ]
    return times.map(([when, notBefore]) => ({
      label: `a device of ${setting} that was not met before${when}`,
      device: deviceOf(setting, issuer, notBefore),
      at: Math.max(now, notBefore) as Instant,
    }))
  })
}

/** The CA of a chain that signs devices: the one that no other of the chain stands below. */
function issuingCa(setting: string, { chains }: JudgedState): KeyFingerprint | undefined {
  const chain = chains.get(setting) ?? []
  const lowest = chain.find(
    (one) => !chain.some((other) => other !== one && other.issuer.key === one.subject.key),
  )
  return (lowest ?? chain[0])?.publicKey.fingerprint
}

function deviceOf(setting: string, issuerKey: KeyFingerprint, notBefore: Instant): KnownDevice {
  return {
    leaf: {
      key: 'f'.repeat(64) as KeyFingerprint,
      serial: '',
      notBefore,
      notAfter: Number.MAX_SAFE_INTEGER as Instant,
      signedIds: [],
    },
    issuerKey,
    issuer: undefined,
    setting,
    approval: 'unapproved',
    knownSince: undefined,
  }
}
