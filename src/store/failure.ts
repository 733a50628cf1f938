/**
 * Everything that a question to the store, or a change, can end with instead of an answer. Closed: a switch
 * over it does not compile when there is a new one.
 */
import type { Instant, Result } from '../kernel/types.ts'

/** The store cannot answer at all, whatever was asked. */
export type StoreTrouble =
  | { readonly kind: 'store-absent'; readonly where: string }
  | { readonly kind: 'store-closed' }
  | {
      readonly kind: 'store-corrupt'
      readonly detail: string
      /** Copies from before upgrades that lie beside it, the newest first; where it is looked for them. */
      readonly copies: readonly string[]
    }
  | { readonly kind: 'store-full'; readonly detail: string }
  | { readonly kind: 'store-locked'; readonly detail: string }
  /** A pooler lends the sessions that our lock and our notifications belong to. */
  | { readonly kind: 'store-pooled'; readonly pooling: 'statement' | 'transaction' }
  | { readonly kind: 'store-read-only'; readonly detail: string }
  /** The path of the store names another file than the one that is open, or that one was written over. */
  | { readonly kind: 'store-replaced'; readonly detail: string }
  | { readonly kind: 'store-unavailable'; readonly detail: string }
  /** The journal beside the store belongs to another file. */
  | { readonly kind: 'journal-foreign'; readonly detail: string }
  | { readonly kind: 'not-a-store'; readonly detail: string }
  | {
      readonly kind: 'schema-newer'
      readonly found: number
      readonly known: number
      /** Copies from before upgrades that lie beside it, the newest first. */
      readonly copies: readonly string[]
    }
  /** The copy that is made before an upgrade could not be made; nothing was upgraded. */
  | {
      readonly kind: 'copy-failed'
      readonly dialect: 'sqlite' | 'postgres'
      readonly from: number
      readonly copy: string
      readonly detail: string
    }
  | UnknownRowFailure

/** A row that no version known to this program writes. Guessing its meaning could admit a device. */
export interface UnknownRowFailure {
  readonly kind: 'unknown-row'
  readonly table: string
  readonly key: string
  readonly column: string
  readonly found: string
  readonly wanted: string
}

/** The store is well, and says no to this change. */
export type ChangeRefusal =
  | {
      readonly kind: 'already-exists'
      readonly what: EntityKind
      readonly key: string
      /** It is not in use any more, and keeps its name for the audit trail and the devices under it. */
      readonly isRemoved?: true
    }
  | { readonly kind: 'not-found'; readonly what: EntityKind; readonly key: string }
  | {
      readonly kind: 'stale'
      readonly what: EntityKind
      readonly key: string
      readonly expected: number
      readonly found: number
    }
  | {
      readonly kind: 'too-many'
      readonly what: EntityKind
      readonly found: number
      readonly limit: number
    }
  | { readonly kind: 'bad-cursor'; readonly found: string }
  | {
      readonly kind: 'standing-refused'
      readonly setting: string
      readonly found: string
      readonly wanted: string
    }
  | { readonly kind: 'distrust-forgotten'; readonly setting: string }
  | { readonly kind: 'setting-in-use'; readonly setting: string; readonly devices: number }
  | { readonly kind: 'device-blocked'; readonly device: string }
  | { readonly kind: 'latched'; readonly since: Instant }
  | { readonly kind: 'oauth-both-disabled' }
  | { readonly kind: 'devices-pending'; readonly pending: number; readonly unidentified: number }
  | { readonly kind: 'last-administrator'; readonly name: string }
  | SealFailure
  | TransferFailure

/** A secret that cannot be sealed or opened here. */
export type SealFailure =
  | { readonly kind: 'key-missing'; readonly version: number; readonly held: readonly number[] }
  | { readonly kind: 'key-wrong'; readonly version: number }
  | { readonly kind: 'key-not-newer'; readonly ring: number; readonly current: number }
  | { readonly kind: 'key-not-made'; readonly detail: string }
  /** Running instances that could open nothing that is sealed after a rotation. */
  | {
      readonly kind: 'instances-lack-key'
      readonly version: number
      readonly instances: readonly string[]
    }
  | { readonly kind: 'seal-broken'; readonly secret: string }
  | { readonly kind: 'secret-too-large'; readonly limit: number }
  | { readonly kind: 'secrets-full'; readonly limit: number }

/** An export that cannot be taken in, or a copy that cannot be written. */
export type TransferFailure =
  | { readonly kind: 'import-into-used'; readonly table: string }
  | { readonly kind: 'import-malformed'; readonly line: number; readonly detail: string }
  | { readonly kind: 'import-other-schema'; readonly found: number; readonly wanted: number }
  | { readonly kind: 'backup-refused'; readonly detail: string }
  /** No folder takes the copy that is to be sent; each that was tried, and why not. */
  | { readonly kind: 'backup-unwritable'; readonly tried: readonly string[] }
  /** The database is no file; `command` makes a backup of it. */
  | { readonly kind: 'backup-elsewhere'; readonly command: string }

/** The nouns of which there can be too many, none, or an older one. */
export type EntityKind =
  | 'administrator'
  | 'deny entry'
  | 'device'
  | 'enforcement'
  | 'enrollment setting'
  | 'oauth'
  | 'port'
  | 'refusal'
  | 'revocation list'
  | 'saved query'
  | 'secret'
  | 'session'
  | 'settings document'
  | 'token'

export type StoreFailure = StoreTrouble | ChangeRefusal

/** What the store answers to a question, unless it is in trouble. */
export type Answer<Value> = Promise<Result<Value, StoreTrouble>>

/** What comes of something that the store may also refuse: of each change, and of a list with a cursor. */
export type Outcome<Value> = Promise<Result<Value, StoreFailure>>
