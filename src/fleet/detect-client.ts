/**
 * Which kind of client a request comes from, by the row that it met and what it calls itself. A label for people and
 * charts: anybody may call itself anything, so nothing is ever opened or closed by it.
 */
import { parseVersion, type ClientClass, type Version } from './client.ts'

/** How we know: S a source document, V verified in source, D documentation, K from knowledge alone. */
export type Evidence = 'S' | 'V' | 'D' | 'K'

/** One way to tell a kind of client; what a rule does not name may be anything. */
export interface ClientRule {
  /** The id of a row of a preset. */
  readonly row?: string
  /** Lower-case words of the User-Agent, comments included, that all have to be there. */
  readonly words?: readonly string[]
  readonly class: ClientClass
  readonly evidence: Evidence
}

/**
 * The most telling ones first. Those with a mark K have never been compared with a real client. There is none for
 * Mobile@Work for macOS and for AppConnect: no User-Agent of theirs is on record, and what the system puts into that of
 * every app of Apple's platforms (`CFNetwork`, `Darwin`) tells neither from Mobile@Work for iOS.
 */
export const CLIENT_RULES: readonly ClientRule[] = [
  // Windows always uses a path of its own, whatever its agent is called (S0-08).
  { row: 'windows-check-in', class: 'win10', evidence: 'S' },
  { row: 'windows-registration', class: 'win10', evidence: 'K' },
  { row: 'windows-discovery', class: 'win10', evidence: 'K' },
  { words: ['oma', 'dm', 'client'], class: 'win10', evidence: 'K' },
  { words: ['mdm-osx'], class: 'macos-mdm', evidence: 'K' },
  { row: 'ios-mdm', words: ['mdm'], class: 'ios-mdm', evidence: 'K' },
  { row: 'apps-storefront', words: ['android'], class: 'android-apps', evidence: 'D' },
  { row: 'apps-data', words: ['android'], class: 'android-apps', evidence: 'K' },
  { row: 'apps-storefront-certificate', words: ['iphone'], class: 'ios-apps', evidence: 'K' },
  { row: 'apps-data', words: ['iphone'], class: 'ios-apps', evidence: 'K' },
  { row: 'client-check-in', words: ['android'], class: 'android-maw', evidence: 'K' },
  { row: 'client-check-in', words: ['mobileiron', 'iphone'], class: 'ios-maw', evidence: 'K' },
  { row: 'client-check-in', words: ['mobileiron', 'ipad'], class: 'ios-maw', evidence: 'K' },
]

/** How a kind of client is told from others in traffic. */
export type Detection = (typeof DETECTIONS)[number]

export const DETECTIONS = [
  /** By a sign that rests on a document. */
  'documented',
  /** By signs that were never compared with a real client. */
  'assumed',
  /** Not at all: only the inventory names it. */
  'off',
] as const

/** Tells how a kind of client is detected. */
export function detectionOf(kind: ClientClass): Detection {
  const signs = CLIENT_RULES.filter((rule) => rule.class === kind)
  if (signs.length === 0) return 'off'
  return signs.some(({ evidence }) => evidence !== 'K') ? 'documented' : 'assumed'
}

/** What a client seems to be. */
export interface DetectedClient {
  readonly class: ClientClass | undefined
  /** The first product that it names, as it wrote it. */
  readonly agent: string | undefined
  /** As it wrote it; what is no version is left out. */
  readonly agentVersion: string | undefined
  readonly version: Version | undefined
  /** Whether the way it was told by rests on more than our memory. */
  readonly verified: boolean
}

/** Recognises a client. */
export function detectClient(row: string, userAgent: string | undefined): DetectedClient {
  const text = (userAgent ?? '').slice(0, MAX_READ)
  const words = new Set(text.toLowerCase().split(/[^a-z0-9-]+/u))
  const rule = CLIENT_RULES.find(
    (one) =>
      (one.row === undefined || one.row === row) &&
      (one.words ?? []).every((word) => words.has(word)),
  )
  const [, agent, written = ''] = PRODUCT.exec(text) ?? []
  const version = parseVersion(written)
  return {
    class: rule?.class,
    agent,
    agentVersion: version === undefined ? undefined : written,
    version,
    verified: rule !== undefined && rule.evidence !== 'K',
  }
}

/** `Product/1.2.3`: a token, and a version if it has one (RFC 9110 §10.1.5). */
const PRODUCT = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,100})(?:\/([0-9.]{1,60}))?/u
/** Honest agents say who they are within this much. */
const MAX_READ = 512
