/** The real products: how each is started in front of an upstream, and the fields that it is told to send. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
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

const apache: Product = {
  format: 'apache',
  command: '/usr/sbin/apache2',
  package: 'apache2',
  version: () => firstLine('/usr/sbin/apache2', '-v'),
  // mod_headers: "%{FOOBAR}s is the contents of the SSL environment variable FOOBAR".
  fields: Object.fromEntries(
    [
      'SSL_CLIENT_CERT',
      'SSL_CLIENT_CERT_CHAIN_0',
      'SSL_CLIENT_VERIFY',
      'SSL_CLIENT_S_DN',
      'SSL_CLIENT_I_DN',
      'SSL_CLIENT_S_DN_CN',
      'SSL_CLIENT_M_SERIAL',
      'SSL_CLIENT_V_START',
      'SSL_CLIENT_V_END',
    ].map((name) => [name.toLowerCase(), `%{${name}}s`]),
  ),
  named: {
    commonName: 'SSL_CLIENT_S_DN_CN',
    notBefore: 'SSL_CLIENT_V_START',
    notAfter: 'SSL_CLIENT_V_END',
  },
  start: ({ folder, material, upstream }) => {
    const config = (port: number): string => `
ServerRoot ${folder}
ServerName localhost
PidFile ${folder}/apache.pid
DefaultRuntimeDir ${folder}
ErrorLog ${folder}/error.log
Listen 127.0.0.1:${port}
${APACHE_MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
StartServers 1
ThreadsPerChild 8
ServerLimit 1
MaxRequestWorkers 8
${process.getuid?.() === 0 ? 'User www-data\nGroup www-data' : ''}
SSLEngine on
SSLSessionCache none
SSLCertificateFile ${material.serverFile}
SSLCACertificateFile ${material.rootFile}
SSLVerifyClient require
SSLVerifyDepth 3
SSLOptions +ExportCertData
${Object.entries(apache.fields)
  .map(([name, value]) => `RequestHeader set ${name} "${value}"`)
  .join('\n')}
ProxyPass / http://127.0.0.1:${upstream}/
`
    return started('/usr/sbin/apache2', folder, config, (file) => ['-DFOREGROUND', '-f', file])
  },
}

const APACHE_MODULES = ['mpm_event', 'authz_core', 'headers', 'proxy', 'proxy_http', 'ssl']

const nginx: Product = {
  format: 'nginx',
  command: '/usr/sbin/nginx',
  package: 'nginx-light',
  version: () => firstLine('/usr/sbin/nginx', '-v'),
  // ngx_http_ssl_module, under the names of ingress-nginx.
  fields: {
    'ssl-client-cert': '$ssl_client_escaped_cert',
    'ssl-client-verify': '$ssl_client_verify',
    'ssl-client-subject-dn': '$ssl_client_s_dn',
    'ssl-client-issuer-dn': '$ssl_client_i_dn',
    'ssl-client-serial': '$ssl_client_serial',
    'ssl-client-start': '$ssl_client_v_start',
    'ssl-client-end': '$ssl_client_v_end',
  },
  named: {
    serial: 'ssl-client-serial',
    notBefore: 'ssl-client-start',
    notAfter: 'ssl-client-end',
  },
  start: ({ folder, material, upstream }) => {
    const config = (port: number): string => `
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
${process.getuid?.() === 0 ? 'user root;' : ''}
events { worker_connections 64; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  server {
    listen 127.0.0.1:${port} ssl;
    server_name localhost;
    ssl_certificate ${material.serverFile};
    ssl_certificate_key ${material.serverFile};
    ssl_client_certificate ${material.rootFile};
    ssl_verify_client on;
    ssl_verify_depth 3;
    location / {
      proxy_pass http://127.0.0.1:${upstream};
${Object.entries(nginx.fields)
  .map(([name, value]) => `      proxy_set_header ${name} ${value};`)
  .join('\n')}
    }
  }
}
`
    return started('/usr/sbin/nginx', folder, config, (file) => [
      '-p',
      folder,
      '-e',
      join(folder, 'error.log'),
      '-c',
      file,
    ])
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

export const PRODUCTS: readonly Product[] = [haproxy, apache, nginx]
