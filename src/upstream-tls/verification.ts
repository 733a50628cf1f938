/**
 * The other half of the page of outgoing TLS (S3-01 to S3-11, S3-17): Enable Strict TLS, Allow and Log untrusted
 * servers, the two trust stores, and SNI. What the configuration file states holds; of the rest the page keeps what
 * was chosen over the default, so that settings left at the default follow it.
 */
import type { Selection } from './catalogue.ts'

/** The server name to send (RFC 6066 §3); `on` is the name to verify: the `hostname` of the settings, or the server's own. */
export type ServerNameIndication =
  | { readonly kind: 'off' }
  | { readonly kind: 'on' }
  | { readonly kind: 'name'; readonly name: string }

/** Enable Custom Trust Store: the switch, and what was uploaded, which is kept while it is off. */
export interface CustomStore {
  readonly enabled: boolean
  /** PEM, one certificate each. */
  readonly certificates: readonly string[]
}

export const DEFAULT_STORES = ['bundled', 'system', 'off'] as const

/** Everything that the page says about whom an upstream's connections believe. */
export interface Verification {
  /** Enable Strict TLS. */
  readonly strict: boolean
  /**
   * Allow and Log untrusted servers, an option of strict TLS: a server that no trust store vouches for is used, and logged.
   * All else that strict TLS asks for is asked for still; while strict TLS is off it has no effect.
   */
  readonly allowAndLog: boolean
  /** Enable Default Trust Store: the CAs that come with Node, those of the operating system, or none. */
  readonly defaultStore: (typeof DEFAULT_STORES)[number]
  readonly customStore: CustomStore
  /** Enable SNI. */
  readonly sni: ServerNameIndication
}

/** One of them, in the order of the page. */
export type VerificationSetting = keyof Verification

export const VERIFICATION_SETTINGS: readonly VerificationSetting[] = [
  'strict',
  'allowAndLog',
  'defaultStore',
  'customStore',
  'sni',
]

/** What an operator has set otherwise than the default. */
export type VerificationOverrides = Partial<Verification>

/** What the configuration file says of an upstream, and where it says nothing, what its preset does. */
export interface FileTlsSettings {
  /** Undefined where the file leaves protocols, suites and groups to the page. */
  readonly selection: Selection | undefined
  readonly verification: Verification
  /** What the file states itself, and the page shows locked (decision 20). */
  readonly stated: readonly VerificationSetting[]
}

/** Why what was chosen cannot be applied. */
export type VerificationFault =
  { readonly kind: 'allow-and-log-without-strict' } | { readonly kind: 'empty-trust-store' }

/** All of the page together: the file's own word first, then what was chosen, then the default. */
export function resolveVerification(
  chosen: VerificationOverrides,
  { verification, stated }: FileTlsSettings,
): Verification {
  const free = Object.fromEntries(
    Object.entries(chosen).filter(([setting]) => !stated.includes(setting as VerificationSetting)),
  ) as VerificationOverrides
  return { ...verification, ...free }
}

/** The same as connections are to obey it: a choice that the file has made unusable since is set aside whole. */
export function effectiveVerification(
  chosen: VerificationOverrides,
  file: FileTlsSettings,
): { readonly verification: Verification; readonly faults: readonly VerificationFault[] } {
  const verification = resolveVerification(chosen, file)
  const faults = verificationFaults(verification)
  return faults.length === 0
    ? { verification, faults }
    : { verification: file.verification, faults }
}

/**
 * Everything that keeps choices from being drafted or applied. Allow and Log is not chosen while strict TLS is off: it would
 * come into effect with strict TLS, when the file turns that on, and nothing would ask about it then.
 */
export function choiceFaults(
  chosen: VerificationOverrides,
  file: FileTlsSettings,
): readonly VerificationFault[] {
  const verification = resolveVerification(chosen, file)
  const isIdle = chosen.allowAndLog === true && !verification.strict
  return [
    ...verificationFaults(verification),
    ...(isIdle ? [{ kind: 'allow-and-log-without-strict' as const }] : []),
  ]
}

/** What cannot be in force: strict TLS has to believe some server. */
export function verificationFaults(verification: Verification): readonly VerificationFault[] {
  const { strict, defaultStore } = verification
  if (!strict) return []
  const isEmpty = defaultStore === 'off' && trustedCertificates(verification).length === 0
  return isEmpty ? [{ kind: 'empty-trust-store' }] : []
}

/** The certificates of the custom store that count. */
export const trustedCertificates = ({ customStore }: Verification): readonly string[] =>
  customStore.enabled ? customStore.certificates : []

/** Something to know about settings that can be applied; the first two give a guarantee up. */
export type VerificationNotice =
  | { readonly kind: 'unverified' }
  | { readonly kind: 'untrusted-servers-allowed' }
  | { readonly kind: 'idle-allow-and-log' }
  | { readonly kind: 'idle-certificates'; readonly count: number }
  | { readonly kind: 'empty-custom-store' }

/** What to say before it is applied (decision 12: what has no effect is kept, and said). */
export function verificationNotices({
  strict,
  allowAndLog,
  customStore: { enabled, certificates },
}: Verification): readonly VerificationNotice[] {
  return [
    ...(strict ? [] : [{ kind: 'unverified' as const }]),
    ...(allowAndLog
      ? [
          {
            kind: strict ? ('untrusted-servers-allowed' as const) : ('idle-allow-and-log' as const),
          },
        ]
      : []),
    ...(!enabled && certificates.length > 0
      ? [{ kind: 'idle-certificates' as const, count: certificates.length }]
      : []),
    ...(enabled && certificates.length === 0 ? [{ kind: 'empty-custom-store' as const }] : []),
  ]
}

/** A difference in one setting. */
export type VerificationChange =
  | {
      readonly setting: Exclude<VerificationSetting, 'customStore'>
      readonly from: string
      readonly to: string
    }
  | {
      readonly setting: 'customStore'
      readonly from: string
      readonly to: string
      /** PEM. */
      readonly added: readonly string[]
      readonly removed: readonly string[]
    }

/** The settings that differ, in the order of the page. */
export function verificationChanges(
  before: Verification,
  after: Verification,
): readonly VerificationChange[] {
  return VERIFICATION_SETTINGS.flatMap((setting): readonly VerificationChange[] => {
    const [from, to] = [settingText(before, setting), settingText(after, setting)]
    if (setting !== 'customStore') return from === to ? [] : [{ setting, from, to }]
    const [old, now] = [before.customStore.certificates, after.customStore.certificates]
    const added = now.filter((one) => !old.includes(one))
    const removed = old.filter((one) => !now.includes(one))
    const isSame = from === to && added.length + removed.length === 0
    return isSame ? [] : [{ setting, from, to, added, removed }]
  })
}

/** A setting in a word or a name; of the custom store its switch. */
export function settingText(verification: Verification, setting: VerificationSetting): string {
  switch (setting) {
    case 'strict':
    case 'allowAndLog':
      return verification[setting] ? 'on' : 'off'
    case 'defaultStore':
      return verification.defaultStore
    case 'customStore':
      return verification.customStore.enabled ? 'on' : 'off'
    case 'sni':
      return sniText(verification.sni)
  }
}

/** As the configuration writes it. */
export const sniText = (sni: ServerNameIndication): string =>
  sni.kind === 'name' ? sni.name : sni.kind
