/**
 * What the server's documents say of each kind of client: whether it uses mutual authentication, and on which port
 * (S0-08, S0-12 to S0-15, S1-03 to S1-08). It is what an operator may expect of a fleet; no verdict asks for it.
 */
import { unreachable } from '../kernel/types.ts'
import { type ClientClass, isOlder, type Version } from './client.ts'

/** How the server came to its mutual authentication setting. */
export type MutualAuthenticationSetting = (typeof MUTUAL_AUTHENTICATION_SETTINGS)[number]

export const MUTUAL_AUTHENTICATION_SETTINGS = [
  'off',
  /** On before the first device registered. */
  'on-from-start',
  /** Turned on when devices were already registered. */
  'turned-on',
  /** On before the server was upgraded to this release. */
  'on-before-upgrade',
] as const

/** The servers whose documents have such tables. */
export type DocumentedServer = (typeof DOCUMENTED_SERVERS)[number]

export const DOCUMENTED_SERVERS = ['epmm-11.5', 'core-10'] as const

/** Facts of the server that its clients depend on; undefined is what is not known. */
export interface Installation {
  readonly profile: DocumentedServer
  readonly setting: MutualAuthenticationSetting | undefined
  /** Whether certificates are required here, which devices can meet only where the setting is on. */
  readonly isRequired: boolean
  /** Whether the app store front asks for certificates (S1-04, S1-05). */
  readonly storefrontCertificates: boolean | undefined
}

/** Facts of one client; undefined is what is not known. */
export interface Client {
  readonly class: ClientClass
  /** Of Mobile@Work, where that is the client. */
  readonly version: Version | undefined
  readonly registered: 'before-turning-on' | 'after-turning-on' | undefined
}

/** What to expect of a client; undefined where the documents, or what is known, leave it open. */
export interface Expectation {
  /** `sync` is the legacy port 9997 unless it was moved, `https` is 443. */
  readonly port: 'sync' | 'https' | undefined
  /** `from-next-check-in`: at most once more on `sync` without a certificate, then on `https` with one (S0-15). */
  readonly mutual: 'used' | 'not-used' | 'from-next-check-in' | undefined
}

/** What the documents expect of this client at this installation, in all that may be true of both. */
export function expectationOf(client: Client, installation: Installation): Expectation {
  const all = possibleClients(client).flatMap((one) =>
    possibleInstallations(installation).map((server) => statedExpectation(one, server)),
  )
  return all.reduce(agreement)
}

/** A client as one column and row of a table has it. */
interface KnownClient extends Client {
  readonly registered: 'before-turning-on' | 'after-turning-on'
  /** Undefined: a release that no row makes an exception of. */
  readonly version: Version | undefined
}

function possibleClients(client: Client): readonly KnownClient[] {
  const versions = client.version === undefined ? [OLDEST, undefined] : ([client.version] as const)
  const times =
    client.registered === undefined
      ? (['before-turning-on', 'after-turning-on'] as const)
      : [client.registered]
  return versions.flatMap((version) =>
    times.map((registered) => ({ class: client.class, version, registered })),
  )
}

interface KnownInstallation {
  readonly profile: DocumentedServer
  readonly setting: MutualAuthenticationSetting
  readonly storefrontCertificates: boolean
}

function possibleInstallations(it: Installation): readonly KnownInstallation[] {
  const { profile, setting, isRequired, storefrontCertificates } = it
  const settings =
    setting === undefined
      ? MUTUAL_AUTHENTICATION_SETTINGS.filter((one) => !isRequired || one !== 'off')
      : [setting]
  const fronts = storefrontCertificates === undefined ? [false, true] : [storefrontCertificates]
  return settings.flatMap((one) =>
    fronts.map((front) => ({ profile, setting: one, storefrontCertificates: front })),
  )
}

/** What is true of both. A device that moves with its next check-in may have moved already. */
function agreement(one: Expectation, other: Expectation): Expectation {
  if (isMoving(one) && isMovedOrMoving(other)) return one
  if (isMoving(other) && isMovedOrMoving(one)) return other
  return {
    port: one.port === other.port ? one.port : undefined,
    mutual: one.mutual === other.mutual ? one.mutual : undefined,
  }
}

const isMoving = ({ mutual }: Expectation): boolean => mutual === 'from-next-check-in'
const isMovedOrMoving = (it: Expectation): boolean =>
  isMoving(it) || (it.port === 'https' && it.mutual === 'used')

