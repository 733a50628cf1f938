/**
 * Whatever a device calls itself, the upstream reads only what we say. Every name of the table of known producers, in
 * every spelling that some server takes for the same, in every place where a field can hide; each request is compared
 * with its honest twin, octet for octet of what the upstream knows about the device.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { IDENTITY_FORMATS, type IdentityFormat } from '../../../src/message/encode/settings.ts'
import { Device } from '../../support/devices/device.ts'
import type { Leaf } from '../../support/certificates/mint.ts'
import { httpProxyServer } from '../../support/front-ends/http-proxy.ts'
import { clientTls, fleet, product, type Product } from '../../support/front-ends/product.ts'
import type { RawMessage } from '../../support/http/raw-message.ts'
import {
  recordingUpstream,
  type RecordingUpstream,
} from '../../support/upstreams/recording-upstream.ts'

/** By producer; the last two lines are names that this configuration gives to fields of ours. */
const NAMES: readonly string[] = `
Client-Cert Client-Cert-Chain
ssl_client_cert ssl_client_escaped_cert ssl_client_verify ssl_client_fingerprint ssl_client_serial
ssl_client_s_dn ssl_client_i_dn ssl_client_s_dn_legacy ssl_client_v_start ssl_client_v_end
ssl-client-cert ssl-client-verify ssl-client-subject-dn ssl-client-issuer-dn
SSL_CLIENT_CERT_CHAIN_0 SSL_CLIENT_CERT_CHAIN_1 SSL_CLIENT_S_DN SSL_CLIENT_I_DN SSL_CLIENT_M_SERIAL
ssl_cipher ssl_session_id ssl_cipher_usekeysize
X-SSL X-SSL-Client-Verify X-SSL-Client-SHA1 X-SSL-Client-DN X-SSL-Client-CN X-SSL-Issuer X-SSL-Client-Cert
X-SSL-Client-NotBefore X-SSL-Client-NotAfter X-SSL-Client-Used X-SSL-Client-Chain
X-Forwarded-Client-Cert
X-Forwarded-Tls-Client-Cert X-Forwarded-Tls-Client-Cert-Info
X-Client-Cert X-Client-Cert-Der X-Client-Fingerprint X-Client-Subject X-Client-Issuer X-Client-Serial
X-Amzn-Mtls-Clientcert X-Amzn-Mtls-Clientcert-Serial-Number X-Amzn-Mtls-Clientcert-Issuer
X-Amzn-Mtls-Clientcert-Subject X-Amzn-Mtls-Clientcert-Validity X-Amzn-Mtls-Clientcert-Leaf
CloudFront-Viewer-Cert-Serial-Number CloudFront-Viewer-Cert-Issuer CloudFront-Viewer-Cert-Subject
CloudFront-Viewer-Cert-Present CloudFront-Viewer-Cert-Sha256 CloudFront-Viewer-Cert-Validity CloudFront-Viewer-Cert-Pem
client_cert_present client_cert_chain_verified client_cert_error client_cert_sha256_fingerprint client_cert_leaf
client_cert_chain client_cert_subject_dn client_cert_spiffe_id
Cf-Client-Cert-Der-Base64 Cf-Client-Cert-Sha256
X-ARR-ClientCert MS-ASPNETCORE-CLIENTCERT client_certificate client_certificate_verification
NSClientCert
X-MobileIron-USER-CERT X-MobileIron-DEVICE-UUID X-MobileIron-USER-UPN X-MobileIron-USER-DN
X-Client-Cert-Serial
X-Client-Verify
X-Judged Who.Calls`
  .trim()
  .split(/\s+/)

/** By further producers, and in the last line by servers of the operator's own. */
const FURTHER: readonly string[] = `
cf-cert-presented cf-cert-subject-dn SSLClientCert SSLClientCertStatus SSLClientSessionId X-SSLClientCert
$WSCC $WSRU $WSAT $WSRA $WSIS X-ClientCert X-Client-Verified X-Client-Serial-Number X-Client-Subject-DN
X-Client-Fingerprint-SHA256 TLS-Client-Cert X-Certificate NS-Client-Cert l5d-client-id X-MS-CLIENT-PRINCIPAL
X-MS-CLIENT-PRINCIPAL-NAME X-Goog-Authenticated-User-Email X-Auth-Request-User X-WebAuth-User
CF-Connecting-IPv6 X-Azure-ClientIP X-Originating-IP iv-user SM_USER Remote-User X-Remote-Group
X-Corp-Badge X-Corp-User-Id`
  .trim()
  .split(/\s+/)

