/** Real programs that read PROXY protocol v2 ahead of HTTP in the clear, and how long a header each of them takes. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { isCommand } from '../commands.ts'
import { claimPorts } from '../ports/claim-port.ts'
import { killAtTheEnd } from './running.ts'
import { nginxConfig } from './nginx-config.ts'

interface Reader {
  readonly program: string
  /** The Debian package. */
  readonly debian: string
  readonly config: (at: { readonly folder: string; readonly port: number }) => string
  readonly args: (at: {
    readonly folder: string
    readonly port: number
    readonly file: string
  }) => readonly string[]
}

const isRoot = process.getuid?.() === 0

export const PROXY_READERS: Readonly<Record<string, Reader>> = {
  haproxy: {
    program: 'haproxy',
    debian: 'haproxy',
    config: ({ port }) => `
defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 5s
frontend one
  bind 127.0.0.1:${port} accept-proxy
  http-request return status 200
`,
    args: ({ file }) => ['-db', '-f', file],
  },
  nginx: {
    program: 'nginx',
    debian: 'nginx',
    config: ({ folder, port }) =>
      nginxConfig(
        folder,
        `
  server {
    listen 127.0.0.1:${port} proxy_protocol;
    location / { return 200; }
  }
`,
      ),
    args: ({ folder, file }) => ['-p', folder, '-e', join(folder, 'error.log'), '-c', file],
  },
  apache: {
    program: 'apache2',
    debian: 'apache2',
    config: ({ folder, port }) => `
ServerRoot ${folder}
ServerName localhost
PidFile ${folder}/apache.pid
DefaultRuntimeDir ${folder}
ErrorLog ${folder}/error.log
Listen 127.0.0.1:${port}
${['mpm_event', 'authz_core', 'remoteip', 'dir'].map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
${isRoot ? 'User www-data\nGroup www-data' : ''}
DocumentRoot ${folder}/files
RemoteIPProxyProtocol On
`,
    args: ({ file }) => ['-DFOREGROUND', '-f', file],
  },
  lighttpd: {
    program: 'lighttpd',
    debian: 'lighttpd',
    config: ({ folder, port }) => `
server.modules = ("mod_extforward")
server.bind = "127.0.0.1"
server.port = ${port}
server.document-root = "${folder}/files"
index-file.names = ("index.html")
extforward.forwarder = ("127.0.0.1" => "trust")
extforward.hap-PROXY = "enable"
`,
    args: ({ file }) => ['-D', '-f', file],
  },
  varnish: {
    program: 'varnishd',
    debian: 'varnish',
    config: () => `vcl 4.1;
backend default none;
sub vcl_recv { return (synth(200)); }
`,
    args: ({ folder, port, file }) =>
      ['-F', '-n', join(folder, 'varnish'), '-a', `127.0.0.1:${port},PROXY`, '-f', file].concat([
        '-s',
        'malloc,10m',
      ]),
  },
}

export interface RunningReader extends AsyncDisposable {
  /** Whether a request behind this header is answered with 200. */
  readonly takes: (header: Buffer) => Promise<boolean>
  /** The status of a request behind this header; 0 is none. */
  readonly status: (header: Buffer, path: string) => Promise<number>
}

/** Starts one, or throws with the name of what is missing. */
export async function startReader(name: string): Promise<RunningReader> {
  const reader = PROXY_READERS[name]
  if (reader === undefined || !isCommand(reader.program))
    throw new Error(`missing: ${name} (Debian: apt-get install ${reader?.debian ?? name})`)
  const folder = mkdtempSync(join(tmpdir(), `tfe-${name}-`))
  // Apache httpd and Varnish give up being root and must still read their files.
  chmodSync(folder, 0o755)
  mkdirSync(join(folder, 'files'))
  writeFileSync(join(folder, 'files', 'index.html'), 'well')
  const [port = 0] = await claimPorts(1)
  const file = join(folder, 'reader.conf')
  writeFileSync(file, reader.config({ folder, port }))
  const child = spawn(reader.program, [...reader.args({ folder, port, file })], {
    stdio: ['ignore', 'ignore', 'pipe'],
    cwd: folder,
  })
  killAtTheEnd(child)
  let said = ''
  child.stderr.on('data', (text: Buffer) => {
    said = (said + text.toString()).slice(-2000)
  })
  const takes = async (header: Buffer): Promise<boolean> =>
    (await statusOf(port, header, '/')) === 200
  while (!(await takes(paddedHeader(SHORTEST)))) {
    if (child.exitCode !== null) throw new Error(`${name} ended: ${said}`)
  }
  return {
    takes,
    status: (header, path) => statusOf(port, header, path),
    async [Symbol.asyncDispose]() {
      const gone = once(child, 'exit')
      if (child.exitCode === null) {
        child.kill('SIGTERM')
        await gone
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function statusOf(port: number, header: Buffer, path: string): Promise<number> {
  const socket = connect(port, '127.0.0.1')
  let received = ''
  socket.on('error', () => {})
  // Readers that wait for more than is sent would wait for ever.
  socket.setTimeout(1000, () => socket.destroy())
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1')
  })
  const request = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`
  // In one piece, as we send it ahead of what the device says.
  socket.write(Buffer.concat([header, Buffer.from(request)]))
  await new Promise((resolve) => socket.once('close', resolve))
  return Number(/^HTTP\/1\.1 (\d+)/u.exec(received)?.[1] ?? 0)
}

/** The longest header that it takes, up to the longest that there is (16 octets and a length of 16 bits). */
export async function longestTaken({ takes }: RunningReader): Promise<number> {
  let [taken, refused] = [SHORTEST, LONGEST + 1]
  while (refused - taken > 1) {
    const middle = Math.floor((taken + refused) / 2)
    if (await takes(paddedHeader(middle))) taken = middle
    else refused = middle
  }
  return taken
}

/** A header of so many octets: addresses over IPv4, then a PP2_TYPE_NOOP that only fills (proxy-protocol.txt, §2.2). */
export function paddedHeader(octets: number): Buffer {
  const header = Buffer.alloc(octets)
  header.write('0d0a0d0a000d0a515549540a2111', 'hex')
  header.writeUInt16BE(octets - 16, 14)
  header.write('c0000201c633640704d2270d', 16, 'hex')
  if (octets === SHORTEST) return header
  header[28] = 0x04
  header.writeUInt16BE(octets - 31, 29)
  return header
}

const SHORTEST = 28
const LONGEST = 16 + 0xff_ff

/** Command PROXY without addresses, and LOCAL: AF_UNSPEC. */
export const UNSPEC = Buffer.from('0d0a0d0a000d0a515549540a21000000', 'hex')
export const LOCAL = Buffer.from('0d0a0d0a000d0a515549540a20000000', 'hex')
