/** The TLS settings of an upstream as the admin API shows them. */
import { pathSegment, type CommandContext } from '../command-context.ts'

/** What an upstream is called with, or would be. */
export interface TlsState {
  readonly mode: 'custom' | 'default'
  readonly protocols: readonly string[]
  readonly suites: readonly string[]
  readonly groups: readonly string[]
  readonly strict: boolean
  readonly allow_and_log: boolean
  readonly default_store: string
  readonly custom_store: {
    readonly enabled: boolean
    readonly certificates: readonly TrustedCertificate[]
  }
  readonly sni: string
}

interface TrustedCertificate {
  readonly pem: string
  readonly sha256: string
  readonly subject: string
  readonly not_after: string
}

/** What a column can hold. */
export interface OfferedItem {
  readonly name: string
  readonly standard_name: string
  readonly weak: string | null
}

export const COLUMNS = ['protocols', 'suites', 'groups'] as const

/** What has to be acknowledged before a draft is applied. */
export interface TlsWarning {
  readonly code: string
  readonly text: string
  readonly dangerous: boolean
}

/** All settings of one upstream. */
export interface TlsSettings {
  readonly upstream: string
  readonly preset: string
  readonly applied: TlsState
  readonly draft: TlsState
  readonly default: TlsState
  readonly catalogue: Readonly<Record<(typeof COLUMNS)[number], readonly OfferedItem[]>>
  readonly locked: readonly string[]
  readonly changed: boolean
  readonly changes: readonly string[]
  readonly warnings: readonly TlsWarning[]
  readonly report: readonly string[]
}

/** The path of the upstream that the command names. */
export const upstreamPath = (context: CommandContext, rest: string): string =>
  `/api/upstreams/${pathSegment(context.argument(0))}${rest}`
