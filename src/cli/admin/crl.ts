/** `tfe crl`: the revocation lists of enrollment settings. */
import { parseDuration } from '../../config/reading/units.ts'
import { countText } from '../../kernel/count-text.ts'
import { fail, ok, type Result } from '../../kernel/types.ts'
import type { CommandResult } from '../command-environment.ts'
import { durationText } from '../../kernel/time-text.ts'
import type { Millis } from '../../kernel/types.ts'
import { readInput } from '../read-input.ts'
import { formatFacts, formatTable, sentenceText, timeCell, wholeCell, type View } from '../table.ts'
import { pathSegment, type CommandContext } from './command-context.ts'
import { confirmAll } from './confirm.ts'

interface Revocation {
  readonly setting: string
  readonly failure: string | null
  readonly grace: number | null
  readonly refresh: number | null
  readonly resets: number
  readonly lists: readonly {
    readonly number: number
    readonly kind: string
    readonly place: string
    readonly in_force: readonly {
      readonly superseded: boolean
      readonly issuer: string
      readonly number: string | null
      readonly this_update: string
      readonly next_update: string
      readonly entries: number
    }[]
    readonly problem: { readonly detail: string; readonly next_step: string } | null
  }[]
  readonly points: readonly { readonly url: string; readonly last_seen: string }[]
  readonly warning: string | null
}

const revocationPath = (context: CommandContext, rest = ''): string =>
  `/api/enrollment-settings/${pathSegment(context.argument(0))}/revocation${rest}`

export const show = (context: CommandContext): Promise<CommandResult> =>
  context.show<Revocation>(revocationPath(context), revocationLines)

export async function add(context: CommandContext): Promise<CommandResult> {
  const list = context.argument(1)
  const failure = context.options.get('failure')
  const policy = failure === undefined ? {} : { failure }
  const body = list.includes('://') ? ok({ url: list }) : uploaded(list)
  if (!body.ok) return body.failure
  return await context.change<Revocation>(
    revocationPath(context),
    {
      method: 'POST',
      path: revocationPath(context, '/lists'),
      body: { ...body.value, ...policy },
    },
    revocationLines,
  )
}

function uploaded(file: string): Result<{ readonly list: string }, string> {
  const octets = readInput(file, 'a revocation list')
  if (!octets.ok) return fail(octets.failure)
  const text = octets.value.toString('latin1')
  return ok({ list: text.includes('-----BEGIN') ? text : octets.value.toString('base64') })
}

export async function remove(context: CommandContext): Promise<CommandResult> {
  const [name, number] = [context.argument(0), context.argument(1)]
  const question = `what list ${number} of ${name} names as revoked is admitted again, unless another list names it`
  const may = await confirmAll(context, [question])
  if (may !== true) return may
  return await context.change<Revocation>(
    revocationPath(context),
    { method: 'DELETE', path: revocationPath(context, `/lists/${pathSegment(number)}`) },
    revocationLines,
  )
}

export async function set(context: CommandContext): Promise<CommandResult> {
  const { options } = context
  const failure = options.get('failure')
  const [grace, refresh] = [seconds(options.get('grace')), seconds(options.get('refresh'))]
  if (!grace.ok) return `found --grace '${options.get('grace')}', ${grace.failure}`
  if (!refresh.ok) return `found --refresh '${options.get('refresh')}', ${refresh.failure}`
  const body = {
    ...(failure === undefined ? {} : { failure }),
    ...(grace.value === undefined ? {} : { grace: grace.value }),
    ...(refresh.value === undefined ? {} : { refresh: refresh.value }),
  }
  if (Object.keys(body).length === 0) return 'set needs --failure, --grace or --refresh'
  return await context.change<Revocation>(
    revocationPath(context),
    { method: 'PATCH', path: revocationPath(context), body },
    revocationLines,
  )
}

/** A length of time in whole seconds, as the API takes it. */
function seconds(text: string | undefined): Result<number | undefined, string> {
  if (text === undefined) return ok(undefined)
  const wanted =
    'wanted a length of time with its unit, in whole seconds, such as 30s, 15m or 1d 12h'
  const read = text === '' ? undefined : parseDuration(text)
  return read?.ok === true && read.value % 1000 === 0 ? ok(read.value / 1000) : fail(wanted)
}

export async function reset(context: CommandContext): Promise<CommandResult> {
  const question = `the next lists of ${context.argument(0)} count although they are older than those in force: what was revoked since they were made is admitted again`
  const may = await confirmAll(context, [question])
  if (may !== true) return may
  return await context.change<Revocation>(
    revocationPath(context),
    { method: 'POST', path: revocationPath(context, '/reset') },
    revocationLines,
  )
}

function revocationLines(it: Revocation, view: View) {
  const { lists, points, warning } = it
  return [
    ...(it.failure === null
      ? [`${it.setting} asks for no revocation`]
      : formatFacts(
          [
            ['setting', it.setting],
            ['while unknown', it.failure],
            ['grace', lengthCell(it.grace)],
            ['refresh', lengthCell(it.refresh)],
            ['resets', String(it.resets)],
          ],
          view,
        )),
    ...(lists.length === 0 ? [] : ['', ...listsTable(lists, view)]),
    ...lists.flatMap(({ number, problem }) =>
      problem === null
        ? []
        : [sentenceText(`list ${number}: ${problem.detail}: ${problem.next_step}`, view)],
    ),
    ...(points.length === 0
      ? []
      : [
          '',
          `certificates of devices name ${countText(points.length, 'place', 'places')} of a list`,
          ...formatTable(
            ['URL', 'LAST SEEN'],
            points.map(({ url, last_seen: seen }) => [wholeCell(url), timeCell(seen)]),
            view,
          ),
        ]),
    ...(warning === null ? [] : ['', sentenceText(`warning: ${warning}`, view)]),
  ]
}

const lengthCell = (seconds: number | null): string | null =>
  seconds === null ? null : durationText((seconds * 1000) as Millis)

const listsTable = (lists: Revocation['lists'], view: View) =>
  formatTable(
    ['LIST', 'KIND', 'PLACE', 'CA', 'NUMBER', 'ENTRIES', 'NEXT DUE'],
    lists.flatMap(({ number, kind, place, in_force: inForce }) =>
      inForce.length === 0
        ? [[number, kind, wholeCell(place), 'none in force', null, null, null]]
        : inForce.map((one) => [
            number,
            kind,
            wholeCell(place),
            one.issuer,
            one.number,
            one.entries,
            one.superseded ? 'superseded' : timeCell(one.next_update),
          ]),
    ),
    view,
  )
