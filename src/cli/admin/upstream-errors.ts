/** `tfe upstream errors [NAME]`: what went wrong with the upstreams of a running front end, asked of its admin API. */
import { countText } from '../../kernel/count-text.ts'
import { type CommandContext, queryOf } from './command-context.ts'
import { formatTable, sentenceText, timeCell, timeText, type View } from '../table.ts'
import type { CommandResult } from '../command-environment.ts'
import { replaceControlCharacters, indented } from '../text-layout.ts'
import { upstreamName } from '../upstream/called-servers.ts'

interface UpstreamErrorItem {
  readonly upstream: string
  readonly server: string
  readonly during: 'check' | 'request'
  readonly code: string
  readonly detail: string | null
  readonly allowed: boolean
  readonly count: number
  readonly first: string
  readonly last: string
  readonly text: string
  readonly next_step: string
  readonly chain: readonly {
    readonly subject: string
    readonly issuer: string
    readonly not_after: string
    readonly sha256: string
  }[]
}

interface UpstreamErrorList {
  readonly items: readonly UpstreamErrorItem[]
  readonly since: string
  readonly lost: number
}

/** Prints the list; `--clear` then takes what was printed off it. */
export async function errors(context: CommandContext): Promise<CommandResult> {
  const { options } = context
  const named = upstreamName(context)
  if (!named.ok) return named.failure
  const name = named.value
  const query = new Map(options)
  if (name !== undefined) query.set('upstream', name)
  const response = await context.get<UpstreamErrorList>(
    `/api/upstream-errors${queryOf(query, ['upstream', 'server'])}`,
  )
  if (!response.ok) return response.failure
  const { body } = response.value
  const end = context.print(body, linesOf(body, context.view))
  const [latest] = body.items
  if (!options.has('clear') || latest === undefined) return end
  const [server, until] = [options.get('server'), latest.last]
  const cleared = await context.request<{ readonly cleared: number }>({
    method: 'POST',
    path: '/api/upstream-errors/clear',
    body: {
      ...(name === undefined ? {} : { upstream: name }),
      ...(server === undefined ? {} : { server }),
      until,
    },
  })
  if (!cleared.ok) return cleared.failure
  context.printNotice(['', `taken off the list: ${cleared.value.body.cleared}`])
  return end
}

function linesOf({ items, since, lost }: UpstreamErrorList, view: View): readonly string[] {
  const more =
    lost === 0
      ? []
      : ['', `${countText(lost, 'error is', 'errors are')} in none of them: see the log`]
  if (items.length === 0) return [`nothing went wrong since ${timeText(since, view)}`, ...more]
  const rows = items.map((it) => [
    it.upstream,
    it.server,
    nameOf(it),
    it.count,
    timeCell(it.first),
    timeCell(it.last),
  ])
  const heads = ['UPSTREAM', 'SERVER', 'ERROR', 'COUNT', 'FIRST', 'LAST']
  return [
    ...formatTable(heads, rows, view),
    ...items.flatMap((it) => errorLines(it, view)),
    ...more,
  ]
}

const nameOf = ({ code, detail, during, allowed }: UpstreamErrorItem): string =>
  [
    code,
    ...(detail === null ? [] : [detail]),
    ...(during === 'check' ? ['(health check)'] : []),
    ...(allowed ? ['(allowed)'] : []),
  ].join(' ')

/** The sentences are long, and names in them are the server's own. */
const errorLines = (it: UpstreamErrorItem, view: View): readonly string[] => [
  '',
  replaceControlCharacters(`${it.server}: ${nameOf(it)}`),
  ...indented([
    sentenceText(it.text, view),
    sentenceText(`next: ${it.next_step}`, view),
    ...it.chain.map((one, at) =>
      replaceControlCharacters(
        `certificate ${at + 1}: ${one.subject}, by ${one.issuer}, until ${one.not_after.slice(0, 10)} (UTC)`,
      ),
    ),
  ]),
]
