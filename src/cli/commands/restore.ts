/** `tfe restore`: a backup in the place of the store, while nothing serves from it; what that undoes is said first. */
import { countText } from '../../kernel/count-text.ts'
import { fail, isoText, ok, type Fault, type Instant, type Result } from '../../kernel/types.ts'
import {
  planRestore,
  type RestorePlan,
  type StoreFile,
} from '../../serve/store-sync/restore-store.ts'
import { postgresCommands } from '../../store/engine/postgres-commands.ts'
import { storeSettingsOf } from '../../serve/store-sync/configured-store.ts'
import { explainStoreLock, lockStore } from '../../store/engine/lock.ts'
import type { Loss, LossKind } from '../../store/restore/losses.ts'
import { printAnswer, printFaultAnswer, type AnswerForm } from '../answer.ts'
import type { CommandEnvironment, CommandResult } from '../command-environment.ts'
import { EXIT } from '../exit-code.ts'
import { localTimeText } from '../local-time.ts'
import { replaceControlCharacters } from '../text-layout.ts'
import { currentUser, loadConfiguredStore } from './store.ts'

/** What `tfe restore` was given. */
export interface RestoreOptions {
  readonly backup: string
  readonly file: string
  readonly dryRun: boolean
  readonly confirmed: boolean
  readonly json: boolean
}

/** Says what a restore undoes; without --dry-run it is carried out once that was confirmed. */
export async function restoreCommand(
  { backup, file, dryRun, confirmed, json }: RestoreOptions,
  { terminal, env }: CommandEnvironment,
): Promise<CommandResult> {
  const form = { terminal, json }
  const store = await storeFileOf(file, env)
  if (!store.ok) return printFaultAnswer(store.failure, form)
  await using ending = new AsyncDisposableStack()
  if (!dryRun) {
    // Held to the end: nothing begins to serve from what is about to be replaced.
    const lock = await lockStore(storeSettingsOf(store.value), 'exclusive')
    if (!lock.ok) {
      const message = explainStoreLock(lock.failure)
      return printFaultAnswer([{ at: store.value.at, message }], form)
    }
    ending.defer(() => lock.value.release())
  }
  const planned = await planRestore(store.value, backup, Date.now() as Instant)
  if (!planned.ok) return printFaultAnswer(planned.failure, form)
  const plan = ending.use(planned.value)
  const lines = linesOf(plan, form).map(replaceControlCharacters)
  if (dryRun) {
    const outcome = isHarmless(plan) ? 'nothing-lost' : 'would-lose'
    printAnswer({ document: documentOf(outcome, plan), lines }, form)
    return outcome === 'nothing-lost' ? EXIT.ok : EXIT.no
  }
  const notice = json ? terminal.err : terminal.out
  for (const line of lines) notice(`${line}\n`)
  if (!confirmed && plan.present !== undefined) {
    if (terminal.ask === undefined)
      return 'this has to be confirmed, and there is no terminal to ask at: add --confirm'
    const answer = await terminal.ask('type yes to put the backup in the place of the store: ')
    if (answer.trim() !== 'yes')
      return printFaultAnswer([{ at: 'tfe restore', message: 'nothing was changed' }], form)
  }
  const done = await plan.carryOut(currentUser(), Date.now() as Instant)
  if (!done.ok) {
    const message = `${done.failure.message}. The store that was there is as it was`
    return printFaultAnswer([{ ...done.failure, message }], form)
  }
  const { paint, signs } = terminal
  const { kept, listsKept } = done.value
  const said = [
    `${paint('good', signs.yes)} restored ${store.value.path}`,
    ...(kept === undefined ? [] : [`  the old store is kept as ${kept}`]),
    ...(listsKept === 0
      ? []
      : [`  the newer revocation lists of ${countText(listsKept, 'place')} were kept`]),
    '',
    paint('bold', 'Next'),
    `  ${paint('code', `tfe serve --config ${file}`)}`,
  ]
  const document = {
    ...documentOf('restored', plan),
    store: store.value.path,
    kept: kept ?? null,
    lists_kept: listsKept,
  }
  printAnswer({ document, lines: said.map(replaceControlCharacters) }, form)
  return EXIT.ok
}

