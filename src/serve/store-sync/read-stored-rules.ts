/** What the store of a configuration says of the whole fleet, read beside a front end that serves from it, or without one. */
import type { Config } from '../../config/config.ts'
import { fail, type Fault, type Result } from '../../kernel/types.ts'
import type { StoreRules } from '../../state/store-rules.ts'
import { configuredStore, readConfiguredStore, storeFault } from './configured-store.ts'
import { readRules } from './read-rules.ts'

/** Opens the store to be read and nothing else, and closes it again. */
export async function readStoredRules(
  config: Config,
): Promise<Result<StoreRules, readonly Fault[]>> {
  const configured = configuredStore(config)
  if (!configured.ok) return configured
  const opened = await readConfiguredStore(configured.value)
  if (!opened.ok) return opened
  try {
    const rules = await readRules(opened.value, config, 0)
    return rules.ok ? rules : fail([storeFault(configured.value, rules.failure)])
  } finally {
    await opened.value.close()
  }
}
