/** The CAs of the fleet, minted once for all states: their keys are the slow part. */
import { hash } from 'node:crypto'
import { mintCa, type Ca } from '../support/certificates/mint.ts'
import { fleet } from '../support/front-ends/product.ts'

export const DAY = 86_400_000

/** Enrollment settings by name, and the CA that signs devices of each. `Next` is uploaded, the others are in the file. */
export const SETTINGS = {
  Fleet: fleet.devices,
  Previous: fleet.previous,
  Retired: mintCa({ name: 'Retired CA' }),
  Aged: mintCa({ name: 'Aged CA', notBefore: Date.now() - 800 * DAY, notAfter: Date.now() - DAY }),
  Next: mintCa({ name: 'Next CA' }),
} as const satisfies Readonly<Record<string, Ca>>

export type SettingName = keyof typeof SETTINGS

/** Files that the configuration names, by the setting of their chain. */
export const CHAIN_FILES: Readonly<Record<Exclude<SettingName, 'Next'>, string>> = {
  Fleet: 'fleet.pem',
  Previous: 'previous.pem',
  Retired: 'retired.pem',
  Aged: 'aged.pem',
}

/** A CA that no setting holds, one of the same name as a CA of a setting, and one below it that devices present. */
export const UNKNOWN = mintCa({ name: 'Not of this fleet' })
export const IMPOSTOR = mintCa({ name: fleet.devices.name })
export const LOWER = mintCa({ name: 'Lower', issuer: fleet.devices })

/** SHA-256 of a public key, as the product names it. */
export const keyHash = ({ spki }: { readonly spki: Buffer }): string => hash('sha256', spki)
