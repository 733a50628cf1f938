/** `tfe port`: the legacy sync port, who still uses it, and its closing. */
import type { CommandResult } from '../../command-environment.ts'
import { formatFacts, formatTable, idCell, sentenceText, timeCell, type View } from '../../table.ts'
import type { CommandContext } from '../command-context.ts'
import { printPreview } from '../preview/preview.ts'

interface SyncPortItem {
  readonly state: string
  readonly forced: boolean
  readonly listener: string | null
  readonly pending: number
  readonly never_met: number
  readonly unidentified: number
  readonly callers: readonly {
    readonly device: string | null
    readonly address: string | null
    readonly connections: number
    readonly octets_in: number
    readonly octets_out: number
    readonly last_seen: string
  }[]
  readonly unmet: readonly { readonly text: string; readonly next_step: string }[]
}

/** Closes the sync port; with --force in spite of devices that still need it. */
export function closePort(context: CommandContext): Promise<CommandResult> {
  const body = { force: context.options.has('force') }
  return context.options.has('dry-run')
    ? printPreview(context, `${SYNC_PORT}/close/preview`, body)
    : portChange(context, 'close', body)
}

/** Opens the sync port again. */
export const openPort = (context: CommandContext): Promise<CommandResult> =>
  portChange(context, 'open')

export const portStatus = (context: CommandContext): Promise<CommandResult> =>
  context.show(SYNC_PORT, portLines)

const SYNC_PORT = '/api/sync-port'

const portLines = (it: SyncPortItem, view: View): readonly string[] => [
  ...formatFacts(
    [
      ['sync port', it.forced ? `${it.state}, forced` : it.state],
      ['listener', it.listener],
      ['devices pending', it.pending],
      ['devices never met', it.never_met],
      ['connections unidentified', it.unidentified],
    ],
    view,
  ),
  ...it.unmet.map(({ text, next_step: next }) => sentenceText(`- ${text}: ${next}`, view)),
  ...(it.callers.length === 0
    ? []
    : [
        '',
        ...formatTable(
          ['DEVICE', 'ADDRESS', 'CONNECTIONS', 'OCTETS IN', 'OCTETS OUT', 'LAST'],
          it.callers.map((one) => [
            one.device === null ? 'unknown' : idCell(one.device),
            one.address ?? 'many',
            one.connections,
            one.octets_in,
            one.octets_out,
            timeCell(one.last_seen),
          ]),
          view,
        ),
      ]),
]

const portChange = (context: CommandContext, verb: string, body?: object) =>
  context.change(SYNC_PORT, { method: 'POST', path: `${SYNC_PORT}/${verb}`, body }, portLines)
