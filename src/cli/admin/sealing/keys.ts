/** `tfe keys` as far as it asks a running front end: which key seals secrets, and which instances lack it. */
import { countText } from '../../../kernel/count-text.ts'
import type { CommandResult } from '../../command-environment.ts'
import { EXIT } from '../../exit-code.ts'
import { formatFacts, formatTable, sentenceText, timeCell, type View } from '../../table.ts'
import type { CommandContext } from '../command-context.ts'
import { confirmAll } from '../confirm.ts'

interface Instance {
  readonly name: string
  readonly seen: string
  readonly running: boolean
}

interface KeyStatus {
  readonly current: number
  readonly held: readonly number[]
  readonly left: number
  readonly lacking: readonly Instance[]
  readonly next: { readonly version: number; readonly lacking: readonly Instance[] } | null
  readonly warnings: readonly string[]
}

const KEYS = '/api/keys'

/** Shows where the instances stand with the keys that seal secrets. */
export const keyStatus = (context: CommandContext): Promise<CommandResult> =>
  context.show<KeyStatus>(KEYS, (it, view) => [
    ...formatFacts(
      [
        ['sealed with key', it.current === 0 ? 'none yet' : it.current],
        ['held here', it.held.join(', ') || 'none'],
        ['sealed with another', countText(it.left, 'secret')],
      ],
      view,
    ),
    ...lackingTable('LACKS THE CURRENT KEY', it.lacking, view),
    ...(it.next === null
      ? []
      : lackingTable(`LACKS KEY ${it.next.version}`, it.next.lacking, view)),
    ...it.warnings.map((text) => sentenceText(`warning: ${text}`, view)),
  ])

function lackingTable(title: string, lacking: readonly Instance[], view: View): readonly string[] {
  if (lacking.length === 0) return []
  const rows = lacking.map(({ name, seen, running }) => [
    name,
    timeCell(seen),
    running ? 'running' : 'silent',
  ])
  return ['', ...formatTable([title, 'LAST SEEN', 'NOW'], rows, view)]
}

/** Seals with the newest key from now on, once who lacks it has been told. */
export async function rotateKeys(context: CommandContext): Promise<CommandResult> {
  const response = await context.get<KeyStatus>(KEYS)
  if (!response.ok) return response.failure
  const { body, etag } = response.value
  const { next, current } = body
  if (context.options.has('dry-run')) {
    return context.print(next, rotationLines(body, context.view))
  }
  const lacking = next?.lacking ?? []
  if (lacking.length > 0) context.printNotice(rotationLines(body, context.view))
  const isWarned = lacking.some(({ running }) => running)
  const isForced = context.options.has('force')
  if (isWarned && !isForced && context.terminal.ask !== undefined) {
    const confirmed = await confirmAll(context, [
      `they could open nothing that is sealed with key ${next?.version ?? current} from now on`,
    ])
    if (confirmed !== true) return confirmed
  }
  const force = isForced || (isWarned && context.terminal.ask !== undefined)
  const request = { method: 'POST', path: `${KEYS}/rotate`, match: etag, body: { force } } as const
  return await context.run<{ readonly current: number }>(request, (it) => [
    `secrets are sealed with key ${it.current} from now on`,
    'next: `tfe keys reseal` seals those anew that are there already',
  ])
}

function rotationLines({ current, next }: KeyStatus, view: View): readonly string[] {
  if (next === null) {
    return [
      `this instance holds no key that is newer than key ${current}: \`tfe keys new\` makes one`,
    ]
  }
  const { version, lacking } = next
  if (lacking.length === 0)
    return [`every instance holds key ${version}, which would be used from then on`]
  return lackingTable(`LACKS KEY ${version}`, lacking, view).slice(1)
}

/** Seals anew what is sealed with an older key, call by call until nothing is left. */
export async function resealKeys(context: CommandContext): Promise<CommandResult> {
  let resealed = 0
  for (;;) {
    const response = await context.request<{ readonly resealed: number; readonly left: number }>({
      method: 'POST',
      path: `${KEYS}/reseal`,
      body: {},
    })
    if (!response.ok) return response.failure
    resealed += response.value.body.resealed
    const { left } = response.value.body
    if (left > 0 && response.value.body.resealed > 0) continue
    context.print({ resealed, left }, [
      `${countText(resealed, 'secret')} sealed anew, ${left} left with an older key`,
    ])
    return left === 0 ? EXIT.ok : EXIT.no
  }
}
