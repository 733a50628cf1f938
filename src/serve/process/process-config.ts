/**
 * What the primary sends each serving process, and what a process sends it about the issuers it has met.
 */
import type { Config } from '../../config/config.ts'
import type { StoreRules } from '../../state/store-rules.ts'
import type { TrustVersion } from '../../kernel/types.ts'

/** A `ProcessConfig` is everything that a serving process is sent when it starts, and again whenever it changes. */
export interface ProcessConfig {
  readonly config: Config
  /** Counts up with every applied reload. */
  readonly version: number
  /** What session tickets are derived from; replaced regularly, never written down. */
  readonly ticketSecret: Buffer
  /** What hashes of account names are made with: the same in every process until the next start. */
  readonly accountKey: Buffer
  /** What the store says of the whole fleet, over the configuration; undefined without a store. */
  readonly rules: StoreRules | undefined
}

/** An issuer met on a sound path: a hint to those that have not met it. */
export interface IssuerHint {
  readonly der: Buffer
  readonly trustVersion: TrustVersion
}
