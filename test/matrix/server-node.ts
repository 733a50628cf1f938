/** Node's own HTTPS server, in this process. */
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createSecureContext, type SecureContextOptions, type TLSSocket } from 'node:tls'
import { ALL_PROTOCOLS, type ServerSpec } from './row.ts'
import { kept, suitesOf, type ServerKind } from './server-kind.ts'

export const node: ServerKind = {
  kind: 'node',
  package: 'nodejs',
  isInstalled: () => true,
  start: async (specs) => {
    await using stack = new AsyncDisposableStack()
    const ports: number[] = []
    for (const spec of specs) ports.push(await nodeServer(spec, stack))
    return kept(ports, stack)
  },
}

async function nodeServer(spec: ServerSpec, stack: AsyncDisposableStack): Promise<number> {
  const { leaf, virtualHost, protocols = ALL_PROTOCOLS, clientCa } = spec
  const { older, newer } = suitesOf(spec)
  const offer: SecureContextOptions = {
    minVersion: protocols.at(-1) ?? 'TLSv1',
    maxVersion: protocols[0] ?? 'TLSv1.3',
    ciphers: `${newer ?? 'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256'}:${older}`,
  }
  const shown = (one: ServerSpec['leaf']): SecureContextOptions =>
    one === undefined ? {} : { cert: one.chainPem, key: one.keyPem }
  const context = createSecureContext({ ...offer, ...shown(virtualHost?.leaf) })
  const server = createServer(
    {
      ...offer,
      ...shown(leaf),
      ...(clientCa === undefined ? {} : { requestCert: true, ca: clientCa }),
      ...(virtualHost === undefined
        ? {}
        : {
            SNICallback: (name, done) =>
              done(null, name === virtualHost.name ? context : undefined),
          }),
    },
    (request, response) => {
      const socket = request.socket as TLSSocket
      response.end(`Protocol : ${socket.getProtocol()}\nCipher : ${socket.getCipher().name}\n`)
    },
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  stack.defer(() => {
    server.close().closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}
