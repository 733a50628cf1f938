/**
 * A preview: the judge itself, asked about a state before and after a change, for each known device and for the classes
 * of unknown ones, on each kind of ask that there is. It has no rules of its own.
 */
import {
  foretell,
  type Foretold,
  type RetainedLeaf,
  type RetainedPeer,
} from '../../decide/foretell.ts'
import type { Approval, FleetPolicy } from '../../decide/policy.ts'
import type { Instant, KeyFingerprint } from '../../kernel/types.ts'
import type { Certificate } from '../../x509/certificate.ts'
import { kindsOfAsk, type KindOfAsk } from './asks.ts'
import type { JudgedState } from './judged-state.ts'
import { pathsFrom, pathsSince, type FoundPaths } from './retained-paths.ts'

/** A device as far as verdicts depend on it. */
export interface KnownDevice {
  readonly leaf: RetainedLeaf
  readonly issuerKey: KeyFingerprint | undefined
  /** The name of the CA that signed it, as text; undefined for a device that was never met. */
  readonly issuer: string | undefined
  /** The enrollment setting that its certificate was seen under; undefined where no CA vouches for it. */
  readonly setting: string | undefined
  /** Why no path of its certificate was sound when it was seen. */
  readonly failure?: FoundPaths['failure'] | undefined
  readonly approval: Approval
  /** When its key was first seen with a sound certificate of the setting; undefined for one that never was. */
  readonly knownSince: Instant | undefined
}

/** A verdict that a change alters, on these rows. */
export interface AlteredVerdict {
  readonly rows: readonly string[]
  readonly before: Foretold
  readonly after: Foretold
}

/** Two states, the approvals that a change alters, and the time that is judged by. */
export interface PreviewedChange {
  readonly before: JudgedState
  readonly after: JudgedState
  readonly now: Instant
}

/** What differs for one device from the change and its time. */
export interface JudgedOtherwise {
  readonly approvalAfter?: Approval | undefined
  readonly at?: Instant | undefined
}

/** One per change: paths are found once for all devices of a CA. */
export class Preview {
  readonly #change: PreviewedChange
  /** The file says what is asked, so that it is the same before and after. */
  readonly #kinds: readonly KindOfAsk[]
  readonly #paths = new Map<string, readonly [FoundPaths, FoundPaths]>()
  #isUnsure = false

  constructor(change: PreviewedChange) {
    this.#change = change
    const { before, after } = change
    this.#kinds = kindsOfAsk(before.asked, { before: before.closed, after: after.closed })
  }

  /** Whether a certificate that no CA vouched for bears the name of a CA that is trusted, and so may be its. */
  get isUnsure(): boolean {
    return this.#isUnsure
  }

  /** What a device meets before and after, on each kind of ask, whether it differs or not. */
  verdictsOn(
    device: KnownDevice,
    { approvalAfter = device.approval, at = this.#change.now }: JudgedOtherwise = {},
  ): readonly AlteredVerdict[] {
    const { before, after } = this.#change
    const [pathsBefore, pathsAfter] = this.#pathsOf(device)
    const peer = (found: FoundPaths): RetainedPeer => ({
      kind: 'retained',
      leaf: device.leaf,
      ...found,
    })
    return this.#compare(
      [withDevice(before, device, device.approval), peer(pathsBefore)],
      [withDevice(after, device, approvalAfter), peer(pathsAfter)],
      at,
    )
  }

  /** The same of a client without a certificate. */
  verdictsWithout(): readonly AlteredVerdict[] {
    const { before, after } = this.#change
    return this.#compare([before, NONE], [after, NONE], this.#change.now)
  }

  #compare(
    [before, peerBefore]: readonly [JudgedState, RetainedPeer],
    [after, peerAfter]: readonly [JudgedState, RetainedPeer],
    now: Instant,
  ): readonly AlteredVerdict[] {
    return this.#kinds.map((kind) => ({
      rows: kind.rows,
      before: verdict(kind, peerBefore, {
        isClosed: kind.isClosed.before,
        policy: before.policy,
        now,
      }),
      after: verdict(kind, peerAfter, { isClosed: kind.isClosed.after, policy: after.policy, now }),
    }))
  }

  #pathsOf({
    issuerKey,
    issuer: name,
    setting,
    failure: met,
  }: KnownDevice): readonly [FoundPaths, FoundPaths] {
    if (setting === undefined) {
      const { before, after } = this.#change
      const since = [
        pathsSince({ name, met }, before.trust),
        pathsSince({ name, met }, after.trust),
      ] as const
      this.#isUnsure ||= since.some(
        ({ paths, failure }) => paths.length > 0 || failure.kind === 'bad-signature',
      )
      return since
    }
    const key = `${setting}\n${issuerKey ?? ''}`
    const known = this.#paths.get(key)
    if (known !== undefined) return known
    const { before, after } = this.#change
    const certificates = [...casOf(before), ...casOf(after)].filter(
      ({ publicKey }) => publicKey.fingerprint === issuerKey,
    )
    const issuer = { issuerKey, name, setting, certificates }
    const found = [pathsFrom(issuer, before.trust), pathsFrom(issuer, after.trust)] as const
    this.#paths.set(key, found)
    return found
  }
}

/** Whether a verdict differs in what a device or an upstream meets. */
export const isAltered = ({ before, after }: AlteredVerdict): boolean =>
  before.code !== after.code || before.admitted !== after.admitted

const NONE: RetainedPeer = { kind: 'none' }

const casOf = ({ trust }: JudgedState): readonly Certificate[] => [
  ...trust.anchors.map(({ certificate }) => certificate),
  ...trust.intermediates,
]

/** A port that takes no connection asks nothing. */
function verdict(
  { ask, withoutCertificate }: KindOfAsk,
  peer: RetainedPeer,
  { isClosed, ...by }: Parameters<typeof foretell>[2] & { readonly isClosed: boolean },
): Foretold {
  if (isClosed) return { admitted: false, code: 'listener-closed' }
  return foretell(peer.kind === 'none' ? withoutCertificate : ask, peer, by)
}

/** The state as far as this one device can tell: its approval, and since when its key was known. */
function withDevice(
  state: JudgedState,
  { setting, knownSince }: KnownDevice,
  approval: Approval,
): JudgedState {
  const { policy } = state
  const wasKnown: FleetPolicy['known']['wasKnown'] = (asked) => {
    const standing = policy.standings.get(asked)
    return (
      asked === setting &&
      knownSince !== undefined &&
      standing?.kind === 'previously-trusted' &&
      knownSince < standing.retiredAt
    )
  }
  const fleet = { ...policy.fleet, approvals: { approvalOf: () => approval }, known: { wasKnown } }
  return { ...state, policy: { ...policy, fleet } }
}
