/** `tfe devices`: lists, one of them whole, and decisions about them. */
import { countText } from '../../kernel/count-text.ts'
import { fail, ok, type Result } from '../../kernel/types.ts'
import { replaceControlCharacters } from '../text-layout.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import type { CommandResult, Options } from '../command-environment.ts'
import {
  dayCell,
  formatFacts,
  formatTable,
  idCell,
  sentenceText,
  timeCell,
  type View,
} from '../table.ts'
import {
  type Page,
  nextPageHint,
  pathSegment,
  queryOf,
  type CommandContext,
} from './command-context.ts'
import { printPreview } from './preview/preview.ts'
import { filterOf, findQuery, type DeviceFilter } from './device-filter.ts'

interface DeviceItem {
  readonly id: string
  readonly subject: string | null
  readonly inventory: { readonly id: string; readonly name: string | null } | null
  readonly class: string | null
  readonly agent_version: string | null
  readonly last_seen: string | null
  readonly first_seen: string | null
  readonly verdict: string | null
  readonly code: string | null
  readonly approval: string
  readonly awaiting: boolean
  readonly authentication: string
  readonly authentication_cause: string
  readonly silent: { readonly note: string; readonly by: string } | null
  readonly migration: string
  readonly setting: string | null
  readonly not_after: string | null
  readonly expectation: { readonly text: string } | null
  readonly departures: readonly { code: string; text: string; next_step: string }[]
}

interface DecisionResult {
  readonly changed: readonly string[]
  readonly left: readonly { readonly id: string; readonly why: string; readonly text: string }[]
}

type Decide = (context: CommandContext) => Promise<CommandResult>
export const approve: Decide = (context) => decide(context, 'approve', 'approved')
export const block: Decide = (context) => decide(context, 'block', 'blocked')
export async function unblock(context: CommandContext): Promise<CommandResult> {
  const end = await decide(context, 'unblock', 'unblocked')
  if (end === EXIT.ok) context.terminal.err(UNBLOCKED)
  return end
}

const UNBLOCKED =
  'an unblocked device is unapproved; under the approval model auto it approves itself when it comes back\n'

export const withdraw: Decide = (context) => decide(context, 'withdraw', 'unapproved')

/** Lists the devices that meet every condition: those of a saved query, and those of the options. */
export async function list(context: CommandContext): Promise<CommandResult> {
  const query = context.options.get('query')
  const saved = query === undefined ? undefined : await findQuery(context, query)
  if (saved?.ok === false) return saved.failure
  return await listDevices(context, { ...saved?.value.query, ...filterOf(context.options) })
}

/** Prints a page of the devices that meet a filter. */
export function listDevices(context: CommandContext, filter: DeviceFilter): Promise<CommandResult> {
  const query = queryOf(new Map([...Object.entries(filter), ...pageOptions(context.options)]))
  const heads = ['ID', 'NAME', 'CLASS', 'APPROVAL', 'LAST VERDICT', 'MIGRATION', 'LAST SEEN']
  return context.show<Page<DeviceItem>>(`/api/devices${query}`, ({ items, next }, view) => {
    const rows = items.map((it) => [
      idCell(it.id),
      nameOf(it),
      it.class,
      approvalOf(it),
      it.code,
      it.migration,
      timeCell(it.last_seen),
    ])
    return [...formatTable(heads, rows, view), ...nextPageHint(next)]
  })
}

const pageOptions = (options: Options) =>
  [...options].filter(([name]) => name === 'limit' || name === 'after')

/** How people know a device: the name in the inventory, or else what its last certificate calls it. */
const nameOf = ({ inventory, subject }: Pick<DeviceItem, 'inventory' | 'subject'>): string | null =>
  inventory?.name ?? subject ?? inventory?.id ?? null

/** The id and the name, in a sentence. */
function deviceText(id: string, device: DeviceItem | undefined): string {
  const name = device === undefined ? null : nameOf(device)
  return replaceControlCharacters(name === null ? id : `${id} (${name})`)
}

const approvalOf = ({ approval, awaiting }: DeviceItem): string =>
  awaiting ? `${approval}, awaiting next connection` : approval

interface DeviceDetails {
  readonly device: DeviceItem
  readonly certificates: readonly {
    fingerprint: string
    subject: string
    not_before: string
    not_after: string
    code: string
  }[]
  readonly keys: readonly string[]
  readonly signed_ids: readonly string[]
}

export async function show(context: CommandContext): Promise<CommandResult> {
  const id = await findDeviceId(context, context.argument(0))
  return id.ok ? await context.show<DeviceDetails>(devicePath(id.value), detailLines) : id.failure
}

/**
 * Finds the device that an argument means: the one whose id begins so or, where no id does, the one with a name, signed
 * id, fingerprint or serial number that begins so. Several are refused with their ids; a word that means no device comes
 * back as it is, so that the API says of it what it says of an unknown id.
 */
export async function findDeviceId(
  context: CommandContext,
  word: string,
): Promise<Result<string, ExitCode>> {
  for (const by of ['id', 'text']) {
    const query = new URLSearchParams({ [by]: word, limit: `${MAX_SHOWN_MATCHES}` })
    const found = await context.get<{ items: readonly DeviceItem[] }>(
      `/api/devices?${query.toString()}`,
    )
    if (!found.ok) return found
    const { items } = found.value.body
    const [only] = items
    if (only !== undefined && items.length === 1) return ok(only.id)
    if (only === undefined) continue
    context.printRefusal([
      `'${word}' may mean several devices`,
      ...items.map((it) => `  ${it.id}  ${nameOf(it) ?? ''}`.trimEnd()),
      'next: write more of the id',
    ])
    return fail(EXIT.usage)
  }
  return ok(word)
}

