/** Whom we trust to have named a device, and whom we never admit. */
import type { Standing } from '../../decide/policy.ts'
import type { Instant } from '../../kernel/types.ts'
import { readCrl } from './crl.ts'
import { readTrustLimits } from './limits.ts'
import {
  readContent,
  type ReadContext,
  readEach,
  fault,
  isFaulty,
  type Maybe,
  missing,
  locationOf,
  orMissing,
  warn,
  allOrMissing,
} from '../reading/read-context.ts'
import type { ConfigDocument } from '../schema.ts'
import { quoted } from '../reading/fault-text.ts'
import type { Path } from '../reading/yaml-text.ts'
import { parseInstant } from '../reading/units.ts'
import type { Danger } from '../reading/danger.ts'
import type { EnrollmentSetting, TrustSettings, ConfiguredDenyList } from './types.ts'
import { normalizeFingerprint } from '../reading/schema-types.ts'
import type { DeepPartial } from '../reading/deep-partial.ts'

type Written = DeepPartial<ConfigDocument['trust']>
type WrittenSetting = DeepPartial<ConfigDocument['trust']['enrollmentSettings'][number]>

/** Reads the trust section; what it gives up is added to `dangers`. */
export function readTrust(
  context: ReadContext,
  written: Written,
  dangers: Danger[],
): Maybe<TrustSettings> {
  const path = ['trust', 'enrollmentSettings']
  const settings = readEach(written.enrollmentSettings, (setting, index) =>
    readSetting(context, [...path, index], setting),
  )
  checkNames(context, path, written.enrollmentSettings ?? [])
  checkCurrent(context, path, written.enrollmentSettings ?? [])
  return allOrMissing<TrustSettings>({
    profile: orMissing(written.profile),
    enrollmentSettings: settings,
    denied: readDenied(context, ['trust', 'deny'], written.deny ?? {}),
    limits: readTrustLimits(context, { written: written.limits ?? {}, dangers }),
  })
}

function readSetting(
  context: ReadContext,
  path: Path,
  written: WrittenSetting,
): Maybe<EnrollmentSetting> {
  return allOrMissing<EnrollmentSetting>({
    at: locationOf(context, path),
    name: orMissing(written.name),
    source: orMissing(written.source),
    standing: readStanding(context, path, written),
    chain: readContent(context, [...path, 'chain'], written.chain),
    crl: readCrl(context, [...path, 'crl'], written.crl),
  })
}

function readStanding(context: ReadContext, path: Path, written: WrittenSetting): Maybe<Standing> {
  const retiredAt = readInstant(context, [...path, 'retiredAt'], written.retiredAt)
  const sunset = readInstant(context, [...path, 'sunset'], written.sunset)
  const { standing } = written
  if (standing === undefined) return missing
  if (standing !== 'previously-trusted') {
    for (const key of ['retiredAt', 'sunset'] as const) {
      if (written[key] === undefined) continue
      const message = `found ${key} on a setting that is ${standing}, where it has no effect: remove it, or write standing: previously-trusted`
      warn(context, [...path, key], message)
    }
    return { kind: standing }
  }
  if (retiredAt === undefined) {
    if (isFaulty(context, [...path, 'retiredAt'])) return missing
    const message =
      'found previously-trusted without retiredAt, wanted the day of its retirement: add retiredAt, so that what it issues later is refused'
    return fault(context, [...path, 'standing'], message)
  }
  if (retiredAt === missing || sunset === missing) return missing
  if (sunset !== undefined && sunset <= retiredAt) {
    const message = `found sunset ${written.sunset} not after retiredAt ${written.retiredAt}, wanted a later day: correct one of them`
    return fault(context, [...path, 'sunset'], message)
  }
  // Who was seen before its retirement is known to a store alone.
  return { kind: 'previously-trusted', retiredAt, cutOff: 'not-before', sunset }
}

function readInstant(
  context: ReadContext,
  path: Path,
  written: string | undefined,
): Maybe<Instant | undefined> {
  if (written === undefined) return undefined
  const read = parseInstant(written)
  if (read.ok) return read.value
  return fault(context, path, `found ${quoted(written)}, wanted a day that exists: correct it`)
}

function checkNames(
  context: ReadContext,
  path: Path,
  settings: NonNullable<Written['enrollmentSettings']>,
) {
  const seen = new Set<string>()
  for (const [index, setting] of settings.entries()) {
    const name = setting?.name
    if (name === undefined) continue
    if (seen.has(name)) {
      const message = `found a second setting named ${quoted(name)}, wanted different names: rename one`
      fault(context, [...path, index, 'name'], message)
    }
    seen.add(name)
  }
}

function checkCurrent(
  context: ReadContext,
  path: Path,
  settings: NonNullable<Written['enrollmentSettings']>,
): void {
  const current = settings.flatMap((setting, index) =>
    setting?.standing === 'current' ? [index] : [],
  )
  for (const index of current.slice(1)) {
    const message =
      'found a second current setting, wanted exactly one: make the older one previously-trusted'
    fault(context, [...path, index, 'standing'], message)
  }
  // While a standing is unreadable it is not known whether it was meant to be the current one.
  const unsure = settings.some((setting) => setting?.standing === undefined)
  if (current.length === 0 && settings.length > 0 && !unsure) {
    const message = 'found no current setting, wanted exactly one: write standing: current on it'
    fault(context, path, message, 'key')
  }
}

function readDenied(
  context: ReadContext,
  path: Path,
  written: DeepPartial<ConfigDocument['trust']['deny']>,
) {
  const keys = readEach(written.keys, (key: string) => normalizeFingerprint(key))
  const serials = readEach(written.serials, ({ issuerKey, serial }) =>
    issuerKey === undefined || serial === undefined
      ? missing
      : `${normalizeFingerprint(issuerKey)}:${canonicalSerial(serial)}`,
  )
  if (keys === missing || serials === missing) return missing
  warnOfRepetition(context, [...path, 'keys'], keys)
  warnOfRepetition(context, [...path, 'serials'], serials)
  return { keys: new Set(keys), serials: new Set(serials) } satisfies ConfiguredDenyList
}

function warnOfRepetition(context: ReadContext, path: Path, entries: readonly string[]): void {
  for (const [index, entry] of entries.entries()) {
    if (entries.indexOf(entry) === index) continue
    warn(context, [...path, index], 'found an entry that is in the list already: remove it')
  }
}

/** As `Certificate.serial` writes it: whole octets, lower case, no leading zero octet. */
function canonicalSerial(written: string): string {
  const digits = written.replaceAll(':', '').toLowerCase()
  const octets = digits.length % 2 === 0 ? digits : `0${digits}`
  return octets.replace(/^(?:00)+(?=..)/, '')
}
