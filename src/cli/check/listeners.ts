/** What devices would meet: ports, names, certificates. */
import { countText } from '../../kernel/count-text.ts'
import { bracketed } from '../../config/reading/host.ts'
import { DEFAULT_CIPHER_SUITES } from '../../handshake/cipher-suites.ts'
import { isPubliclyTrusted } from '../../handshake/public-authorities.ts'
import type { ServerIdentity } from '../../handshake/server-identity.ts'
import type { Network } from '../../kernel/network.ts'
import type { Instant, Millis } from '../../kernel/types.ts'
import type { Config } from '../../config/config.ts'
import type { CompiledListener, CompiledConfig } from '../../state/compiled-config.ts'
import { type Row, twoColumns } from '../text-layout.ts'
import { durationText, expiryText } from '../../kernel/time-text.ts'
import type { InboundProxy, Listener, Relay } from '../../config/listener/types.ts'

/** One paragraph per listener, and the processes behind all of them; without a world, nothing about certificates. */
export function listeners(
  config: Config,
  compiled: CompiledConfig | undefined,
  now: Instant,
): readonly string[] {
  const { workers, metrics } = config
  const pool =
    workers === 'auto' ? 'one process per core' : countText(workers, 'process', 'processes')
  return [
    ...config.listeners.flatMap((one) => paragraph(one, compiled?.listeners.get(one.name), now)),
    `  metrics and readiness on http://${bracketed(metrics.address)}:${metrics.port}, without TLS`,
    `  ${pool} behind every port`,
  ]
}

function paragraph(
  {
    name,
    purpose,
    exposure,
    address,
    port,
    hosts,
    routes,
    tls,
    relay,
    limits,
    proxyProtocol,
    forwardedFrom,
  }: Listener,
  compiled: CompiledListener | undefined,
  now: Instant,
): readonly string[] {
  const versions =
    tls.minVersion === tls.maxVersion ? tls.maxVersion : `${tls.minVersion} to ${tls.maxVersion}`
  const resumption = resumptionText(tls.resumption, compiled)
  const rows: readonly Row[] = [
    ['serves', hosts.join(', ')],
    ...(proxyProtocol === undefined ? [] : [balancersRow(proxyProtocol)]),
    ...(forwardedFrom.length === 0 ? [] : [forwardedRow(forwardedFrom)]),
    ...(exposure === undefined ? [] : [['devices', EXPOSURE_LABELS[exposure]] as const]),
    ...(compiled?.identities ?? []).map((one): Row => ['certificate', certificate(one, now)]),
    ['TLS', `${versions}, resumption ${resumption}`],
    ['suites', suitesText(tls.ciphers)],
    ['names CAs', tls.advertiseCas ? 'yes: devices are told which certificates may do' : 'no'],
    ...(relay === undefined ? [['routes', routes.name] as const] : relayRows(relay, limits.idle)),
  ]
  return [
    `  ${name}${PURPOSE_LABELS[purpose]}: ${relay === undefined ? 'https' : 'tls'}://${bracketed(address)}:${port}`,
    ...twoColumns(rows).map((line) => `  ${line}`),
  ]
}

const balancersRow = ({ from }: InboundProxy): Row => [
  'behind',
  `balancers at ${from.map(({ text }) => text).join(', ')}, which send a PROXY header`,
]

const forwardedRow = (networks: readonly Network[]): Row => [
  'passes on',
  `where requests came from, as proxies at ${networks.map(({ text }) => text).join(', ')} say it`,
]

/** The default is what TLS 1.2 and 1.3 have left when CBC and static RSA are gone. */
const suitesText = (stated: readonly string[] | undefined): string =>
  stated === undefined
    ? `forward secret and AEAD, the default: ${DEFAULT_CIPHER_SUITES.length}`
    : stated.join(', ')

const EXPOSURE_LABELS = {
  internal: 'inside, unless their address is marked as external',
  external: 'outside, whatever their address is',
} as const

const PURPOSE_LABELS: Readonly<Record<Listener['purpose'], string>> = {
  devices: '',
  'web-clip': ' (web clip)',
  sync: ' (sync port)',
}

/** What becomes of connections that are relayed whole. */
function relayRows(
  { upstream, certificate, sensitive, networks, proxyProtocol }: Relay,
  idle: Millis,
): readonly Row[] {
  const sources = networks?.map(({ text }) => text).join(', ')
  const approved = sensitive ? ', of approved devices only' : ''
  return [
    ['relays', `octets as they are to ${upstream}, until none moves for ${durationText(idle)}`],
    ['asks for', `${CERTIFICATE_DEMAND_TEXT[certificate]}${approved}`],
    ...(sources === undefined ? [] : [['from', `${sources || 'no network'} only`] as const]),
    ['tells', proxyProtocolText(proxyProtocol)],
  ]
}

const CERTIFICATE_DEMAND_TEXT: Readonly<Record<Relay['certificate'], string>> = {
  'if-shown': 'no certificate; judges one that is shown',
  device: 'a certificate, as enforcement says',
  always: 'a certificate in every mode',
}

function proxyProtocolText({ place, certificate }: Relay['proxyProtocol']): string {
  if (place === 'off') return 'nothing about the device'
  const where = place === 'before-tls' ? 'IN THE CLEAR, before TLS' : 'inside TLS'
  return `PROXY protocol v2 ${where}${certificate ? ', with the certificate' : ''}`
}

function resumptionText(chosen: string, compiled: CompiledListener | undefined): string {
  if (chosen !== 'auto' || compiled === undefined) return chosen
  return compiled.tls.resumption ? 'on' : 'off, because devices enrol or renew here'
}

function certificate({ certificates, names }: ServerIdentity, now: Instant): string {
  const notAfter = certificates[0].validToDate.getTime() as Instant
  const standing = isPubliclyTrusted(certificates) ? 'publicly trusted' : 'not publicly trusted'
  return `${names.join(', ') || 'no names'}; ${expiryText(notAfter, now)}; ${standing}`
}
