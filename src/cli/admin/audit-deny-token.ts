/** `tfe audit`, `tfe deny` and `tfe token`. */
import type { CommandResult } from '../command-environment.ts'
import {
  nextPageHint,
  pathSegment,
  queryOf,
  formatTable,
  type CommandContext,
} from './command-context.ts'

interface AuditRow {
  readonly at: string
  readonly who: string
  readonly from: string
  readonly action: string
  readonly subject: string
}

/** Reads the audit trail. */
export async function audit(context: CommandContext): Promise<CommandResult> {
  const names = ['who', 'action', 'subject', 'since', 'until', 'limit', 'after']
  const response = await context.get<{ items: readonly AuditRow[]; next: string | null }>(
    `/api/audit${queryOf(context.options, names)}`,
  )
  if (!response.ok) return response.failure
  const { body } = response.value
  const rows = body.items.map((it) => [it.at, it.who, it.from, it.action, it.subject])
  const heads = ['WHEN', 'WHO', 'FROM', 'ACTION', 'SUBJECT']
  return context.print(body, [...formatTable(heads, rows), ...nextPageHint(body.next)])
}

type Denied =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'serial'; readonly issuer_key: string; readonly serial: string }

interface DenyListItem {
  readonly denied: Denied
  readonly note: string
  readonly created_by: string
  readonly created: string
}

export async function denyList(context: CommandContext): Promise<CommandResult> {
  const response = await context.get<{ items: readonly DenyListItem[] }>('/api/deny-list')
  if (!response.ok) return response.failure
  const { body } = response.value
  const rows = body.items.map((it) => [deniedText(it.denied), it.note, it.created_by, it.created])
  return context.print(body, formatTable(['DENIED', 'NOTE', 'BY', 'SINCE'], rows))
}

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
  const body = { denied, note: context.options.get('note') }
  const response = await context.request<DenyListItem>({
    method: 'POST',
    path: '/api/deny-list',
    body,
  })
  return response.ok
    ? context.print(response.value.body, [`${deniedText(denied)} is denied`])
    : response.failure
}

export async function undeny(context: CommandContext): Promise<CommandResult> {
  const denied = parseDenied(context.argument(0))
  if (denied === undefined) return DENY_TARGET_WANTED
  const path = '/api/deny-list/remove'
  const response = await context.request({ method: 'POST', path, body: { denied } })
  return response.ok
    ? context.print({ removed: denied }, [`${deniedText(denied)} is off the list`])
    : response.failure
}

interface TokenItem {
  readonly id: string
  readonly administrator: string
  readonly role: string
  readonly label: string
  readonly expires: string
  readonly last_used: string | null
}

export async function listTokens(context: CommandContext): Promise<CommandResult> {
  const response = await context.get<{ items: readonly TokenItem[] }>('/api/tokens')
  if (!response.ok) return response.failure
  const { body } = response.value
  const rows = body.items.map((it) => [
    it.id,
    it.administrator,
    it.role,
    it.label,
    it.expires,
    it.last_used,
  ])
  return context.print(body, formatTable(['ID', 'OF', 'ROLE', 'LABEL', 'ENDS', 'LAST USED'], rows))
}

export async function createToken(context: CommandContext): Promise<CommandResult> {
  const text = context.options.get('days') ?? '30'
  if (!/^\d{1,3}$/u.test(text))
    return `found --days '${text.slice(0, 20)}', wanted a number of days`
  const role = context.options.get('role')
  const body = {
    label: context.argument(0),
    days: Number(text),
    ...(role === undefined ? {} : { role }),
  }
  const response = await context.request<{ token: string; about: TokenItem }>({
    method: 'POST',
    path: '/api/tokens',
    body,
  })
  if (!response.ok) return response.failure
  const { token, about } = response.value.body
  context.terminal.err(`${about.id}: ${about.role} until ${about.expires}; it is shown this once\n`)
  return context.print(response.value.body, [token])
}

export async function revoke(context: CommandContext): Promise<CommandResult> {
  const id = context.argument(0)
  const response = await context.request({
    method: 'DELETE',
    path: `/api/tokens/${pathSegment(id)}`,
  })
  return response.ok ? context.print({ revoked: id }, [`${id} is revoked`]) : response.failure
}
