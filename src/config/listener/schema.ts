/** The keys of a listener: one port that devices call. */
import { Type } from 'typebox'
import {
  integer,
  defaultGroup,
  flag,
  group,
  duration,
  singleLine,
  listOf,
  optionalListOf,
  size,
  choice,
} from '../reading/schema-types.ts'
import { networks } from '../reading/networks.ts'
import { relay } from './relay.ts'
import { TLS_VERSIONS, tlsNames, certificateKeys } from '../reading/tls-schema.ts'
import { EXPOSURES, LISTENER_PURPOSES, RESUMPTION_MODES } from './types.ts'

const tls = defaultGroup('How the listener speaks TLS with devices.', {
  minVersion: choice(
    'The oldest version accepted. Older ones than 1.2 are broken (RFC 8996) and not offered.',
    TLS_VERSIONS,
    'TLSv1.2',
  ),
  maxVersion: choice('The newest version offered.', TLS_VERSIONS, 'TLSv1.3'),
  ciphers: Type.Optional(
    tlsNames(
      'Cipher suites, strongest first. Left out: forward-secret AEAD suites only, which every device since 2014 speaks; the metric tfe_tls_connections_total counts what devices agree on.',
      'ECDHE-ECDSA-AES256-GCM-SHA384',
    ),
  ),
  groups: Type.Optional(
    tlsNames(
      'Key exchange groups, preferred first. Left out: the choice of the runtime, X25519MLKEM768 first.',
      'X25519MLKEM768',
    ),
  ),
  resumption: choice(
    'Whether a device may resume a session. Each resumed connection is judged again, so it is safe. `auto`: where no route is open or renews. `on`: there, too; a device that resumes after enrolling is refused once, and after renewing some clients go on as the certificate that they have replaced.',
    RESUMPTION_MODES,
    'auto',
  ),
  advertiseCas: flag(
    'Name the trusted CAs when asking for a certificate, so that a browser or a device with several can choose. Off by default: agents know their own, the names tell every client that connects which CAs you trust, and OpenSSL spends a tenth of a handshake on verifying chains although its verdict is not asked for. Settings that are staged or distrusted are not named; TLS allows 64 KiB of names, and beyond that none is sent and a warning says so; clients in Java fail above 32 KiB, which is a warning, too.',
    false,
  ),
})

const limits = defaultGroup('What one device, or all of them together, may take.', {
  connections: integer(
    'Open connections per worker. Devices with a fit certificate may hold all of them; all other connections, handshakes under way included, hold three quarters at most. Where there is no room for one that arrives, one of the others is closed: of the address that holds most, an idle one or the oldest, or an idle one of the address that has been quiet for longest. One that arrives is turned away only where devices with a fit certificate hold all. An idle TLS connection costs some 50 to 80 KB, and more while its peer presents a large certificate.',
    [1, 1_000_000],
    4000,
  ),
  handshake: duration(
    'From connecting to the end of the TLS handshake. Ten seconds is enough for a slow phone on a bad network, and short enough that silent connections cannot fill the listener.',
    ['100ms', '2m'],
    '10s',
  ),
  headers: duration(
    'From the first octet of a request to the end of its header section. A device sends it in one packet; only an attack drips.',
    ['100ms', '2m'],
    '10s',
  ),
  headerBytes: size(
    'Request line and header section together. 16 KiB is what MDM servers read themselves.',
    ['1KiB', '64KiB'],
    '16KiB',
  ),
  headerCount: integer(
    'Fields in a header section. Real devices send fewer than 30.',
    [10, 1000],
    100,
  ),
  bodyBytes: size(
    'A request body. It is streamed and costs no memory here; the bound keeps one device from filling the disk behind us.',
    ['0B', '1024GiB'],
    '2GiB',
  ),
  bodyIdle: duration(
    'How long a body under way may stand still, in either direction. A phone that changes networks is back within seconds.',
    ['100ms', '1h'],
    '60s',
  ),
  idle: duration(
    'Between two requests of a connection. Devices that check in do so in bursts; a minute spares them a second handshake. On a sync port: how long no octet moves in either direction.',
    ['100ms', '1h'],
    '60s',
  ),
  requestsPerConnection: integer(
    'Requests before the connection is closed politely, so that connections spread over workers again.',
    [1, 1_000_000],
    10_000,
  ),
})

/** What `routes` names. */
export const ROUTES_WANTED = 'the name of a preset or of an entry in `routes`'

