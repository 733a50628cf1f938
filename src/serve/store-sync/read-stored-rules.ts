/** What the store of a configuration says of the whole fleet, read beside a front end that serves from it, or without one. */
import type { Config } from '../../config/config.ts'
import { fail, ok, type Fault, type Result } from '../../kernel/types.ts'
import type { KeptCrls } from '../../revoke/registry.ts'
import type { StoreRules } from '../../state/store-rules.ts'
import { configuredStore, readConfiguredStore, storeFault } from './configured-store.ts'
import { readKeptCrls } from './kept-crls.ts'
import { readRules } from './read-rules.ts'

/** What is in force by the store, and the revocation lists that a start goes on with. */
export interface StoredRules {
  readonly rules: StoreRules
  readonly keptCrls: readonly KeptCrls[]
}

/** Opens the store to be read and nothing else, and closes it again. */
export async function readStoredRules(
  config: Config,
): Promise<Result<StoredRules, readonly Fault[]>> {
  const configured = configuredStore(config)
  if (!configured.ok) return configured
  const opened = await readConfiguredStore(configured.value)
  if (!opened.ok) return opened
  try {
    const rules = await readRules(opened.value, config, 0)
    if (!rules.ok) return fail([storeFault(configured.value, rules.failure)])
    const kept = await readKeptCrls(opened.value)
    if (!kept.ok) return fail([storeFault(configured.value, kept.failure)])
    return ok({ rules: rules.value, keptCrls: kept.value })
  } finally {
    await opened.value.close()
  }
}
