/**
 * C5: a server that asks for our certificate. Each demands it in another way: nginx takes the connection and refuses the first
 * request, TLS 1.3 ends the handshake before the server has seen our certificate, TLS 1.2 does not. The control is the
 * same server with the certificate that it knows.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tfe } from '../../support/cli/run-command.ts'
import { isCommand } from '../../support/commands.ts'
import { fleet, productYaml, writeFiles } from '../../support/front-ends/product.ts'
import { claimPorts } from '../../support/ports/claim-port.ts'
import { apacheHead } from '../../support/programs/apache-config.ts'
import { nginxConfig } from '../../support/programs/nginx-config.ts'
import { killAtTheEnd } from '../../support/programs/running.ts'
import type { Scene } from '../case.ts'

const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const
type Version = (typeof VERSIONS)[number]

interface Place {
  readonly folder: string
  readonly port: number
  readonly version: Version
}

interface Peer {
  readonly command: string
  readonly config: (place: Place) => string
  readonly args: (file: string, place: Place) => readonly string[]
}

const PEERS: Readonly<Record<string, Peer>> = {
  nginx: {
    command: 'nginx',
    config: ({ folder, port, version }) =>
      nginxConfig(
        folder,
        `
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${folder}/both.pem;
    ssl_certificate_key ${folder}/both.pem;
    ssl_protocols ${version};
    ssl_client_certificate ${folder}/ca.pem;
    ssl_verify_client on;
    location / { return 200; }
  }
`,
      ),
    args: (file, { folder }) => ['-p', folder, '-e', 'stderr', '-c', file],
  },
  HAProxy: {
    command: 'haproxy',
    config: ({ folder, port, version }) => `
defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 5s
frontend one
  bind 127.0.0.1:${port} ssl crt ${folder}/both.pem ca-file ${folder}/ca.pem verify required ssl-min-ver ${version} ssl-max-ver ${version}
  http-request return status 200
`,
    args: (file) => ['-db', '-f', file],
  },
  Apache: {
    command: 'apache2',
    config: ({ folder, port, version }) => `${apacheHead({
      folder,
      port,
      modules: ['mpm_event', 'authz_core', 'socache_shmcb', 'ssl', 'dir'],
    })}
SSLCertificateFile ${folder}/both.pem
SSLCertificateKeyFile ${folder}/both.pem
SSLCACertificateFile ${folder}/ca.pem
SSLProtocol ${version}
SSLVerifyClient require
DocumentRoot ${folder}
`,
    args: (file) => ['-D', 'FOREGROUND', '-f', file],
  },
  'openssl s_server': {
    command: 'openssl',
    config: () => '',
    args: (_, { folder, port, version }) => [
      ...`s_server -accept 127.0.0.1:${port} -Verify 3 -verify_return_error -www`.split(' '),
      ...`-cert ${folder}/both.pem -key ${folder}/both.pem -CAfile ${folder}/ca.pem`.split(' '),
      version === 'TLSv1.2' ? '-tls1_2' : '-tls1_3',
    ],
  },
}

const SHOWN = {
  none: 'client-certificate-missing',
  unknown: 'client-certificate-refused',
} as const

/** What `tfe upstream test` says where this certificate is shown. */
async function tested(port: number, shown: keyof typeof SHOWN | 'known'): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-tested-'))
  try {
    writeFiles(folder)
    if (shown === 'unknown') {
      writeFileSync(join(folder, 'front-end.pem'), fleet.unknown.chainPem)
      writeFileSync(join(folder, 'front-end.key'), fleet.unknown.keyPem)
    }
    const yaml = productYaml({ upstreamPort: port })
    const config = join(folder, 'tfe.yaml')
    const without = yaml.replace(/^ *clientCertificate:.*$/mu, '')
    writeFileSync(config, shown === 'none' ? without : yaml)
    const { out, err } = await tfe(['upstream', 'test', 'mdm', '--config', config])
    const [code] = /client-certificate-[a-z]+/u.exec(out) ?? []
    return (
      code ?? (out.startsWith('✓') ? 'requests would be carried' : `${out}${err}`.slice(0, 300))
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function played(name: string, version: Version): Promise<readonly string[]> {
  const peer = PEERS[name]
  if (peer === undefined || !isCommand(peer.command)) throw new Error(`missing: ${name}`)
  const folder = mkdtempSync(join(tmpdir(), 'tfe-demanding-'))
  chmodSync(folder, 0o755)
  const [port = 0] = await claimPorts(1)
  const { chainPem, keyPem } = fleet.upstreamServer
  writeFileSync(join(folder, 'both.pem'), chainPem + keyPem)
  writeFileSync(join(folder, 'ca.pem'), fleet.upstreamCa.pem)
  const place = { folder, port, version }
  const file = join(folder, 'peer.conf')
  writeFileSync(file, peer.config(place))
  const child = spawn(peer.command, peer.args(file, place), { stdio: ['pipe', 'ignore', 'pipe'] })
  killAtTheEnd(child)
  const gone = once(child, 'exit')
  let said = ''
  child.stderr.on('data', (text: Buffer) => {
    said = (said + text.toString()).slice(-400)
  })
  try {
    while (!(await isOpen(port))) {
      if (child.exitCode !== null) throw new Error(`${name} does not start: ${said}`)
    }
    const words: string[] = []
    for (const shown of ['none', 'unknown', 'known'] as const) words.push(await tested(port, shown))
    return words
  } finally {
    child.kill('SIGKILL')
    await gone
    rmSync(folder, { recursive: true, force: true })
  }
}

/** `nginx/1.22.1`, as the program says of itself. */
function versionOf(name: string): string {
  const { command = '' } = PEERS[name] ?? {}
  const asked = command === 'openssl' ? 'version' : '-v'
  const { stdout, stderr } = spawnSync(command, [asked], { encoding: 'utf8' })
  const [line = ''] = `${stdout}${stderr}`.trim().split('\n')
  return line.slice(0, 60)
}

async function isOpen(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port })
  const { promise, resolve } = Promise.withResolvers<boolean>()
  socket.once('connect', () => resolve(true))
  socket.once('error', () => resolve(false))
  const isThere = await promise
  socket.destroy()
  return isThere
}

export const DEMANDED_CERTIFICATES: readonly Scene[] = Object.keys(PEERS).flatMap((name) =>
  VERSIONS.map((version): Scene => ({
    cases: Object.entries(SHOWN).map(([shown, expected]) => ({
      id: 'C5',
      what: `upstream test where ${name} demands a client certificate over ${version}, and ${shown === 'none' ? 'none is configured' : 'one that it does not know'}`,
      expected,
      control: 'requests would be carried',
    })),
    play: async () => {
      const [none = '', unknown = '', known = ''] = await played(name, version)
      const beside = versionOf(name)
      return [none, unknown].map((seen) => ({ seen, control: known, beside }))
    },
  })),
)
