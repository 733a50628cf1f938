/** What a change would alter, as the admin API foretells it; and its confirmation where devices lose by it. */
import { countText } from '../../../kernel/count-text.ts'
import type { CommandResult } from '../../command-environment.ts'
import { formatTable, idCell, sentenceText, type View } from '../../table.ts'
import { callerLines, type Callers } from './caller-lines.ts'
import type { CommandContext } from '../command-context.ts'
import { confirmAll } from '../confirm.ts'

/** A `Preview` is the answer of every call that foretells a change. */
export interface Preview {
  readonly judged: number
  readonly complete: boolean
  readonly refused: number
  readonly unnamed: number
  readonly changes: readonly (Verdict & {
    readonly setting: string | null
    readonly devices: number
  })[]
  readonly items: readonly (Verdict & { readonly device: string; readonly subject: string })[]
  readonly unknown: readonly (Verdict & { readonly class: string })[]
  readonly not_asked: readonly string[]
  /** Only before certificates are required. */
  readonly callers?: Callers
}

interface Verdict {
  readonly rows: readonly string[]
  readonly from: string
  readonly to: string
  readonly admitted: boolean
  readonly stays_admitted: boolean
}

/** The whole preview. */
function previewLines(preview: Preview, view: View): readonly string[] {
  const { judged, complete, items } = preview
  const head = `${countText(judged, 'device')} judged${complete ? '' : ', of more than that'}`
  const devices =
    items.length === 0
      ? []
      : [
          ...formatTable(
            ['DEVICE', 'SUBJECT', 'FROM', 'TO'],
            items.map((it) => [idCell(it.device), it.subject, beforeText(it), afterText(it)]),
            view,
          ),
          '',
        ]
  if (preview.changes.length === 0) {
    return [`${head}; none would meet another verdict`, ...restLines(preview, view)]
  }
  return [head, '', ...changesTable(preview, view), '', ...devices, ...restLines(preview, view)]
}

const changesTable = ({ changes }: Preview, view: View): readonly string[] =>
  formatTable(
    ['SETTING', 'FROM', 'TO', 'DEVICES', 'ROWS'],
    changes.map((it) => [
      it.setting ?? 'none',
      beforeText(it),
      afterText(it),
      it.devices,
      it.rows.join(', '),
    ]),
    view,
  )

/** What devices meet that were never met, and what was not asked. */
const restLines = (
  { unknown, not_asked: notAsked, callers }: Preview,
  view: View,
): readonly string[] => [
  ...unknown.map((it) =>
    sentenceText(
      `${it.class}: ${beforeText(it)}, then ${afterText(it)} (${it.rows.join(', ')})`,
      view,
    ),
  ),
  ...(notAsked.length === 0 ? [] : [sentenceText(`not asked: ${notAsked.join(', ')}`, view)]),
  ...(callers === undefined ? [] : callerLines(callers, view)),
]

/** Prints what a change would alter, and changes nothing: what `--dry-run` does. */
export const printPreview = (
  context: CommandContext,
  path: string,
  body?: object,
): Promise<CommandResult> => context.run<Preview>({ method: 'POST', path, body }, previewLines)

/** A refusal that is only written down says so. */
const verdictText = (code: string, isAdmitted: boolean): string =>
  isAdmitted && !ADMITTED.has(code) ? `${code} (recorded)` : code

const beforeText = ({ from, admitted }: Verdict): string => verdictText(from, admitted)
const afterText = ({ to, stays_admitted: stays }: Verdict): string => verdictText(to, stays)

const ADMITTED: ReadonlySet<string> = new Set(['in-grace', 'open-route', 'verified'])

/** Shows what a change alters, and has it confirmed where devices lose by it. */
export async function confirmPreview(
  context: CommandContext,
  preview: Preview,
): Promise<true | CommandResult> {
  const { changes, unknown, refused, unnamed } = preview
  if (changes.length > 0) context.printNotice(changesTable(preview, context.view))
  if (unknown.length > 0) context.printNotice(restLines(preview, context.view))
  const sentences = [
    ...(refused === 0
      ? []
      : [`${countText(refused, 'device')} admitted now: refused from then on, on the rows above`]),
    ...(unnamed === 0
      ? []
      : [
          `${countText(unnamed, 'device')} verified now: admitted unnamed from then on, and refused once certificates are required`,
        ]),
  ]
  return sentences.length === 0 ? true : await confirmAll(context, [sentences.join('; ')])
}
