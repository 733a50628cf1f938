/** `tfe audit`, `tfe deny` and `tfe token`. */
import { more, part, queryOf, table, type Desk, type End } from './command-context.ts'

interface AuditRow {
  readonly at: string
  readonly who: string
  readonly from: string
  readonly action: string
  readonly subject: string
}

/** Reads the audit trail. */
export async function audit(desk: Desk): Promise<End> {
  const names = ['who', 'action', 'subject', 'since', 'until', 'limit', 'after']
  const told = await desk.get<{ items: readonly AuditRow[]; next: string | null }>(
    `/api/audit${queryOf(desk.options, names)}`,
  )
  if (!told.ok) return told.failure
  const { body } = told.value
  const rows = body.items.map((it) => [it.at, it.who, it.from, it.action, it.subject])
  const heads = ['WHEN', 'WHO', 'FROM', 'ACTION', 'SUBJECT']
  return desk.print(body, [...table(heads, rows), ...more(body.next)])
}

type Denied =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'serial'; readonly issuer_key: string; readonly serial: string }

interface Entry {
  readonly denied: Denied
  readonly note: string
  readonly created_by: string
  readonly created: string
}

/** What each action of `tfe deny` does. */
export const DENY = { list: denyList, add: deny, remove: undeny } as const

async function denyList(desk: Desk): Promise<End> {
  const told = await desk.get<{ items: readonly Entry[] }>('/api/deny-list')
  if (!told.ok) return told.failure
  const { body } = told.value
  const rows = body.items.map((it) => [whomOf(it.denied), it.note, it.created_by, it.created])
  return desk.print(body, table(['DENIED', 'NOTE', 'BY', 'SINCE'], rows))
}

const whomOf = (it: Denied): string =>
  it.kind === 'key' ? it.key : `${it.issuer_key}:${it.serial}`

function deniedOf(text: string): Denied | undefined {
  const [, key = '', serial] = /^([0-9a-f]{64})(?::(-?(?:[0-9a-f]{2})+))?$/iu.exec(text) ?? []
  if (key === '') return undefined
  const lower = key.toLowerCase()
  return serial === undefined
    ? { kind: 'key', key: lower }
    : { kind: 'serial', issuer_key: lower, serial: serial.toLowerCase() }
}

const NOBODY = 'wanted KEY or ISSUERKEY:SERIAL: 64 hexadecimal digits, and a serial in hexadecimal'

async function deny(desk: Desk): Promise<End> {
  const denied = deniedOf(desk.arg(0))
  if (denied === undefined) return NOBODY
  const note = desk.options.get('note')
  if (note === undefined) return 'deny add needs --note TEXT: whoever reads the list asks why'
  const body = { denied, note }
  const told = await desk.ask<Entry>({ method: 'POST', path: '/api/deny-list', body })
  return told.ok ? desk.print(told.value.body, [`${whomOf(denied)} is denied`]) : told.failure
}

async function undeny(desk: Desk): Promise<End> {
  const denied = deniedOf(desk.arg(0))
  if (denied === undefined) return NOBODY
  const path = '/api/deny-list/remove'
  const told = await desk.ask({ method: 'POST', path, body: { denied } })
  return told.ok
    ? desk.print({ removed: denied }, [`${whomOf(denied)} is off the list`])
    : told.failure
}

interface Token {
  readonly id: string
  readonly administrator: string
  readonly role: string
  readonly label: string
  readonly expires: string
  readonly last_used: string | null
}

/** What each action of `tfe token` does. */
export const TOKEN = { list: tokens, create: createToken, revoke } as const

async function tokens(desk: Desk): Promise<End> {
  const told = await desk.get<{ items: readonly Token[] }>('/api/tokens')
  if (!told.ok) return told.failure
  const { body } = told.value
  const rows = body.items.map((it) => [
    it.id,
    it.administrator,
    it.role,
    it.label,
    it.expires,
    it.last_used,
  ])
  return desk.print(body, table(['ID', 'OF', 'ROLE', 'LABEL', 'ENDS', 'LAST USED'], rows))
}

async function createToken(desk: Desk): Promise<End> {
  const text = desk.options.get('days') ?? '30'
  if (!/^\d{1,3}$/u.test(text))
    return `found --days '${text.slice(0, 20)}', wanted a number of days`
  const role = desk.options.get('role')
  const body = { label: desk.arg(0), days: Number(text), ...(role === undefined ? {} : { role }) }
  const told = await desk.ask<{ token: string; about: Token }>({
    method: 'POST',
    path: '/api/tokens',
    body,
  })
  if (!told.ok) return told.failure
  const { token, about } = told.value.body
  desk.terminal.err(`${about.id}: ${about.role} until ${about.expires}; it is shown this once\n`)
  return desk.print(told.value.body, [token])
}

async function revoke(desk: Desk): Promise<End> {
  const id = desk.arg(0)
  const told = await desk.ask({ method: 'DELETE', path: `/api/tokens/${part(id)}` })
  return told.ok ? desk.print({ revoked: id }, [`${id} is revoked`]) : told.failure
}
