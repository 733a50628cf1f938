/**
 * Balancers as they are in use, each in front of a TLS port and sending a PROXY header: HAProxy, nginx (stream) and
 * stunnel, and how a device reaches each.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { isCommand } from '../commands.ts'
import { claimPort } from '../ports/claim-port.ts'
import { killAtTheEnd } from '../programs/running.ts'

/** What a balancer is given to stand in front of. */
interface Place {
  readonly folder: string
  /** Where devices call it, unless it has a UNIX socket, `folder/socket`. */
  readonly port: number
  /** The TLS port that it leads to. */
  readonly to: number
}

/** One way to set a balancer up. */
export interface RealBalancer {
  readonly program: string
  /** The Debian package. */
  readonly debian: string
  /** How devices call it; by `mapped` as an IPv4 address on a socket of both families. */
  readonly by: 'ipv4' | 'ipv6' | 'mapped' | 'outer-tls' | 'unix'
  /** Files beside the configuration that it needs. */
  readonly isThere?: () => boolean
  readonly config: (place: Place) => string
  readonly args: (place: Place) => readonly string[]
}

const haproxy = (options: string, by: RealBalancer['by'] = 'ipv4'): RealBalancer => ({
  program: 'haproxy',
  debian: 'haproxy',
  by,
  config: ({ folder, port, to }) => `
global
  unix-bind mode 600
defaults
  mode tcp
  timeout client 60s
  timeout server 60s
  timeout connect 60s
frontend in
  bind ${{ ipv4: `127.0.0.1:${port}`, ipv6: `[::1]:${port}`, mapped: `:::${port} v4v6`, unix: `unix@${folder}/socket`, 'outer-tls': '' }[by]}
  unique-id-format %{+X}o%ci:%cp
  default_backend out
backend out
  server one 127.0.0.1:${to} ${options}
`,
  args: ({ folder }) => ['-db', '-f', join(folder, 'balancer.conf')],
})

const STREAM = '/usr/lib/nginx/modules/ngx_stream_module.so'

const nginx = (by: RealBalancer['by']): RealBalancer => ({
  program: 'nginx',
  debian: 'nginx libnginx-mod-stream',
  by,
  isThere: () => existsSync(STREAM),
  config: ({ folder, port, to }) => `
load_module ${STREAM};
daemon off;
master_process off;
pid ${folder}/nginx.pid;
${process.getuid?.() === 0 ? 'user root;' : ''}
events { worker_connections 64; }
stream {
  server {
    listen ${{ ipv4: `127.0.0.1:${port}`, ipv6: `[::1]:${port}`, mapped: `[::]:${port} ipv6only=off`, unix: `unix:${folder}/socket`, 'outer-tls': '' }[by]};
    proxy_pass 127.0.0.1:${to};
    proxy_protocol on;
  }
}
`,
  args: ({ folder }) => [
    '-p',
    folder,
    '-e',
    join(folder, 'error.log'),
    '-c',
    join(folder, 'balancer.conf'),
  ],
})

const stunnel: RealBalancer = {
  program: 'stunnel4',
  debian: 'stunnel4',
  by: 'outer-tls',
  config: ({ folder, port, to }) => `
foreground = yes
pid =
syslog = no
[one]
accept = 127.0.0.1:${port}
connect = 127.0.0.1:${to}
cert = ${folder}/server.pem
protocol = proxy
`,
  args: ({ folder }) => [join(folder, 'balancer.conf')],
}

/** All of them, by what is particular about each. */
export const REAL_BALANCERS: Readonly<Record<string, RealBalancer>> = {
  'HAProxy, send-proxy': haproxy('send-proxy'),
  'HAProxy, send-proxy, over IPv6': haproxy('send-proxy', 'ipv6'),
  'HAProxy, send-proxy, from a socket of both families': haproxy('send-proxy', 'mapped'),
  'HAProxy, send-proxy, from a UNIX socket': haproxy('send-proxy', 'unix'),
  'HAProxy, send-proxy-v2': haproxy('send-proxy-v2'),
  'HAProxy, send-proxy-v2, over IPv6': haproxy('send-proxy-v2', 'ipv6'),
  'HAProxy, send-proxy-v2, from a socket of both families': haproxy('send-proxy-v2', 'mapped'),
  'HAProxy, send-proxy-v2, from a UNIX socket': haproxy('send-proxy-v2', 'unix'),
  'HAProxy, send-proxy-v2-ssl': haproxy('send-proxy-v2-ssl'),
  'HAProxy, send-proxy-v2-ssl-cn': haproxy('send-proxy-v2-ssl-cn'),
  'HAProxy, send-proxy-v2 with every option': haproxy(
    'send-proxy-v2 proxy-v2-options ssl,cert-cn,ssl-cipher,cert-sig,cert-key,authority,crc32c,unique-id',
  ),
  'nginx, proxy_protocol on': nginx('ipv4'),
  'nginx, proxy_protocol on, over IPv6': nginx('ipv6'),
  'nginx, proxy_protocol on, from a socket of both families': nginx('mapped'),
  'nginx, proxy_protocol on, from a UNIX socket': nginx('unix'),
  'stunnel, protocol = proxy': stunnel,
}

/** Why a balancer cannot be started here; undefined where it can. */
export const missingBalancer = ({
  program,
  debian,
  isThere = () => true,
}: RealBalancer): string | undefined =>
  isCommand(program) && isThere()
    ? undefined
    : `this machine has no ${program} (Debian: apt-get install ${debian})`

export interface RunningBalancer extends AsyncDisposable {
  readonly port: number
  /** A connection to it, its TCP or UNIX part. */
  connect(): Promise<Socket>
}

/** Starts one in front of a port; `pem` is the key and certificate of one that speaks TLS itself. */
export async function startBalancer(
  balancer: RealBalancer,
  { to, pem }: { readonly to: number; readonly pem: string },
): Promise<RunningBalancer> {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-balancer-'))
  const place = { folder, port: await claimPort(), to }
  writeFileSync(join(folder, 'balancer.conf'), balancer.config(place))
  writeFileSync(join(folder, 'server.pem'), pem, { mode: 0o600 })
  const child = spawn(balancer.program, [...balancer.args(place)], {
    stdio: ['ignore', 'ignore', 'pipe'],
    cwd: folder,
  })
  killAtTheEnd(child)
  let said = ''
  child.stderr.on('data', (text: Buffer) => {
    said = (said + text.toString()).slice(-2000)
  })
  const call = async (): Promise<Socket> => {
    for (;;) {
      const socket = connect(target(balancer, place))
      const outcome = await new Promise((resolve) => {
        socket.once('connect', () => resolve('connected'))
        socket.once('error', () => resolve('failed'))
      })
      if (outcome === 'connected') return socket.on('error', () => {})
      // It is still starting.
      if (child.exitCode !== null) throw new Error(`${balancer.program} ended: ${said}`)
    }
  }
  return {
    port: place.port,
    connect: call,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null) {
        const gone = once(child, 'exit')
        child.kill('SIGKILL')
        await gone
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const target = ({ by }: RealBalancer, { folder, port }: Place) =>
  by === 'unix'
    ? { path: join(folder, 'socket') }
    : { host: by === 'ipv6' ? '::1' : '127.0.0.1', port }
