/** Tells, before an older store is opened for serving, what this version changes for its fleet. */
import type { Config } from '../../config/config.ts'
import { explanationFields } from '../../kernel/explanation.ts'
import { explainStore } from '../../store/explain.ts'
import { SCHEMA_VERSION } from '../../store/migrate/migrations.ts'
import type { ProcessLogger } from '../log.ts'
import { configuredStore, readConfiguredStore } from '../store-sync/configured-store.ts'
import { readRuleChanges } from './read-changes.ts'

/** Logs a line for each changed rule that touches something, with the first names. It never keeps a front end from serving. */
export async function logRuleChanges(config: Config, { log }: ProcessLogger): Promise<void> {
  const configured = configuredStore(config)
  // Why there is none, or why it cannot be read, is told by the opening that follows.
  if (!configured.ok) return
  const store = await readConfiguredStore(configured.value)
  if (!store.ok) return
  try {
    if (store.value.schemaFound >= SCHEMA_VERSION) return
    const changes = await readRuleChanges(store.value, config)
    if (!changes.ok) {
      const facts = explanationFields(explainStore(changes.failure))
      log.warn(facts, 'what this version changes for the fleet cannot be told')
      return
    }
    for (const { code, sentence, next, needsDecision, touched } of changes.value) {
      const names = touched.slice(0, FIRST_NAMES).map(({ name }) => name)
      const facts = { rule: code, why: sentence, touched: touched.length, names, next_step: next }
      if (needsDecision) log.warn(facts, 'a rule of this version touches this fleet')
      else log.info(facts, 'a rule of this version changes something that needs no decision')
    }
  } finally {
    await store.value.close()
  }
}

/** Enough to know what is meant; `tfe upgrade --dry-run` names all. */
const FIRST_NAMES = 5
