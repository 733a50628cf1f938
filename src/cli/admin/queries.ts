/** `tfe queries`: conditions for lists of devices, saved under a name. */
import type { CommandResult } from '../command-environment.ts'
import { formatTable, timeCell, wholeCell } from '../table.ts'
import { pathSegment, type CommandContext } from './command-context.ts'
import {
  filterOf,
  findQuery,
  QUERIES,
  type DeviceFilter,
  type SavedQueryItem,
} from './device-filter.ts'
import { listDevices } from './devices.ts'

/** Lists the saved queries; the segments of charts are among them. */
export const list = (context: CommandContext): Promise<CommandResult> =>
  context.show<{ readonly items: readonly SavedQueryItem[] }>(QUERIES, ({ items }, view) =>
    formatTable(
      ['NAME', 'CONDITIONS', 'ORIGIN', 'BY', 'SAVED', 'ID'],
      items.map((it) => [
        it.name,
        conditionsText(it.query),
        it.origin,
        it.created_by,
        timeCell(it.created),
        wholeCell(it.id),
      ]),
      view,
    ),
  )

const conditionsText = (query: DeviceFilter): string =>
  Object.entries(query)
    .map(([name, value]) => `${name.replaceAll('_', '-')}=${value}`)
    .join(' ') || 'all devices'

/** Saves the conditions that the options state. */
export async function save(context: CommandContext): Promise<CommandResult> {
  const name = context.argument(0)
  const query = filterOf(context.options)
  if (Object.keys(query).length === 0) {
    return 'save needs a condition, such as --approval unapproved'
  }
  const body = { name, origin: 'operator', query }
  return await context.run<SavedQueryItem>({ method: 'POST', path: QUERIES, body }, (it) => [
    `${it.name}: ${conditionsText(it.query)}`,
  ])
}

/** Lists the devices that meet a saved query. */
export async function run(context: CommandContext): Promise<CommandResult> {
  const found = await findQuery(context, context.argument(0))
  return found.ok ? await listDevices(context, found.value.query) : found.failure
}

/** Removes a saved query. */
export async function remove(context: CommandContext): Promise<CommandResult> {
  const found = await findQuery(context, context.argument(0))
  if (!found.ok) return found.failure
  const { id, name, version } = found.value
  const path = `${QUERIES}/${pathSegment(id)}`
  const lines = () => [`${name} is removed`]
  return await context.run({ method: 'DELETE', path, match: `"${version}"` }, lines, {
    removed: { id, name },
  })
}
