/** What devices would meet: ports, names, certificates. */
import { bracketed } from '../../config/reading/host.ts'
import { isPublic, type ServerIdentity } from '../../handshake/server-identity.ts'
import type { Instant, Millis } from '../../kernel/types.ts'
import type { Config, Listener, Relay } from '../../config/config.ts'
import type { ListenerWorld, World } from '../../state/world.ts'
import { columns } from '../text-layout.ts'
import { counted, dayText, distanceText, lengthText } from '../format-time.ts'

/** One paragraph per listener, and the processes behind all of them; without a world, nothing about certificates. */
export function listeners(
  config: Config,
  world: World | undefined,
  now: Instant,
): readonly string[] {
  const { workers, metrics } = config
  const crew = workers === 'auto' ? 'one process per core' : counted(workers, 'process')
  return [
    ...config.listeners.flatMap((one) => paragraph(one, world?.listeners.get(one.name), now)),
    `  metrics and readiness on http://${bracketed(metrics.address)}:${metrics.port}, without TLS`,
    `  ${crew.replace('processs', 'processes')} behind every port`,
  ]
}

function paragraph(
  { name, purpose, address, port, hosts, routes, tls, relay, limits }: Listener,
  world: ListenerWorld | undefined,
  now: Instant,
): readonly string[] {
  const versions =
    tls.minVersion === tls.maxVersion ? tls.maxVersion : `${tls.minVersion} to ${tls.maxVersion}`
  const resumption = resumptionText(tls.resumption, world)
  const rows: readonly (readonly [string, string])[] = [
    ['serves', hosts.join(', ')],
    ...(world?.identities ?? []).map((one): readonly [string, string] => [
      'certificate',
      certificate(one, now),
    ]),
    ['TLS', `${versions}, resumption ${resumption}`],
    ['names CAs', tls.advertiseCas ? 'yes: devices are told which certificates may do' : 'no'],
    ...(relay === undefined ? [['routes', routes.name] as const] : relayRows(relay, limits.idle)),
  ]
  return [
    `  ${name}${KINDS[purpose]}: ${relay === undefined ? 'https' : 'tls'}://${bracketed(address)}:${port}`,
    ...columns(rows).map((line) => `  ${line}`),
  ]
}

const KINDS: Readonly<Record<Listener['purpose'], string>> = {
  devices: '',
  'web-clip': ' (web clip)',
  sync: ' (sync port)',
}

/** What becomes of connections that are relayed whole. */
function relayRows(
  { upstream, certificate, sensitive, networks, proxyProtocol }: Relay,
  idle: Millis,
): readonly (readonly [string, string])[] {
  const whence = networks?.map(({ text }) => text).join(', ')
  const approved = sensitive ? ', of approved devices only' : ''
  return [
    ['relays', `octets as they are to ${upstream}, until none moves for ${lengthText(idle)}`],
    ['asks for', `${ASKS[certificate]}${approved}`],
    ...(whence === undefined ? [] : [['from', `${whence || 'no network'} only`] as const]),
    ['tells', toldText(proxyProtocol)],
  ]
}

const ASKS: Readonly<Record<Relay['certificate'], string>> = {
  'if-shown': 'no certificate; judges one that is shown',
  device: 'a certificate, as enforcement says',
  always: 'a certificate in every mode',
}

function toldText({ place, certificate }: Relay['proxyProtocol']): string {
  if (place === 'off') return 'nothing about the device'
  const where = place === 'before-tls' ? 'IN THE CLEAR, before TLS' : 'inside TLS'
  return `PROXY protocol v2 ${where}${certificate ? ', with the certificate' : ''}`
}

function resumptionText(chosen: string, world: ListenerWorld | undefined): string {
  if (chosen !== 'auto' || world === undefined) return chosen
  return world.tls.resumption ? 'on' : 'off, because devices enrol or renew here'
}

function certificate({ certificates, names }: ServerIdentity, now: Instant): string {
  const notAfter = certificates[0].validToDate.getTime() as Instant
  const until =
    notAfter < now
      ? `EXPIRED ${distanceText(notAfter, now)}`
      : `until ${dayText(notAfter)}, ${distanceText(notAfter, now)}`
  const standing = isPublic(certificates) ? 'publicly trusted' : 'not publicly trusted'
  return `${names.join(', ') || 'no names'}; ${until}; ${standing}`
}
