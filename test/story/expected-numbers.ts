/** The expected numbers, under the names by which the table compares them with the API's. */
import type { ExpectedState, ExpectedDevice, Range } from './expected-state.ts'
import { SETTING_NAMES } from './devices.ts'
import { GRACE } from './expected-verdicts.ts'
import { KINDS } from './client-kinds.ts'
import { cutOffBy } from './expected-previews.ts'

/** What is expected: a number, a word, or the two that a number lies between. */
export type Figure = number | string | Range

export type Figures = ReadonlyMap<string, Figure>

/** The states of the readiness chart. */
export const STATES = ['succeeded', 'no-info', 'failed', 'must-upgrade'] as const
export const APPROVAL_STATES = ['approved', 'awaiting', 'unapproved', 'blocked'] as const
export const MIGRATION_STATES = ['none', 'pending', 'success'] as const

/** Lists that are asked for whole: the query, and who is on it. */
export const LISTS: readonly {
  readonly query: string
  readonly has: (entry: ExpectedDevice, expectedState: ExpectedState) => boolean
}[] = [
  { query: '', has: () => true },
  { query: 'in_inventory=true', has: ({ inventory }) => inventory !== null },
  { query: 'approval=approved', has: ({ approval }) => approval === 'approved' },
  { query: 'approval=blocked', has: ({ approval }) => approval === 'blocked' },
  { query: 'awaiting=true', has: ({ awaiting }) => awaiting },
  {
    query: 'authentication=must-upgrade',
    has: (entry, expectedState) => stateOf(entry, expectedState) === 'must-upgrade',
  },
  {
    query: 'authentication=failed',
    has: (entry, expectedState) => stateOf(entry, expectedState) === 'failed',
  },
  { query: 'migration=pending', has: ({ migration }) => migration === 'pending' },
  { query: 'class=win10', has: (entry) => entry.class === 'win10' },
  { query: 'class=macos-maw', has: (entry) => entry.class === 'macos-maw' },
  { query: 'verdict=refuse', has: ({ verdict }) => verdict === 'refuse' },
  {
    query: `setting=${encodeURIComponent(SETTING_NAMES.old)}`,
    has: ({ setting }) => setting === SETTING_NAMES.old,
  },
  {
    query: `setting=${encodeURIComponent(SETTING_NAMES.next)}`,
    has: ({ setting }) => setting === SETTING_NAMES.next,
  },
]

