/** The real products: how each is started in front of an upstream, and the fields that it is told to send. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { IdentityFormat, IdentitySettings } from '../../src/message/encode/settings.ts'
import { claimPort, isListenedOn } from '../support/ports/claim-port.ts'
import { Program, quietEnvironment } from '../support/programs/program.ts'
import type { Material } from './cases.ts'

export interface Product {
  readonly format: IdentityFormat
  readonly command: string
  /** The Debian package that brings it. */
  readonly package: string
  readonly version: () => string
  /** What it sends, by lower-case field name: the expression of its own configuration. */
  readonly fields: Readonly<Record<string, string>>
  /** Facts that we send only where they have a name. */
  readonly named: IdentitySettings['fields']
  readonly start: (place: Place) => Promise<{ readonly port: number; readonly program: Program }>
}

interface Place {
  readonly folder: string
  readonly material: Material
  readonly upstream: number
}

const haproxy: Product = {
  format: 'haproxy',
  command: 'haproxy',
  package: 'haproxy',
  version: () => firstLine('haproxy', '-v'),
  // Section 7.3.4 of its manual; the names are those of its example of http-request set-header.
  fields: {
    'x-ssl-client-cert': '%[ssl_c_der,base64]',
    'x-ssl-client-chain': '%[ssl_c_chain_der,base64]',
    'x-ssl-client-used': '%[ssl_c_used]',
    'x-ssl-client-verify': '%[ssl_c_verify]',
    'x-ssl-client-dn': '%{+Q}[ssl_c_s_dn]',
    'x-ssl-issuer': '%{+Q}[ssl_c_i_dn]',
    'x-ssl-client-cn': '%{+Q}[ssl_c_s_dn(cn)]',
    'x-ssl-client-sha1': '%[ssl_c_sha1,hex]',
    'x-ssl-client-notbefore': '%{+Q}[ssl_c_notbefore]',
    'x-ssl-client-notafter': '%{+Q}[ssl_c_notafter]',
    'x-ssl-client-serial': '%[ssl_c_serial,hex]',
  },
  named: { serial: 'X-SSL-Client-Serial' },
  start: ({ folder, material, upstream }) => {
    const config = (port: number): string => `
defaults
  mode http
  timeout client 10s
  timeout server 10s
  timeout connect 10s
frontend devices
  bind 127.0.0.1:${port} ssl crt ${material.serverFile} ca-file ${material.rootFile} verify required
${Object.entries(haproxy.fields)
  .map(([name, value]) => `  http-request set-header ${name} ${value}`)
  .join('\n')}
  default_backend upstream
backend upstream
  server one 127.0.0.1:${upstream}
`
    return started('haproxy', folder, config, (file) => ['-db', '-f', file])
  },
}

async function started(
  command: string,
  folder: string,
  config: (port: number) => string,
  args: (file: string) => readonly string[],
): Promise<{ readonly port: number; readonly program: Program }> {
  const port = await claimPort()
  const file = join(folder, 'config')
  writeFileSync(file, config(port))
  const program = new Program(command, args(file), { logFile: join(folder, 'log') })
  await program.until(() => isListenedOn(port))
  return { port, program }
}

/** nginx prints its version on standard error. */
function firstLine(command: string, option: string): string {
  const { stdout, stderr } = spawnSync(command, [option], {
    encoding: 'utf8',
    env: quietEnvironment(),
  })
  return `${stdout}${stderr}`.split('\n')[0] ?? ''
}

export const PRODUCTS: readonly Product[] = [haproxy]
