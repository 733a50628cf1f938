/**
 * Settings that cannot be served are faults with a place, before anything is connected.
 */
import { expect, test } from 'vitest'
import type { Upstream } from '../../../src/config/upstream/types.ts'
import type { ClientIdentity, UpstreamSettings } from '../../../src/forward/settings.ts'
import { openUpstream } from '../../../src/forward/balance/upstream.ts'
import type { ServerIdentity } from '../../../src/handshake/server-identity.ts'
import {
  completedSelection,
  upstreamCa,
  upstreamSettings,
  type ForwardingServerOptions,
} from '../../support/front-ends/forwarding-server.ts'
import { mintCa, mintLeaf } from '../../support/certificates/mint.ts'

const otherCa = mintCa({ name: 'Other CA' })
const us = mintLeaf({ issuer: upstreamCa, name: 'tfe', purposes: ['clientAuth'] })
const stranger = mintLeaf({ issuer: otherCa, name: 'tfe', purposes: ['clientAuth'] })

const custom = (...pems: readonly string[]) => ({
  default: 'off' as const,
  custom: pems.map((pem) => ({ at: 'ca.pem', bytes: Buffer.from(pem) })),
})

interface FaultRow {
  readonly promise: string
  readonly tls?: ForwardingServerOptions['tls']
  readonly identity?: { readonly chainPem: string; readonly keyPem: string }
  readonly at: string
}

const faultRows: readonly FaultRow[] = [
  {
    promise: 'a trust file without a certificate is a fault',
    tls: { trust: custom('not a certificate') },
    at: 'ca.pem',
  },
  {
    promise: 'a trust file with one unreadable certificate is a fault',
    tls: { trust: custom(upstreamCa.pem + upstreamCa.pem.replace(/\nMI/, '\nAA')) },
    at: 'ca.pem',
  },
  {
    promise: 'an unknown suite is a fault, even beside known ones',
    tls: {
      selection: completedSelection({ suites: ['TLS_AES_128_GCM_SHA256', 'ECDHE-RSA-ROT13'] }),
    },
    at: 'upstreams.mdm.tls.ciphers',
  },
  {
    promise: 'a key that belongs to another certificate is a fault',
    identity: { chainPem: us.chainPem, keyPem: stranger.keyPem },
    at: 'upstreams.mdm.tls.clientCertificate',
  },
  {
    promise: 'a chain that cannot be read is a fault',
    identity: { chainPem: 'nothing', keyPem: us.keyPem },
    at: 'upstreams.mdm.tls.clientCertificate',
  },
]

for (const { promise, tls, identity, at } of faultRows) {
  test(promise, () => {
    const settings = upstreamSettings(443, tls === undefined ? {} : { tls })
    const opened = openUpstream(settings, { identity, onUntrusted: () => {} })
    expect(opened).toMatchObject({ ok: false, failure: [{ at }] })
  })
}

test('what the configuration says about an upstream is what `forward` asks for', () => {
  // The compiler is the judge: `forward` lies below the configuration and cannot import it.
  const upstream = (settings: Upstream): UpstreamSettings => settings
  const identity = (opened: ServerIdentity): ClientIdentity => opened
  expect([upstream, identity]).toHaveLength(2)
})
