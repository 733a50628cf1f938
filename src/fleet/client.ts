/**
 * Kinds of clients, and their versions. Both are what a client says of itself: they label, they never widen.
 */

/** Whatever speaks to the server on behalf of a device (S1-03). */
export type ClientClass = (typeof CLIENT_CLASSES)[number]

/** In the order of the documents' tables. */
export const CLIENT_CLASSES = [
  'ios-maw',
  'ios-appconnect',
  'ios-mdm',
  'ios-apps',
  'macos-maw',
  'macos-mdm',
  'android-maw',
  'android-apps',
  'win10',
] as const

/** What the portal calls them. */
export const CLIENT_NAMES: Readonly<Record<ClientClass, string>> = {
  'ios-maw': 'Mobile@Work for iOS',
  'ios-appconnect': 'AppConnect for iOS',
  'ios-mdm': 'iOS MDM',
  'ios-apps': 'Apps@Work for iOS',
  'macos-maw': 'Mobile@Work for macOS',
  'macos-mdm': 'macOS MDM',
  'android-maw': 'Mobile@Work for Android',
  'android-apps': 'Apps@Work for Android',
  win10: 'Windows 10',
}

/** `10.2.0.0` as its numbers, the most significant first. */
export type Version = readonly number[]

/** Reads a version of up to six numbers; anything else is no version. */
export function parseVersion(text: string): Version | undefined {
  return VERSION.test(text) ? text.split('.').map(Number) : undefined
}

/** Agents number their releases with three to five parts of one to five digits. */
const VERSION = /^\d{1,9}(?:\.\d{1,9}){0,5}$/u

/** Reads a version that `versionRank` keeps whole, as the oldest release of a class has to be: what is cut could not be told apart. */
export const parseMinimum = (text: string): Version | undefined =>
  new RegExp(MINIMUM_PATTERN, 'u').test(text) ? parseVersion(text) : undefined

/** Up to three parts of four digits, and a fourth of three. */
export const MINIMUM_PATTERN = '^[0-9]{1,4}(?:\\.[0-9]{1,4}){0,2}(?:\\.[0-9]{1,3})?$'

/** Whether a release is older than another; parts that are not there count as zero. */
export function isOlder(one: Version, other: Version): boolean {
  for (let at = 0; at < Math.max(one.length, other.length); at += 1) {
    const difference = (one[at] ?? 0) - (other[at] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}

/** A version as people write it. */
export const versionText = (version: Version): string => version.join('.')

/**
 * A version as one number, for a store that orders by it: four parts of 4, 4, 4 and 3 digits, which a double holds.
 * From a part on that does not fit, all count as the most that fits, so that a newer release never ranks below an
 * older one.
 */
export function versionRank(version: Version): number {
  const over = RANK_PARTS.findIndex((size, at) => (version[at] ?? 0) >= size)
  return RANK_PARTS.reduce(
    (rank, size, at) => rank * size + (over !== -1 && at >= over ? size - 1 : (version[at] ?? 0)),
    0,
  )
}

const RANK_PARTS: readonly number[] = [10_000, 10_000, 10_000, 1000]
