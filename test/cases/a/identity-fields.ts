/**
 * A6: what a device says of itself in a field that some producer of identity fields uses reaches no upstream, in any
 * spelling that a server may take for the same name. The control is a proxy that removes its own field alone.
 */
import { Device } from '../../support/devices/device.ts'
import { httpProxyServer } from '../../support/front-ends/http-proxy.ts'
import { clientTls, fleet } from '../../support/front-ends/product.ts'
import {
  recordingUpstream,
  type RecordingUpstream,
} from '../../support/upstreams/recording-upstream.ts'
import type { Scene } from '../case.ts'
import { frontEnd } from '../front-end.ts'

/** Families of names by who sets or believes them; sixty names besides those that the standard has. */
const FAMILIES: readonly (readonly [producer: string, names: string])[] = [
  ['the standard', 'Client-Cert Client-Cert-Chain Client-Cert-Not-After'],
  ['Cloudflare', 'CF-Cert-Presented CF-Cert-Issuer-DN CF-Cert-Serial CF-Client-Cert-Der-Base64'],
  [
    'F5 BIG-IP',
    'SSLClientCert SSLClientCertSubject SSLClientCertSN SSLClientSessionId X-SSLClientCert X-SSLClientCertIssuer X-SSLClientCertStatus',
  ],
  ['WebSphere', '$WSCC $WSRU $WSAT $WSRA $WSRH $WSIS $WSSC $WSPR $WSSI'],
  [
    'proxies in general',
    'X-ClientCert X-ClientCert-DN X-Client-Verify X-Client-Verify-Result X-Client-Verified X-Client-Serial X-Client-Serial-No X-Client-Subject X-Client-Subject-CN X-Client-Fingerprint X-Client-Fingerprint-SHA1 TLS-Client-Cert TLS-Client-Verified TLS-Client-Subject X-Certificate X-Certificate-Subject X-Certificate-Serial',
  ],
  ['NetScaler', 'NSClientCert NS-Client-Cert NS-Client-Cert-Subject'],
  ['Linkerd', 'l5d-client-id l5d-remote-ip'],
  [
    'Azure',
    'X-MS-CLIENT-PRINCIPAL X-MS-CLIENT-PRINCIPAL-ID X-MS-CLIENT-PRINCIPAL-IDP X-Azure-ClientIP',
  ],
  ['Google', 'X-Goog-Authenticated-User-Email X-Goog-Authenticated-User-ID'],
  [
    'oauth2-proxy and Grafana',
    'X-Auth-Request-User X-Auth-Request-Groups X-WebAuth-User X-WebAuth-Role',
  ],
  ['what tells the address', 'CF-Connecting-IPv6 X-Originating-IP X-Real-IP'],
  ['nginx and Apache', 'SSL_CLIENT_S_DN SSL_CLIENT_SAN_Email_0 X-SSL-Client-CN'],
]

/** The name as it is, and with each sign that some server takes for another: five spellings. */
const SPELLINGS: readonly (readonly [how: string, spell: (name: string) => string])[] = [
  ['as it is', (name) => name],
  ['with underscores', (name) => name.replaceAll(/[-_.$]/gu, '_')],
  ['with dots', (name) => name.replaceAll(/[-_.$]/gu, '.')],
  ['with dollar signs', (name) => name.replaceAll(/[-_.$]/gu, '$')],
  ['in capitals with hyphens', (name) => name.toUpperCase().replaceAll(/[-_.$]/gu, '-')],
]

const namesOf = (names: string): readonly string[] => names.split(' ')
const spelledOf = (names: string): readonly string[] =>
  namesOf(names).flatMap((name) => SPELLINGS.map(([, spell]) => spell(name)))

/** How many of the names in all spellings are in what the upstream reads. */
async function through(
  port: number,
  upstream: RecordingUpstream,
  { names, method = 'GET' }: { readonly names: readonly string[]; readonly method?: string },
): Promise<string> {
  const { port: _, ...options } = clientTls(port, fleet.device)
  await using device = await Device.to(port, options)
  const lines = names.map((name) => `${name}: FORGED\r\n`).join('')
  device.send(`${method} /device/x HTTP/1.1\r\nHost: localhost\r\n${lines}\r\n`)
  await device.response()
  const { requests } = upstream.take()
  // Two spellings may be one name, which a proxy sends once.
  const read = new Set(
    requests.flatMap(({ fields }) =>
      fields.filter(([, value]) => value.includes('FORGED')).map(([name]) => name.toLowerCase()),
    ),
  )
  const all = new Set(names.map((name) => name.toLowerCase()))
  const found = [...all].filter((name) => read.has(name))
  return found.length === all.size ? 'all' : found.length === 0 ? 'none' : found.join(' ')
}

/** Names that a server of the operator's own believes: no list of ours can have them. */
const OWN = ['X-Corp-Badge', 'X-Corp-User-Id', 'X.Corp_User.Name', 'x$corp$badge']
/** What a device may say: a guard that removes everything would be none. */
const INNOCENT =
  'User-Agent X-Request-Id X-Client-Version X-Client-Data X-Certify WSCC Sec-Fetch-Site'

export const IDENTITY_FIELDS: readonly Scene[] = [
  {
    cases: [
      ...FAMILIES.map(([producer, names]) => ({
        id: 'A6',
        what: `no field of ${producer} gets through in five spellings (${namesOf(names).length} names)`,
        expected: 'none',
        control: 'all',
      })),
      {
        id: 'A6',
        what: 'every name in every spelling at once gets through on no open row and with no certificate',
        expected: 'none',
        control: 'all',
      },
      {
        id: 'A6',
        what: 'names that an operator adds get through in no spelling',
        expected: 'none',
        control: 'all',
      },
      { id: 'A6', what: 'what a device may say gets through', expected: 'all', control: 'all' },
    ],
    async play() {
      await using upstream = await recordingUpstream()
      await using proxy = await httpProxyServer(upstream.port, 'X-Said-By-The-Proxy')
      const limits = ['headerCount: 1000', 'headerBytes: 64KiB']
      await using on = await frontEnd({
        upstreamPort: upstream.port,
        limits,
        yaml: { removeFields: ' [X-Corp-Badge, X-Corp-User-*]' },
      })
      await using lax = await frontEnd({ upstreamPort: upstream.port, limits })
      const seen = []
      const every = FAMILIES.map(([, names]) => spelledOf(names))
      for (const names of [...every, every.flat()]) {
        const ours = await through(on.product.port, upstream, { names })
        seen.push({ seen: ours, control: await through(proxy.port, upstream, { names }) })
      }
      const own = await through(on.product.port, upstream, { names: OWN })
      // The control is the same front end without the operator's list.
      seen.push({ seen: own, control: await through(lax.product.port, upstream, { names: OWN }) })
      const names = INNOCENT.split(' ')
      const innocent = await through(on.product.port, upstream, { names })
      seen.push({ seen: innocent, control: await through(proxy.port, upstream, { names }) })
      return seen
    },
  },
]