/** What a server that is careless about case, or turns one separator into another, takes for the same name. */
function spellings(name: string, signs = '-_.'): readonly string[] {
  const apart = [name, ...signs.split('').map((sign) => name.replaceAll(/[-_.$]/g, () => sign))]
  const alternating = name.replaceAll(/./g, (letter, index: number) =>
    index % 2 === 0 ? letter.toLowerCase() : letter.toUpperCase(),
  )
  const cases = [name.toLowerCase(), name.toUpperCase(), alternating]
  return [...new Set([...apart, ...cases, name.toUpperCase().replaceAll(/[-.]/g, '_')])]
}

const ALL = NAMES.flatMap((name) => spellings(name))
const forged = (names: readonly string[]): string =>
  names.map((name) => `${name}: FORGED\r\n`).join('')

/** A way to say something about oneself: the head's lines, and the octets that follow the head. */
interface Disguise {
  readonly promise: string
  readonly method: string
  readonly lines: string
  readonly follows: string
}

const smuggled = `GET /device/smuggled HTTP/1.1\r\nHost: localhost\r\n${forged(NAMES)}\r\n`
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`
const CHUNKED = 'Transfer-Encoding: chunked\r\n'

const DISGUISES: readonly Disguise[] = [
  { promise: 'in every spelling', method: 'GET', lines: forged(ALL), follows: '' },
  {
    promise: 'twice in every spelling',
    method: 'GET',
    lines: forged([...ALL, ...ALL]),
    follows: '',
  },
  {
    promise: 'under the names of further producers, in every spelling',
    method: 'GET',
    lines: forged(FURTHER.flatMap((name) => spellings(name, '-_.$'))),
    follows: '',
  },
  {
    promise: 'and nominated in Connection',
    method: 'GET',
    lines: `Connection: close, ${NAMES.join(', ')}\r\n${forged(NAMES)}`,
    follows: '',
  },
  {
    promise: 'or rather nominated, so that ours would be dropped',
    method: 'GET',
    lines: `Connection: ${ALL.join()}, X-Forwarded-For, X-Forwarded-Proto, Host, Forwarded\r\n`,
    follows: '',
  },
  {
    promise: 'in the trailers of a chunked body',
    method: 'POST',
    lines: `${CHUNKED}Trailer: ${NAMES.join(', ')}\r\n`,
    follows: `${chunk('body')}0\r\n${forged(ALL)}\r\n`,
  },
  {
    promise: 'with Expect: 100-continue',
    method: 'POST',
    lines: `Expect: 100-continue\r\nContent-Length: 4\r\n${forged(ALL)}`,
    follows: 'body',
  },
  {
    promise: 'as a second request in the chunked body of a DELETE',
    method: 'DELETE',
    lines: `${CHUNKED}${forged(NAMES)}`,
    follows: `${chunk(smuggled)}0\r\n\r\n`,
  },
  {
    promise: 'as a second request in the body of a GET',
    method: 'GET',
    lines: `Content-Length: ${smuggled.length}\r\n${forged(NAMES)}`,
    follows: smuggled,
  },
]

interface Caller {
  readonly who: string
  readonly path: string
  readonly leaf: Leaf | undefined
}

const CALLERS: readonly Caller[] = [
  { who: 'no device on an open route', path: '/open', leaf: undefined },
  { who: 'a device on an open route', path: '/open', leaf: fleet.device },
  { who: 'a device on a device route', path: '/fleet', leaf: fleet.device },
  { who: 'a device in grace on a renewal route', path: '/late', leaf: fleet.inGrace },
]

let upstream: RecordingUpstream
let frontEnd: Product

beforeAll(async () => {
  upstream = await recordingUpstream()
  const one = (name: string): string => `
  ${name}:
    url: https://localhost:${upstream.port}
    tls:
      trust: { default: off, custom: ['file:upstream-ca.pem'] }
      clientCertificate: { chain: 'file:front-end.pem', key: 'file:front-end.key' }
    identity: { format: ${name}, fields: { verify: X-Judged, subject: Who.Calls } }`
  frontEnd = await product({
    upstreamPort: upstream.port,
    yaml: {
      removeFields: ' [X-Corp-Badge, X-Corp-User-*]',
      upstreams: IDENTITY_FORMATS.map(one).join(''),
      routes: `
  tested:
    rows:
