/**
 * Files and secrets that a configuration names, read but not yet looked into.
 */

/** A file that the configuration names, already read; `at` is the place that named it, for later faults. */
export interface LoadedFile {
  readonly at: string
  /** The resolved path. */
  readonly path: string
  readonly bytes: Buffer
}

/** A secret that the configuration names by `file:` or `env:`; a trailing line break is gone. Never to be printed. */
export interface LoadedSecret {
  readonly at: string
  readonly text: string
}

/** A certificate chain with its private key, not yet opened. */
export type IdentityFiles =
  | {
      readonly kind: 'pem'
      readonly at: string
      /** PEM, leaf first. */
      readonly chain: LoadedFile
      readonly key: LoadedFile
      readonly passphrase: LoadedSecret | undefined
    }
  | {
      readonly kind: 'pkcs12'
      readonly at: string
      readonly file: LoadedFile
      readonly passphrase: LoadedSecret | undefined
    }

/** The versions that either side of us may speak. */
export type ListenerTlsVersion = 'TLSv1.2' | 'TLSv1.3'
