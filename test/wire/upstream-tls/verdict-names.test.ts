/**
 * What the TLS library holds against a chain has a name of its own, whether Node has one for it or not; and the same name
 * where strict TLS is off and Node keeps no sentence.
 */
import { expect, test } from 'vitest'
import * as der from '../../support/certificates/der-writer.ts'
import {
  basicConstraints,
  extendedKeyUsage,
  keyUsage,
  mintCa,
  mintLeaf,
  OIDS,
  type Ca,
  type CaOptions,
} from '../../support/certificates/mint.ts'
import { Device } from '../../support/devices/device.ts'
import { forwardingServer, serverOptions } from '../../support/front-ends/forwarding-server.ts'
import { answering, OK, rawUpstream } from '../../support/upstreams/raw-upstream.ts'

const root = mintCa({ name: 'Root' })
const constraints = (...within: Buffer[]): CaOptions => ({
  extensions: [{ oid: OIDS.nameConstraints, critical: true, value: der.sequence(...within) }],
})
const tree = (name: string, ...more: Buffer[]): Buffer =>
  der.sequence(der.contextPrimitive(2, Buffer.from(name)), ...more)
const unknown = { oid: '1.3.6.1.4.1.99999.1', critical: true, value: der.sequence() }

interface Row {
  readonly promise: string
  /** The CA right above the server. */
  readonly issuer: Ca
  readonly code: string
  readonly why: string
  /** Where Node keeps no sentence. */
  readonly lenient?: string
}

const below = (options: CaOptions, issuer = root): Ca =>
  mintCa({ name: 'Issuing', issuer, ...options })

const ROWS: readonly Row[] = [
  {
    promise: 'an issuer that says it is no CA',
    issuer: below({ extensions: [basicConstraints(false)] }),
    code: 'INVALID_PURPOSE',
    why: 'not-a-ca',
  },
  {
    promise: 'an issuer that may not sign certificates',
    issuer: below({ extensions: [keyUsage('cRLSign')] }),
    code: 'KEYUSAGE_NO_CERTSIGN',
    why: 'not-a-ca',
    lenient: 'ca-may-not-sign',
  },
  {
    promise: 'more CAs than one allows',
    issuer: below({}, below({ name: 'Upper', pathLength: 0 })),
    code: 'PATH_LENGTH_EXCEEDED',
    why: 'path-too-long',
  },
  {
    promise: 'a CA for clients alone',
    issuer: below({ extensions: [extendedKeyUsage('1.3.6.1.5.5.7.3.2')] }),
    code: 'INVALID_PURPOSE',
    why: 'wrong-purpose',
  },
  {
    promise: 'a name that a CA is not given',
    issuer: below(constraints(der.context(0, tree('elsewhere.test')))),
    code: 'PERMITTED_VIOLATION',
    why: 'name-constraints',
    lenient: 'name-not-permitted',
  },
  {
    promise: 'a name that a CA is denied',
    issuer: below(constraints(der.context(1, tree('test')))),
    code: 'EXCLUDED_VIOLATION',
    why: 'name-constraints',
    lenient: 'name-excluded',
  },
  {
    promise: 'name constraints with a minimum',
    issuer: below(
      constraints(der.context(0, tree('test', der.contextPrimitive(0, Buffer.from([1]))))),
    ),
    code: 'SUBTREE_MINMAX',
    why: 'name-constraints-unsupported',
    lenient: 'name-undecidable',
  },
  {
    promise: 'a critical extension that is not known',
    issuer: below({ extensions: [unknown] }),
    code: 'UNHANDLED_CRITICAL_EXTENSION',
    why: 'unknown-critical-extension',
    lenient: 'unknown-critical-extension',
  },
  {
    promise: 'a CA with a short key',
    issuer: below({ keyType: 'rsa1024' }),
    code: 'CA_KEY_TOO_SMALL',
    why: 'too-weak',
    lenient: 'weak-key',
  },
]

for (const { promise, issuer, code, why, lenient = code } of ROWS) {
  const leaf = mintLeaf({ issuer, dns: ['upstream.test'], purposes: ['serverAuth'] })
  // The server shows whatever it has.
  const server = { ...serverOptions(leaf), ciphers: 'DEFAULT@SECLEVEL=0' }
  const trust = {
    default: 'off',
    custom: [{ at: 'ca.pem', bytes: Buffer.from(root.pem) }],
  } as const

  test(`${promise} is refused as ${why}`, async () => {
    await using upstream = await rawUpstream(server, answering(OK))
    await using proxy = await forwardingServer(upstream.port, { tls: { trust } })
    expect(await ask(proxy.port)).toBe('HTTP/1.1 502 Bad Gateway')
    expect((await proxy.outcome()).failure).toEqual({ kind: 'tls-untrusted', why, code })
  })

  test(`${promise} is noticed as ${why} without strict TLS`, async () => {
    await using upstream = await rawUpstream(server, answering(OK))
    await using proxy = await forwardingServer(upstream.port, { tls: { trust, strict: false } })
    expect(await ask(proxy.port)).toBe('HTTP/1.1 200 OK')
    expect(proxy.untrusted).toMatchObject([{ untrusted: { why, code: lenient } }])
  })
}

async function ask(port: number): Promise<string> {
  await using device = await Device.to(port)
  device.request('GET /')
  return (await device.response()).startLine
}
