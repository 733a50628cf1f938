/** Where requests would go, how sure we would be of the way, and what we would say there about the device. */
import { countText } from '../../kernel/count-text.ts'
import type { HostPolicy, Upstream, UpstreamTls } from '../../config/upstream/types.ts'
import type { CheckSettings } from '../../forward/settings.ts'
import type { IdentitySettings } from '../../message/encode/settings.ts'
import { unreachable } from '../../kernel/types.ts'
import type { CompiledUpstream, CompiledConfig } from '../../state/compiled-config.ts'
import type { Config } from '../../config/config.ts'
import { runtimeCatalogue } from '../../config/reading/runtime-offers.ts'
import { selectionNotices, versionsOf } from '../../upstream-tls/selection.ts'
import { type Row, twoColumns } from '../text-layout.ts'

/** One paragraph per upstream; without a world, nothing about what we show there. */
export const upstreams = (
  config: Config,
  compiled: CompiledConfig | undefined,
): readonly string[] =>
  config.upstreams.flatMap((one) => paragraph(one, compiled?.upstreams.get(one.name)?.identity))

function paragraph(upstream: Upstream, identity: CompiledUpstream['identity']): readonly string[] {
  const { name, protocol, servers, tls, host, identity: told } = upstream
  const [first] = servers
  const rows: readonly Row[] = [
    ...serverRows(upstream),
    ...(tls === undefined
      ? [['TLS', 'NONE: everything is readable on the way'] as const]
      : tlsRows(tls, servers.length === 1 ? first.hostname : 'the host of the server')),
    ...(identity === undefined
      ? []
      : [['shows', identity.certificates[0].subject.split('\n').toReversed().join(',')] as const]),
    ['Host', hostText(host)],
    ...healthRows(upstream),
    ['is told', told === undefined ? 'nothing about the device' : identityText(told)],
  ]
  return [
    `  ${name}: ${servers.length === 1 ? `${protocol}//${first.name}` : `${servers.length} servers`}`,
    ...twoColumns(rows).map((line) => `  ${line}`),
  ]
}

/** Nothing where there is nothing to choose. */
function serverRows({ protocol, servers, balance, attempts }: Upstream): readonly Row[] {
  if (servers.length === 1) return []
  return [
    ...servers.map(({ name, weight }): Row => {
      const share = weight === 1 ? '' : `, weight ${weight}`
      return ['server', `${protocol}//${name}${share}`]
    }),
    ['chosen', BALANCE_TEXT[balance]],
    [
      'retries',
      attempts === 1 ? 'none' : `what may be sent again goes to up to ${attempts} servers`,
    ],
  ]
}

/** Passive health needs a second server to have an effect; checks are worth a line in any case. */
function healthRows({ servers, health }: Upstream): readonly Row[] {
  const { failures, ejection, longestEjection, check } = health
  const [first, longest] = [durationText(ejection), durationText(longestEjection)]
  const avoided: Row = [
    'avoided',
    `after ${countText(failures, 'failure')} in a row, for ${first} to ${longest}, while another server is in`,
  ]
  return [
    ...(servers.length === 1 ? [] : [avoided]),
    ...(check === undefined ? [] : [['checked', checkText(check, servers)] as const]),
  ]
}

function checkText(check: CheckSettings, servers: Upstream['servers']): string {
  const { interval, sni, http, up, down } = check
  const left = servers.filter((one) => !one.check).map(({ name }) => name)
  return [
    http === undefined ? 'by connecting' : `by ${http.method} ${http.path}`,
    ` every ${durationText(interval)}`,
    sni.kind === 'as-requests'
      ? ''
      : sni.kind === 'name'
        ? `, SNI ${sni.name}`
        : `, SNI ${sni.kind}`,
    `; out after ${down} that failed, in after ${up} that passed`,
    left.length === 0 ? '' : `; never ${left.join(', ')}`,
  ].join('')
}

const durationText = (ms: number): string => (ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`)

const BALANCE_TEXT: Readonly<Record<Upstream['balance'], string>> = {
  'round-robin': 'in turn',
  'least-connections': 'the server with the fewest requests under way for its weight',
  'device-hash': 'by the key of the device; in turn for requests without one',
}

/** `own` is what stands for the hostname where the configuration names none. */
function tlsRows(tls: UpstreamTls, own: string): readonly Row[] {
  const { strict, allowAndLog, sni, pins, trust } = tls
  const hostname = tls.hostname ?? own
  const names = sni.kind === 'off' ? 'SNI off' : `SNI ${sni.kind === 'name' ? sni.name : hostname}`
  const stores = [
    ...(trust.default === 'off' ? [] : [`the ${trust.default} public CAs`]),
    ...trust.custom.map(({ path }) => path),
  ]
  return [
    ['TLS', `${selectionText(tls)}, ${names}`],
    [
      'strict',
      strict
        ? `yes: the certificate must name ${hostname} and lead to ${stores.join(' or ')}${allowAndLog ? '; BUT one that leads to none of them is used and logged (Allow and Log untrusted servers)' : ''}`
        : 'NO: any server that answers is believed (and logged, when strict TLS would have refused)',
    ],
    ...(pins.length === 0
      ? []
      : [
          [
            'pins',
            pins.length === 1
              ? 'the one key must be shown'
              : `one of ${pins.length} keys must be shown`,
          ] as const,
        ]),
  ]
}

/** The default or the operator's own, and how much of it is weak. */
function selectionText({ mode, selection, preset }: UpstreamTls): string {
  const notices = selectionNotices(selection, runtimeCatalogue())
  const weakProtocols = notices.flatMap((one) => (one.kind === 'weak-protocol' ? [one.name] : []))
  const weak = notices.flatMap((one) => (one.kind === 'weak-suites' ? one.names : [])).length
  const versions = versionsOf(selection).map((one) =>
    weakProtocols.includes(one) ? `${one} (WEAK)` : one,
  )
  const whose = mode === 'default' ? `default of ${preset}` : 'custom configuration'
  const suites = countText(selection.suites.length, 'suite')
  return `${versions.join(' and ')}, ${suites}${weak === 0 ? '' : ` (${weak} weak)`}: ${whose}`
}

function hostText(host: HostPolicy): string {
  switch (host.kind) {
    case 'preserve':
      return 'what the device asked for'
    case 'upstream':
      return 'its own'
    case 'name':
      return host.name
    default:
      return unreachable(host)
  }
}

function identityText({ format, fields, chain, grace }: IdentitySettings): string {
  const named = Object.entries(fields).map(([fact, field]) => `${fact} in ${field}`)
  return [
    `format ${format}`,
    ...named,
    ...(chain ? ['with intermediates'] : []),
    ...(grace ? ['devices in grace too'] : []),
  ].join(', ')
}