${IDENTITY_FORMATS.flatMap((name) => [
  `      - { id: open-${name}, path: /open/${name}, class: open, upstream: ${name} }`,
  `      - { id: fleet-${name}, path: /fleet/${name}, class: device, upstream: ${name} }`,
  `      - { id: late-${name}, path: /late/${name}, class: renewal, upstream: ${name} }`,
]).join('\n')}`,
    },
    limits: ['headerCount: 1000', 'headerBytes: 64KiB'],
  })
})

afterAll(async () => {
  await frontEnd[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

/** Sends one request over a connection of its own, and gives back what the upstream made of it. */
async function send(
  { leaf }: Caller,
  target: string,
  { method, lines, follows }: Omit<Disguise, 'promise'>,
): Promise<{ readonly requests: readonly RawMessage[]; readonly octets: string }> {
  const { port, ...options } = clientTls(frontEnd.port, leaf)
  await using device = await Device.to(port, options)
  device.send(`${method} ${target} HTTP/1.1\r\nHost: localhost\r\n${lines}\r\n`)
  let answer = lines.startsWith('Expect') ? await device.response() : undefined
  device.send(follows)
  answer = await device.response()
  expect(answer.startLine).toBe('HTTP/1.1 200 OK')
  return upstream.take()
}

/** Everything the upstream may know the device by: all fields but those that frame the message. */
const told = (request: RawMessage | undefined): readonly string[] =>
  (request?.fields ?? [])
    .filter(([name]) => !/^(?:connection|content-length|transfer-encoding)$/i.test(name))
    .map(([name, value]) => `${name}: ${value}`)

for (const caller of CALLERS) {
  for (const disguise of DISGUISES) {
    test(`no forged identity of ${caller.who} gets through ${disguise.promise}`, async () => {
      for (const format of IDENTITY_FORMATS) {
        const target = `${caller.path}/${format}`
        const honest = await send(caller, target, { method: 'GET', lines: '', follows: '' })
        const { requests, octets } = await send(caller, target, disguise)
        expect(requests).toHaveLength(1)
        const [request] = requests
        expect(told(request), format).toEqual(told(honest.requests[0]))
        expect(request?.trailers).toEqual([])
        // The body alone is the device's own to fill.
        expect(octets.replace(smuggled, '')).not.toContain('FORGED')
      }
    })
  }
}

/** The name of the device in the spelling of products that do not write RFC 2253. */
const SUBJECTS: Readonly<Partial<Record<IdentityFormat, string>>> = {
  haproxy: '/CN=device-1',
  lighttpd: 'CN = device-1',
}

test('the honest twin says something: a comparison of nothings would prove nothing', async () => {
  for (const format of IDENTITY_FORMATS) {
    const [asDevice, asNobody] = [CALLERS[2], CALLERS[0]]
    if (asDevice === undefined || asNobody === undefined) throw new Error('no such caller')
    const plain = { method: 'GET', lines: '', follows: '' }
    const known = told((await send(asDevice, `/fleet/${format}`, plain)).requests[0])
    const unknown = told((await send(asNobody, `/open/${format}`, plain)).requests[0])
    expect(known, format).toContain(`Who.Calls: ${SUBJECTS[format] ?? 'CN=device-1'}`)
    expect(known.filter((field) => field.startsWith('X-Judged: '))).toHaveLength(1)
    expect(unknown.filter((field) => field.startsWith('X-Judged: '))).toHaveLength(1)
    expect(unknown.length).toBeLessThan(known.length)
  }
})

test('a proxy that removes only its own field hands every one of these names on: the control', async () => {
  await using control = await httpProxyServer(upstream.port, 'Client-Cert')
  const { port, ...options } = clientTls(control.port, fleet.device)
  await using device = await Device.to(port, options)
  const names = [...NAMES, ...FURTHER].filter((name) => name !== 'Client-Cert')
  const lines = names.map((name) => `${name}: FORGED\r\n`).join('')
  device.send(`GET /device/forged HTTP/1.1\r\nHost: localhost\r\n${lines}\r\n`)
  await device.response()
  const [request] = upstream.take().requests
  const believed = (request?.fields ?? []).filter(([, value]) => value.includes('FORGED'))
  expect(new Set(believed.map(([name]) => name.toLowerCase()))).toEqual(
    new Set(names.map((name) => name.toLowerCase())),
  )
})
