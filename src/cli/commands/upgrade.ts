/** `tfe upgrade`: what the rules of this version change for a fleet, and the upgrade of its store while nothing serves. */
import { LOOKED_AT } from '../../serve/store-sync/stored-secrets.ts'
import { loadConfig } from '../../config/load.ts'
import { countText } from '../../kernel/count-text.ts'
import { fail, ok, type Fault, type Result } from '../../kernel/types.ts'
import {
  configuredStore,
  openConfiguredStore,
  readConfiguredStore,
  storeFault,
  upgradeNote,
  type ConfiguredStore,
} from '../../serve/store-sync/configured-store.ts'
import { readRuleChanges } from '../../serve/upgrade/read-changes.ts'
import type { RuleChange } from '../../serve/upgrade/rule-change.ts'
import { SCHEMA_VERSION } from '../../store/migrate/migrations.ts'
import { printAnswer, printFaultAnswer, type AnswerForm } from '../answer.ts'
import type { CommandEnvironment, CommandResult } from '../command-environment.ts'
import { EXIT } from '../exit-code.ts'
import { replaceControlCharacters } from '../text-layout.ts'
import { currentUser } from './store.ts'

/** What `tfe upgrade` was given. */
export interface UpgradeOptions {
  readonly file: string
  readonly dryRun: boolean
  readonly confirmed: boolean
  readonly json: boolean
}

interface Foretold {
  readonly configured: ConfiguredStore
  readonly schema: number
  readonly changes: readonly RuleChange[]
}

/** Lists what changes; without --dry-run it copies and upgrades the store once that was confirmed. */
export async function upgradeCommand(
  { file, dryRun, confirmed, json }: UpgradeOptions,
  { terminal, env }: CommandEnvironment,
): Promise<CommandResult> {
  const form = { terminal, json }
  const foretold = await foretell(file, env)
  if (!foretold.ok) return printFaultAnswer(foretold.failure, form)
  const { configured, schema, changes } = foretold.value
  if (dryRun) {
    const outcome = outcomeOf(changes)
    printAnswer(
      { document: documentOf(outcome, foretold.value), lines: linesOf(foretold.value) },
      form,
    )
    return outcome === 'touched' ? EXIT.no : EXIT.ok
  }
  if (schema === SCHEMA_VERSION) {
    printAnswer(
      { document: documentOf('unchanged', foretold.value), lines: linesOf(foretold.value) },
      form,
    )
    return EXIT.ok
  }
  // What is read before an answer is never in the way of JSON.
  const notice = json ? terminal.err : terminal.out
  for (const line of linesOf(foretold.value)) notice(`${line}\n`)
  if (!confirmed) {
    if (terminal.ask === undefined) {
      return 'this has to be confirmed, and there is no terminal to ask at: add --confirm'
    }
    const answer = await terminal.ask('type yes to copy and upgrade the store: ')
    if (answer.trim() !== 'yes') {
      return printFaultAnswer([{ at: 'tfe upgrade', message: 'nothing was changed' }], form)
    }
  }
  return await upgradeStore(configured, foretold.value, form)
}

async function foretell(
  file: string,
  env: CommandEnvironment['env'],
): Promise<Result<Foretold, readonly Fault[]>> {
  const loaded = await loadConfig(file, env, LOOKED_AT)
  if (!loaded.ok) return loaded
  const configured = configuredStore(loaded.value.config)
  if (!configured.ok) return configured
  const store = await readConfiguredStore(configured.value)
  if (!store.ok) return store
  try {
    const changes = await readRuleChanges(store.value, loaded.value.config)
    return changes.ok
      ? ok({
          configured: configured.value,
          schema: store.value.schemaFound,
          changes: changes.value,
        })
      : fail([storeFault(configured.value, changes.failure)])
  } finally {
    await store.value.close()
  }
}

async function upgradeStore(
  configured: ConfiguredStore,
  foretold: Foretold,
  form: AnswerForm,
): Promise<CommandResult> {
  const actor = currentUser()
  const opened = await openConfiguredStore(configured, { actor, lock: 'exclusive' })
  if (!opened.ok) return printFaultAnswer(opened.failure, form)
  try {
    const note = upgradeNote(configured, opened.value)
    const document = { ...documentOf('upgraded', foretold), copy: note?.copy ?? null }
    const { paint, signs } = form.terminal
    const lines =
      note === undefined
        ? ['another program has upgraded the store meanwhile']
        : [
            `${paint('good', signs.yes)} the store was upgraded from schema ${note.from} to ${note.to}; its copy is ${note.copy}`,
            `  next step: ${note.nextStep}`,
          ]
    printAnswer({ document, lines }, form)
    return EXIT.ok
  } finally {
    await opened.value.close()
  }
}

/** Scripts stop at `touched` alone: what needs no decision is told and lets the upgrade go on. */
function outcomeOf(
  changes: readonly RuleChange[],
): 'nothing-to-decide' | 'nothing-touched' | 'touched' {
  if (changes.length === 0) return 'nothing-touched'
  return changes.some(({ needsDecision }) => needsDecision) ? 'touched' : 'nothing-to-decide'
}

const documentOf = (outcome: string, { schema, changes }: Foretold): object => ({
  outcome,
  schema: { found: schema, known: SCHEMA_VERSION },
  changes: changes.map(({ code, sentence, next, needsDecision, touched }) => ({
    code,
    sentence,
    next_step: next,
    needs_decision: needsDecision,
    touched: touched.map(({ label, ...one }) => ({ ...one, label: label ?? null })),
  })),
})

function linesOf({ schema, changes }: Foretold): readonly string[] {
  const head =
    schema === SCHEMA_VERSION
      ? `the store is up to date: schema ${schema}`
      : `the store has schema ${schema}, and this version writes schema ${SCHEMA_VERSION}`
  return [head, ...changes.flatMap(changeLines), ...closing(changes)]
}

/** What has to be settled first, by the codes. */
function closing(changes: readonly RuleChange[]): readonly string[] {
  if (changes.length === 0) return ['no changed rule touches anything of this fleet']
  const open = changes.flatMap(({ code, needsDecision }) => (needsDecision ? [code] : []))
  return [
    '',
    open.length === 0 ? 'nothing has to be decided first' : `to decide first: ${open.join(', ')}`,
  ]
}

const changeLines = ({
  code,
  sentence,
  next,
  needsDecision,
  touched,
}: RuleChange): readonly string[] =>
  [
    '',
    `${code}${needsDecision ? '' : ' (a note, nothing to decide)'}: ${sentence}`,
    ...touched.map(
      ({ kind, name, label, before, after }) =>
        `  ${kind} ${name}${label === undefined ? '' : ` (${label})`}: ${before} -> ${after}`,
    ),
    `  ${countText(touched.length, 'thing')} touched; next: ${next}`,
  ].map(replaceControlCharacters)
