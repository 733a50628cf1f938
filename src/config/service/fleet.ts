/** What is expected of the fleet's agents. */
import { CLIENT_CLASSES, parseMinimum, type ClientClass, type Version } from '../../fleet/client.ts'
import type { FleetSettings, ProfileName } from '../config.ts'
import { PROFILES } from '../reading/profiles.ts'
import { type ReadContext, isFaulty, type Maybe, missing } from '../reading/read-context.ts'
import type { ConfigDocument } from '../schema.ts'
import type { DeepPartial } from '../shape.ts'

/** Reads the fleet section; a class that it leaves out has the profile's minimum. */
export function readFleet(
  context: ReadContext,
  written: DeepPartial<ConfigDocument['fleet']>,
  profile: ProfileName | undefined,
): Maybe<FleetSettings> {
  if (profile === undefined || isFaulty(context, ['fleet'])) return missing
  const minimums = new Map<ClientClass, Version>()
  for (const name of CLIENT_CLASSES) {
    const text = written.minimums?.[name]
    const oldest = text === undefined ? PROFILES[profile].minimums.get(name) : parseMinimum(text)
    if (oldest !== undefined) minimums.set(name, oldest)
  }
  return { minimums, minimumsStated: context.text.has(['fleet', 'minimums']) }
}
