/** Devices that no certificate tells apart, as tables: for `tfe enforce`, `tfe devices` and `--dry-run`. */
import { formatTable, timeCell, type View } from '../../table.ts'

interface Place {
  readonly listener: string | null
  readonly row: string | null
  readonly code: string | null
}

/** A `Callers` is the part of several answers that counts them. */
export interface Callers {
  readonly days: number
  readonly requests: readonly (Place & {
    readonly requests: number
    readonly named: number
    readonly last_seen: string
  })[]
  readonly uncertified: number
  readonly named: readonly (Place & { readonly devices: number; readonly last_seen: string })[]
  readonly known_hosts: number
}

/** An id that a client without a certificate gave itself. */
export interface UncertifiedIdItem extends Place {
  readonly id: string
  readonly device: { readonly id: string; readonly name: string | null } | null
  readonly requests: number
  readonly last_seen: string
}

/** The tables that have lines, each with an empty line ahead. */
export function callerLines({ days, requests, named }: Callers, view: View): readonly string[] {
  const asked = requests.map((it) => [
    ...placeCells(it),
    it.requests,
    it.named,
    timeCell(it.last_seen),
  ])
  const said = named.map((it) => [...placeCells(it), it.devices, timeCell(it.last_seen)])
  const heads = ['LISTENER', 'ROW', 'CODE']
  return [
    ...(asked.length === 0
      ? []
      : [
          '',
          `requests of unknown devices in the last ${days} days that would be refused`,
          ...formatTable([...heads, 'REQUESTS', 'WITH AN ID', 'LAST'], asked, view),
        ]),
    ...(said.length === 0
      ? []
      : [
          '',
          'devices of the inventory that called without a certificate, by their own word',
          ...formatTable([...heads, 'DEVICES', 'LAST'], said, view),
        ]),
  ]
}

/** Ids with their last place. */
export const idLines = (ids: readonly UncertifiedIdItem[], view: View): readonly string[] =>
  formatTable(
    ['ID', 'IN THE INVENTORY', 'LISTENER', 'ROW', 'CODE', 'REQUESTS', 'LAST'],
    ids.map((it) => [
      it.id,
      it.device === null ? 'no' : (it.device.name ?? 'yes'),
      ...placeCells(it),
      it.requests,
      timeCell(it.last_seen),
    ]),
    view,
  )

const placeCells = ({ listener, row, code }: Place) =>
  listener === null ? ['not told apart', null, null] : [listener, row, code]
