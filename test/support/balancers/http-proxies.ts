/**
 * Proxies as they are in use that read HTTP in the clear and call the front end over TLS of their own, and say where a
 * request came from: HAProxy and nginx.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isCommand } from '../commands.ts'
import { claimPort, isListenedOn } from '../ports/claim-port.ts'
import { nginxConfig } from '../programs/nginx-config.ts'
import { Program } from '../programs/program.ts'

/** What a proxy is given to stand in front of. */
interface Place {
  readonly folder: string
  /** Where clients call it. */
  readonly port: number
  /** The TLS port that it calls. */
  readonly to: number
}

/** One way to set a proxy up. */
export interface HttpProxy {
  /** The program, and the Debian package of the same name. */
  readonly program: 'haproxy' | 'nginx'
  readonly config: (place: Place) => string
}

/** HAProxy with these lines in its backend. */
export const haproxyHttp = (lines: string): HttpProxy => ({
  program: 'haproxy',
  config: ({ port, to }) => `
defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout connect 60s
frontend in
  bind 127.0.0.1:${port}
  default_backend out
backend out
  ${lines}
  server one 127.0.0.1:${to} ssl verify none sni str(localhost)
`,
})

/** The nginx that sets these fields. */
export const nginxHttp = (fields: string): HttpProxy => ({
  program: 'nginx',
  config: ({ folder, port, to }) =>
    nginxConfig(
      folder,
      `
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass https://127.0.0.1:${to};
      proxy_set_header Host localhost;
      ${fields}
    }
  }
`,
    ),
})

/** A proxy that runs until it is disposed of. */
export interface RunningProxy extends AsyncDisposable {
  readonly port: number
}

/** Why a proxy cannot be started here; undefined where it can. */
export const missingProxy = ({ program }: HttpProxy): string | undefined =>
  isCommand(program)
    ? undefined
    : `this machine has no ${program} (Debian: apt-get install ${program})`

/** Starts one in front of a port. */
export async function startProxy(
  { program, config }: HttpProxy,
  to: number,
): Promise<RunningProxy> {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-http-proxy-'))
  const port = await claimPort()
  const file = join(folder, 'proxy.conf')
  writeFileSync(file, config({ folder, port, to }))
  const args =
    program === 'haproxy'
      ? ['-db', '-f', file]
      : ['-p', folder, '-e', join(folder, 'error.log'), '-c', file]
  const running = new Program(program, args, { cwd: folder })
  await running.until(() => isListenedOn(port))
  return {
    port,
    async [Symbol.asyncDispose]() {
      await running.end('SIGTERM')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
