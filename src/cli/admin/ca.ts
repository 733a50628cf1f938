/** `tfe ca`: enrollment settings, from their upload to their end. */
import { readFileSync } from 'node:fs'
import { confirmed } from './confirm.ts'
import { facts, part, table, type Desk, type End } from './command-context.ts'

interface Setting {
  readonly name: string
  readonly source: string
  readonly standing: string
  readonly retired_at: string | null
  readonly cut_off: string | null
  readonly sunset: string | null
  readonly chain: readonly {
    readonly subject: string
    readonly key: string
    readonly not_after: string
  }[]
}

/** What each action does. */
export const CA = { list, show, upload, preview, promote, amend, remove, distrust } as const

const BASE = '/api/enrollment-settings'
const pathOf = (desk: Desk, rest = ''): string => `${BASE}/${part(desk.arg(0))}${rest}`

async function list(desk: Desk): Promise<End> {
  const told = await desk.get<{ items: readonly Setting[] }>(BASE)
  if (!told.ok) return told.failure
  const { body } = told.value
  const rows = body.items.map((it) => [
    it.name,
    it.standing,
    it.source,
    it.chain[0]?.subject ?? null,
    it.sunset,
  ])
  return desk.print(body, table(['NAME', 'STANDING', 'SOURCE', 'CA', 'SUNSET'], rows))
}

async function show(desk: Desk): Promise<End> {
  const told = await desk.get<{ setting: Setting; dependents: number }>(pathOf(desk))
  if (!told.ok) return told.failure
  const { body } = told.value
  return desk.print(body, [...shown(body.setting), `devices that depend on it: ${body.dependents}`])
}

const shown = (it: Setting): readonly string[] => [
  ...facts([
    ['name', it.name],
    ['standing', it.standing],
    ['source', it.source],
    ['retired', it.retired_at],
    ['cut-off', it.cut_off],
    ['sunset', it.sunset],
  ]),
  '',
  ...table(
    ['SUBJECT', 'ENDS', 'KEY'],
    it.chain.map((one) => [one.subject, one.not_after, one.key]),
  ),
]

async function upload(desk: Desk): Promise<End> {
  const file = desk.arg(1)
  const octets = readFile(file)
  if (typeof octets === 'string') return octets
  const text = octets.toString('utf8')
  const chain = text.includes('-----BEGIN') ? text : octets.toString('base64')
  const source = desk.options.get('source') ?? 'other'
  const told = await desk.ask<{
    setting: Setting
    findings: readonly string[]
    warnings: readonly string[]
  }>({ method: 'POST', path: BASE, body: { name: desk.arg(0), source, chain } })
  if (!told.ok) return told.failure
  const { body } = told.value
  return desk.print(body, [
    ...shown(body.setting),
    ...body.findings.map((it) => `finding: ${it}`),
    ...body.warnings.map((it) => `warning: ${it}`),
    `next: tfe ca preview ${body.setting.name} promote`,
  ])
}

function readFile(file: string): Buffer | string {
  try {
    return readFileSync(file)
  } catch (error) {
    return `${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`
  }
}

/** The retirement that the options speak of. */
function retirement({ options }: Desk): { cut_off?: string; sunset?: string | null } {
  const [cutOff, sunset] = [options.get('cut-off'), options.get('sunset')]
  return {
    ...(cutOff === undefined ? {} : { cut_off: cutOff }),
    ...(sunset === undefined ? {} : { sunset: sunset === 'never' ? null : sunset }),
  }
}

async function preview(desk: Desk): Promise<End> {
  const at = desk.options.get('at')
  const told = await desk.ask<{
    judged: number
    complete: boolean
    changes: readonly { setting: string; from: string; to: string; devices: number }[]
    items: readonly { device: string; subject: string; from: string; to: string }[]
  }>({
    method: 'POST',
    path: pathOf(desk, '/preview'),
    body: { change: desk.arg(1), ...retirement(desk), ...(at === undefined ? {} : { at }) },
  })
  if (!told.ok) return told.failure
  const { body } = told.value
  const { judged, complete, changes, items } = body
  const head = `${judged} devices judged${complete ? '' : ', of more than that'}`
  if (changes.length === 0) return desk.print(body, [`${head}; none would meet another verdict`])
  return desk.print(body, [
    head,
    '',
    ...table(
      ['SETTING', 'FROM', 'TO', 'DEVICES'],
      changes.map((it) => [it.setting, it.from, it.to, it.devices]),
    ),
    '',
    ...table(
      ['DEVICE', 'SUBJECT', 'FROM', 'TO'],
      items.map((it) => [it.device, it.subject, it.from, it.to]),
    ),
  ])
}

/** Changes the setting as it is now; whoever is faster wins, and we are told. */
async function change(desk: Desk, method: 'PATCH' | 'POST', rest: string, body?: object) {
  const found = await desk.get<unknown>(pathOf(desk))
  if (!found.ok) return found
  const sent = body === undefined ? {} : { body }
  return await desk.ask<Setting>({
    method,
    path: pathOf(desk, rest),
    match: found.value.etag,
    ...sent,
  })
}

async function promote(desk: Desk): Promise<End> {
  const body = { cut_off: 'not-before', sunset: null, ...retirement(desk) }
  const told = await change(desk, 'POST', '/promote', body)
  if (!told.ok) return told.failure
  const { current, retired } = told.value.body as unknown as {
    readonly current: Setting
    readonly retired: Setting | null
  }
  return desk.print(told.value.body, [
    `${current.name} is current`,
    ...(retired === null ? [] : [`${retired.name} is previously trusted`]),
  ])
}

async function amend(desk: Desk): Promise<End> {
  const body = retirement(desk)
  if (Object.keys(body).length === 0) return 'amend needs --cut-off or --sunset'
  return ended(desk, await change(desk, 'PATCH', '', body))
}

async function remove(desk: Desk): Promise<End> {
  return ended(desk, await change(desk, 'POST', '/remove', { force: desk.options.has('force') }))
}

async function distrust(desk: Desk): Promise<End> {
  const question = `every device under ${desk.arg(0)} is refused at once, and its connections end`
  const may = await confirmed(desk, [question])
  if (may !== true) return may
  return ended(desk, await change(desk, 'POST', '/distrust'))
}

function ended(desk: Desk, told: Awaited<ReturnType<typeof change>>): End {
  if (!told.ok) return told.failure
  const { body } = told.value
  return desk.print(body, [`${body.name} is ${body.standing}`])
}
