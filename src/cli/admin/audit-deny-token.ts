/** `tfe audit`, `tfe deny` and `tfe token`. */
import type { CommandResult } from '../command-environment.ts'
import { findListed } from './find-listed.ts'
import { printPreview } from './preview/preview.ts'
import { formatTable, timeCell, timeText, wholeCell } from '../table.ts'
import { replaceControlCharacters } from '../text-layout.ts'
import {
  type Page,
  nextPageHint,
  pathSegment,
  queryOf,
  type CommandContext,
} from './command-context.ts'

interface AuditRow {
  readonly at: string
  readonly who: string
  readonly from: string
  readonly action: string
  readonly subject: string
  readonly device_subject: string | null
}

/** Reads the audit trail. */
export function audit(context: CommandContext): Promise<CommandResult> {
  const names = ['who', 'action', 'subject', 'since', 'until', 'limit', 'after']
  const heads = ['WHEN', 'WHO', 'FROM', 'ACTION', 'SUBJECT']
  const path = `/api/audit${queryOf(context.options, names)}`
  return context.show<Page<AuditRow>>(path, ({ items, next }, view) => {
    const rows = items.map((it) => [timeCell(it.at), it.who, it.from, it.action, subjectText(it)])
    return [...formatTable(heads, rows, view), ...nextPageHint(next)]
  })
}

/** A device by its name as well, as the other lists show it. */
const subjectText = ({ subject, device_subject: name }: AuditRow): string =>
  name === null ? subject : `${subject} ${name}`

type Denied =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'serial'; readonly issuer_key: string; readonly serial: string }

interface DenyListItem {
  readonly denied: Denied
  readonly note: string
  readonly created_by: string
  readonly created: string
}

export const denyList = (context: CommandContext): Promise<CommandResult> =>
  context.show<{ items: readonly DenyListItem[] }>('/api/deny-list', ({ items }, view) => {
    const rows = items.map((it) => [
      wholeCell(deniedText(it.denied)),
      it.note,
      it.created_by,
      timeCell(it.created),
    ])
    return formatTable(['DENIED', 'NOTE', 'BY', 'SINCE'], rows, view)
  })

const deniedText = (it: Denied): string =>
  it.kind === 'key' ? it.key : `${it.issuer_key}:${it.serial}`

function parseDenied(text: string): Denied | undefined {
  const [, key = '', serial] = /^([0-9a-f]{64})(?::(-?(?:[0-9a-f]{2})+))?$/iu.exec(text) ?? []
  if (key === '') return undefined
  const lower = key.toLowerCase()
  return serial === undefined
    ? { kind: 'key', key: lower }
    : { kind: 'serial', issuer_key: lower, serial: serial.toLowerCase() }
}

const DENY_TARGET_WANTED =
  'wanted KEY or ISSUERKEY:SERIAL: 64 hexadecimal digits, and a serial in hexadecimal'

export async function deny(context: CommandContext): Promise<CommandResult> {
  const denied = parseDenied(context.argument(0))
  if (denied === undefined) return DENY_TARGET_WANTED
  if (context.options.has('dry-run')) {
    return await printPreview(context, '/api/deny-list/preview', { denied })
  }
  const body = { denied, note: context.options.get('note') }
  const lines = () => [`${deniedText(denied)} is denied`]
  return await context.run({ method: 'POST', path: '/api/deny-list', body }, lines)
}

export async function undeny(context: CommandContext): Promise<CommandResult> {
  const denied = parseDenied(context.argument(0))
  if (denied === undefined) return DENY_TARGET_WANTED
  const request = { method: 'POST', path: '/api/deny-list/remove', body: { denied } } as const
  const lines = () => [`${deniedText(denied)} is off the list`]
  return await context.run(request, lines, { removed: denied })
}

const TOKENS = '/api/tokens'

interface TokenItem {
  readonly id: string
  readonly administrator: string
  readonly role: string
  readonly label: string
  readonly expires: string
  readonly last_used: string | null
}

export const listTokens = (context: CommandContext): Promise<CommandResult> =>
  context.show<{ items: readonly TokenItem[] }>(TOKENS, ({ items }, view) =>
    formatTable(
      ['ID', 'OF', 'ROLE', 'LABEL', 'ENDS', 'LAST USED'],
      items.map((it) => [
        wholeCell(it.id),
        it.administrator,
        it.role,
        it.label,
        timeCell(it.expires),
        timeCell(it.last_used),
      ]),
      view,
    ),
  )

export async function createToken(context: CommandContext): Promise<CommandResult> {
  const days = context.options.get('days') ?? '30'
  const role = context.options.get('role')
  const body = {
    label: context.argument(0),
    days: Number(days),
    ...(role === undefined ? {} : { role }),
  }
  const response = await context.request<{ token: string; about: TokenItem }>({
    method: 'POST',
    path: TOKENS,
    body,
  })
  if (!response.ok) return response.failure
  const { token, about } = response.value.body
  const until = timeText(about.expires, context.view)
  const notice = `${about.id}: ${about.role} until ${until}; it is shown this once`
  context.terminal.err(`${replaceControlCharacters(notice)}\n`)
  return context.print(response.value.body, [token])
}

export async function revoke(context: CommandContext): Promise<CommandResult> {
  const found = await findListed<TokenItem>(context, context.argument(0), {
    path: TOKENS,
    what: 'token',
    command: 'tfe token list',
    idOf: ({ id }) => id,
    nameOf: ({ label }) => label,
  })
  if (!found.ok) return found.failure
  const { id, label } = found.value
  const request = { method: 'DELETE', path: `${TOKENS}/${pathSegment(id)}` } as const
  return await context.run(request, () => [`${id} (${label}) is revoked`], { revoked: id })
}
