/** The keys of an upstream: a server that we forward to, and what it is told about the device. */
import { FORWARDING_STYLES } from '../../message/forwarding-fields.ts'
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
  reference,
  size,
  patternText,
  choice,
} from '../reading/schema-types.ts'
import { IDENTITY_FORMATS } from '../../message/encode/settings.ts'
import { PROTOCOLS } from '../../upstream-tls/suite.ts'
import { health } from './health.ts'
import { certificateKeys, tlsNames } from '../reading/tls-schema.ts'

const FIELD_NAME = {
  // RFC 9110 §5.1: a token.
  pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$",
  wanted: 'the name of an HTTP field, such as X-Client-Cert',
}

const fieldName = (description: string) =>
  Type.Optional(patternText(description, FIELD_NAME.pattern, { wanted: FIELD_NAME.wanted }))

const fields = defaultGroup(
  "Field names in place of the format's own. A fact that the format does not send by itself is sent when it has a name here.",
  {
    certificate: fieldName('The leaf.'),
    escapedCertificate: fieldName(
      "The leaf as percent-encoded PEM, beside `certificate`: Tomcat's SSLValve reads it as ssl_client_escaped_cert.",
    ),
    chain: fieldName('The intermediates.'),
    verify: fieldName(
      'The verdict: SUCCESS, NONE or FAILED with a code. Say it explicitly wherever the upstream can read it.',
    ),
    subject: fieldName('The subject, written as `name` says.'),
    issuer: fieldName('The issuer, written as `name` says.'),
    serial: fieldName('The serial number, written as `serial` says.'),
    fingerprint: fieldName(
      'The fingerprint of the leaf, written as `fingerprint` says. With `haproxy` a name that ends in SHA1 or SHA256 carries that digest.',
    ),
    notBefore: fieldName('The first second of validity.'),
    notAfter: fieldName('The last second of validity.'),
    commonName: fieldName('The common name of the subject: a label, never an identity.'),
    subjectAltNames: fieldName('The subject alternative names, as HAProxy writes them.'),
    validity: fieldName('Both ends of the validity in one value, as AWS writes it.'),
    timeliness: fieldName(
      'Where the certificate stands in time: valid, in-renewal-window (see `renewalWindow`) or in-grace. For an upstream that asks devices to renew.',
    ),
    info: fieldName("Traefik's summary of subject, issuer, serial, validity and names."),
    used: fieldName('1 when a certificate is named, 0 when none is.'),
  },
)

const identity = group(
  'How this upstream is told who the device is. Left out: it is told nothing (RFC 9440 §4). Whatever a device sends under any of these names is removed first, always.',
  {
    format: choice(
      'How the certificate is written. `rfc9440` is the standard; the others are what the products of that name send. With `tomcat`, a Tomcat that also asks for our clientCertificate takes us for the client wherever no device is named: let the routes behind it ask for a certificate, or Tomcat not.',
      IDENTITY_FORMATS,
      'rfc9440',
    ),
    fields,
    serial: choice(
      'How the serial number is written. Consumers disagree: Fleet reads hexadecimal, Caddy sends decimal.',
      ['hex-lower', 'hex-upper', 'hex-colon', 'decimal'],
      'hex-upper',
    ),
    name: choice(
      'How distinguished names are written. `format`: as the product of the format writes them, `rfc2253` where it is none; `slash` is what old OpenSSL tools print.',
      ['format', 'rfc4514', 'rfc2253', 'slash'],
      'format',
    ),
    fingerprint: defaultGroup('How the fingerprint is made and written.', {
      digest: choice(
        'Use `sha1` only for an upstream that knows nothing else: it is forgeable.',
        ['sha256', 'sha1'],
        'sha256',
      ),
      form: choice('How the octets are written.', ['hex', 'colon', 'base64'], 'hex'),
    }),
    chain: flag('Send the intermediates too, where the format has a place for them.', false),
    grace: flag(
      'Name a device whose certificate is in grace even in a format that has no verify field, and so cannot say that it is expired. Only for an upstream that looks at notAfter itself.',
      false,
    ),
    maxBytes: size(
      'All identity fields together; a chain that would go beyond is left out and counted. Tomcat reads 8 KiB of header section unless told otherwise.',
      ['1KiB', '64KiB'],
      '16KiB',
    ),
  },
)

