/**
 * `/metrics`, `/healthz` and `/readyz`, in the clear, on an address of their own: for the scraper and the
 * orchestrator, never for devices.
 */
import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Config } from '../../config/config.ts'
import { isInside } from '../../kernel/network.ts'
import { fail, ok, type Fault, type Result } from '../../kernel/types.ts'
import { bindFault } from '../process/bind-fault.ts'

export interface StatusSource {
  /** The text format of Prometheus. */
  metrics(): Promise<string>
  /** Undefined when traffic may come; otherwise one sentence that says why not. */
  notReadyReason(): string | undefined
  /** One sentence about what does not work, although traffic may come. */
  degradedReason(): string | undefined
}

/** Serves until closed, or says why the address cannot be bound. */
export async function openStatusListener(
  at: Config['metrics'],
  status: StatusSource,
): Promise<Result<{ readonly port: number; close(): Promise<void> }, readonly Fault[]>> {
  const server = createServer((request, response) => {
    // A scraper that hangs up early is no failure.
    response.on('error', () => {})
    if (at.allow !== undefined && !isInside(request.socket.remoteAddress ?? '', at.allow)) {
      text(response, 403, 'your address is in no network of metrics.allow\n')
      return
    }
    answer(request.method ?? '', request.url ?? '', { response, status }).catch(() => {
      response.destroy()
    })
  })
  server.requestTimeout = REQUEST_MS
  server.headersTimeout = REQUEST_MS
  server.maxConnections = MAX_CONNECTIONS
  server.listen({ host: at.address, port: at.port })
  try {
    await once(server, 'listening')
  } catch (error) {
    return fail([bindFault(error, at)])
  }
  const { port } = server.address() as AddressInfo
  return ok({ port, close: () => closed(server) })
}

async function answer(
  method: string,
  target: string,
  { response, status }: { readonly response: ServerResponse; readonly status: StatusSource },
): Promise<void> {
  if (method !== 'GET' && method !== 'HEAD') return text(response, 405, 'only GET is served here\n')
  const [path = ''] = target.split('?', 1)
  switch (path) {
    case '/healthz':
      return text(response, 200, 'alive\n')
    case '/readyz': {
      const why = status.notReadyReason()
      const degraded = status.degradedReason()
      const more = degraded === undefined ? '' : `${degraded}\n`
      return why === undefined
        ? text(response, 200, `ready\n${more}`)
        : text(response, 503, `not ready: ${why}\n`)
    }
    case '/metrics':
      return text(response, 200, await status.metrics(), PROMETHEUS_TEXT)
    default:
      return text(response, 404, 'served here: /metrics /healthz /readyz\n')
  }
}

function text(response: ServerResponse, code: number, body: string, type = 'text/plain'): void {
  response.writeHead(code, {
    'content-type': `${type}; charset=utf-8`,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  })
  response.end(body)
}

async function closed(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  server.close(() => resolve())
  server.closeAllConnections()
  await promise
}

const PROMETHEUS_TEXT = 'text/plain; version=0.0.4'
/** A scrape is one short request; a client that needs longer is not a scraper. */
const REQUEST_MS = 10_000
/** A few scrapers and probes; more connections are not theirs. */
const MAX_CONNECTIONS = 64
