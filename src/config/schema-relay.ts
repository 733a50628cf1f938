/** What a sync port does with its connections. */
import { Type } from 'typebox'
import { flag, group, singleLine, choice } from './reading/schema-types.ts'
import { networks } from './schema-match.ts'

export const CERTIFICATE_DEMANDS = ['if-shown', 'device', 'always'] as const
export const PROXY_POSITIONS = ['off', 'before-tls', 'inside-tls'] as const

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
      'Whether the upstream is told of the device by PROXY protocol v2: its address, its TLS session, and its certificate where we vouch for it. `before-tls`: in the clear, ahead of our own TLS handshake, where HAProxy and nginx look for it; whoever can reach the upstream or sits on the way can write one, too. `inside-tls`: as the first octets inside our TLS session, where nobody else can. Whatever the device sends comes behind it.',
      PROXY_POSITIONS,
      'off',
    ),
    proxyCertificate: flag(
      'Whether the PROXY header carries the whole certificate. nginx reads headers of up to 4 KiB, so turn it off for nginx when certificates are large; before 1.23.2 hardly a hundred octets, which a name alone exceeds.',
      true,
    ),
  },
)
