/** What a sync port does with its connections, as the operator wrote it. */
import { Type } from 'typebox'
import { flag, group, singleLine, choice } from '../reading/schema-types.ts'
import { readNetworks, networks } from '../reading/networks.ts'
import { allOrMissing, type Maybe, missing, type Place, type Written } from '../reading/place.ts'
import { CERTIFICATE_DEMANDS, PROXY_POSITIONS, type ListenerPurpose, type Relay } from './types.ts'
import { checkUpstream } from '../routes/upstream-reference.ts'

/** Belongs to a listener of purpose `sync`. */
export const relay = group(
  'Where a sync port leads, and whom it lets through. What devices speak there is not HTTP (port 9997 of EPMM and Core), so whole connections are judged, and their octets pass as they are.',
  {
    upstream: Type.Optional(
      singleLine(
        'Where connections go. May be left out when there is only one upstream, which is seldom right: the server has a port of its own for this.',
        'the name of an upstream',
      ),
    ),
    certificate: choice(
      'What is asked of the device. `if-shown`: nothing, as its clients have always had it; but one that shows a certificate is judged by it, and refused for it. `device`: a fit certificate, as `enforcement` says. `always`: one in every mode.',
      CERTIFICATE_DEMANDS,
      'if-shown',
    ),
    sensitive: flag(
      'Only approved devices may use it, where the approval model asks for that. Makes no sense with `if-shown`.',
      false,
    ),
    allow: Type.Optional(networks('From where it may be reached. Left out: from everywhere.')),
    proxyProtocol: choice(
      'Whether the upstream is told of the device by PROXY protocol v2: its address, its TLS session, and its certificate where we vouch for it. `before-tls`: in the clear, ahead of our own TLS handshake, where HAProxy and nginx look for it; what can reach the upstream or sits on the way can write one, too. `inside-tls`: as the first octets inside our TLS session, where nothing else can. Whatever the device sends comes behind it.',
      PROXY_POSITIONS,
      'off',
    ),
    proxyCertificate: flag(
      'Whether the PROXY header carries the whole certificate, which makes it 1,000 to 3,000 octets long. Readers close on a header that is too long for them: HAProxy takes 16,384 octets (`tune.bufsize`), nginx 4,096 (before 1.23.2 its `client_header_buffer_size`, 1,024, and in `stream` hardly a hundred, which a name alone exceeds), Varnish 404, lighttpd 256 and Apache httpd 232, of which a long name alone uses up most. Written out, there is no warning about it.',
      true,
    ),
  },
)

/** What of a listener matters here. */
type ListenerPlace = Place<{
  readonly purpose?: ListenerPurpose | undefined
  readonly limits?: object | undefined
  readonly relay?: Written<typeof relay> | undefined
}>

/** Reads `relay`, which a sync port must have and no other listener may. */
export function readRelay(
  listener: ListenerPlace,
  upstreams: readonly string[],
): Maybe<Relay | undefined> {
  const place = listener.at('relay')
  const { purpose } = listener.written ?? {}
  if (purpose !== 'sync') {
    if (place.written === undefined || purpose === undefined) return undefined
    const message = `found relay on a listener for ${purpose}, wanted it on a sync port alone: write purpose: sync, or remove it`
    return place.fault(message, 'key')
  }
  for (const [key, limit] of listener.at('limits').entries()) {
    if (!RELAY_LIMITS.has(key) && limit.isStated) limit.warn(NO_REQUESTS)
  }
  if (place.written !== undefined) return readRelaySettings(place, upstreams)
  if (place.isFaulty) return missing
  return listener.fault('found no relay, wanted where a sync port leads: add relay', 'key')
}

const RELAY_LIMITS: ReadonlySet<string> = new Set(['connections', 'handshake', 'idle'])
const NO_REQUESTS = 'found a limit on requests, which has no effect on a sync port: remove it'

function readRelaySettings(
  place: Place<Written<typeof relay>>,
  upstreams: readonly string[],
): Maybe<Relay> {
  const { faults } = place.context
  const before = faults.length
  const named = place.at('upstream')
  const upstream = named.written ?? (upstreams.length === 1 ? upstreams[0] : undefined)
  checkUpstream(named, upstreams)
  if (upstream === undefined && !named.isFaulty) {
    const message = `found ${upstreams.length} upstreams and no word on which of them the connections go to, wanted one named: add upstream`
    place.fault(message, 'key')
  }
  const networks = readNetworks(place.at('allow'))
  const { certificate, sensitive, proxyProtocol } = place.written ?? {}
  if (sensitive === true && certificate === 'if-shown') {
    place.at('sensitive').fault(SENSITIVE, 'key')
  }
  const proxyCertificate = place.at('proxyCertificate')
  if (proxyProtocol === 'off' && proxyCertificate.isStated) proxyCertificate.warn(NO_HEADER)
  if (proxyProtocol !== 'off' && !proxyCertificate.isStated)
    place.at('proxyProtocol').warn(LONG_HEADER)
  if (faults.length > before) return missing
  return allOrMissing<Relay>({
    at: place.location,
    upstream: upstream ?? missing,
    certificate: place.required('certificate'),
    sensitive: place.required('sensitive'),
    networks,
    proxyProtocol: allOrMissing<Relay['proxyProtocol']>({
      place: place.required('proxyProtocol'),
      certificate: place.required('proxyCertificate'),
    }),
  })
}

const SENSITIVE =
  'found sensitive where a certificate is asked for only if one is shown, wanted none: a device would pass by not sending it: remove it, or write certificate: device'
const LONG_HEADER =
  'found a PROXY header with the whole certificate in it, wanted a reader that takes 1,000 to 3,000 octets: HAProxy and nginx from 1.23.2 on do; Apache httpd takes 232, lighttpd 256, Varnish 404, older nginx 1,024, and close on more: write proxyCertificate: true if yours takes it, and false otherwise'
const NO_HEADER =
  'found proxyCertificate without a PROXY header to put it in, where it has no effect: remove it, or choose a proxyProtocol'