const tls = defaultGroup(
  'How we speak TLS with the upstream. `strict`, `dangerousAllowAndLog`, `sni`, `trust.default`, `trust.custom`, and the three lists together: where there is a store, what is left out here is drafted, tested and applied in the upstream TLS settings, and what is written here is locked there.',
  {
    preset: choice(
      '`secure`: strict TLS, SNI, TLS 1.2 and 1.3. `sentry-compat`: what Standalone Sentry does out of the box, for moving over unchanged: strict off, SNI off, TLS 1.2 only.',
      ['secure', 'sentry-compat'],
      'secure',
    ),
    strict: Type.Optional(
      flag(
        'Enable Strict TLS: the certificate must lead to a trusted CA and carry the hostname. Left out: as the preset says. Off, by this key or by the preset, has to be marked with `dangerousStrictOff: true`.',
      ),
    ),
    dangerousStrictOff: flag(
      'The mark of strict TLS being off. Each connection that strict TLS would have refused is used, logged with chain and reason, and counted; anybody between us and the upstream can read and change everything, identities included.',
      false,
    ),
    dangerousAllowAndLog: flag(
      'Allow and Log untrusted servers, an option of strict TLS: a server whose certificate leads to no trust store is used, logged with chain and reason, and counted. It is handed requests and, where `identity` is written, the client certificate field, although no trust store vouches for it. A wrong hostname, a certificate that has expired or is not valid yet, one that is not meant for servers, a broken or weak chain, and another key than one of `pins` still refuse it. Revocation lists are not asked for.',
      false,
    ),
    dangerousUnverified: flag(
      'What `dangerousStrictOff` was called when Allow and Log untrusted servers was the signature under strict TLS being off. It is read as the mark of strict TLS being off, with a warning, and never allows untrusted servers under strict TLS.',
      false,
    ),
    sni: Type.Optional(
      singleLine(
        'The server name sent in the handshake (SNI): `off`, `on` (the hostname), or a name. Left out: as the preset says.',
        'off, on, or a host name',
      ),
    ),
    hostname: Type.Optional(
      singleLine(
        "The name that the upstream's certificates must carry. Left out: each server's own host. Independent of SNI.",
        'a host name or an IP address',
      ),
    ),
    trust: defaultGroup('Who may vouch for the upstream.', {
      default: choice(
        'Enable Default Trust Store: the public CAs that come with Node (`bundled`), those of the operating system (`system`), or none (`off`). For an internal CA choose `off` and name it in `custom`.',
        ['bundled', 'system', 'off'],
        'bundled',
      ),
      custom: optionalListOf(
        'Enable Custom Trust Store: PEM files of CAs, trusted besides the default store.',
        reference('A PEM file.'),
      ),
    }),
    pins: optionalListOf(
      'Public keys of which the upstream must show one, besides being trusted: in its own certificate or in one above it that it sends. A CA that is trusted and should not have signed is then not enough. Name a second key, kept in reserve, or a new key of the upstream stops everything. `tfe upstream test` prints the pins of what the upstream shows. Without strict TLS another key is logged and used.',
      patternText(
        'The SHA-256 of a SubjectPublicKeyInfo in base64.',
        '^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$',
        {
          wanted: 'the 44 characters of a SHA-256 in base64',
          advice:
            'print it with `openssl x509 -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64`',
        },
      ),
    ),
    protocols: Type.Optional(
      listOf(
        'The protocols offered, in any order and without a hole between them. Without `protocols`, `ciphers` and `groups` the upstream follows the default of the preset, also when a later version changes it (Use Default, recommended); with any of them it has a custom configuration. TLSv1.1 and TLSv1 are weak and lower the security level for this upstream alone. SSLv2Hello needs TLSv1 and is impossible with this runtime: it is kept, warned about, and has no effect.',
        choice('One protocol.', PROTOCOLS),
      ),
    ),
    ciphers: Type.Optional(
      listOf(
        "The cipher suites offered, preferred first, in OpenSSL's spelling or IANA's, which is Java's. A suite belongs to TLS 1.3 or to the older protocols by its name; the two are ordered apart, and each selected protocol needs one. Left out: the default of the preset, as far as the protocols can use it. `tfe upstream catalogue` shows what there is.",
        patternText('One suite.', '^[A-Za-z0-9_-]{1,64}$', {
          wanted:
            'a name such as ECDHE-RSA-AES256-GCM-SHA384 or TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
        }),
      ),
    ),
    groups: Type.Optional(
      tlsNames(
        'The key exchange groups offered, preferred first. Left out: X25519MLKEM768 (with the preset `secure`), X25519, P-256, P-384, P-521.',
        'X25519MLKEM768',
      ),
    ),
    clientCertificate: Type.Optional(
      group(
        'What we show an upstream that asks who we are. An upstream should believe identity fields only on a connection that proves it comes from us.',
        certificateKeys,
      ),
    ),
  },
)

