/** What is expected of the fleet's agents. */
import { Type } from 'typebox'
import {
  MINIMUM_PATTERN,
  CLIENT_CLASSES,
  parseMinimum,
  type ClientClass,
  type Version,
} from '../../fleet/client.ts'
import { MUTUAL_AUTHENTICATION_SETTINGS } from '../../fleet/expectation.ts'
import { choice, defaultGroup, flag, group, patternText } from '../reading/schema-types.ts'
import { PROFILES, type ProfileName } from '../reading/profiles.ts'
import { type Maybe, missing, type Place, type Written } from '../reading/place.ts'
import type { FleetSettings } from './types.ts'

const oldest = (client: string) =>
  Type.Optional(
    patternText(`The oldest release of ${client}.`, `^none$|${MINIMUM_PATTERN}`, {
      wanted: 'a version of up to four numbers, such as "10.1", or none',
      advice: 'write it in quotes, with dots between the numbers',
    }),
  )

/** What readiness and departures from the documents are counted by. */
export const fleet = defaultGroup(
  "What is expected of the fleet's agents. It is counted and shown; no verdict asks for it.",
  {
    minimums: Type.Optional(
      group(
        'The oldest release of each kind of client that can come to authenticate. A device whose agent is older and has not succeeded counts as "Client agents must upgrade". Written here, the portal shows them locked; left out, it edits them, and begins with those of the profile. A class that is left out has the profile\'s, `none` has no minimum.',
        {
          'ios-maw': oldest('Mobile@Work for iOS'),
          'ios-appconnect': oldest('AppConnect for iOS'),
          'ios-mdm': oldest('the MDM client of iOS'),
          'ios-apps': oldest('Apps@Work for iOS'),
          'macos-maw': oldest('Mobile@Work for macOS'),
          'macos-mdm': oldest('the MDM client of macOS'),
          'android-maw': oldest('Mobile@Work for Android'),
          'android-apps': oldest('Mobile@Work below Apps@Work for Android'),
          win10: oldest('the client of Windows 10'),
        },
      ),
    ),
    mutualAuthentication: Type.Optional(
      choice(
        'What the management server says of its mutual authentication setting: it decides on which port the documents of EPMM and Core expect Mobile@Work, and whether with a certificate. `on-from-start`: on before the first device registered; `turned-on`: when devices were registered already; `on-before-upgrade`: on before the server came to its present release. Left out, only what holds for all of them is expected, or for all but `off` once certificates are required.',
        MUTUAL_AUTHENTICATION_SETTINGS,
      ),
    ),
    storefrontCertificates: Type.Optional(
      flag(
        'Whether App Storefront Authentication of the management server is set to certificates. Left out, what depends on it is not expected.',
      ),
    ),
  },
)

/** Reads the fleet section; a class that it leaves out has the profile's minimum. */
export function readFleet(
  place: Place<Written<typeof fleet>>,
  profile: ProfileName | undefined,
): Maybe<FleetSettings> {
  if (profile === undefined || place.isFaulty) return missing
  const written = place.at('minimums')
  const minimums = new Map<ClientClass, Version>()
  for (const name of CLIENT_CLASSES) {
    const text = written.written?.[name]
    const oldest = text === undefined ? PROFILES[profile].minimums.get(name) : parseMinimum(text)
    if (oldest !== undefined) minimums.set(name, oldest)
  }
  const { mutualAuthentication, storefrontCertificates } = place.written ?? {}
  return {
    minimums,
    minimumsStated: written.isStated,
    mutualAuthentication,
    storefrontCertificates,
  }
}
