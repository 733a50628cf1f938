/**
 * What a profile stands for: the numbers and the starting point that a product's documents state.
 */
import type { Enforcement } from '../decide/policy.ts'
import type { ProfileName } from './config.ts'

export interface Profile {
  /** S0-10 against S1-01: what a new installation starts with. */
  readonly enforcement: Enforcement
  /** S0-35 against S1-11: the longest window, which is also the one that a blank field means. */
  readonly renewalWindow: string
  /** S0-32: after this much the product retires the device, whatever we admit. */
  readonly longestGrace: string | undefined
}

export const PROFILES: Readonly<Record<ProfileName, Profile>> = {
  'epmm-11.5': { enforcement: 'required', renewalWindow: '270d', longestGrace: '30d' },
  'core-10': { enforcement: 'recording', renewalWindow: '60d', longestGrace: '30d' },
  generic: { enforcement: 'required', renewalWindow: '270d', longestGrace: undefined },
}
