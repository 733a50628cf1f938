/** What an account is made from: what is in force, the question, and how much of what decides it is known. */
import type { Certificate } from '../../x509/certificate.ts'
import type { CompiledConfig } from '../compiled-config.ts'
import type { Query } from './question.ts'

/**
 * Whence it is known what administrators decided. `running`: the process that serves, with all that it was told.
 * `store`: its store, read beside it. `file`: the configuration alone, whose store could not be read. `storeless`: there
 * is no store.
 */
export type Knowledge = 'running' | 'store' | 'file' | 'storeless'

export interface ExplainContext {
  readonly compiled: CompiledConfig
  readonly query: Query
  readonly knowledge: Knowledge
  /** What people call a certificate. */
  readonly naming: (certificate: Certificate) => string
  /** Whether the question is about what is kept of a certificate. */
  readonly isKept: boolean
}

/** Whether the store's word on single devices is in force here. */
export const knowsStore = ({ knowledge }: Pick<ExplainContext, 'knowledge'>): boolean =>
  knowledge === 'running' || knowledge === 'store'
