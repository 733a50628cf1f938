/** HAProxy, which sends fields, and PROXY headers to what speaks no HTTP. */
import { started, type Place, type Product, type Running } from './product.ts'

const PROGRAM = 'usr/sbin/haproxy'

/** Section 7.3.4 of its manual; the names are those of its example of http-request set-header. */
const FIELDS = {
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
}

export const haproxy: Product = {
  name: 'haproxy',
  program: PROGRAM,
  versionOption: '-v',
  fields: FIELDS,
  ours: { kind: 'fields', format: 'haproxy', named: { serial: 'X-SSL-Client-Serial' } },
  start: (place) => {
    const lines = Object.entries(FIELDS).map(
      ([name, value]) => `  http-request set-header ${name} ${value}`,
    )
    return startedAs(place, { mode: 'http', lines, server: '' })
  },
}

/** What its `send-proxy-v2` says with these options; `proxy-certificate` is what it has no option for in 3.0. */
export const haproxyTunnel: Product = {
  name: 'haproxy send-proxy-v2',
  program: PROGRAM,
  versionOption: '-v',
  fields: {
    'proxy-client': 'ssl',
    'proxy-verify': 'ssl',
    'proxy-version': 'ssl',
    'proxy-common-name': 'cert-cn',
    'proxy-cipher': 'ssl-cipher',
    'proxy-authority': 'authority',
  },
  ours: { kind: 'proxy-header' },
  start: (place) =>
    startedAs(place, {
      mode: 'tcp',
      lines: [],
      server: 'send-proxy-v2 proxy-v2-options ssl,cert-cn,ssl-cipher,authority',
    }),
}

interface Manner {
  readonly mode: 'http' | 'tcp'
  readonly lines: readonly string[]
  readonly server: string
}

function startedAs(place: Place, { mode, lines, server }: Manner): Promise<Running> {
  const { serverFile, rootFile } = place.material
  const config = (port: number): string => `
defaults
  mode ${mode}
  timeout client 10s
  timeout server 10s
  timeout connect 10s
frontend devices
  bind 127.0.0.1:${port} ssl crt ${serverFile} ca-file ${rootFile} verify required
${lines.join('\n')}
  default_backend upstream
backend upstream
  server one 127.0.0.1:${place.upstream} ${server}
`
  return started(place, PROGRAM, config, (file) => ['-db', '-f', file])
}
