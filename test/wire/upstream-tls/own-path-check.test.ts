/**
 * Chains that the TLS library believes and RFC 5280 does not: strict TLS refuses them by a name of ours, and strict
 * TLS that is off notices them. The control is Node with the same anchors, which believes each.
 */
import { once } from 'node:events'
import { connect } from 'node:tls'
import { expect, test } from 'vitest'
import { Device } from '../../support/devices/device.ts'
import * as der from '../../support/certificates/der-writer.ts'
import {
  forwardingServer,
  completedSelection,
  serverOptions,
  type ForwardingServerOptions,
} from '../../support/front-ends/forwarding-server.ts'
import {
  authorityKeyIdentifier,
  mintCa,
  mintLeaf,
  OIDS,
  type CaOptions,
  type LeafOptions,
} from '../../support/certificates/mint.ts'
import {
  answering,
  OK,
  rawUpstream,
  type RawUpstream,
} from '../../support/upstreams/raw-upstream.ts'

const otherCa = mintCa({ name: 'Other CA' })

interface Row {
  readonly promise: string
  readonly code: string
  readonly ca?: CaOptions
  readonly leaf?: Partial<LeafOptions>
}

const permitted = der.contextPrimitive(2, Buffer.from('test'))
const constraints = der.sequence(der.context(0, der.sequence(permitted)))

const ROWS: readonly Row[] = [
  {
    promise: 'an anchor that does not say it is a CA',
    code: 'anchor-not-a-ca',
    ca: { without: [OIDS.basicConstraints] },
  },
  {
    promise: 'an anchor that signed itself and names another key for it',
    code: 'anchor-contradicts-itself',
    ca: { extensions: [authorityKeyIdentifier(otherCa.spki)] },
  },
  {
    promise: 'an anchor that another CA signed, and that does not say with which key',
    code: 'anchor-origin-unstated',
    ca: { issuer: otherCa, without: [OIDS.authorityKeyIdentifier] },
  },
  {
    promise: 'an anchor without a name',
    code: 'anchor-without-name',
    ca: { subject: der.sequence() },
  },
  {
    promise: 'a server that constrains the names below it, as only a CA may',
    code: 'name-constraints-malformed',
    leaf: { extensions: [{ oid: OIDS.nameConstraints, critical: true, value: constraints }] },
  },
]

const within = (tag: number, name: string): CaOptions => ({
  extensions: [
    {
      oid: OIDS.nameConstraints,
      critical: true,
      value: der.sequence(
        der.context(tag, der.sequence(der.contextPrimitive(2, Buffer.from(name)))),
      ),
    },
  ],
})

/** What the TLS library refuses, and Node has no name for. */
const NAMES = [
  [
    'a name that its CA is not given',
    within(0, 'elsewhere.test'),
    'PERMITTED_VIOLATION',
    'name-not-permitted',
  ],
  ['a name that its CA is denied', within(1, 'test'), 'EXCLUDED_VIOLATION', 'name-excluded'],
] as const

for (const [promise, ca, code, ours] of NAMES) {
  const issuer = mintCa({ name: 'Narrow CA', ...ca })
  const server = mintLeaf({ issuer, dns: ['upstream.test'], purposes: ['serverAuth'] })
  const trust = (pem: string) => ({
    default: 'off' as const,
    custom: [{ at: 'ca.pem', bytes: Buffer.from(pem) }],
  })

  test(`${promise} is refused under strict TLS, and called that`, async () => {
    await using upstream = await rawUpstream(serverOptions(server), answering(OK))
    await using proxy = await forwardingServer(upstream.port, { tls: { trust: trust(issuer.pem) } })
    expect(await ask(proxy.port)).toBe('HTTP/1.1 502 Bad Gateway')
    expect((await proxy.outcome()).failure).toEqual({
      kind: 'tls-untrusted',
      why: 'name-constraints',
      code,
    })
  })

  test(`${promise} is noticed without strict TLS, and called that`, async () => {
    await using upstream = await rawUpstream(serverOptions(server), answering(OK))
    const tls = { trust: trust(issuer.pem), strict: false }
    await using proxy = await forwardingServer(upstream.port, { tls })
    expect(await ask(proxy.port)).toBe('HTTP/1.1 200 OK')
    expect(proxy.untrusted).toMatchObject([{ untrusted: { why: 'name-constraints', code: ours } }])
  })

  test(`control: Node calls ${promise} UNSPECIFIED`, async () => {
    await using upstream = await rawUpstream(serverOptions(server), answering(OK))
    const options = { host: '127.0.0.1', port: upstream.port, servername: 'upstream.test' }
    const socket = connect({ ...options, ca: issuer.pem, rejectUnauthorized: false })
    await once(socket, 'secureConnect')
    expect(String(socket.authorizationError)).toBe('UNSPECIFIED')
    socket.destroy()
  })
}