/** One cell of the tables. */
function statedExpectation(client: KnownClient, server: KnownInstallation): Expectation {
  const { profile, setting, storefrontCertificates } = server
  switch (client.class) {
    case 'macos-maw':
    case 'win10':
      return USES_CERTIFICATE
    case 'ios-mdm':
    case 'macos-mdm':
      return setting === 'off' ? NO_CERTIFICATE : USES_CERTIFICATE
    case 'ios-maw':
    case 'android-maw':
      return mobileAtWorkExpectation(client, server)
    case 'ios-appconnect':
      return appConnectExpectation(client, server)
    case 'ios-apps':
      // EPMM always asks the iOS store front for a certificate, Core where it was selected (S0-13, S1-05).
      return profile === 'epmm-11.5' || storefrontCertificates ? MUTUAL_ANYWHERE : PLAIN_ANYWHERE
    case 'android-apps':
      // EPMM's documents say that it can, and not when (S0-36).
      if (profile === 'epmm-11.5') return NOTHING_STATED
      return isOlder(client.version ?? ANDROID_APPS_FROM, ANDROID_APPS_FROM) ||
        setting === 'off' ||
        !storefrontCertificates
        ? PLAIN_ANYWHERE
        : MUTUAL_ANYWHERE
    default:
      return unreachable(client.class)
  }
}

/** The clients that move from the sync port to 443 with the setting. */
function mobileAtWorkExpectation(
  { class: kind, version, registered }: KnownClient,
  { profile, setting }: KnownInstallation,
): Expectation {
  if (kind === 'ios-maw' && isOlder(version ?? IOS_MUTUAL_FROM, IOS_MUTUAL_FROM)) {
    return ON_SYNC_PORT
  }
  switch (setting) {
    case 'off':
      return ON_SYNC_PORT
    case 'on-from-start':
      return USES_CERTIFICATE
    case 'turned-on':
      return registered === 'after-turning-on' ? USES_CERTIFICATE : REGISTERED_BEFORE[profile]
    case 'on-before-upgrade':
      if (registered === 'after-turning-on') return USES_CERTIFICATE
      // S1-08: Core has moved its Android clients by then, and leaves those on iOS where they are.
      if (profile === 'core-10') return kind === 'android-maw' ? USES_CERTIFICATE : ON_SYNC_PORT
      return REGISTERED_BEFORE[profile]
    default:
      return unreachable(setting)
  }
}

/** S0-12: EPMM's setting names AppConnect. No table has a port for it, nor what becomes of devices registered before. */
function appConnectExpectation(
  { registered }: KnownClient,
  { profile, setting }: KnownInstallation,
): Expectation {
  if (profile === 'core-10') return NOTHING_STATED
  if (setting === 'off') return PLAIN_ANYWHERE
  return setting === 'on-from-start' || registered === 'after-turning-on'
    ? MUTUAL_ANYWHERE
    : NOTHING_STATED
}

/** S0-13, S1-06: before it, Mobile@Work for iOS never uses mutual authentication. */
export const IOS_MUTUAL_FROM: Version = [9, 8]
/** S1-04: the release of Mobile@Work that the Android store front needs. */
const ANDROID_APPS_FROM: Version = [10, 2, 0, 0]
/** Stands for a release that is older than any that a row names. */
const OLDEST: Version = [0]

const USES_CERTIFICATE: Expectation = { port: 'https', mutual: 'used' }
const NO_CERTIFICATE: Expectation = { port: 'https', mutual: 'not-used' }
const ON_SYNC_PORT: Expectation = { port: 'sync', mutual: 'not-used' }
/** Apps@Work may have a port of its own (S0-39), and the tables have none for it. */
const MUTUAL_ANYWHERE: Expectation = { port: undefined, mutual: 'used' }
const PLAIN_ANYWHERE: Expectation = { port: undefined, mutual: 'not-used' }
const NOTHING_STATED: Expectation = { port: undefined, mutual: undefined }

/** What becomes of devices that were registered before: EPMM moves them at their next check-in, Core does not. */
const REGISTERED_BEFORE: Readonly<Record<DocumentedServer, Expectation>> = {
  'epmm-11.5': { port: undefined, mutual: 'from-next-check-in' },
  'core-10': ON_SYNC_PORT,
}