const limits = defaultGroup('How long we wait for the upstream, and how much of it we use.', {
  connections: integer(
    'Connections to each server, per worker. Tomcat runs 200 requests at a time unless told otherwise; more would queue there, unseen. Requests without a certificate that we vouch for (open rows, enforcement that is recording) together use at most half of them, and one address of those at most a quarter, at least one each: what they keep busy, devices with a fit certificate never wait for.',
    [1, 100_000],
    128,
  ),
  connect: duration(
    'From connecting to the end of the TLS handshake. In one data centre this is milliseconds.',
    ['50ms', '2m'],
    '5s',
  ),
  responseHeaders: duration(
    "From the end of the request to the end of the response's header section. Check-ins that compute policies take seconds, long ones half a minute.",
    ['100ms', '1h'],
    '60s',
  ),
  responseHeaderBytes: size(
    "A response's header section; twice what servers send, cookies and all.",
    ['1KiB', '1MiB'],
    '32KiB',
  ),
  bodyIdle: duration(
    'How long a body may stand still on the side of the upstream.',
    ['100ms', '1h'],
    '60s',
  ),
  idle: duration(
    'Between two requests of a connection. Must be shorter than the idle timeout of the upstream, which would close the connection under a request otherwise; Apache httpd waits 5 seconds.',
    ['100ms', '1h'],
    '4s',
  ),
})

const address = (description: string) =>
  patternText(description, '^https?://[^/?#@\\s]+/?$', {
    wanted: 'https:// with host and port, without user, path or query',
    advice: 'write it as https://core.internal:443',
  })

const server = group('One server.', {
  url: address('Scheme, host and port, as `url` of the upstream.'),
  weight: integer(
    'Its share beside the others: a server of weight 2 gets twice the requests, connections or devices of one of weight 1.',
    [1, 100],
    1,
  ),
  check: flag('Off: `health.check` leaves this server alone.', true),
})

/** One upstream. */
export const upstream = group('What we forward to: one server, or several that answer alike.', {
  url: Type.Optional(
    address(
      'Scheme, host and port of the one server. Paths are passed on unchanged, so none is allowed here. `http:` needs `dangerousPlaintext: true`. Several servers: write `servers` instead.',
    ),
  ),
  servers: Type.Optional(
    Type.Array(server, {
      description:
        'Several servers in place of `url`. All are called alike: the same scheme, TLS settings and limits. Each has its own connections, and unless `tls.hostname` says otherwise its certificate must carry its own host.',
      minItems: 1,
      // Each is a label of the metrics, and each worker watches every one.
      maxItems: 64,
      wanted: 'a list of 1 to 64 servers',
    }),
  ),
  balance: choice(
    'How a server is chosen among several. `round-robin`: in turn. `least-connections`: the server that has the fewest requests under way for its weight. `device-hash`: the same device goes to the same server, by the key of its certificate (rendezvous hashing: when a server goes, only its devices move); a request without a certificate that we vouch for goes in turn. Each worker counts for itself.',
    ['round-robin', 'least-connections', 'device-hash'],
    'round-robin',
  ),
  attempts: integer(
    'Servers that one request is tried on, the first included. Another server gets only what was not sent (no connection could be made), and GET, HEAD and OPTIONS without a body that met a broken connection before any answer. A POST is never sent twice.',
    [1, 5],
    2,
  ),
  health,
  dangerousPlaintext: flag(
    'Your signature under an `http:` upstream: anybody on the way can read and change everything, identities included.',
    false,
  ),
  host: singleLine(
    'What the upstream reads as Host: `preserve` (what the device asked for; MDM servers put it into profiles), `upstream` (host and port of the server that is called), or a fixed name.',
    'preserve, upstream, or a host name',
    'preserve',
  ),
  forwarding: choice(
    'How the upstream is told where a request came from. `x-forwarded`: `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host`. `forwarded`: `Forwarded` (RFC 7239). `none`: not at all. What a device sends under these names is removed in any case; from proxies in `listeners.*.forwardedFrom` the list of addresses is kept, and ours appended.',
    FORWARDING_STYLES,
    'x-forwarded',
  ),
  tls,
  identity: Type.Optional(identity),
  limits,
})