/** Every expected figure. */
export function figuresOf(expectedState: ExpectedState): Figures {
  const entries = expectedState.all
  const count = (has: (entry: ExpectedDevice) => boolean): number => entries.filter(has).length
  const figures = new Map<string, Figure>()
  for (const { query, has } of LISTS)
    figures.set(
      `list ${query || 'of all'}`,
      count((one) => has(one, expectedState)),
    )
  figures.set('records that differ', 0)
  figures.set('keys', sum(entries.map(({ keys }) => keys.size)))
  figures.set('certificates', sum(entries.map(({ certificates }) => certificates.size)))
  figures.set('sightings', together(entries.map(({ sightings }) => sightings)))
  figures.set('chart devices', entries.length)
  const states = STATES.map((state) => count((one) => stateOf(one, expectedState) === state))
  for (const [index, state] of STATES.entries())
    figures.set(`readiness ${state}`, states[index] ?? 0)
  const [succeeded = 0, noInfo = 0, failed = 0, mustUpgrade = 0] = states
  const tried = succeeded + failed + mustUpgrade
  const rate = tried === 0 ? undefined : succeeded / tried
  figures.set('success rate', rate === undefined ? 'none' : rate)
  for (const state of APPROVAL_STATES)
    figures.set(
      `approval ${state}`,
      count((one) => shownApproval(one) === state),
    )
  for (const state of MIGRATION_STATES)
    figures.set(
      `migration ${state}`,
      count(({ migration }) => migration === state),
    )
  for (const { kind } of KINDS)
    figures.set(
      `class ${kind}`,
      count((one) => one.class === kind),
    )
  figures.set(
    'class unknown',
    count((one) => one.class === null),
  )
  const { policyState } = expectedState
  const required = { ...policyState, enforcement: 'required' } as const
  const refused = cutOffBy(expectedState, { after: required, now: Date.now() })
  figures.set('would refuse', listed(refused))
  const uncertified = count(isNeverMet)
  const warnings = [
    'irreversible',
    ...(refused.size > 0 ? ['devices-refused'] : []),
    ...(mustUpgrade > 0 ? ['agents-too-old'] : []),
    ...(uncertified > 0 ? ['devices-without-certificate'] : []),
    ...(expectedState.unknownRefused > 0 ? ['unknown-requests-refused'] : []),
    ...(noInfo > uncertified ? ['no-information'] : []),
    ...(rate !== undefined && rate < 0.95 ? ['success-rate-low'] : []),
  ]
  figures.set('warnings', policyState.enforcement === 'required' ? '' : warnings.join(' '))
  figures.set('enforcement', policyState.enforcement)
  figures.set('OAuth', `new ${policyState.modern}, legacy ${policyState.legacy}`)
  figures.set('sync port', policyState.sync)
  figures.set(
    'sync port pending',
    count(({ migration }) => migration === 'pending'),
  )
  figures.set('sync port never met', count(isNeverMet))
  figures.set('sync port unidentified', expectedState.unidentified.get('sync') ?? 0)
  const pending = new Map<string, number>()
  for (const { migration, class: kind } of entries) {
    const name = kind ?? 'unknown'
    if (migration === 'pending') pending.set(name, (pending.get(name) ?? 0) + 1)
  }
  figures.set('pending by class', listed(pending))
  figures.set(
    'inventory',
    count(({ inventory }) => inventory !== null),
  )
  figures.set('inventory never met', count(isNeverMet))
  for (const which of ['old', 'next'] as const) {
    const [name, standing] = [SETTING_NAMES[which], policyState.standings[which]]
    if (standing === 'absent') continue
    figures.set(`standing of ${name}`, standing)
    figures.set(
      `dependents of ${name}`,
      count((entry) => dependsOn(name, entry)),
    )
  }
  for (const [action, rows] of expectedState.trail) figures.set(`audit ${action}`, rows)
  figures.set('audit rows', together([...expectedState.trail.values()]))
  figures.set('upstream named', expectedState.upstream.named)
  figures.set('upstream anonymous', expectedState.upstream.anonymous)
  figures.set('upstream relayed', expectedState.upstream.relayed)
  return figures
}

/** Devices that could still renew under it: until the end of grace. */
export const dependsOn = (name: string, { setting, approval, notAfter }: ExpectedDevice): boolean =>
  setting === name && approval !== 'blocked' && (notAfter ?? 0) >= Date.now() - GRACE

const isNeverMet = ({ inventory, verdict }: ExpectedDevice): boolean =>
  inventory !== null && verdict === null

/** Where a device stands in the readiness chart. */
export function stateOf(
  entry: ExpectedDevice,
  { minimums }: ExpectedState,
): (typeof STATES)[number] {
  if (entry.authentication === 'succeeded') return 'succeeded'
  const minimum = minimums.find((one) => one.class === entry.class)
  return minimum !== undefined && entry.version !== null && isOlder(entry.version, minimum.version)
    ? 'must-upgrade'
    : entry.authentication
}

function isOlder(one: string, other: string): boolean {
  const [left, right] = [one.split('.').map(Number), other.split('.').map(Number)]
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}

const shownApproval = ({ approval, awaiting }: ExpectedDevice): (typeof APPROVAL_STATES)[number] =>
  awaiting ? 'awaiting' : approval

/** Codes and how many, in the order of the codes. */
export const listed = (counts: ReadonlyMap<string, number>): string =>
  [...counts]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([code, devices]) => `${code} ${devices}`)
    .join(', ')

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)

function together(ranges: readonly Range[]): Range {
  return { least: sum(ranges.map(({ least }) => least)), most: sum(ranges.map(({ most }) => most)) }
}

/** Whether what was read is what is expected. */
export function agrees(figure: Figure, read: number | string | undefined): boolean {
  if (typeof figure !== 'object') return figure === read
  return typeof read === 'number' && figure.least <= read && read <= figure.most
}

/** A figure as the table shows it. */
export function figureText(figure: Figure | undefined): string {
  if (figure === undefined) return '-'
  if (typeof figure === 'number')
    return Number.isInteger(figure) ? String(figure) : figure.toFixed(4)
  if (typeof figure === 'string') return figure
  return figure.least === figure.most ? String(figure.least) : `${figure.least} to ${figure.most}`
}
