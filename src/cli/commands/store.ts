/**
 * The commands that work on the store itself, beside the serving program: `tfe init`, `tfe admin create` and
 * `tfe break-glass`.
 */
import { countText } from '../../kernel/count-text.ts'
import { userInfo } from 'node:os'
import { EXIT, type ExitCode } from '../exit-code.ts'
import type { CommandEnvironment } from '../command-environment.ts'
import { printAnswer, printFaultAnswer } from '../answer.ts'
import { localTimeText } from '../local-time.ts'
import { readNewSecret } from '../read-secret.ts'
import { replaceControlCharacters } from '../text-layout.ts'
import { loadConfig } from '../../config/load.ts'
import { fail, isoText, ok, type Fault, type Result } from '../../kernel/types.ts'
import type { Actor } from '../../store/transactions.ts'
import type { Store } from '../../store/port.ts'
import type { Credential, NewAdmin } from './create-admin.ts'
import { createAdmin } from './create-admin.ts'
import { createStore } from '../../serve/store-sync/create-store.ts'
import {
  configuredStore,
  openConfiguredStore,
  storeFault,
  upgradeNote,
  type ConfiguredStore,
} from '../../serve/store-sync/configured-store.ts'

/** What `tfe init` was given. */
export interface InitOptions {
  readonly file: string
  /** The file of an export that the store begins with. */
  readonly from: string | undefined
  readonly json: boolean
}

/** `tfe init`. */
export async function initCommand(
  { file, from, json }: InitOptions,
  { terminal, env }: CommandEnvironment,
): Promise<ExitCode> {
  const form = { terminal, json }
  const loaded = await loadConfig(file, env)
  if (!loaded.ok) return printFaultAnswer(loaded.failure, form)
  const created = await createStore(loaded.value, currentUser(), from)
  if (!created.ok) return printFaultAnswer(created.failure, form)
  const { paint, signs } = terminal
  const { where, enforcement, settings, keyFile, rows } = created.value
  const lines = [
    `${paint('good', signs.yes)} made the store ${where}`,
    `  enforcement          ${enforcement}${enforcement === 'required' ? '' : ': devices that would be refused are written down and admitted'}`,
    `  enrollment settings  ${settings.join(', ')} (from now on they are changed in the store, not in the file)`,
    ...(rows === undefined ? [] : [`  rows                 ${rows}, from ${from ?? 'an export'}`]),
    ...(keyFile === undefined
      ? []
      : [`  key ring             ${keyFile}: keep a copy apart from the store's backups`]),
    '',
    paint('bold', 'Next'),
    ...(rows === undefined
      ? [
          `  ${paint('code', `tfe admin create NAME --role administrator --token-file FILE --config ${file}`)}`,
        ]
      : []),
    `  ${paint('code', `tfe serve --config ${file}`)}`,
  ]
  const document = {
    outcome: 'created',
    store: where,
    enforcement,
    enrollment_settings: settings,
    rows: rows ?? null,
    key_ring: keyFile ?? null,
  }
  printAnswer({ document, lines }, form)
  return EXIT.ok
}

/** What `tfe admin create` was given. */
export interface CreateAdminOptions {
  readonly file: string
  readonly name: string
  readonly role: NewAdmin['role']
  /** Undefined: the password comes from standard input. */
  readonly tokenFile: string | undefined
  readonly json: boolean
}

/** `tfe admin create`; also while the program serves from the store. */
export async function adminCommand(
  options: CreateAdminOptions,
  context: CommandEnvironment,
): Promise<ExitCode> {
  const { name, role, tokenFile, json } = options
  const { terminal } = context
  const form = { terminal, json }
  const read = tokenFile === undefined ? await readNewSecret(context, 'password') : ok('')
  if (!read.ok) return printFaultAnswer([{ at: 'password', message: read.failure }], form)
  const credential: Credential =
    tokenFile === undefined
      ? { kind: 'password', password: read.value }
      : { kind: 'token-file', path: tokenFile }
  const made = await withStore({ file: options.file, exclusive: false }, context, (store) =>
    createAdmin(store, { name, role, credential }, currentUser()),
  )
  if (!made.ok) return printFaultAnswer(made.failure, form)
  const { paint, signs } = terminal
  const lines = [
    `${paint('good', signs.yes)} ${name} may sign in as ${role}`,
    ...(tokenFile === undefined
      ? []
      : [
          `  the token is in ${replaceControlCharacters(tokenFile)}, which only you can read; it ends in 30 days`,
        ]),
  ]
  const document = { outcome: 'created', name, role, token_file: tokenFile ?? null }
  printAnswer({ document, lines }, form)
  return EXIT.ok
}

