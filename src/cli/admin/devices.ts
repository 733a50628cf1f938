/** `tfe devices`: lists, one of them whole, and decisions about them. */
import { EXIT } from '../exit-code.ts'
import { facts, more, part, queryOf, table, type Desk, type End } from './command-context.ts'

interface Device {
  readonly id: string
  readonly inventory: { readonly id: string; readonly name: string | null } | null
  readonly class: string | null
  readonly agent_version: string | null
  readonly last_seen: string | null
  readonly first_seen: string | null
  readonly verdict: string | null
  readonly code: string | null
  readonly approval: string
  readonly awaiting: boolean
  readonly authentication: string
  readonly authentication_cause: string
  readonly migration: string
  readonly setting: string | null
  readonly not_after: string | null
}

interface Decided {
  readonly changed: readonly string[]
  readonly left: readonly { readonly id: string; readonly why: string; readonly text: string }[]
}

/** What each action does. */
export const DEVICES = {
  list,
  readiness,
  show,
  approve: (desk: Desk) => decide(desk, 'approve', 'approved'),
  block: (desk: Desk) => decide(desk, 'block', 'blocked'),
  unblock: (desk: Desk) => decide(desk, 'unblock', 'unblocked'),
  withdraw: (desk: Desk) => decide(desk, 'withdraw', 'unapproved'),
  forget,
} as const

async function list(desk: Desk): Promise<End> {
  const names = ['approval', 'authentication', 'migration', 'class', 'setting', 'verdict', 'code']
  const query = queryOf(desk.options, [...names, 'text', 'limit', 'after'])
  const told = await desk.get<{ items: readonly Device[]; next: string | null }>(
    `/api/devices${query}`,
  )
  if (!told.ok) return told.failure
  const { body } = told.value
  const rows = body.items.map((it) => [
    it.id,
    it.inventory?.name ?? it.inventory?.id ?? null,
    it.class,
    approvalOf(it),
    it.code,
    it.migration,
    it.last_seen,
  ])
  const heads = ['ID', 'NAME', 'CLASS', 'APPROVAL', 'LAST VERDICT', 'MIGRATION', 'LAST SEEN']
  return desk.print(body, [...table(heads, rows), ...more(body.next)])
}

const approvalOf = ({ approval, awaiting }: Device): string =>
  awaiting ? `${approval}, awaiting next connection` : approval

async function readiness(desk: Desk): Promise<End> {
  const told = await desk.get<{
    readiness: readonly { label: string; state: string; devices: number }[]
    success_rate: number | null
    devices: number
  }>('/api/charts')
  if (!told.ok) return told.failure
  const { body } = told.value
  const rows = body.readiness.map(({ label, state, devices }) => [label, devices, state])
  // Rounded down, as in the warnings: a fleet that is not whole must not look so.
  const rate =
    body.success_rate === null
      ? 'nobody has tried yet'
      : `${Math.floor(body.success_rate * 1000) / 10} % of those that tried or cannot try`
  return desk.print(body, [
    ...table(['READINESS', 'DEVICES', 'LISTED BY --authentication'], rows),
    '',
    `success rate: ${rate}`,
  ])
}

async function show(desk: Desk): Promise<End> {
  const told = await desk.get<{
    device: Device
    certificates: readonly {
      fingerprint: string
      subject: string
      not_before: string
      not_after: string
      code: string
    }[]
    signed_ids: readonly string[]
  }>(`/api/devices/${part(desk.arg(0))}`)
  if (!told.ok) return told.failure
  const { body } = told.value
  const { device, certificates, signed_ids: ids } = body
  return desk.print(body, [
    ...facts([
      ['device', device.id],
      ['inventory', device.inventory?.id ?? null],
      ['class', device.class],
      ['agent version', device.agent_version],
      ['first seen', device.first_seen],
      ['last seen', device.last_seen],
      ['last verdict', device.code],
      ['approval', approvalOf(device)],
      ['authentication', `${device.authentication}: ${device.authentication_cause}`],
      ['migration', device.migration],
      ['enrollment setting', device.setting],
      ['certificate ends', device.not_after],
      ['signed ids', ids.length === 0 ? null : ids.join(', ')],
    ]),
    '',
    ...table(
      ['CERTIFICATE', 'SUBJECT', 'FROM', 'TO', 'LAST VERDICT'],
      certificates.map((it) => [
        it.fingerprint.slice(0, 16),
        it.subject,
        it.not_before,
        it.not_after,
        it.code,
      ]),
    ),
  ])
}

async function decide(desk: Desk, verb: string, done: string): Promise<End> {
  const devices: { readonly id: string; readonly version: number }[] = []
  for (const id of desk.takes) {
    const found = await desk.find<{ readonly device: { readonly version: number } }>(
      `/api/devices/${part(id)}`,
    )
    if (!found.ok) return found.failure
    devices.push({ id, version: found.value?.body.device.version ?? NO_VERSION })
  }
  const path = `/api/devices/${verb}`
  const told = await desk.ask<Decided>({ method: 'POST', path, body: { devices } })
  if (!told.ok) return told.failure
  const { body } = told.value
  desk.print(body, [
    ...body.changed.map((id) => `${id} is ${done}`),
    ...body.left.map(({ id, text }) => `${id} is left: ${text}`),
  ])
  // A script has to see that something it named was not done.
  return body.left.length === 0 ? EXIT.fine : EXIT.no
}

/** What is not there is sent all the same, so that the answer says of each what became of it; versions begin at 1. */
const NO_VERSION = 0

async function forget(desk: Desk): Promise<End> {
  const id = desk.arg(0)
  const path = `/api/devices/${part(id)}`
  const found = await desk.get<unknown>(path)
  if (!found.ok) return found.failure
  const told = await desk.ask({ method: 'DELETE', path, match: found.value.etag })
  return told.ok ? desk.print({ forgotten: id }, [`${id} is forgotten`]) : told.failure
}
