/** `tfe ca`: enrollment settings, from their upload to their end. */
import { countText } from '../../kernel/count-text.ts'
import { fail, ok, type Result } from '../../kernel/types.ts'
import type { CommandResult } from '../command-environment.ts'
import { confirmAll } from './confirm.ts'
import { confirmPreview, printPreview, type Preview } from './preview/preview.ts'
import type { ApiRequest } from './client.ts'
import {
  dayCell,
  formatFacts,
  formatTable,
  sentenceText,
  timeCell,
  wholeCell,
  type View,
} from '../table.ts'
import { pathSegment, type CommandContext } from './command-context.ts'
import { readInput } from '../read-input.ts'

interface EnrollmentSettingItem {
  readonly name: string
  readonly source: string
  readonly standing: string
  readonly retired_at: string | null
  readonly cut_off: string | null
  readonly sunset: string | null
  readonly revocation: string
  /** What is in force instead, where a stricter word of the configuration file holds. */
  readonly held_by_file: {
    readonly standing: string
    readonly sunset: string | null
    readonly at: string
  } | null
  readonly chain: readonly {
    readonly subject: string
    readonly key: string
    readonly not_after: string
  }[]
}

const BASE = '/api/enrollment-settings'
const settingPath = (context: CommandContext, rest = ''): string =>
  `${BASE}/${pathSegment(context.argument(0))}${rest}`

export const list = (context: CommandContext): Promise<CommandResult> =>
  context.show<{ items: readonly EnrollmentSettingItem[]; warnings: readonly string[] }>(
    BASE,
    ({ items, warnings }, view) => [
      ...formatTable(
        ['NAME', 'STANDING', 'SOURCE', 'CA', 'SUNSET', 'REVOCATION'],
        items.map((it) => [
          wholeCell(it.name),
          standingInForce(it),
          it.source,
          it.chain[0]?.subject ?? null,
          timeCell(it.held_by_file?.sunset ?? it.sunset),
          it.revocation,
        ]),
        view,
      ),
      ...(warnings.length === 0 ? [] : ['']),
      ...warnings.map((it) => sentenceText(`warning: ${it}`, view)),
    ],
  )

export const show = (context: CommandContext): Promise<CommandResult> =>
  context.show<{ setting: EnrollmentSettingItem; dependents: number }>(
    settingPath(context),
    ({ setting, dependents }, view) => [
      ...settingLines(setting, view),
      `${countText(dependents, 'device depends', 'devices depend')} on it`,
    ],
  )

const standingInForce = ({ standing, held_by_file: held }: EnrollmentSettingItem): string =>
  held === null || held.standing === standing ? standing : `${held.standing} by the file`

const heldLines = ({ standing, sunset, at }: NonNullable<EnrollmentSettingItem['held_by_file']>) =>
  [
    ['in force by the file', sunset === null ? standing : timeCell(sunset)],
    ['place in the file', at],
  ] as const

const settingLines = (it: EnrollmentSettingItem, view: View): readonly string[] => [
  ...formatFacts(
    [
      ['name', it.name],
      ['standing', it.standing],
      ['source', it.source],
      ['retired', timeCell(it.retired_at)],
      ['cut-off', it.cut_off],
      ['sunset', timeCell(it.sunset)],
      ['revocation', it.revocation],
      ...(it.held_by_file === null ? [] : heldLines(it.held_by_file)),
    ],
    view,
  ),
  '',
  ...formatTable(
    ['SUBJECT', 'ENDS', 'KEY'],
    it.chain.map((one) => [one.subject, dayCell(one.not_after), one.key]),
    view,
  ),
]

interface Uploaded {
  readonly setting: EnrollmentSettingItem
  readonly findings: readonly string[]
  readonly warnings: readonly string[]
}

export async function upload(context: CommandContext): Promise<CommandResult> {
  const octets = readInput(context.argument(1), 'a CA chain')
  if (!octets.ok) return octets.failure
  const text = octets.value.toString('utf8')
  const chain = text.includes('-----BEGIN') ? text : octets.value.toString('base64')
  const source = context.options.get('source') ?? 'other'
  const body = { name: context.argument(0), source, chain }
  return await context.run<Uploaded>({ method: 'POST', path: BASE, body }, (uploaded, view) => [
    ...settingLines(uploaded.setting, view),
    ...uploaded.findings.map((it) => sentenceText(`finding: ${it}`, view)),
    ...uploaded.warnings.map((it) => sentenceText(`warning: ${it}`, view)),
    `next: tfe ca preview ${uploaded.setting.name} promote`,
  ])
}

