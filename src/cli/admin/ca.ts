/** `tfe ca`: enrollment settings, from their upload to their end. */
import { readFileSync } from 'node:fs'
import type { CommandResult } from '../command-environment.ts'
import { confirmAll } from './confirm.ts'
import { formatFacts, pathSegment, formatTable, type CommandContext } from './command-context.ts'

interface EnrollmentSettingItem {
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

const BASE = '/api/enrollment-settings'
const settingPath = (context: CommandContext, rest = ''): string =>
  `${BASE}/${pathSegment(context.argument(0))}${rest}`

export async function list(context: CommandContext): Promise<CommandResult> {
  const response = await context.get<{ items: readonly EnrollmentSettingItem[] }>(BASE)
  if (!response.ok) return response.failure
  const { body } = response.value
  const rows = body.items.map((it) => [
    it.name,
    it.standing,
    it.source,
    it.chain[0]?.subject ?? null,
    it.sunset,
  ])
  return context.print(body, formatTable(['NAME', 'STANDING', 'SOURCE', 'CA', 'SUNSET'], rows))
}

export async function show(context: CommandContext): Promise<CommandResult> {
  const response = await context.get<{ setting: EnrollmentSettingItem; dependents: number }>(
    settingPath(context),
  )
  if (!response.ok) return response.failure
  const { body } = response.value
  return context.print(body, [
    ...settingLines(body.setting),
    `devices that depend on it: ${body.dependents}`,
  ])
}

const settingLines = (it: EnrollmentSettingItem): readonly string[] => [
  ...formatFacts([
    ['name', it.name],
    ['standing', it.standing],
    ['source', it.source],
    ['retired', it.retired_at],
    ['cut-off', it.cut_off],
    ['sunset', it.sunset],
  ]),
  '',
  ...formatTable(
    ['SUBJECT', 'ENDS', 'KEY'],
    it.chain.map((one) => [one.subject, one.not_after, one.key]),
  ),
]

export async function upload(context: CommandContext): Promise<CommandResult> {
  const file = context.argument(1)
  const octets = readFile(file)
  if (typeof octets === 'string') return octets
  const text = octets.toString('utf8')
  const chain = text.includes('-----BEGIN') ? text : octets.toString('base64')
  const source = context.options.get('source') ?? 'other'
  const response = await context.request<{
    setting: EnrollmentSettingItem
    findings: readonly string[]
    warnings: readonly string[]
  }>({ method: 'POST', path: BASE, body: { name: context.argument(0), source, chain } })
  if (!response.ok) return response.failure
  const { body } = response.value
  return context.print(body, [
    ...settingLines(body.setting),
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
function retirement({ options }: CommandContext): { cut_off?: string; sunset?: string | null } {
  const [cutOff, sunset] = [options.get('cut-off'), options.get('sunset')]
  return {
    ...(cutOff === undefined ? {} : { cut_off: cutOff }),
    ...(sunset === undefined ? {} : { sunset: sunset === 'never' ? null : sunset }),
  }
}

export async function preview(context: CommandContext): Promise<CommandResult> {
  const at = context.options.get('at')
  const response = await context.request<{
    judged: number
    complete: boolean
    changes: readonly { setting: string; from: string; to: string; devices: number }[]
    items: readonly { device: string; subject: string; from: string; to: string }[]
  }>({
    method: 'POST',
    path: settingPath(context, '/preview'),
    body: {
      change: context.argument(1),
      ...retirement(context),
      ...(at === undefined ? {} : { at }),
    },
  })
  if (!response.ok) return response.failure
  const { body } = response.value
  const { judged, complete, changes, items } = body
  const head = `${judged} devices judged${complete ? '' : ', of more than that'}`
  if (changes.length === 0) return context.print(body, [`${head}; none would meet another verdict`])
  return context.print(body, [
    head,
    '',
    ...formatTable(
      ['SETTING', 'FROM', 'TO', 'DEVICES'],
      changes.map((it) => [it.setting, it.from, it.to, it.devices]),
    ),
    '',
    ...formatTable(
      ['DEVICE', 'SUBJECT', 'FROM', 'TO'],
      items.map((it) => [it.device, it.subject, it.from, it.to]),
    ),
  ])
}

/** Changes the setting at the version just read; the API refuses when another change was faster. */
async function changeSetting(
  context: CommandContext,
  method: 'PATCH' | 'POST',
  rest: string,
  body?: object,
) {
  const found = await context.get<unknown>(settingPath(context))
  if (!found.ok) return found
  const sent = body === undefined ? {} : { body }
  return await context.request<EnrollmentSettingItem>({
    method,
    path: settingPath(context, rest),
    match: found.value.etag,
    ...sent,
  })
}

export async function promote(context: CommandContext): Promise<CommandResult> {
  const body = { cut_off: 'not-before', sunset: null, ...retirement(context) }
  const response = await changeSetting(context, 'POST', '/promote', body)
  if (!response.ok) return response.failure
  const { current, retired } = response.value.body as unknown as {
    readonly current: EnrollmentSettingItem
    readonly retired: EnrollmentSettingItem | null
  }
  return context.print(response.value.body, [
    `${current.name} is current`,
    ...(retired === null ? [] : [`${retired.name} is previously trusted`]),
  ])
}

export async function amend(context: CommandContext): Promise<CommandResult> {
  const body = retirement(context)
  if (Object.keys(body).length === 0) return 'amend needs --cut-off or --sunset'
  return printStanding(context, await changeSetting(context, 'PATCH', '', body))
}

export async function remove(context: CommandContext): Promise<CommandResult> {
  return printStanding(
    context,
    await changeSetting(context, 'POST', '/remove', { force: context.options.has('force') }),
  )
}

export async function distrust(context: CommandContext): Promise<CommandResult> {
  const question = `every device under ${context.argument(0)} is refused at once, and its connections end`
  const may = await confirmAll(context, [question])
  if (may !== true) return may
  return printStanding(context, await changeSetting(context, 'POST', '/distrust'))
}

function printStanding(
  context: CommandContext,
  response: Awaited<ReturnType<typeof changeSetting>>,
): CommandResult {
  if (!response.ok) return response.failure
  const { body } = response.value
  return context.print(body, [`${body.name} is ${body.standing}`])
}
