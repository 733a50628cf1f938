/** `tfe enforce`, `tfe oauth` and `tfe port`: what is thrown for the whole fleet. */
import { confirmed, typedPhrase } from './confirm.ts'
import { facts, table, type Desk, type End } from './command-context.ts'

interface Enforcement {
  readonly enforcement: {
    readonly state: string
    readonly since: string
    readonly save_authentication: boolean
    readonly save_decryption: boolean
  }
  readonly warnings: readonly { readonly kind: string; readonly text: string }[]
  readonly would_refuse: readonly { readonly code: string; readonly devices: number }[]
  readonly phrase: string
}

/** What each action of `tfe enforce` does. */
export const ENFORCE = { status: enforceStatus, require } as const

async function enforceStatus(desk: Desk): Promise<End> {
  const told = await desk.get<Enforcement>('/api/enforcement')
  return told.ok ? desk.print(told.value.body, enforcementLines(told.value.body)) : told.failure
}

function enforcementLines(it: Enforcement): readonly string[] {
  const { state, since } = it.enforcement
  const refused = it.would_refuse.map(({ code, devices }) => [code, devices])
  return [
    `certificates are ${state === 'required' ? 'required' : 'recorded, not required'} since ${since}`,
    ...(it.warnings.length === 0 ? [] : ['', 'before certificates are required:']),
    ...it.warnings.map(({ text }) => `- ${text}`),
    ...(refused.length === 0 ? [] : ['', ...table(['WOULD BE REFUSED', 'DEVICES'], refused)]),
  ]
}

async function require(desk: Desk): Promise<End> {
  const told = await desk.get<Enforcement>('/api/enforcement')
  if (!told.ok) return told.failure
  const { body, etag } = told.value
  desk.note(enforcementLines(body))
  const phrase = await typedPhrase(desk, body.phrase)
  if (phrase.kind === 'end') return phrase.end
  const done = await desk.ask<Enforcement['enforcement']>({
    method: 'POST',
    path: '/api/enforcement/require',
    match: etag,
    body: {
      phrase: phrase.text,
      read: body.warnings.map(({ kind }) => kind),
      save_authentication: body.enforcement.save_authentication,
      save_decryption: body.enforcement.save_decryption,
    },
  })
  if (!done.ok) return done.failure
  return desk.print(done.value.body, ['certificates are required'])
}

interface Oauth {
  readonly new: string
  readonly legacy: string
  readonly unmet: readonly { readonly code: string; readonly text: string }[]
}

/** What each action of `tfe oauth` does. */
export const OAUTH = {
  status: oauthStatus,
  'enable-new': (desk: Desk) => oauthChange(desk, 'enable-new'),
  'disable-new': (desk: Desk) => oauthChange(desk, 'disable-new'),
  'enable-legacy': (desk: Desk) => oauthChange(desk, 'enable-legacy'),
  'disable-legacy': disableLegacy,
} as const

async function oauthStatus(desk: Desk): Promise<End> {
  const told = await desk.get<Oauth>('/api/oauth')
  return told.ok ? desk.print(told.value.body, oauthLines(told.value.body)) : told.failure
}

const oauthLines = (it: Oauth): readonly string[] => [
  ...facts([
    ['new endpoint', it.new],
    ['legacy endpoint', it.legacy],
  ]),
  ...it.unmet.map(({ text }) => `- ${text}`),
]

async function oauthChange(desk: Desk, change: string, confirmations = 0): Promise<End> {
  const told = await desk.get<Oauth>('/api/oauth')
  if (!told.ok) return told.failure
  const match = told.value.etag
  const body = { change, confirmations }
  const done = await desk.ask<Oauth>({ method: 'POST', path: '/api/oauth', match, body })
  return done.ok ? desk.print(done.value.body, oauthLines(done.value.body)) : done.failure
}

async function disableLegacy(desk: Desk): Promise<End> {
  const may = await confirmed(desk, [
    'clients that have no certificate get no token any more, the watchOS app among them',
    'whoever depends on the legacy endpoint is locked out as soon as this is done',
  ])
  return may === true ? oauthChange(desk, 'disable-legacy', 2) : may
}

interface SyncPort {
  readonly state: string
  readonly forced: boolean
  readonly listener: string | null
  readonly pending: number
  readonly never_met: number
  readonly unidentified: number
  readonly unmet: readonly { readonly text: string; readonly next_step: string }[]
}

/** What each action of `tfe port` does. */
export const PORT = {
  status: portStatus,
  close: (desk: Desk) => portChange(desk, 'close', { force: desk.options.has('force') }),
  open: (desk: Desk) => portChange(desk, 'open'),
} as const

async function portStatus(desk: Desk): Promise<End> {
  const told = await desk.get<SyncPort>('/api/sync-port')
  return told.ok ? desk.print(told.value.body, portLines(told.value.body)) : told.failure
}

const portLines = (it: SyncPort): readonly string[] => [
  ...facts([
    ['sync port', it.forced ? `${it.state}, forced` : it.state],
    ['listener', it.listener],
    ['devices pending', it.pending],
    ['devices never met', it.never_met],
    ['connections unidentified', it.unidentified],
  ]),
  ...it.unmet.map(({ text, next_step: next }) => `- ${text}: ${next}`),
]

async function portChange(desk: Desk, verb: string, body?: object): Promise<End> {
  const told = await desk.get<SyncPort>('/api/sync-port')
  if (!told.ok) return told.failure
  const done = await desk.ask<SyncPort>({
    method: 'POST',
    path: `/api/sync-port/${verb}`,
    match: told.value.etag,
    ...(body === undefined ? {} : { body }),
  })
  return done.ok ? desk.print(done.value.body, portLines(done.value.body)) : done.failure
}
