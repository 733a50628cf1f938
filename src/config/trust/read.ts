/** Whom we trust to have named a device, and whom we never admit. */
import type { Standing } from '../../decide/policy.ts'
import type { Instant } from '../../kernel/types.ts'
import type { Danger, EnrollmentSetting, Trust, WrittenDenyList } from '../config.ts'
import { readCrl } from './crl.ts'
import { readLimits } from './limits.ts'
import { fingerprint } from '../routes/match.ts'
import {
  content,
  type Desk,
  every,
  fault,
  isFaulty,
  type Maybe,
  missing,
  placeOf,
  present,
  warn,
  whole,
} from '../reading/read-context.ts'
import type { Document } from '../schema.ts'
import { quoted } from '../reading/fault-text.ts'
import type { Draft } from '../shape.ts'
import type { Path } from '../reading/yaml-text.ts'
import { parseInstant } from '../reading/units.ts'

type Written = Draft<Document['trust']>
type WrittenSetting = Draft<Document['trust']['enrollmentSettings'][number]>

/** Reads the trust section; what it gives up is added to `dangers`. */
export function readTrust(desk: Desk, written: Written, dangers: Danger[]): Maybe<Trust> {
  const path = ['trust', 'enrollmentSettings']
  const settings = every(written.enrollmentSettings, (setting, index) =>
    readSetting(desk, [...path, index], setting),
  )
  checkNames(desk, path, written.enrollmentSettings ?? [])
  checkCurrent(desk, path, written.enrollmentSettings ?? [])
  return whole<Trust>({
    profile: present(written.profile),
    enrollmentSettings: settings,
    denied: readDenied(desk, ['trust', 'deny'], written.deny ?? {}),
    limits: readLimits(desk, { written: written.limits ?? {}, dangers }),
  })
}

function readSetting(desk: Desk, path: Path, written: WrittenSetting): Maybe<EnrollmentSetting> {
  return whole<EnrollmentSetting>({
    at: placeOf(desk, path),
    name: present(written.name),
    source: present(written.source),
    standing: readStanding(desk, path, written),
    chain: content(desk, [...path, 'chain'], written.chain),
    crl: readCrl(desk, [...path, 'crl'], written.crl),
  })
}

function readStanding(desk: Desk, path: Path, written: WrittenSetting): Maybe<Standing> {
  const retiredAt = readInstant(desk, [...path, 'retiredAt'], written.retiredAt)
  const sunset = readInstant(desk, [...path, 'sunset'], written.sunset)
  const { standing } = written
  if (standing === undefined) return missing
  if (standing !== 'previously-trusted') {
    for (const key of ['retiredAt', 'sunset'] as const) {
      if (written[key] === undefined) continue
      const message = `found ${key} on a setting that is ${standing}, where it has no effect: remove it, or write standing: previously-trusted`
      warn(desk, [...path, key], message)
    }
    return { kind: standing }
  }
  if (retiredAt === undefined) {
    if (isFaulty(desk, [...path, 'retiredAt'])) return missing
    const message =
      'found previously-trusted without retiredAt, wanted the day of its retirement: add retiredAt, so that what it issues later is refused'
    return fault(desk, [...path, 'standing'], message)
  }
  if (retiredAt === missing || sunset === missing) return missing
  if (sunset !== undefined && sunset <= retiredAt) {
    const message = `found sunset ${written.sunset} not after retiredAt ${written.retiredAt}, wanted a later day: correct one of them`
    return fault(desk, [...path, 'sunset'], message)
  }
  // Who was seen before its retirement is known to a store alone.
  return { kind: 'previously-trusted', retiredAt, cutOff: 'not-before', sunset }
}

function readInstant(
  desk: Desk,
  path: Path,
  written: string | undefined,
): Maybe<Instant | undefined> {
  if (written === undefined) return undefined
  const read = parseInstant(written)
  if (read.ok) return read.value
  return fault(desk, path, `found ${quoted(written)}, wanted a day that exists: correct it`)
}

function checkNames(desk: Desk, path: Path, settings: NonNullable<Written['enrollmentSettings']>) {
  const seen = new Set<string>()
  for (const [index, setting] of settings.entries()) {
    const name = setting?.name
    if (name === undefined) continue
    if (seen.has(name)) {
      const message = `found a second setting named ${quoted(name)}, wanted different names: rename one`
      fault(desk, [...path, index, 'name'], message)
    }
    seen.add(name)
  }
}

function checkCurrent(
  desk: Desk,
  path: Path,
  settings: NonNullable<Written['enrollmentSettings']>,
): void {
  const current = settings.flatMap((setting, index) =>
    setting?.standing === 'current' ? [index] : [],
  )
  for (const index of current.slice(1)) {
    const message =
      'found a second current setting, wanted exactly one: make the older one previously-trusted'
    fault(desk, [...path, index, 'standing'], message)
  }
  // While a standing is unreadable nobody knows whether it was meant to be the current one.
  const unsure = settings.some((setting) => setting?.standing === undefined)
  if (current.length === 0 && settings.length > 0 && !unsure) {
    const message = 'found no current setting, wanted exactly one: write standing: current on it'
    fault(desk, path, message, 'key')
  }
}

function readDenied(desk: Desk, path: Path, written: Draft<Document['trust']['deny']>) {
  const keys = every(written.keys, (key: string) => fingerprint(key))
  const serials = every(written.serials, ({ issuerKey, serial }) =>
    issuerKey === undefined || serial === undefined
      ? missing
      : `${fingerprint(issuerKey)}:${canonicalSerial(serial)}`,
  )
  if (keys === missing || serials === missing) return missing
  warnOfRepetition(desk, [...path, 'keys'], keys)
  warnOfRepetition(desk, [...path, 'serials'], serials)
  return { keys: new Set(keys), serials: new Set(serials) } satisfies WrittenDenyList
}

function warnOfRepetition(desk: Desk, path: Path, entries: readonly string[]): void {
  for (const [index, entry] of entries.entries()) {
    if (entries.indexOf(entry) === index) continue
    warn(desk, [...path, index], 'found an entry that is in the list already: remove it')
  }
}

/** As `Certificate.serial` writes it: whole octets, lower case, no leading zero octet. */
function canonicalSerial(written: string): string {
  const digits = written.replaceAll(':', '').toLowerCase()
  const octets = digits.length % 2 === 0 ? digits : `0${digits}`
  return octets.replace(/^(?:00)+(?=..)/, '')
}
