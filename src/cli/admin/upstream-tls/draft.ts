/** `tfe upstream-tls draft` and `reset`: what an upstream should be called with, before it is applied. */
import { fail, ok, type Result } from '../../../kernel/types.ts'
import type { CommandResult, Options } from '../../command-environment.ts'
import { readInput } from '../../read-input.ts'
import type { CommandContext } from '../command-context.ts'
import { COLUMNS, upstreamPath, type TlsSettings, type TlsState } from './settings.ts'
import { changeLines } from './show.ts'

/** A draft as the API takes it. */
interface DraftBody extends Omit<TlsState, 'custom_store'> {
  readonly custom_store: { readonly enabled: boolean; readonly certificates: readonly string[] }
}

/** Changes the parts of the draft that the options name, and puts it whole. */
export async function draft(context: CommandContext): Promise<CommandResult> {
  const { options } = context
  const named = PARTS.filter((name) => options.has(name))
  if (named.length === 0) {
    return `draft needs a part to change: ${PARTS.map((name) => `--${name}`).join(', ')}`
  }
  const columns = columnsOf(options)
  if (!columns.ok) return columns.failure
  const store = customStoreOf(options)
  if (!store.ok) return store.failure
  const found = await context.get<TlsSettings>(upstreamPath(context, '/tls'))
  if (!found.ok) return found.failure
  const old = found.value.body.draft
  const body: DraftBody = {
    ...old,
    ...(options.has('mode')
      ? { mode: options.get('mode') === 'custom' ? 'custom' : 'default' }
      : {}),
    ...columns.value,
    strict: isOn(options.get('strict'), old.strict),
    allow_and_log: isOn(options.get('allow-and-log'), old.allow_and_log),
    default_store: options.get('default-store') ?? old.default_store,
    custom_store: {
      enabled: old.custom_store.enabled,
      certificates: old.custom_store.certificates.map(({ pem }) => pem),
      ...store.value,
    },
    sni: options.get('sni') ?? old.sni,
  }
  return await putDraft(context, body, found.value.etag)
}

const PARTS = [
  'mode',
  ...COLUMNS,
  'strict',
  'allow-and-log',
  'default-store',
  'custom-store',
  'sni',
] as const

/** Puts the default draft; what is applied stays until that is applied. */
export async function reset(context: CommandContext): Promise<CommandResult> {
  const found = await context.get<TlsSettings>(upstreamPath(context, '/tls'))
  if (!found.ok) return found.failure
  return await putDraft(context, { mode: 'default' }, found.value.etag)
}

async function putDraft(
  context: CommandContext,
  body: DraftBody | { readonly mode: 'default' },
  match: string,
): Promise<CommandResult> {
  const path = upstreamPath(context, '/tls/draft')
  return await context.run<TlsSettings>({ method: 'PUT', path, body, match }, (settings) => [
    ...changeLines(settings, context.terminal),
    ...(isMovedInVain(settings) ? [MOVED_IN_VAIN] : []),
    ...(settings.changed
      ? [`next: tfe upstream-tls apply ${settings.upstream} makes it hold`]
      : []),
  ])
}

const isMovedInVain = ({ draft, default: usual }: TlsSettings): boolean =>
  draft.mode === 'default' &&
  COLUMNS.some((column) => draft[column].join(' ') !== usual[column].join(' '))

const MOVED_IN_VAIN =
  'note: the mode is default, so protocols, suites and groups have no effect; --mode custom uses them'

const isOn = (choice: string | undefined, old: boolean): boolean =>
  choice === undefined ? old : choice === 'on'

type Columns = Partial<Pick<TlsState, (typeof COLUMNS)[number]>>

function columnsOf(options: Options): Result<Columns, string> {
  const columns: Record<string, readonly string[]> = {}
  for (const column of COLUMNS) {
    const text = options.get(column)
    if (text === undefined) continue
    const names = text.split(',').map((name) => name.trim())
    if (names.includes('')) {
      return fail(`found --${column} '${text.slice(0, 60)}', wanted names with commas between them`)
    }
    columns[column] = names
  }
  return ok(columns)
}

/** `on` and `off` keep the certificates; a file takes their place. */
function customStoreOf(
  options: Options,
): Result<{ enabled?: boolean; certificates?: readonly string[] }, string> {
  const word = options.get('custom-store')
  if (word === undefined) return ok({})
  if (word === 'on' || word === 'off') return ok({ enabled: word === 'on' })
  const read = readInput(word, 'certificates in PEM, or on or off')
  if (!read.ok) return read
  return ok({ enabled: true, certificates: [read.value.toString('utf8')] })
}
