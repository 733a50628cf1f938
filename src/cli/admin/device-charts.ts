/** `tfe devices readiness`, `charts`, `departures` and `migration`: how many devices there are of each kind. */
import type { CommandResult } from '../command-environment.ts'
import {
  callerLines,
  idLines,
  type Callers,
  type UncertifiedIdItem,
} from './preview/caller-lines.ts'
import { formatFacts, formatTable } from '../table.ts'
import { nextPageHint, queryOf, type CommandContext, type Page } from './command-context.ts'

interface Charts {
  readonly devices: number
  readonly readiness: readonly { label: string; state: string; devices: number }[]
  readonly success_rate: number | null
  readonly migration: readonly { readonly status: string; readonly devices: number }[]
  readonly classes: readonly ClassCount[]
  readonly callers: Callers
}

interface ClassCount {
  readonly class: string | null
  readonly devices: number
}

/** Counts the devices in each state of the readiness chart. */
export const readiness = (context: CommandContext): Promise<CommandResult> =>
  context.show<Charts>('/api/charts', (charts, view) => {
    const rows = charts.readiness.map(({ label, state, devices }) => [label, devices, state])
    // Rounded down, as in the warnings: a fleet that is not whole must not look so.
    const rate =
      charts.success_rate === null
        ? 'no device has tried yet'
        : `${Math.floor(charts.success_rate * 1000) / 10} % of those that tried or cannot try`
    const heads = ['READINESS', 'DEVICES', 'LISTED BY --authentication']
    const { callers } = charts
    return [
      ...formatTable(heads, rows, view),
      '',
      `success rate: ${rate}`,
      ...(callers.known_hosts === 0
        ? []
        : [`known hosts that may have no information: ${callers.known_hosts}`]),
      ...(callers.uncertified === 0
        ? []
        : [`devices of the inventory that never showed a certificate: ${callers.uncertified}`]),
      ...callerLines(callers, view),
    ]
  })

/** Lists the ids that clients without a certificate gave themselves. */
export const uncertified = (context: CommandContext): Promise<CommandResult> =>
  context.show<Page<UncertifiedIdItem>>(
    `/api/uncertified-ids${queryOf(context.options)}`,
    ({ items, next }, view) => [...idLines(items, view), ...nextPageHint(next)],
  )

/** Counts the devices by class and by migration; readiness and approval have charts of their own. */
export const charts = (context: CommandContext): Promise<CommandResult> =>
  context.show<Charts>('/api/charts', ({ devices, classes, migration }, view) => [
    ...formatTable(['CLASS', 'DEVICES'], classRows(classes), view),
    '',
    ...formatTable(
      ['MIGRATION', 'DEVICES'],
      migration.map((it) => [it.status, it.devices]),
      view,
    ),
    '',
    `devices: ${devices}`,
  ])

const classRows = (counts: readonly ClassCount[]) =>
  counts.map((it) => [it.class ?? 'unknown', it.devices])

interface Departures {
  readonly documents: string | null
  readonly departures: readonly { code: string; title: string; devices: number }[]
  readonly detection: readonly { readonly class: string; readonly by: string }[]
}

/** Counts the devices that depart from the server's documents, and says how each class is told from others. */
export const departures = (context: CommandContext): Promise<CommandResult> =>
  context.show<Departures>('/api/departures', (it, view) => [
    ...formatTable(
      ['DEPARTURE', 'DEVICES', 'LISTED BY --departure'],
      it.departures.map(({ code, title, devices }) => [title, devices, code]),
      view,
    ),
    '',
    ...formatTable(
      ['CLASS', 'DETECTED BY'],
      it.detection.map((one) => [one.class, DETECTED_BY.get(one.by) ?? one.by]),
      view,
    ),
    '',
    `documents: ${it.documents ?? 'none for this profile, so no departure can be told'}`,
  ])

const DETECTED_BY: ReadonlyMap<string, string> = new Map([
  ['documented', 'a documented sign'],
  ['assumed', 'signs that were never compared with a real client'],
  ['off', 'the inventory only: no User-Agent of it is on record'],
])

interface Migration {
  readonly status: readonly { readonly label: string; readonly devices: number }[]
  readonly pending_by_class: readonly ClassCount[]
  readonly in_inventory: number
  readonly never_met: number
}

/** Shows how far the migration to port 443 is, and who is still to come. */
export const migration = (context: CommandContext): Promise<CommandResult> =>
  context.show<Migration>('/api/migration', (it, view) => [
    ...formatTable(
      ['CLIENT MIGRATION STATUS', 'DEVICES'],
      it.status.map(({ label, devices }) => [label, devices]),
      view,
    ),
    '',
    ...(it.pending_by_class.length === 0
      ? []
      : [...formatTable(['PENDING', 'DEVICES'], classRows(it.pending_by_class), view), '']),
    ...formatFacts(
      [
        ['in the inventory', it.in_inventory],
        ['of these never met', it.never_met],
      ],
      view,
    ),
  ])
