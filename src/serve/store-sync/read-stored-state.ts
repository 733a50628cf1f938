/** All that the store of a configuration says about verdicts, read beside a front end that serves from it, or without one. */
import type { Config } from '../../config/config.ts'
import { fail, ok, type Fault, type Result } from '../../kernel/types.ts'
import type { KeptCrls } from '../../revoke/registry.ts'
import { Overlay } from '../../state/overlay.ts'
import type { StoreRules } from '../../state/store-rules.ts'
import type { StoreFailure } from '../../store/failure.ts'
import type { Store } from '../../store/port.ts'
import { configuredStore, readConfiguredStore, storeFault } from './configured-store.ts'
import { readKeptCrls } from './kept-crls.ts'
import { readDecisions, readRules } from './read-rules.ts'

/** What a start would begin with. */
export interface StoredState {
  readonly rules: StoreRules
  readonly overlay: Overlay
  readonly kept: readonly KeptCrls[]
}

/** The store, opened to be read and nothing else, and its state. */
export interface OpenedState {
  readonly store: Store
  readonly state: StoredState
}

/** Opens and reads it; the caller closes the store. */
export async function openStoredState(
  config: Config,
): Promise<Result<OpenedState, readonly Fault[]>> {
  const configured = configuredStore(config)
  if (!configured.ok) return configured
  const store = await readConfiguredStore(configured.value)
  if (!store.ok) return store
  const state = await readStoredState(store.value, config)
  if (state.ok) return ok({ store: store.value, state: state.value })
  await store.value.close()
  return fail([storeFault(configured.value, state.failure)])
}

async function readStoredState(
  store: Store,
  config: Config,
): Promise<Result<StoredState, StoreFailure>> {
  const revision = await store.feed.revision()
  if (!revision.ok) return revision
  const rules = await readRules(store, config, revision.value)
  if (!rules.ok) return rules
  const overlay = new Overlay()
  const decisions = await readDecisions(store, revision.value, (delta) => overlay.apply(delta))
  if (!decisions.ok) return decisions
  const kept = await readKeptCrls(store)
  return kept.ok ? ok({ rules: rules.value, overlay, kept: kept.value }) : kept
}
