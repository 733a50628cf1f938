/** OpenSSL's `s_server`, one process for each description; `-www` tells in its answer what was spoken. */
import { join } from 'node:path'
import { isCommand } from '../support/commands.ts'
import { opensslServer } from '../support/upstreams/openssl-server.ts'
import { ALL_PROTOCOLS, type Protocol, type ServerSpec } from './row.ts'
import { kept, suitesOf, writerIn, type ServerKind } from './server-kind.ts'

export const openssl: ServerKind = {
  kind: 'openssl',
  package: 'openssl',
  isInstalled: () => isCommand('openssl'),
  start: async (specs, folder) => {
    await using stack = new AsyncDisposableStack()
    const ports: number[] = []
    for (const [index, spec] of specs.entries()) {
      const shown = spec.leaf ?? spec.virtualHost?.leaf
      if (shown === undefined) throw new Error('a server that shows nothing')
      const args = sServerArguments(spec, join(folder, `s-server-${index}`))
      ports.push(stack.use(await opensslServer(shown, args)).port)
    }
    return kept(ports, stack)
  },
}

function sServerArguments(spec: ServerSpec, folder: string): readonly string[] {
  const { leaf, protocols = ALL_PROTOCOLS, virtualHost, clientCa } = spec
  const only = protocols.length === 1 ? [S_SERVER_ONLY[protocols[0] ?? 'TLSv1.3']] : []
  const write = writerIn(folder)
  const { older, newer } = suitesOf(spec)
  return [
    '-www',
    ...only,
    '-cipher',
    older,
    ...(newer === undefined ? [] : ['-ciphersuites', newer]),
    ...(virtualHost === undefined
      ? []
      : [
          ...(leaf === undefined ? ['-servername_fatal'] : []),
          '-servername',
          virtualHost.name,
          '-cert2',
          write('host.pem', virtualHost.leaf.chainPem),
          '-key2',
          write('host.key', virtualHost.leaf.keyPem),
        ]),
    ...(clientCa === undefined
      ? []
      : ['-Verify', '1', '-verify_return_error', '-CAfile', write('clients.pem', clientCa)]),
  ]
}

const S_SERVER_ONLY: Readonly<Record<Protocol, string>> = {
  'TLSv1.3': '-tls1_3',
  'TLSv1.2': '-tls1_2',
  'TLSv1.1': '-tls1_1',
  TLSv1: '-tls1',
}
