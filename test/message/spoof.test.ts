import { expect, test } from 'vitest'
import { fieldFilter, requestFields } from '../../src/message/request-fields.ts'
import { IDENTITY_FIELDS, OVERRIDE_FIELDS } from '../../src/message/known-fields.ts'
import { isIdentityField, spoofGuard } from '../../src/message/spoof.ts'

/** Every field of the header table, and what else an upstream may believe. */
const SPOOFS: readonly string[] = `
  Client-Cert Client-Cert-Chain Client-Cert-Present Client-Certificate ssl-client-cert
  ssl-client-verify ssl-client-subject-dn ssl-client-issuer-dn SSL_CLIENT_CERT
  SSL_CLIENT_CERT_CHAIN_0 SSL_CLIENT_VERIFY SSL_CLIENT_S_DN SSL_CLIENT_I_DN
  SSL_CLIENT_M_SERIAL SSL_CLIENT_SAN_DNS_0 ssl_client_escaped_cert ssl_cipher ssl_session_id
  ssl_cipher_usekeysize SSL_PROTOCOL X-SSL X-SSL-Client-Verify X-SSL-Client-SHA1
  X-SSL-Client-DN X-SSL-Issuer X-SSL-Client-Cert X-SSL-Client-NotBefore
  x-forwarded-client-cert X-Forwarded-Tls-Client-Cert X-Forwarded-Tls-Client-Cert-Info
  X-TLS-Client-Cert X-Amzn-Mtls-Clientcert X-Amzn-Mtls-Clientcert-Leaf
  X-Amzn-Mtls-Clientcert-Subject CloudFront-Viewer-Cert-Pem CloudFront-Viewer-Cert-Present
  Cf-Client-Cert-Sha256 Cf-Client-Cert-Der-Base64 X-ARR-ClientCert MS-ASPNETCORE-CLIENTCERT
  NSClientCert X-MobileIron-USER-CERT X-MobileIron-DEVICE-UUID X-MobileIron-USER-UPN
  X-Client-Cert X-Client-Cert-Serial X-Client-Verify X-Client-DN X-Client-S-DN X-Client-I-DN
  X-Client-CN X-Client-SAN X-Client-Serial X-Client-Subject X-Client-Issuer
  X-Client-Fingerprint WL-Proxy-Client-Cert Remote-User X-Remote-User X-Forwarded-User
  X-Forwarded-For X-Forwarded-Proto X-Forwarded-Host X-Forwarded-Port X-Forwarded-Prefix
  X-Forwarded Forwarded X-Real-IP X-Client-IP Client-IP True-Client-IP X-Cluster-Client-IP
  CF-Connecting-IP Fastly-Client-IP X-Remote-IP X-Remote-Addr X-ProxyUser-Ip
  X-Envoy-External-Address X-Envoy-Original-Path X-Host Proxy X-Original-URL
  X-Original-Forwarded-For X-Rewrite-URL X-Override-URL X-HTTP-Method X-HTTP-Method-Override
  X-Method-Override cf-cert-presented Cf-Cert-Subject-Dn SSLClientCert SSLClientCertStatus
  SSLClientSessionId SSLClientCurrentSessionId X-SSLClientCert X-SSLClientCertSubject $WSCC
  $WSRU $WSAT $WSRA $WSIS $WSRH $WSSN X-ClientCert X-ClientCert-Subject X-Client-Verified
  X-Client-Verification X-Client-Serial-Number X-Client-Subject-DN X-Client-Fingerprint-SHA256
  TLS-Client-Cert TLS-Client-Subject X-Certificate X-Certificate-Subject NS-Client-Cert
  l5d-client-id l5d-dst-override X-MS-CLIENT-PRINCIPAL X-MS-CLIENT-PRINCIPAL-NAME
  X-MS-TOKEN-AAD-ID-TOKEN X-Goog-Authenticated-User-Email X-Goog-IAP-JWT-Assertion
  X-Auth-Request-User X-WebAuth-User CF-Connecting-IPv6 CF-Pseudo-IPv4 X-Azure-ClientIP
  X-Azure-SocketIP X-Originating-IP Proxy-Client-IP OAM_REMOTE_USER iv-user iv-groups iv-creds
  SM_USER SM_SERVERSESSIONID SMUSER Remote-Groups Remote-Email X-Remote-Group
  X-Remote-Extra-Scopes X-Authentik-Username X-Pomerium-Claim-Email Tailscale-User-Login
  X-Consumer-Username X-Credential-Identifier X-Authenticated-Userid Shib-Session-ID
  X-Amzn-Oidc-Data CF-Access-Authenticated-User-Email Fastly-Client-Cert Incap-Client-IP
  Fly-Client-IP X-Envoy-Peer-Metadata X-Appengine-User-Email X-HTTP-Host-Override
  Front-End-Https X-Scheme X-URL-Scheme X-Real-Port X-Sucuri-ClientIP DO-Connecting-IP
  X-Nf-Client-Connection-IP
`
  .trim()
  .split(/\s+/)

