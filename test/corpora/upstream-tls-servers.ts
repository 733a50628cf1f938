/** An upstream for each case: a TLS server that shows the case's chain and says yes to a client that believes it. */
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Case } from './limbo.ts'

/** A case and where its server listens; or why no server can show it. */
export type Standing =
  | { readonly kind: 'listening'; readonly limbo: Case; readonly port: number }
  | { readonly kind: 'not-played'; readonly limbo: Case; readonly why: string }

/** Servers that listen until they are disposed of. */
export interface Servers extends AsyncDisposable {
  readonly standings: readonly Standing[]
}

/** Starts a server for every case that one can be asked about. */
export async function serveCases(cases: readonly Case[]): Promise<Servers> {
  await using stack = new AsyncDisposableStack()
  const standings: Standing[] = []
  for (const limbo of cases) standings.push(await serveCase(limbo, stack))
  const ending = stack.move()
  return { standings, [Symbol.asyncDispose]: () => ending.disposeAsync() }
}

async function serveCase(limbo: Case, stack: AsyncDisposableStack): Promise<Standing> {
  const why = unplayable(limbo)
  if (why !== undefined) return { kind: 'not-played', limbo, why }
  try {
    const server = createServer(
      {
        cert: [limbo.peer_certificate, ...limbo.untrusted_intermediates].join('\n'),
        key: limbo.peer_certificate_key ?? '',
        // Whether a key is too weak is for the caller to say.
        ciphers: 'DEFAULT:@SECLEVEL=0',
      },
      (_request, response) => response.end('believed\n'),
    )
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    stack.defer(() => {
      server.close().closeAllConnections()
    })
    return { kind: 'listening', limbo, port: (server.address() as AddressInfo).port }
  } catch (error) {
    return { kind: 'not-played', limbo, why: `no server loads it: ${String(error)}` }
  }
}

/** What outgoing TLS has no setting for, and what the corpus does not have. */
function unplayable(limbo: Case): string | undefined {
  if (limbo.peer_certificate_key === null) {
    return 'the corpus has no private key for it: no server can show it'
  }
  if ((limbo.crls ?? []).length > 0) {
    return 'it is about a revocation list: outgoing TLS reads none'
  }
  if (limbo.expected_peer_name === null) {
    return 'it names no server: outgoing TLS always verifies a name'
  }
  // RFC 5280 §6.1 has no such limit; OpenSSL's own is a hundred.
  if (limbo.max_chain_depth !== null && limbo.max_chain_depth < 100) {
    return 'it is about a limit of CAs in between: outgoing TLS has no such setting'
  }
  return undefined
}
