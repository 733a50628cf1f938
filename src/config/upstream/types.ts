/** What a configuration says about the servers that we forward to. */
import type { UpstreamSettings, UpstreamTls as TlsSettings } from '../../forward/settings.ts'
import type { IdentitySource, LoadedFile } from '../../handshake/server-identity.ts'
import type { IdentitySettings } from '../../message/encode/settings.ts'
import type { ForwardingStyle } from '../../message/forwarding-fields.ts'
import type { TlsPreset } from '../../upstream-tls/catalogue.ts'
import type { VerificationSetting } from '../../upstream-tls/verification.ts'

/** An `Upstream` is what requests are forwarded to: servers that answer alike. */
export interface Upstream extends UpstreamSettings {
  readonly host: HostPolicy
  /** How it is told where a request came from. */
  readonly forwarding: ForwardingStyle
  /** `undefined` exactly when the protocol is `http:`. */
  readonly tls: UpstreamTls | undefined
  /** `undefined`: this upstream is told nothing about the device (RFC 9440 §4: sending it is opt-in). */
  readonly identity: IdentitySettings | undefined
}

/** What the upstream reads in `Host`: the device's authority, its own, or a given one. */
export type HostPolicy =
  | { readonly kind: 'preserve' }
  | { readonly kind: 'upstream' }
  | { readonly kind: 'name'; readonly name: string }

/** How we speak TLS with an upstream; the selection has no faults, and nothing that this runtime lacks. */
export interface UpstreamTls extends TlsSettings {
  readonly preset: TlsPreset
  readonly trust: Pick<TlsSettings['trust'], 'default'> & { readonly custom: readonly LoadedFile[] }
  /** Whether strict TLS is off in the file by `dangerousUnverified`: by Allow and Log as the signature, which it was. */
  readonly formerAllowAndLog: boolean
  /** What of strict TLS, trust and SNI the file states itself, and not its preset; the store cannot change that. */
  readonly stated: readonly VerificationSetting[]
  /** Where the file states each setting, if it does. */
  readonly places: Readonly<Record<VerificationSetting, string>>
  /** "Use Default (recommended)", or "Use Custom Configuration" (S3-19). */
  readonly mode: 'default' | 'custom'
  /** The certificate that we present to an upstream that asks for one. */
  readonly clientCertificate: IdentitySource | undefined
}