const chainOf = ({ ca, leaf }: Row) => {
  const issuer = mintCa({ name: 'Odd CA', ...ca })
  return {
    issuer,
    server: mintLeaf({ issuer, dns: ['upstream.test'], purposes: ['serverAuth'], ...leaf }),
  }
}

const trusting = (pem: string) => ({
  default: 'off' as const,
  custom: [{ at: 'ca.pem', bytes: Buffer.from(pem) }],
})

for (const row of ROWS) {
  const { issuer, server } = chainOf(row)
  const trust = trusting(issuer.pem)
  const unsound = { why: 'unsound', code: row.code }

  test(`${row.promise} is not believed under strict TLS`, async () => {
    await using upstream = await rawUpstream(serverOptions(server), answering(OK))
    await using proxy = await forwardingServer(upstream.port, { tls: { trust } })
    expect(await ask(proxy.port)).toBe('HTTP/1.1 502 Bad Gateway')
    expect((await proxy.outcome()).failure).toEqual({ kind: 'tls-untrusted', ...unsound })
    // Not one octet of the request was said to a server that is not believed.
    expect(upstream.peers.map(({ pending }) => pending).join('')).toBe('')
  })

  test(`${row.promise} is used and noticed without strict TLS`, async () => {
    await using upstream = await rawUpstream(serverOptions(server), answering(OK))
    await using proxy = await forwardingServer(upstream.port, { tls: { trust, strict: false } })
    expect(await ask(proxy.port)).toBe('HTTP/1.1 200 OK')
    expect(proxy.untrusted).toMatchObject([{ untrusted: unsound, mismatch: undefined }])
  })

  test(`control: ${row.promise} is believed by Node alone`, async () => {
    await using upstream = await rawUpstream(serverOptions(server), answering(OK))
    expect(await believedByNode(upstream, issuer.pem)).toBe(true)
  })
}

const old = mintCa({ name: 'Old CA', keyType: 'rsa1024' })
const oldServer = mintLeaf({
  issuer: old,
  keyType: 'rsa1024',
  digest: 'sha1',
  dns: ['upstream.test'],
  purposes: ['serverAuth'],
})
const LEGACY = {
  ...serverOptions(oldServer),
  minVersion: 'TLSv1.1',
  ciphers: 'ALL:@SECLEVEL=0',
} as const

const AGES: readonly (readonly [
  promise: string,
  ForwardingServerOptions['tls'],
  status: string,
])[] = [
  [
    'a selection of TLS 1.1 reaches a server with a key and a signature of its time',
    { selection: completedSelection({ protocols: ['TLSv1.2', 'TLSv1.1'] }) },
    'HTTP/1.1 200 OK',
  ],
  ['without that selection it is out of reach', {}, 'HTTP/1.1 502 Bad Gateway'],
]

for (const [promise, tls, status] of AGES) {
  test(promise, async () => {
    await using upstream = await rawUpstream(LEGACY, answering(OK))
    await using proxy = await forwardingServer(upstream.port, {
      tls: { ...tls, trust: trusting(old.pem) },
    })
    expect(await ask(proxy.port)).toBe(status)
  })
}

async function ask(port: number): Promise<string> {
  await using device = await Device.to(port)
  device.request('GET /')
  return (await device.response()).startLine
}

/** Told, as we tell it, that whatever is listed is an anchor. */
async function believedByNode({ port }: RawUpstream, ca: string): Promise<boolean> {
  const options = { host: '127.0.0.1', port, servername: 'upstream.test' }
  const socket = connect({ ...options, ca, allowPartialTrustChain: true })
  await once(socket, 'secureConnect')
  const { authorizationError } = socket
  socket.destroy()
  return authorizationError === null
}