async function storeFileOf(
  file: string,
  env: CommandEnvironment['env'],
): Promise<Result<StoreFile, readonly Fault[]>> {
  const configured = await loadConfiguredStore(file, env)
  if (!configured.ok) return configured
  if (configured.value.kind === 'sqlite') return ok(configured.value)
  const { restore } = postgresCommands(configured.value.url.text, configured.value.schema)
  const message = `the store is PostgreSQL, which is restored by its own tools: stop every replica, then run \`${restore}\``
  return fail([{ at: configured.value.at, message }])
}

/** What is not known may be lost. */
const isHarmless = ({ losses, present }: RestorePlan): boolean =>
  losses.length === 0 && present?.ok !== false

function linesOf(plan: RestorePlan, { terminal: { paint, signs, timeZone } }: AnswerForm) {
  const { backup, present, keys, losses } = plan
  const time = (at: Instant | undefined): string =>
    at === undefined ? 'never' : localTimeText(at, timeZone)
  const lines = [
    `${paint('good', signs.yes)} the backup is whole: schema ${backup.schema}, revision ${backup.revision}, changed last ${time(backup.changedAt)}`,
    `  store    ${backup.storeId}`,
    `  sealing  ${keysText(keys)}`,
  ]
  if (present === undefined) return [...lines, 'there is no store in its place now']
  if (!present.ok)
    return [
      ...lines,
      `${paint('warn', signs.note)} the store that is there cannot be read, so that it cannot be said which decisions are lost: ${present.failure.message}`,
      'denials, blocks and the latch that came after the backup are lost; the old store is kept under another name',
    ]
  const { storeId, revision, changedAt } = present.value
  lines.push(
    storeId === backup.storeId
      ? `it takes the place of the same store at revision ${revision}, changed last ${time(changedAt)}`
      : `${paint('warn', signs.note)} it takes the place of another store: ${storeId}, revision ${revision}, changed last ${time(changedAt)}`,
  )
  if (losses.length === 0) lines.push('no stricter decision is lost')
  for (const { kind, items } of losses)
    lines.push(...lossLines(kind, items, paint('warn', signs.note)))
  return [
    ...lines,
    'what was recorded since the backup is lost, too; the old store is kept under another name',
  ]
}

const keysText = ({ version, isHeld, secrets }: RestorePlan['keys']): string =>
  version === 0
    ? 'no key, and no secrets'
    : isHeld
      ? `key ${version} is in the key ring; it opens ${countText(secrets, 'secret')}`
      : `key ${version} is not in the key ring, and ${countText(secrets, 'secret')} cannot be opened without it: bring it with \`tfe keys import\``

function lossLines(kind: LossKind, items: readonly string[], sign: string): readonly string[] {
  const shown = items.slice(0, SHOWN)
  const more = items.length - shown.length
  return [
    `${sign} ${SENTENCES[kind]}${kind === 'latch' ? '' : ` (${items.length})`}`,
    ...(kind === 'latch' ? [] : shown.map((item) => `    ${item}`)),
    ...(more === 0 ? [] : [`    and ${more} more: add --json for all`]),
  ]
}

const SHOWN = 20

const SENTENCES: Readonly<Record<LossKind, string>> = {
  latch: 'the latch is undone: certificates are required now, and the backup is from before',
  'deny-entries': 'entries of the deny list are lost',
  blocks: 'blocks of devices are lost',
  'withdrawn-approvals': 'devices are approved again',
  standings: 'enrollment settings have another standing again',
  'closed-endpoints': 'OAuth endpoints are open again',
  'closed-ports': 'ports are open again',
  administrators: 'administrators can do more again',
  tokens: 'API tokens that were revoked count again',
}

const documentOf = (outcome: string, { backup, present, losses, keys }: RestorePlan): object => ({
  outcome,
  backup: factsDocument(backup),
  present: present?.ok === true ? factsDocument(present.value) : null,
  present_fault: present?.ok === false ? present.failure.message : null,
  sealing_key: { version: keys.version, held: keys.isHeld, secrets: keys.secrets },
  lost: losses.map(({ kind, items }: Loss) => ({ kind, count: items.length, items: [...items] })),
})

const factsDocument = ({
  storeId,
  schema,
  revision,
  changedAt,
}: RestorePlan['backup']): object => ({
  store: storeId,
  schema,
  revision,
  changed_at: changedAt === undefined ? null : isoText(changedAt),
})
