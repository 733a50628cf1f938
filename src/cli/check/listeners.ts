/** What devices would meet: ports, names, certificates. */
import { bracketed } from '../../config/host.ts'
import { isPublic, type ServerIdentity } from '../../handshake/server-identity.ts'
import type { Instant } from '../../kernel/types.ts'
import type { Config, Listener } from '../../config/config.ts'
import type { ListenerWorld, World } from '../../state/world.ts'
import { columns } from '../page.ts'
import { counted, dayText, distanceText } from '../spans.ts'

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
  { name, purpose, address, port, hosts, routes, tls }: Listener,
  world: ListenerWorld | undefined,
  now: Instant,
): readonly string[] {
  const kind = purpose === 'web-clip' ? ' (web clip)' : ''
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
    ['routes', routes.name],
  ]
  return [
    `  ${name}${kind}: https://${bracketed(address)}:${port}`,
    ...columns(rows).map((line) => `  ${line}`),
  ]
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