/** What `tfe break-glass` was given. */
export interface BreakGlassOptions {
  readonly file: string
  readonly reason: string
  readonly json: boolean
}

/** `tfe break-glass`: undoes the latch of a store that no process serves from, and records who did and why. */
export async function breakGlassCommand(
  { file, reason, json }: BreakGlassOptions,
  context: CommandEnvironment,
): Promise<ExitCode> {
  const { terminal } = context
  const done = await withStore({ file, exclusive: true }, context, async (store, configured) => {
    const before = await store.enforcement.current()
    if (!before.ok) return fail([storeFault(configured, before.failure)])
    const after = await store.enforcement.dangerouslyBreakGlass(currentUser(), reason)
    if (!after.ok) return fail([storeFault(configured, after.failure)])
    return ok({ before: before.value, after: after.value })
  })
  const form = { terminal, json }
  if (!done.ok) return printFaultAnswer(done.failure, form)
  const { paint, signs, timeZone } = terminal
  const { before, after } = done.value
  const document = {
    outcome: before.state === 'recording' ? 'unchanged' : 'changed',
    enforcement: after.state,
    before: { enforcement: before.state, since: isoText(before.since) },
    times: after.glassBroken,
  }
  const since = localTimeText(before.since, timeZone)
  const line =
    before.state === 'recording'
      ? 'certificates were not required: nothing was changed'
      : `${paint('warn', signs.note)} certificates were required since ${since}; now: recording. The audit trail says who did this and why (${countText(after.glassBroken, 'time')} in all).`
  printAnswer({ document, lines: [line] }, form)
  return EXIT.ok
}

/** Finds the store that a configuration names. */
export async function loadConfiguredStore(
  file: string,
  env: CommandEnvironment['env'],
): Promise<Result<ConfiguredStore, readonly Fault[]>> {
  const loaded = await loadConfig(file, env)
  return loaded.ok ? configuredStore(loaded.value.config) : loaded
}

/** `exclusive`: no process serves from the store, and none begins to before the work is done. */
export async function withStore<Value>(
  { file, exclusive }: { readonly file: string; readonly exclusive: boolean },
  { env, terminal }: CommandEnvironment,
  work: (store: Store, configured: ConfiguredStore) => Promise<Result<Value, readonly Fault[]>>,
): Promise<Result<Value, readonly Fault[]>> {
  const configured = await loadConfiguredStore(file, env)
  if (!configured.ok) return configured
  const lock = exclusive ? 'exclusive' : 'shared'
  const opened = await openConfiguredStore(configured.value, { actor: currentUser(), lock })
  if (!opened.ok) return opened
  await using ending = new AsyncDisposableStack()
  const upgraded = upgradeNote(configured.value, opened.value)
  if (upgraded !== undefined) {
    const { from, to, copy, nextStep } = upgraded
    terminal.err(`the store was upgraded from schema ${from} to ${to}; its copy is ${copy}\n`)
    terminal.err(`  next step: ${nextStep}\n`)
  }
  const store = ending.adopt(opened.value, (one) => one.close())
  return await work(store, configured.value)
}

/** The account of the operating system: this machine knows no other name. */
export function currentUser(): Actor {
  try {
    return { who: userInfo().username, from: 'cli' }
  } catch {
    // A container may run under a number that has no name.
    return { who: `uid ${process.getuid?.() ?? 'unknown'}`, from: 'cli' }
  }
}
