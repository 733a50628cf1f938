/** `tfe upstream errors [NAME]`: what went wrong with the upstreams of a running front end, asked of its admin API. */
import type { ExitCode } from '../exit-code.ts'
import { readReach } from '../admin/client.ts'
import { Desk, queryOf, table } from '../admin/command-context.ts'
import { harmless, indented } from '../text-layout.ts'
import type { Options, Room } from './called-servers.ts'

interface Entry {
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

interface Listed {
  readonly items: readonly Entry[]
  readonly since: string
  readonly lost: number
}

/** Prints the list; `--clear` then takes what was printed off it. */
export async function errors(
  name: string | undefined,
  options: Options,
  { terminal, env }: Room,
): Promise<ExitCode | string> {
  const reach = readReach(options, env)
  if (!reach.ok) return reach.failure
  const desk = new Desk({ takes: [], options }, terminal, reach.value)
  const meant = new Map(options)
  if (name !== undefined) meant.set('upstream', name)
  const told = await desk.get<Listed>(
    `/api/upstream-errors${queryOf(meant, ['upstream', 'server'])}`,
  )
  if (!told.ok) return told.failure
  const { body } = told.value
  const end = desk.print(body, linesOf(body))
  const [latest] = body.items
  if (!options.has('clear') || latest === undefined) return end
  const [server, until] = [options.get('server'), latest.last]
  const cleared = await desk.ask<{ readonly cleared: number }>({
    method: 'POST',
    path: '/api/upstream-errors/clear',
    body: {
      ...(name === undefined ? {} : { upstream: name }),
      ...(server === undefined ? {} : { server }),
      until,
    },
  })
  if (!cleared.ok) return cleared.failure
  desk.note(['', `taken off the list: ${cleared.value.body.cleared}`])
  return end
}

function linesOf({ items, since, lost }: Listed): readonly string[] {
  const more = lost === 0 ? [] : ['', `${lost} errors are in none of them: see the log`]
  if (items.length === 0) return [`nothing went wrong since ${since}`, ...more]
  const rows = items.map((it) => [it.upstream, it.server, nameOf(it), it.count, it.first, it.last])
  const heads = ['UPSTREAM', 'SERVER', 'ERROR', 'COUNT', 'FIRST', 'LAST']
  return [...table(heads, rows), ...items.flatMap(wordsOf), ...more]
}

const nameOf = ({ code, detail, during, allowed }: Entry): string =>
  [
    code,
    ...(detail === null ? [] : [detail]),
    ...(during === 'check' ? ['(health check)'] : []),
    ...(allowed ? ['(allowed)'] : []),
  ].join(' ')

/** The sentences are long, and names in them are the server's own. */
const wordsOf = (it: Entry): readonly string[] => [
  '',
  harmless(`${it.server}: ${nameOf(it)}`),
  ...indented([
    harmless(it.text),
    harmless(`next: ${it.next_step}`),
    ...it.chain.map((one, at) =>
      harmless(`certificate ${at + 1}: ${one.subject}, by ${one.issuer}, until ${one.not_after}`),
    ),
  ]),
]
