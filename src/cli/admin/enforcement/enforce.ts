/** `tfe enforce`: certificates recorded or required, what the latch would refuse, and what is saved of attempts. */
import { enforcementText } from '../../../fleet/enforcement-in-force.ts'
import type { CommandResult } from '../../command-environment.ts'
import {
  dayCell,
  formatFacts,
  formatTable,
  sentenceText,
  timeCell,
  timeText,
  type View,
} from '../../table.ts'
import type { CommandContext } from '../command-context.ts'
import { readPhrase } from '../confirm.ts'
import {
  callerLines,
  idLines,
  type Callers,
  type UncertifiedIdItem,
} from '../preview/caller-lines.ts'
import { printPreview } from '../preview/preview.ts'

interface EnforcementItem {
  readonly enforcement: {
    readonly state: 'recording' | 'required'
    readonly said_by: 'latch' | 'file' | 'store'
    readonly latched: boolean
    readonly since: string
    readonly save_authentication: boolean
    readonly save_decryption: boolean
  }
  readonly warnings: readonly { readonly kind: string; readonly text: string }[]
  readonly would_refuse: readonly { readonly code: string; readonly devices: number }[]
  /** The key that secrets are sealed with once certificates are required; null where none is new. */
  readonly key: number | null
  readonly callers: Callers
  readonly uncertified_ids: readonly UncertifiedIdItem[]
  readonly uncertified_id_count: number
  readonly phrase: string
}

export const enforceStatus = (context: CommandContext): Promise<CommandResult> =>
  context.show('/api/enforcement', enforcementLines)

function enforcementLines(it: EnforcementItem, view: View): readonly string[] {
  const { state, said_by: saidBy, since } = it.enforcement
  const said = enforcementText({ state, saidBy })
  const refused = it.would_refuse.map(({ code, devices }) => [code, devices])
  return [
    saidBy === 'file' ? said : `${said}, since ${timeText(since, view)}`,
    ...savedLines(it.enforcement, view),
    ...(it.key === null
      ? []
      : [
          `secrets are sealed with key ${it.key} once certificates are required; those of before stay under theirs`,
        ]),
    ...(it.warnings.length === 0 ? [] : ['', 'before certificates are required:']),
    ...it.warnings.map(({ text }) => sentenceText(`- ${text}`, view)),
    ...(refused.length === 0
      ? []
      : ['', ...formatTable(['WOULD BE REFUSED, BY THE LAST VERDICT', 'DEVICES'], refused, view)]),
    ...(it.warnings.length === 0 ? [] : callerLines(it.callers, view)),
    ...(it.warnings.length === 0 || it.uncertified_ids.length === 0
      ? []
      : ['', ...idLines(it.uncertified_ids, view), ...moreIds(it)]),
  ]
}

function moreIds({ uncertified_ids: shown, uncertified_id_count: count }: EnforcementItem) {
  const more = count - shown.length
  if (more <= 0) return []
  return [`and ${more} more, ${count} in all: \`tfe devices uncertified\``]
}

export async function requireCertificates(context: CommandContext): Promise<CommandResult> {
  if (context.options.has('dry-run')) return await printPreview(context, '/api/enforcement/preview')
  const response = await context.get<EnforcementItem>('/api/enforcement')
  if (!response.ok) return response.failure
  const { body, etag } = response.value
  // It is for good already: nothing is to be typed, and a script may say it again.
  if (body.enforcement.latched) {
    return context.print(body.enforcement, enforcementLines(body, context.view))
  }
  context.printNotice(enforcementLines(body, context.view))
  const phrase = await readPhrase(context, body.phrase)
  if (phrase.kind === 'end') return phrase.end
  const request = {
    method: 'POST',
    path: '/api/enforcement/require',
    match: etag,
    body: {
      phrase: phrase.text,
      read: body.warnings.map(({ kind }) => kind),
      save_authentication: body.enforcement.save_authentication,
      save_decryption: body.enforcement.save_decryption,
    },
  } as const
  return await context.run<{ readonly key: number | null }>(request, ({ key }) => [
    'certificates are required for good',
    ...(key === null ? [] : newKeyLines(key)),
  ])
}

/** What the document asks for next (S2-06): what is sealed anew, and where the key is brought. */
const newKeyLines = (key: number): readonly string[] => [
  `secrets are sealed with the new key ${key} from now on; those of before stay under theirs`,
  'next: bring it to every other instance (`tfe keys export`, `tfe keys import`), then `tfe keys reseal`',
]

/** Chooses what is kept of connection attempts. */
export async function saveChoices(context: CommandContext): Promise<CommandResult> {
  const { options } = context
  const [authentication, decryption] = [options.get('authentication'), options.get('decryption')]
  if (authentication === undefined && decryption === undefined) {
    return 'save needs --authentication or --decryption'
  }
  const found = await context.get<EnforcementItem>('/api/enforcement')
  if (!found.ok) return found.failure
  const { enforcement: old } = found.value.body
  const request = {
    method: 'PUT',
    path: '/api/enforcement/keeping',
    match: found.value.etag,
    body: {
      save_authentication: isOn(authentication, old.save_authentication),
      save_decryption: isOn(decryption, old.save_decryption),
    },
  } as const
  return await context.run<EnforcementItem['enforcement']>(request, savedLines)
}

const isOn = (choice: string | undefined, old: boolean): boolean =>
  choice === undefined ? old : choice === 'on'

const savedLines = (it: EnforcementItem['enforcement'], view: View): readonly string[] =>
  formatFacts(
    [
      ['results of authentication', savedText(it.save_authentication)],
      ['results of decryption', savedText(it.save_decryption)],
    ],
    view,
  )

/** While certificates are recorded, all results say whether a fleet is ready. */
const savedText = (isSaved: boolean): string =>
  isSaved
    ? 'saved'
    : 'saved while certificates are recorded, and not once they are required for good'

interface Results {
  readonly authentication: readonly {
    readonly hour: string
    readonly authentication: string
    readonly attempts: number
  }[]
  readonly decryption: readonly {
    readonly day: string
    readonly listener: string
    readonly row: string
    readonly verdict: string
    readonly code: string
    readonly requests: number
  }[]
}

/** Shows what was saved of attempts. */
export function results(context: CommandContext): Promise<CommandResult> {
  const days = context.options.get('days')
  const query = days === undefined ? '' : `?days=${encodeURIComponent(days)}`
  return context.show<Results>(`/api/enforcement/results${query}`, (it, view) => [
    ...formatTable(
      ['HOUR', 'AUTHENTICATION', 'ATTEMPTS'],
      it.authentication.map((one) => [timeCell(one.hour), one.authentication, one.attempts]),
      view,
    ),
    '',
    ...formatTable(
      ['DAY', 'LISTENER', 'SENSITIVE ROW', 'VERDICT', 'CODE', 'REQUESTS'],
      it.decryption.map((one) => [
        dayCell(one.day),
        one.listener,
        one.row,
        one.verdict,
        one.code,
        one.requests,
      ]),
      view,
    ),
  ])
}