/** Enough to see what is meant, few enough to read. */
const MAX_SHOWN_MATCHES = 10

const devicePath = (id: string): string => `/api/devices/${pathSegment(id)}`

const inventoryText = (entry: DeviceItem['inventory']): string | null =>
  entry === null || entry.name === null ? (entry?.id ?? null) : `${entry.id} (${entry.name})`

/** What a certificate is refused by while its device is blocked. */
function blockedBy({ inventory }: DeviceItem, keys: number, ids: readonly string[]): string {
  // Before it showed a key, the id of its inventory entry is all that leads to it.
  const all = keys === 0 && inventory !== null ? [inventory.id] : ids
  return [countText(keys, 'key'), ...all.map((id) => `signed id ${id}`)].join(', ')
}

const detailLines = (
  { device, certificates, keys, signed_ids: ids }: DeviceDetails,
  view: View,
) => [
  ...formatFacts(
    [
      ['device', device.id],
      ['subject', device.subject],
      ['inventory', inventoryText(device.inventory)],
      ['class', device.class],
      ['agent version', device.agent_version],
      ['first seen', timeCell(device.first_seen)],
      ['last seen', timeCell(device.last_seen)],
      ['last verdict', device.code],
      ['approval', approvalOf(device)],
      ['authentication', `${device.authentication}: ${device.authentication_cause}`],
      ['known host', device.silent === null ? null : `${device.silent.note} (${device.silent.by})`],
      ['migration', device.migration],
      ['expected', device.expectation?.text ?? null],
      ...device.departures.map(
        ({ code, text, next_step: next }) => ['departs', `${code}: ${text}; ${next}`] as const,
      ),
      ['enrollment setting', device.setting],
      ['certificate ends', dayCell(device.not_after)],
      ['signed ids', ids.length === 0 ? null : ids.join(', ')],
      ['blocked by', device.approval === 'blocked' ? blockedBy(device, keys.length, ids) : null],
    ],
    view,
  ),
  '',
  ...formatTable(
    ['CERTIFICATE', 'SUBJECT', 'FROM', 'TO', 'LAST VERDICT'],
    certificates.map((it) => [
      it.fingerprint.slice(0, 16),
      it.subject,
      dayCell(it.not_before),
      dayCell(it.not_after),
      it.code,
    ]),
    view,
  ),
]

async function decide(context: CommandContext, verb: string, done: string): Promise<CommandResult> {
  const devices: { readonly id: string; readonly version: number }[] = []
  const known = new Map<string, DeviceItem>()
  for (const word of context.takes) {
    const meant = await findDeviceId(context, word)
    if (!meant.ok) return meant.failure
    const id = meant.value
    const found = await context.find<{
      readonly device: DeviceItem & { readonly version: number }
    }>(devicePath(id))
    if (!found.ok) return found.failure
    const device = found.value?.body.device
    if (device !== undefined) known.set(id, device)
    devices.push({ id, version: device?.version ?? NO_VERSION })
  }
  const path = `/api/devices/${verb}`
  if (context.options.has('dry-run')) {
    return await printPreview(context, `${path}/preview`, { devices })
  }
  const response = await context.request<DecisionResult>({
    method: 'POST',
    path,
    body: { devices },
  })
  if (!response.ok) return response.failure
  const { body } = response.value
  context.print(body, [
    ...body.changed.map((id) => `${deviceText(id, known.get(id))} is ${done}`),
    ...body.left.map(
      ({ id, text }) =>
        `${deviceText(id, known.get(id))} is left: ${sentenceText(text, context.view)}`,
    ),
  ])
  // A script has to see that something it named was not done.
  return body.left.length === 0 ? EXIT.ok : EXIT.no
}

/** What is not there is sent all the same, so that the answer says what became of it; versions begin at 1. */
const NO_VERSION = 0

export async function forget(context: CommandContext): Promise<CommandResult> {
  const meant = await findDeviceId(context, context.argument(0))
  if (!meant.ok) return meant.failure
  const id = meant.value
  const path = devicePath(id)
  const found = await context.get<DeviceDetails>(path)
  if (!found.ok) return found.failure
  const { body, etag } = found.value
  const lines = () => [`${deviceText(id, body.device)} is forgotten`]
  return await context.run({ method: 'DELETE', path, match: etag }, lines, { forgotten: id })
}

/** Marks a known host that may stay in "No authentication info", or takes the mark away. */
export async function silent(context: CommandContext): Promise<CommandResult> {
  const isUndone = context.options.has('undo')
  const note = context.options.get('note')
  if (!isUndone && note === undefined) return 'silent needs --note, or --undo'
  const meant = await findDeviceId(context, context.argument(0))
  if (!meant.ok) return meant.failure
  const path = `${devicePath(meant.value)}/silent`
  const request = isUndone
    ? ({ method: 'DELETE', path } as const)
    : ({ method: 'PUT', path, body: { note } } as const)
  const said = isUndone
    ? `${meant.value} is waited for again`
    : `${meant.value} may stay in "No authentication info"`
  return await context.run(request, () => [said], { device: meant.value, silent: !isUndone })
}
