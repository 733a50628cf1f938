/**
 * A8: every listener, that of administrators included, agrees to forward-secret AEAD suites alone. OpenSSL asks as a
 * client that offers all that it has; the control is a listener told to offer more, or the runtime by itself.
 */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, createServer } from 'node:tls'
import { hasOpenssl } from '../../support/commands.ts'
import { mintLeaf } from '../../support/certificates/mint.ts'
import { agreedSuites, offerOf } from '../../support/devices/suite-scan.ts'
import { syncListeners } from '../../support/front-ends/product-with-tunnels.ts'
import { fleet } from '../../support/front-ends/product.ts'
import type { Case, Scene, Seen } from '../case.ts'
import { frontEnd, type FrontEnd } from '../front-end.ts'

const LISTENERS = ['devices', 'sync', 'clip', 'admin'] as const
type ListenerName = (typeof LISTENERS)[number]
type KeyType = 'p256' | 'rsa2048'

/** What a listener is told to offer in the control: CBC, and key transport by RSA where the key can. */
const MORE: Readonly<Record<KeyType, string>> = {
  p256: 'ECDHE-ECDSA-AES128-SHA',
  rsa2048: 'AES128-GCM-SHA256',
}

async function withListeners(keyType: KeyType, ciphers?: string): Promise<FrontEnd> {
  const server = mintLeaf({
    issuer: fleet.serverCa,
    keyType,
    purposes: ['serverAuth'],
    dns: ['localhost'],
  })
  const tls = ciphers === undefined ? '' : `\n    tls: { ciphers: [${ciphers}] }`
  const certificate = "{ chain: 'file:server.pem', key: 'file:server.key' }"
  const clip = `
  clip:
    purpose: web-clip
    address: 127.0.0.1
    port: 0
    hosts: [localhost]
    certificates:
      - ${certificate}
    routes: tested`
  return await frontEnd({
    files: { 'server.pem': server.chainPem, 'server.key': server.keyPem },
    yaml: {
      admin: ` { port: 0, certificate: ${certificate} }`,
      listeners: `${syncListeners('{ upstream: mdm }')}${tls}${clip}${tls}`,
    },
  })
}

const portOf = (on: FrontEnd, listener: ListenerName): number =>
  (listener === 'admin' ? on.product.adminPort : on.product.serving.ports[listener]) ?? 0

/** The last word of each suite that is neither forward-secret nor AEAD, and how many suites are agreed in all. */
async function scan(port: number): Promise<string> {
  const agreed = [
    ...(await agreedSuites(port, await offerOf('-tls1_2'))),
    ...(await agreedSuites(port, await offerOf('-tls1_3'))),
  ]
  const weak = agreed.filter((name) => !/^TLS_|^ECDHE-.*(?:GCM|CHACHA20)/u.test(name))
  return `${agreed.length} suites, ${weak.length === 0 ? 'none' : weak.join(' ')} weak`
}

/** Versions before TLS 1.2, and renegotiation under TLS 1.2. */
async function old(port: number): Promise<string> {
  const told: string[] = []
  for (const flag of ['-tls1', '-tls1_1'] as const) {
    const agreed = await agreedSuites(port, await offerOf(flag))
    told.push(`${flag.slice(1)} ${agreed.length === 0 ? 'refused' : 'agreed'}`)
  }
  return `${told.join(', ')}, renegotiation ${(await renegotiates(port)) ? 'agreed' : 'refused'}`
}

async function renegotiates(port: number): Promise<boolean> {
  const socket = connect({
    host: '127.0.0.1',
    port,
    maxVersion: 'TLSv1.2',
    rejectUnauthorized: false,
  })
  await once(socket, 'secureConnect')
  const { promise, resolve } = Promise.withResolvers<boolean>()
  socket.on('error', () => resolve(false)).on('close', () => resolve(false))
  socket.renegotiate({ rejectUnauthorized: false }, (error) => resolve(error === null))
  const done = await promise
  socket.destroy()
  return done
}

async function runtimeAlone(): Promise<string> {
  const { chainPem: cert, keyPem: key } = fleet.server
  const lax = { cert, key, minVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const
  const server = createServer(lax, (socket) => socket.on('error', () => {}))
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const told = await old((server.address() as AddressInfo).port)
  server.close()
  return told
}

function casesFor(keyType: KeyType): readonly Case[] {
  return LISTENERS.map((listener) => ({
    id: 'A8',
    what: `the listener ${listener} with a key of ${keyType} agrees to no weak suite`,
    expected: '6 suites, none weak',
    ...(listener === 'clip' ? { control: `4 suites, ${MORE[keyType]} weak` } : {}),
  }))
}

async function playSuites(keyType: KeyType): Promise<readonly Seen[]> {
  if (!hasOpenssl()) throw new Error('openssl is missing')
  await using on = await withListeners(keyType)
  await using told = await withListeners(keyType, MORE[keyType])
  const seen: Seen[] = []
  for (const listener of LISTENERS) {
    const one = await scan(portOf(on, listener))
    const hasControl = listener === 'clip'
    seen.push(
      hasControl ? { seen: one, control: await scan(portOf(told, listener)) } : { seen: one },
    )
  }
  return seen
}

/** What each connection agreed on is counted, so that an operator sees who would be cut off. */
async function counted(): Promise<string> {
  await using on = await withListeners('p256')
  await on.status(fleet.device)
  const metrics = await on.text('/metrics')
  const row = /^tfe_tls_connections_total\{listener="devices",.*suite="([^"]*)"\} 1$/mu.exec(
    metrics,
  )
  return row?.[1] ?? 'nothing'
}

export const CIPHERS: readonly Scene[] = [
  ...(['p256', 'rsa2048'] as const).map((keyType) => ({
    cases: casesFor(keyType),
    play: () => playSuites(keyType),
  })),
  {
    cases: [
      ...LISTENERS.map((listener) => ({
        id: 'A8',
        what: `the listener ${listener} takes no version before TLS 1.2, and lets no client renegotiate`,
        expected: 'tls1 refused, tls1_1 refused, renegotiation refused',
        control: 'tls1 agreed, tls1_1 agreed, renegotiation agreed',
      })),
      {
        id: 'A8',
        what: 'the suite of a connection is counted by listener',
        expected: 'TLS_AES_256_GCM_SHA384',
      },
    ],
    async play() {
      if (!hasOpenssl()) throw new Error('openssl is missing')
      await using on = await withListeners('rsa2048')
      const control = await runtimeAlone()
      const seen: Seen[] = []
      for (const listener of LISTENERS)
        seen.push({ seen: await old(portOf(on, listener)), control })
      return [...seen, { seen: await counted() }]
    },
  },
]
