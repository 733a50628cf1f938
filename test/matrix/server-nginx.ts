/** nginx, one process with a port for each description. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { claimPorts, isListenedOn } from '../support/ports/claim-port.ts'
import { Program } from '../support/programs/program.ts'
import { ALL_PROTOCOLS, type ServerSpec } from './row.ts'
import { kept, suitesOf, writerIn, type ServerKind } from './server-kind.ts'
import { nginxConfig } from '../support/programs/nginx-config.ts'

export const nginx: ServerKind = {
  kind: 'nginx',
  package: 'nginx-light',
  isInstalled: () => existsSync(NGINX),
  start: async (specs, folder) => {
    await using stack = new AsyncDisposableStack()
    const ports = await claimPorts(specs.length)
    const write = writerIn(join(folder, 'nginx'))
    const blocks = specs.map((spec, index) => nginxServers(spec, { index, ports, write }))
    const config = write('nginx.conf', configuration(join(folder, 'nginx'), blocks.join('')))
    const args = ['-c', config, '-e', join(folder, 'nginx/error.log')]
    const logFile = join(folder, 'nginx/log')
    const program = stack.use(new Program(NGINX, args, { logFile }))
    await program.until(() => isListenedOn(ports.at(-1) ?? 0))
    return kept(ports, stack)
  },
}

const NGINX = '/usr/sbin/nginx'

const configuration = (folder: string, servers: string): string =>
  nginxConfig(
    folder,
    `
  default_type text/plain;
  ${servers}
`,
  )

interface NginxPlace {
  readonly index: number
  readonly ports: readonly number[]
  readonly write: (name: string, text: string) => string
}

function nginxServers(spec: ServerSpec, { index, ports, write }: NginxPlace): string {
  const { leaf, virtualHost, protocols = ALL_PROTOCOLS, clientCa } = spec
  const { older, newer } = suitesOf(spec)
  const shown = (name: string, one: NonNullable<ServerSpec['leaf']>): string => `
    ssl_certificate ${write(`${name}-${index}.pem`, one.chainPem)};
    ssl_certificate_key ${write(`${name}-${index}.key`, one.keyPem)};`
  const block = (how: string, more: string): string => `
  server {
    listen 127.0.0.1:${ports[index]} ssl ${how};
    ssl_protocols ${protocols.join(' ')};
    ssl_ciphers ${older};
    ${newer === undefined ? '' : `ssl_conf_command Ciphersuites ${newer};`}
    ${more}
    ${clientCa === undefined ? '' : `ssl_verify_client on; ssl_client_certificate ${write(`clients-${index}.pem`, clientCa)};`}
    location / { return 200 "Protocol : $ssl_protocol\\nCipher : $ssl_cipher\\n"; }
  }`
  const first = leaf === undefined ? 'ssl_reject_handshake on;' : shown('server', leaf)
  const second =
    virtualHost === undefined
      ? ''
      : block('', `server_name ${virtualHost.name};${shown('host', virtualHost.leaf)}`)
  return block('default_server', first) + second
}