/** The retirement that the options speak of. */
function retirement({ options }: CommandContext): { cut_off?: string; sunset?: string | null } {
  const [cutOff, sunset] = [options.get('cut-off'), options.get('sunset')]
  return {
    ...(cutOff === undefined ? {} : { cut_off: cutOff }),
    ...(sunset === undefined ? {} : { sunset: sunset === 'never' ? null : sunset }),
  }
}

export function preview(context: CommandContext): Promise<CommandResult> {
  const at = context.options.get('at')
  const body = {
    change: context.argument(1),
    ...retirement(context),
    ...(at === undefined ? {} : { at }),
  }
  return printPreview(context, settingPath(context, '/preview'), body)
}

interface Promoted {
  readonly current: EnrollmentSettingItem
  readonly retired: EnrollmentSettingItem | null
}

export async function promote(context: CommandContext): Promise<CommandResult> {
  const body = { cut_off: 'not-before', sunset: null, ...retirement(context) }
  const confirmed = await confirmCost(context, 'promote', body)
  if (!confirmed.ok) return confirmed.failure
  const request = { method: 'POST', path: settingPath(context, '/promote'), body } as const
  return await context.run<Promoted>(
    { ...request, match: confirmed.value },
    ({ current, retired }, view) => [
      `${current.name} is current`,
      ...(retired === null ? [] : [`${retired.name} is previously trusted`, '']),
      ...(retired === null ? [] : settingLines(retired, view)),
    ],
  )
}

export async function amend(context: CommandContext): Promise<CommandResult> {
  const body = retirement(context)
  if (Object.keys(body).length === 0) return 'amend needs --cut-off or --sunset'
  const confirmed = await confirmCost(context, 'amend', body)
  if (!confirmed.ok) return confirmed.failure
  const request = { method: 'PATCH', path: settingPath(context), body } as const
  return await context.run<EnrollmentSettingItem>(
    { ...request, match: confirmed.value },
    settingLines,
  )
}

/**
 * Says which verdicts on known devices a change alters, and has it confirmed where devices that are admitted would be
 * refused. Returns the version of the setting that this was told of: another change while a person thinks it over makes
 * it stale.
 */
async function confirmCost(
  context: CommandContext,
  change: 'amend' | 'promote',
  retirement: object,
): Promise<Result<string, CommandResult>> {
  const found = await context.get<unknown>(settingPath(context))
  if (!found.ok) return found
  const match = found.value.etag
  const preview = await context.request<Preview>({
    method: 'POST',
    path: settingPath(context, '/preview'),
    body: { change, ...retirement },
  })
  if (!preview.ok) return preview
  const may = await confirmPreview(context, preview.value.body)
  return may === true ? ok(match) : fail(may)
}

export function remove(context: CommandContext): Promise<CommandResult> {
  const body = { force: context.options.has('force') }
  return changeStanding(context, { method: 'POST', path: settingPath(context, '/remove'), body })
}

export async function distrust(context: CommandContext): Promise<CommandResult> {
  const question = `every device under ${context.argument(0)} is refused at once, and its connections end`
  const may = await confirmAll(context, [question])
  if (may !== true) return may
  return await changeStanding(context, {
    method: 'POST',
    path: settingPath(context, '/distrust'),
  })
}

const changeStanding = (context: CommandContext, request: ApiRequest): Promise<CommandResult> =>
  context.change<EnrollmentSettingItem>(settingPath(context), request, ({ name, standing }) => [
    `${name} is ${standing.replace('-', ' ')}`,
  ])

interface SubjectTemplate {
  readonly known: readonly string[]
  readonly replaced: readonly string[]
  readonly effective: string
}

/** Says what the server makes of the subject of a certificate template. */
export function subject(context: CommandContext): Promise<CommandResult> {
  const body = { subject: context.argument(0) }
  const request = { method: 'POST', path: '/api/subject-template', body } as const
  return context.run<SubjectTemplate>(request, ({ known, replaced, effective }, view) =>
    formatFacts(
      [
        ['known attributes', known.join(' ') || 'none'],
        ['replaced attributes', replaced.join(' ') || 'none'],
        ['effective subject', effective],
      ],
      view,
    ),
  )
}
