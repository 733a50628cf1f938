/**
 * The four ports of the demonstration, tried before anything else: a new user should read which one is taken,
 * not which system call failed.
 */
import { createServer } from 'node:net'

/** Where the demonstration listens, all on the loopback. */
export interface Ports {
  readonly frontEnd: number
  readonly upstream: number
  readonly metrics: number
  readonly admin: number
}

/** What people type to choose another port. */
export const PORT_OPTIONS: Readonly<Record<keyof Ports, string>> = {
  frontEnd: '--port',
  upstream: '--upstream-port',
  metrics: '--metrics-port',
  admin: '--admin-port',
}

export const DEFAULT_PORTS: Ports = { frontEnd: 8443, upstream: 9443, metrics: 9464, admin: 9465 }

/** One sentence for each port that cannot be had. */
export async function portFaults(ports: Ports): Promise<readonly string[]> {
  const faults: string[] = []
  for (const role of ['frontEnd', 'upstream', 'metrics', 'admin'] as const) {
    const port = ports[role]
    const code = await tryPort(role === 'upstream' ? 'localhost' : '127.0.0.1', port)
    if (code !== undefined) {
      faults.push(
        `${NAMES[role]} cannot have port ${port}: ${portErrorText(code)}; choose another with ${PORT_OPTIONS[role]} ${alternativePort(port, ports)}`,
      )
    }
  }
  return faults
}

const NAMES: Readonly<Record<keyof Ports, string>> = {
  frontEnd: 'the front end',
  upstream: 'the demo MDM',
  metrics: 'the metrics page',
  admin: 'the admin API',
}

async function tryPort(host: string, port: number): Promise<string | undefined> {
  const server = createServer()
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  server.listen({ host, port }, () => server.close(() => resolve(undefined)))
  return promise
}

function portErrorText(code: string): string {
  if (code === 'EADDRINUSE') return 'another program has it'
  if (code === 'EACCES') return 'this account may not use it'
  return `the system says ${code}`
}

/** A number that is easy to remember and not one of ours. */
function alternativePort(port: number, { frontEnd, upstream, metrics, admin }: Ports): number {
  const ours = new Set([frontEnd, upstream, metrics, admin])
  let next = port < 1024 ? port + 8000 : (port + 1000) % 65_536
  while (next < 1024 || ours.has(next)) next = (next + 1) % 65_536
  return next
}
