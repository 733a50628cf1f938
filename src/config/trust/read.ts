/** Whom we trust to have named a device, and whom we never admit. */
import type { Standing } from '../../decide/policy.ts'
import type { Instant } from '../../kernel/types.ts'
import { readCrl } from './crl.ts'
import { readTrustLimits } from './limits.ts'
import {
  allOrMissing,
  type DeepPartial,
  type Maybe,
  missing,
  Place,
  readEach,
} from '../reading/place.ts'
import { readContent } from '../reading/content.ts'
import type { ConfigDocument } from '../schema.ts'
import { quoted } from '../reading/fault-text.ts'
import { explainInstantFault, parseInstant } from '../reading/units.ts'
import type {
  ConfiguredDenyList,
  EnrollmentSetting,
  RemovedSetting,
  TrustSettings,
} from './types.ts'
import { normalizeFingerprint } from '../reading/schema-types.ts'

type TrustPlace = Place<DeepPartial<ConfigDocument['trust']>>
type SettingPlace = Place<DeepPartial<ConfigDocument['trust']['enrollmentSettings'][number]>>

/** Reads the trust section; what it gives up is added to the dangers. */
export function readTrust(place: TrustPlace): Maybe<TrustSettings> {
  const settings = place.at('enrollmentSettings')
  const written = readEach(settings, (_, setting) => readSetting(setting))
  checkNames(Place.items(settings))
  checkCurrent(settings, Place.items(settings))
  return allOrMissing<TrustSettings>({
    profile: place.required('profile'),
    enrollmentSettings: written === missing ? missing : written.flatMap(inUse),
    removed: written === missing ? missing : written.flatMap(removedOf),
    denied: readDenied(place.at('deny')),
    limits: readTrustLimits(place.at('limits')),
  })
}

type WrittenSetting = Omit<EnrollmentSetting, 'standing'> & {
  readonly standing: Standing | { readonly kind: 'removed' }
}

const inUse = ({ standing, ...setting }: WrittenSetting): readonly EnrollmentSetting[] =>
  standing.kind === 'removed' ? [] : [{ ...setting, standing }]

const removedOf = ({ at, name, standing }: WrittenSetting): readonly RemovedSetting[] =>
  standing.kind === 'removed' ? [{ at, name }] : []

const readSetting = (place: SettingPlace): Maybe<WrittenSetting> =>
  allOrMissing<WrittenSetting>({
    at: place.location,
    name: place.required('name'),
    source: place.required('source'),
    standing: readStanding(place),
    chain: readContent(place.at('chain')),
    crl: readCrl(place.at('crl')),
  })

function readStanding(place: SettingPlace): Maybe<WrittenSetting['standing']> {
  const retiredAt = place.at('retiredAt').optional(readInstant)
  const sunset = place.at('sunset').optional(readInstant)
  const { standing, ...written } = place.written ?? {}
  if (standing === undefined) return missing
  if (standing !== 'previously-trusted') {
    for (const key of ['retiredAt', 'sunset'] as const) {
      if (written[key] === undefined) continue
      const message = `found ${key} on a setting that is ${standing}, where it has no effect: remove it, or write standing: previously-trusted`
      place.at(key).warn(message)
    }
    return { kind: standing }
  }
  if (retiredAt === undefined) {
    if (place.at('retiredAt').isFaulty) return missing
    const message =
      'found previously-trusted without retiredAt, wanted the day of its retirement: add retiredAt, so that what it issues later is refused'
    return place.at('standing').fault(message)
  }
  if (retiredAt === missing || sunset === missing) return missing
  if (sunset !== undefined && sunset <= retiredAt) {
    const message = `found sunset ${written.sunset} not after retiredAt ${written.retiredAt}, wanted a later day: correct one of them`
    return place.at('sunset').fault(message)
  }
  // Who was seen before its retirement is known to a store alone.
  return { kind: 'previously-trusted', retiredAt, cutOff: 'not-before', sunset }
}

function readInstant(place: Place<string>): Maybe<Instant> {
  const { written = '' } = place
  const read = parseInstant(written)
  if (read.ok) return read.value
  return place.fault(`found ${quoted(written)}, ${explainInstantFault(read.failure)}`)
}

function checkNames(settings: readonly SettingPlace[]): void {
  const seen = new Set<string>()
  for (const setting of settings) {
    const name = setting.written?.name
    if (name === undefined) continue
    if (seen.has(name)) {
      const message = `found a second setting named ${quoted(name)}, wanted different names: rename one`
      setting.at('name').fault(message)
    }
    seen.add(name)
  }
}

function checkCurrent(list: Place<unknown>, settings: readonly SettingPlace[]): void {
  const current = settings.filter(({ written }) => written?.standing === 'current')
  for (const setting of current.slice(1)) {
    const message =
      'found a second current setting, wanted exactly one: make the older one previously-trusted'
    setting.at('standing').fault(message)
  }
  // While a standing is unreadable it is not known whether it was meant to be the current one.
  const unsure = settings.some(({ written }) => written?.standing === undefined)
  if (current.length === 0 && settings.length > 0 && !unsure) {
    list.fault('found no current setting, wanted exactly one: write standing: current on it', 'key')
  }
}

function readDenied(
  place: Place<DeepPartial<ConfigDocument['trust']['deny']>>,
): Maybe<ConfiguredDenyList> {
  const keys = readEach(place.at('keys'), (key: string) => normalizeFingerprint(key))
  const serials = readEach(place.at('serials'), ({ issuerKey, serial }) =>
    issuerKey === undefined || serial === undefined
      ? missing
      : `${normalizeFingerprint(issuerKey)}:${canonicalSerial(serial)}`,
  )
  if (keys === missing || serials === missing) return missing
  warnOfRepetition(place.at('keys'), keys)
  warnOfRepetition(place.at('serials'), serials)
  return { keys: new Set(keys), serials: new Set(serials) }
}

function warnOfRepetition(list: Place<readonly unknown[]>, entries: readonly string[]): void {
  for (const [index, entry] of entries.entries()) {
    if (entries.indexOf(entry) === index) continue
    list.at(index).warn('found an entry that is in the list already: remove it')
  }
}

/** As `Certificate.serial` writes it: whole octets, lower case, no leading zero octet. */
function canonicalSerial(written: string): string {
  const digits = written.replaceAll(':', '').toLowerCase()
  const octets = digits.length % 2 === 0 ? digits : `0${digits}`
  return octets.replace(/^(?:00)+(?=..)/, '')
}
