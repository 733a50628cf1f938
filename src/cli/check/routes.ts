/** Which requests would be served, and what could not be verified about that. */
import { countText } from '../../kernel/count-text.ts'
import type { Config } from '../../config/config.ts'
import { oauthEndpointOf } from '../../fleet/oauth-rows.ts'
import { presetFacts } from '../../config/routes/preset-facts.ts'
import { padded } from '../text-layout.ts'
import { durationText } from '../../kernel/time-text.ts'
import type { Terminal } from '../terminal.ts'
import type { RouteRow, RouteTable } from '../../config/routes/types.ts'

/** One section per table, then what is off. */
export function routes(
  config: Config,
  { paint, signs }: Terminal,
): readonly (readonly [string, readonly string[]])[] {
  const httpListeners = config.listeners.filter(({ relay }) => relay === undefined)
  const tables = [...new Set(httpListeners.map((one) => one.routes))]
  const facts = presetFacts(config)
  const off = facts
    .filter(({ kind }) => kind !== 'question')
    .map(({ id, sentence }) => `  ${id}: ${sentence}`)
  const questions = facts
    .filter(({ kind }) => kind === 'question')
    .map(({ id, sentence }) => `  ${id}: ${sentence}`)
  return [
    ...tables.map((table): readonly [string, readonly string[]] => [
      `Routes '${table.name}'${table.preset === undefined ? '' : `, from preset ${table.preset}`}`,
      [
        ...rows(table, signs.arrow),
        '  anything else: 404, never forwarded',
        ...oauthEndpointLines(table, config.store),
        ...oauthThrottleLines(table, config.legacyOAuth),
      ],
    ]),
    [`Rows that are ${paint('warn', 'off')}: never tried against a real server`, off],
    ['To confirm with your server before relying on the preset', questions],
  ]
}

function rows({ rows }: RouteTable, arrow: string): readonly string[] {
  const cells = rows.map((row) => [
    row.class,
    `${row.methods?.join(',') ?? 'any method'} ${row.path}`,
    destination(row, arrow),
    row.id,
  ])
  const widths = [0, 1, 2].map((at) => Math.max(...cells.map((row) => row[at]?.length ?? 0)))
  return cells.map((row) =>
    `  ${row.map((cell, at) => padded(cell, widths[at] ?? 0)).join('  ')}`.trimEnd(),
  )
}

/** Administrators turn it on and off while serving; the file only says which row it is. */
function oauthEndpointLines({ rows }: RouteTable, store: Config['store']): readonly string[] {
  if (rows.every((row) => oauthEndpointOf(row) !== 'new')) return []
  return store?.kind !== 'dangerous-none'
    ? [
        '  new OAuth endpoint: serves while it is enabled; before `tfe oauth enable-new` (oauth-not-configured) and after `tfe oauth disable-new` (oauth-disabled) it is refused to everybody, in recording too',
      ]
    : [
        '  new OAuth endpoint: refused to everybody, in recording too (oauth-not-configured): it is enabled in a store, and this configuration does without one',
      ]
}

/** How rows without a certificate and with passwords are kept under watch. */
function oauthThrottleLines(
  { rows }: RouteTable,
  legacy: Config['legacyOAuth'],
): readonly string[] {
  if (rows.every((row) => row.class !== 'legacy-oauth')) return []
  const { address, account, lockout, basic } = legacy
  const { failures, addressFailures, accountFailures, period, first, longest } = lockout
  const client = basic === 'client' ? '; beside a username, Basic names the program' : ''
  return [
    `  legacy-oauth: ${countText(address.perMinute, 'request')} a minute from an address, ${address.burst} at once; ${account.perMinute} and ${account.burst} for an account where it has not recently signed in${client}`,
    `  locked out for ${durationText(first)} to ${durationText(longest)}: an account from one address after ${countText(failures, 'failure')} in ${durationText(period)}, an address after ${addressFailures}; an account elsewhere after ${accountFailures}, for ${durationText(period)}`,
  ]
}

function destination(row: RouteRow, arrow: string): string {
  const { class: kind, upstream, match, networks, sensitive } = row
  if (kind === 'denied') return `${arrow} nowhere`
  const narrowed = match === undefined ? '' : ', for certificates that match'
  const sources =
    networks === undefined
      ? ''
      : `, from ${networks.map(({ text }) => text).join(', ') || 'no network'} only`
  const approved = sensitive ? ', sensitive' : ''
  const which = oauthEndpointOf(row) === 'new' ? ', new OAuth endpoint' : ''
  return `${arrow} ${upstream ?? 'nowhere'}${narrowed}${sources}${approved}${which}`
}