/** One listener. */
export const listener = group('One port that devices call.', {
  purpose: choice(
    'What it is for. A `web-clip` listener serves Apps@Work with certificates and must use a port of its own: 7443 is recommended, 443 and 8443 are refused. `sync` is the legacy sync port of EPMM and Core: no HTTP is spoken there, and connections are relayed as `relay` says.',
    LISTENER_PURPOSES,
    'devices',
  ),
  exposure: Type.Optional(
    choice(
      'Whether devices that call it are inside or outside, where approval asks for that: `internal`, unless the address lies in `approval.externalNetworks`; `external`, whatever the address is. Left out: the address alone says so, and one that lies in no marked network is outside.',
      EXPOSURES,
    ),
  ),
  address: singleLine(
    'The address to bind: IPv4 or IPv6. `::` is every address of both kinds, where the system allows it.',
    'an IP address',
    '0.0.0.0',
  ),
  port: Type.Optional(
    integer(
      'The TCP port. Left out: 443, 7443 for a web clip, 9997 for the sync port. 0 lets the system choose, which is useful in tests.',
      [0, 65_535],
    ),
  ),
  publishedPorts: optionalListOf(
    'The ports by which devices reach it besides `port`, where a balancer or container publishes another one. An upstream reads these alone in `Host` and `X-Forwarded-Host`; any other port that a device writes is left out.',
    integer('One TCP port.', [1, 65_535]),
  ),
  hsts: Type.Optional(
    group(
      'Tells browsers to call the host over TLS alone (Strict-Transport-Security, RFC 6797). It counts for the whole host on every port, also for services that are not ours. Left out: nothing is said, and what the upstream says passes.',
      {
        maxAge: duration(
          'How long browsers remember it, counted anew with each answer. Begin with a day; `0s` takes it back.',
          ['0s', '730d'],
          '365d',
        ),
        includeSubDomains: flag('Whether it counts for every name below the host, too.', false),
        preload: flag(
          'Whether the host asks to be built into browsers, which is hard to undo. The list takes hosts with `includeSubDomains` and a `maxAge` of a year at least.',
          false,
        ),
      },
    ),
  ),
  proxyProtocol: Type.Optional(
    group(
      'Whether balancers in front tell the address of the device by PROXY protocol, version 1 or 2. It counts wherever the address of a device does: access lists, approval inside and outside, rates, logs, `X-Forwarded-For`. It says nothing of who the device is.',
      {
        from: networks(
          'The addresses of the balancers. A connection from there must begin with a PROXY header, or is closed; from anywhere else it must not: a header from another address is never believed, and its connection is closed. A balancer that does not know the address (LOCAL, UNKNOWN, as from UNIX sockets) is taken at its word: the address is `unknown` then, which is outside, on no access list, and has one share of the rates. Name single addresses where you can: who calls from here can pass for any address.',
        ),
      },
    ),
  ),
  forwardedFrom: Type.Optional(
    networks(
      'The addresses of proxies that end TLS in front and call us over TLS of their own. What such a proxy says in `X-Forwarded-For`, or `Forwarded` where the upstream reads that (`upstreams.*.forwarding`), is passed on to the upstream, and the address of the proxy appended; from any other address it is dropped. It is passed on as what others said, and counts nowhere here: access lists, rates and the log have the address of the proxy. `X-Forwarded-Host` and `X-Forwarded-Proto` are always ours. A balancer that passes TLS through does not belong here: the device itself writes what arrives behind it. Where a PROXY header came first (`proxyProtocol`), the address that it states is compared. Left out: every list is dropped.',
    ),
  ),
  hosts: listOf(
    'The host names (or IP addresses) that devices use. A request for any other is answered 421: what is meant for another server is not for us to forward. On a sync port they only choose among certificates.',
    singleLine('A host name without scheme or port.', 'a host name or an IP address'),
  ),
  certificates: listOf(
    'Who we are. The device chooses by SNI among several; the first serves devices that send no name.',
    group('A certificate chain with its private key.', certificateKeys),
  ),
  tls,
  limits,
  routes: Type.Optional(
    singleLine(
      'Which requests are served, and what they ask of the device: the name of a preset (epmm, core-10, nanomdm, generic) or of an entry in the top-level `routes`. Every listener needs it but a sync port, where there are no requests.',
      ROUTES_WANTED,
    ),
  ),
  relay: Type.Optional(relay),
})
