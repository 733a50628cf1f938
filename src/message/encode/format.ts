/**
 * What the formats are made of.
 */
import type { Vouched } from '../../decide/decide.ts'
import type { IdentityField, IdentitySettings } from './settings.ts'

/** The verdict in one word; every format has a field for it, always sent. */
export type Verify = 'SUCCESS' | 'NONE' | `FAILED:${'expired-grace' | 'identity-too-large'}`

/** One way to tell an upstream about a device. */
export interface Format {
  /** The fields that are sent unasked. */
  readonly names: Readonly<Partial<Record<IdentityField, string>>>
  /** Where this format writes a fact differently from the others. */
  readonly values: Readonly<Partial<Record<DeviceField, Render>>>
  readonly verify: (verify: Verify) => string
  /** What values leave as: characters beyond ASCII escaped, or as the octets of UTF-8. */
  readonly charset: 'ascii' | 'utf8'
  /** Whether readers of this format look at a verify field before believing the rest. */
  readonly readsVerify: boolean
}

/** The facts about a device; the others are facts about the verdict. */
export type DeviceField = Exclude<IdentityField, 'used' | 'verify'>

/** Writes one fact; a list becomes numbered fields, nothing and the empty string become none. */
export type Render = (
  device: Vouched,
  settings: IdentitySettings,
) => string | readonly string[] | undefined

/** The name of the verify field where the format has none of its own. */
export const OWN_VERIFY = 'X-Client-Verify'

/** The verdict as nginx and Apache say it, and we too. */
export const plainVerify = (verify: Verify): string => verify
