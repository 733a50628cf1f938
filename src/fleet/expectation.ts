/**
 * What the server's documents say of each kind of client: whether it uses mutual authentication, and on which port
 * (S0-08, S0-13, S0-14, S1-03 to S1-08). It is what an operator may expect of a fleet; no verdict asks for it.
 */
import { unreachable } from '../kernel/types.ts'
import { type ClientClass, isOlder, type Version } from './client.ts'

/** How the server came to its mutual authentication setting. */
export type MutualAuthenticationSetting =
  /** Off. */
  | 'off'
  /** On from the first device on. */
  | 'on-from-start'
  /** Turned on when devices were already registered. */
  | 'turned-on'
  /** On before the server was upgraded to this release. */
  | 'on-before-upgrade'

/** Facts of the server that its clients depend on. */
export interface Installation {
  readonly profile: 'epmm-11.5' | 'core-10'
  readonly setting: MutualAuthenticationSetting
  /** Whether the app store front asks for certificates (S1-04, S1-05). */
  readonly storefrontCertificates: boolean
}

/** Facts of one client. */
export interface Client {
  readonly class: ClientClass
  /** Nothing when it did not say. */
  readonly version: Version | undefined
  readonly registered: 'before-turning-on' | 'after-turning-on'
}

/** What to expect of a client; `sync` is the legacy port 9997 unless it was moved. */
export interface Expectation {
  readonly port: 'sync' | 'https'
  /** `from-next-check-in`: once more without a certificate, then with one on `https` (S0-15). */
  readonly mutual: 'used' | 'not-used' | 'from-next-check-in'
}

/** What the documents expect of this client at this installation. */
export function expectationOf(client: Client, installation: Installation): Expectation {
  const { storefrontCertificates } = installation
  switch (client.class) {
    case 'macos-maw':
    case 'win10':
      return USES_CERTIFICATE
    case 'ios-mdm':
    case 'macos-mdm':
      return installation.setting === 'off' ? NO_CERTIFICATE : USES_CERTIFICATE
    case 'ios-maw':
    case 'ios-appconnect':
    case 'android-maw':
      return mobileAtWorkExpectation(client, installation)
    case 'ios-apps':
      // EPMM always asks the iOS store front for a certificate, Core where it was selected (S0-13, S1-05).
      return installation.profile === 'epmm-11.5' || storefrontCertificates
        ? USES_CERTIFICATE
        : NO_CERTIFICATE
    case 'android-apps':
      return isTooOld(client, ANDROID_APPS_FROM) ||
        installation.setting === 'off' ||
        !storefrontCertificates
        ? NO_CERTIFICATE
        : USES_CERTIFICATE
    default:
      return unreachable(client.class)
  }
}

/** The clients that move from the sync port to 443 with the setting. */
function mobileAtWorkExpectation(client: Client, { profile, setting }: Installation): Expectation {
  if (client.class !== 'android-maw' && isTooOld(client, IOS_MUTUAL_FROM)) return ON_SYNC_PORT
  switch (setting) {
    case 'off':
      return ON_SYNC_PORT
    case 'on-from-start':
      return USES_CERTIFICATE
    case 'turned-on':
      return client.registered === 'after-turning-on'
        ? USES_CERTIFICATE
        : REGISTERED_BEFORE[profile]
    case 'on-before-upgrade':
      if (client.registered === 'after-turning-on') return USES_CERTIFICATE
      // S1-08: Core has moved its Android clients by then, and leaves those on iOS where they are.
      if (profile === 'core-10')
        return client.class === 'android-maw' ? USES_CERTIFICATE : ON_SYNC_PORT
      return REGISTERED_BEFORE[profile]
    default:
      return unreachable(setting)
  }
}

/** An unknown version is not held against a client. */
const isTooOld = ({ version }: Client, from: Version): boolean =>
  version !== undefined && isOlder(version, from)

/** S0-13, S1-06: before it, Mobile@Work for iOS never uses mutual authentication. */
const IOS_MUTUAL_FROM: Version = [9, 8]
/** S1-04: the release of Mobile@Work that the Android store front needs. */
const ANDROID_APPS_FROM: Version = [10, 2, 0, 0]

const USES_CERTIFICATE: Expectation = { port: 'https', mutual: 'used' }
const NO_CERTIFICATE: Expectation = { port: 'https', mutual: 'not-used' }
const ON_SYNC_PORT: Expectation = { port: 'sync', mutual: 'not-used' }

/** What becomes of devices that were registered before: EPMM moves them at their next check-in, Core does not. */
const REGISTERED_BEFORE: Readonly<Record<Installation['profile'], Expectation>> = {
  'epmm-11.5': { port: 'sync', mutual: 'from-next-check-in' },
  'core-10': ON_SYNC_PORT,
}

/** Where and how a client was met. */
export interface PortObservation {
  readonly port: 'sync' | 'https'
  /** Whether its certificate was judged fit. */
  readonly verified: boolean
}

/** Ways in which a client is not where it is expected; findings, never verdicts. */
export type Deviation =
  /** Still on the sync port, though it is expected on 443. */
  | 'on-sync-port'
  /** On 443, though it is expected to use the sync port: it was migrated, or it is not what it says. */
  | 'on-https-port'
  /** Expected to authenticate, and did not. */
  | 'without-certificate'

/** Returns what is unexpected about an observation. */
export function deviationsFrom(expected: Expectation, met: PortObservation): readonly Deviation[] {
  const deviations: Deviation[] = []
  if (met.port === 'sync' && expected.port === 'https') deviations.push('on-sync-port')
  if (met.port === 'https' && expected.port === 'sync' && expected.mutual === 'not-used') {
    deviations.push('on-https-port')
  }
  if (expected.mutual === 'used' && !met.verified) deviations.push('without-certificate')
  return deviations
}
