/**
 * The four states of the readiness chart, with the documents' own labels (S2-09, S4-04): how a device would fare if
 * certificates were required.
 */
import { isoText, type Instant } from '../kernel/types.ts'
import { type ClientClass, isOlder, type Version, versionText } from './client.ts'

/** Where a device stands. */
export type Readiness = 'succeeded' | 'no-info' | 'failed' | 'must-upgrade'

/** In the order of the chart. */
export const READINESS: readonly Readiness[] = ['succeeded', 'no-info', 'failed', 'must-upgrade']

/** The labels of the chart, to the letter. */
export const READINESS_LABELS: Readonly<Record<Readiness, string>> = {
  succeeded: 'Authentication succeeded',
  'no-info': 'No authentication info',
  failed: 'Authentication failed',
  'must-upgrade': 'Client agents must upgrade',
}

/** What is known of a device that bears on its readiness. */
export interface ReadinessFacts {
  /** What its last request met, or would have met had certificates been required. */
  readonly verdict: LastVerdict
  readonly class: ClientClass | undefined
  readonly version: Version | undefined
  /** When a client without a certificate said last to be it. Anybody can say that: it explains the state, and never makes one. */
  readonly calledWithout?: Instant | undefined
  /** It is a known host that may have no information (S2-09). */
  readonly silent?: boolean | undefined
}

export type LastVerdict =
  /** It was never seen, or only where no certificate is asked for. */
  | { readonly kind: 'none' }
  | { readonly kind: 'admit' }
  | { readonly kind: 'refuse'; readonly code: string }

/** The oldest release of a client that can authenticate (S0-34, S0-45, S1-10). */
export type MinimumVersions = ReadonlyMap<ClientClass, Version>

/** The state of a device, and what usually causes it. */
export interface Assessment {
  readonly state: Readiness
  readonly cause: string
}

/** Assesses a device. A success counts whatever the version: a client that can authenticate need not be newer. */
export function readinessOf(device: ReadinessFacts, minimum: MinimumVersions): Assessment {
  const { verdict } = device
  if (verdict.kind === 'admit') return SUCCEEDED
  const needed = device.class === undefined ? undefined : minimum.get(device.class)
  if (needed !== undefined && device.version !== undefined && isOlder(device.version, needed)) {
    const cause = `its agent is ${versionText(device.version)}, and only ${versionText(needed)} and later can authenticate`
    return { state: 'must-upgrade', cause }
  }
  if (verdict.kind === 'none') return { state: 'no-info', cause: noInfoCause(device) }
  return { state: 'failed', cause: CAUSES.get(verdict.code) ?? OTHER_CAUSE }
}

const SUCCEEDED: Assessment = {
  state: 'succeeded',
  cause: 'its last certificate was judged fit',
}

function noInfoCause({ calledWithout, silent }: ReadinessFacts): string {
  const said =
    calledWithout === undefined
      ? undefined
      : `it called without a certificate, by its own word, last at ${isoText(calledWithout)}`
  if (silent === true) {
    const marked = 'it is marked as a host that may have no information'
    return said === undefined ? marked : `${marked}; ${said}`
  }
  return said ?? 'it has not yet tried to authenticate'
}

/** The usual causes in the documents' order: not approved, then the certificate itself (S4-04). */
const CAUSES: ReadonlyMap<string, string> = new Map([
  ['unapproved', 'it has not been approved'],
  ['blocked', 'it is blocked'],
  ['no-certificate', 'it connected without a certificate'],
  ['untrusted-issuer', 'its certificate comes from a CA that is not an enrollment setting'],
  ['expired', 'its certificate has expired'],
  ['expired-beyond-grace', 'its certificate expired too long ago to be renewed'],
])
const OTHER_CAUSE = 'its certificate was refused'

/** How many devices are in which state. */
export type ReadinessCounts = Readonly<Record<Readiness, number>>

/**
 * The certificate-based authentication success rate (S4-03), 0 to 1: of the devices that tried or cannot try, how
 * many succeeded. Nothing when no device tried: no devices are not a success.
 */
export function successRate({
  succeeded,
  failed,
  'must-upgrade': mustUpgrade,
}: ReadinessCounts): number | undefined {
  const tried = succeeded + failed + mustUpgrade
  return tried === 0 ? undefined : succeeded / tried
}
