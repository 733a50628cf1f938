/**
 * What a profile stands for: the numbers and the starting point that a product's documents state.
 */
import type { Enforcement } from '../../decide/policy.ts'
import type { ClientClass, Version } from '../../fleet/client.ts'
import type { MinimumVersions } from '../../fleet/readiness.ts'

export const PROFILE_NAMES = ['epmm-11.5', 'core-10', 'generic'] as const

/** Which product and version the defaults follow. */
export type ProfileName = (typeof PROFILE_NAMES)[number]

/** What a profile says where the file says nothing. */
export interface ProfileDefaults {
  /** S0-10 against S1-01: what a new installation starts with. */
  readonly enforcement: Enforcement
  /** S0-35 against S1-11: the longest window, which is also the one that a blank field means. */
  readonly renewalWindow: string
  /** S0-32: after this much the product retires the device, whatever we admit. */
  readonly longestGrace: string | undefined
  /** The oldest agents that can come to authenticate without being registered anew. */
  readonly minimums: MinimumVersions
}

/** S0-45: older releases cannot be migrated to 443. Apps@Work asks for the release of Mobile@Work (S1-04). */
const EPMM: readonly (readonly [ClientClass, Version])[] = [
  ['ios-maw', [12, 11, 10]],
  // AppConnect checks in through Mobile@Work (S1-03).
  ['ios-appconnect', [12, 11, 10]],
  ['android-maw', [10, 1]],
  ['android-apps', [10, 2]],
]

/** S1-06: Core migrates no client on iOS, so there it is the first release that can authenticate at all. */
const CORE: readonly (readonly [ClientClass, Version])[] = [
  ['ios-maw', [9, 8]],
  ['ios-appconnect', [9, 8]],
  ['android-maw', [10, 1]],
  ['android-apps', [10, 2]],
]

export const PROFILES: Readonly<Record<ProfileName, ProfileDefaults>> = {
  'epmm-11.5': {
    enforcement: 'required',
    renewalWindow: '270d',
    longestGrace: '30d',
    minimums: new Map(EPMM),
  },
  'core-10': {
    enforcement: 'recording',
    renewalWindow: '60d',
    longestGrace: '30d',
    minimums: new Map(CORE),
  },
  generic: {
    enforcement: 'required',
    renewalWindow: '270d',
    longestGrace: undefined,
    minimums: new Map(),
  },
}