const INNOCENT: readonly string[] = `
  Mdm-Signature Host Accept User-Agent Authorization Cookie Content-Type X-Client-Data
  X-Client-Version Client-Version SSLv X-SSLx Proxy-Status X-Requested-With
  X-Apple-Aspen-Deviceinfo Traceparent X-Request-Id Via If-None-Match Content-Length Origin
  Referer DNT X-Tlsa Clientcert-Hint WSCC Remote-Users X-Certify Smart-Card IVR CF-Ray
  X-Apple-Sign MS-Signature X-MS-PolicyKey Client-Request-Id Sec-Fetch-Site X-Realm X-Azures
`
  .trim()
  .split(/\s+/)

const guard = spoofGuard(['X-Device-Serial', 'X-Chain-*', 'X.Odd_Name'])

for (const name of SPOOFS) {
  test(`a device cannot say ${name}`, () => {
    expect(guard(name)).toBe(true)
  })
}

for (const name of INNOCENT) {
  test(`a device may say ${name}`, () => {
    expect(guard(name)).toBe(false)
  })
}

const configured: readonly (readonly [name: string, stripped: boolean])[] = [
  ['X-Device-Serial', true],
  ['x_device.serial', true],
  ['X-Device-Serial-2', false],
  ['X-Device', false],
  ['X-Chain-0', true],
  ['x_chain_17', true],
  ['X-Chain-', true],
  ['X-Chain', false],
  ['X-Odd-Name', true],
]

for (const [name, stripped] of configured) {
  test(`of the operator’s names ${name} is ${stripped ? 'one' : 'none'}`, () => {
    expect(guard(name)).toBe(stripped)
  })
}

test('only fields that tell who the device is are identity fields', () => {
  const telling = ['Client-Cert', 'ssl_client_cert', 'X-SSL', 'NSClientCert']
  const forwarded = [
    'X-Forwarded-Client-Cert',
    'X-Forwarded-Tls-Client-Cert-Info',
    'X-Forwarded-User',
  ]
  expect([...telling, ...forwarded].filter((name) => !isIdentityField(name))).toEqual([])
  expect(['X-Forwarded-For', 'Forwarded', 'Accept', '*', '', '$'].some(isIdentityField)).toBe(false)
})

test('no spelling of a spoofed field gets through, whatever surrounds it', () => {
  const filter = fieldFilter(['X-Device-Serial', 'X-Chain-*'])
  const names = [...SPOOFS, 'X-Device-Serial', 'X-Chain-3']
  const random = randomness(11)
  const innocent = new Set(INNOCENT.map((name) => name.toLowerCase()))
  const leaks: (readonly string[])[] = []
  let passed = 0
  for (let round = 0; round < 5000; round++) {
    const raw = ['Host', 'a', 'Connection', 'close, x-nothing']
    for (let count = random() % 4; count >= 0; count--) {
      raw.push(spelled(names[random() % names.length] ?? '', random), 'EVIL')
      raw.push(INNOCENT[random() % INNOCENT.length] ?? '', 'kept')
    }
    const fields = requestFields(raw, {
      filter,
      host: undefined,
      identity: [],
      forwarding: [],
      appendedTo: undefined,
    })
    const kept = fields.filter((text, index) => index % 2 === 0 && text !== 'Host')
    const clean = kept.every((name) => innocent.has(name.toLowerCase()))
    if (!clean || fields.includes('EVIL')) leaks.push(raw)
    passed += kept.length
  }
  expect(leaks).toEqual([])
  expect(passed).toBeGreaterThan(5000)
})

test('the guard forgets, but never errs, when devices make up names without end', () => {
  const filter = fieldFilter([])
  for (let made = 0; made < 2000; made++) {
    expect(filter(`X-Made-Up-${made}`)).toBe('keep')
    expect(filter(`SSL_CLIENT_${made}`)).toBe('drop')
    expect(filter(`X-Forwarded-${'x'.repeat(made % 200)}`)).toBe('drop')
  }
})

/** Another spelling of the same name: case and separators at random. */
const spelled = (name: string, random: () => number): string =>
  name
    .split('')
    .map((one) => {
      if (/[^A-Za-z0-9]/.test(one)) return SEPARATORS[random() % SEPARATORS.length]
      return random() % 2 === 0 ? one.toUpperCase() : one.toLowerCase()
    })
    .join('')

const SEPARATORS = "-_.~!#$%&'*+^`|"

/** The same numbers in every run (xorshift). */
function randomness(seed: number): () => number {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}

test('each name in the table of known fields is guarded, and none is listed twice', () => {
  const listed = [...IDENTITY_FIELDS, ...OVERRIDE_FIELDS].flatMap(({ names }) => names)
  expect(new Set(listed.map((name) => name.toLowerCase())).size).toBe(listed.length)
  for (const name of listed) expect(guard(name.replace(/\*$/u, 'Made-Up'))).toBe(true)
})

test('each row of the table says who sets or believes its names, and where that is written', () => {
  for (const { names, producer, source } of [...IDENTITY_FIELDS, ...OVERRIDE_FIELDS]) {
    expect(names.length, producer).toBeGreaterThan(0)
    expect(producer).toMatch(/^\S.*\S$/u)
    expect(source, producer).toMatch(/^\S.*\S$/u)
  }
})
