/** Apache httpd with mod_ssl and mod_headers. */
import { join } from 'node:path'
import { apacheHead } from '../../support/programs/apache-config.ts'
import { started, type Product } from './product.ts'

const PROGRAM = 'usr/sbin/apache2'
const MODULES = ['mpm_event', 'authz_core', 'headers', 'proxy', 'proxy_http', 'ssl']

/** mod_headers: "%{FOOBAR}s is the contents of the SSL environment variable FOOBAR". */
const FIELDS = Object.fromEntries(
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
)

export const apache: Product = {
  name: 'apache',
  program: PROGRAM,
  versionOption: '-v',
  fields: FIELDS,
  ours: {
    kind: 'fields',
    format: 'apache',
    named: {
      commonName: 'SSL_CLIENT_S_DN_CN',
      notBefore: 'SSL_CLIENT_V_START',
      notAfter: 'SSL_CLIENT_V_END',
    },
  },
  start: (place) => {
    const { debian, folder, material, upstream } = place
    const moduleFolder = join(debian.root, 'usr/lib/apache2/modules')
    const config = (port: number): string => `
${apacheHead({ folder, port, modules: MODULES, moduleFolder })}
SSLCertificateFile ${material.serverFile}
SSLCACertificateFile ${material.rootFile}
SSLVerifyClient require
SSLVerifyDepth 3
SSLOptions +ExportCertData
${Object.entries(FIELDS)
  .map(([name, value]) => `RequestHeader set ${name} "${value}"`)
  .join('\n')}
ProxyPass / http://127.0.0.1:${upstream}/
`
    return started(place, PROGRAM, config, (file) => ['-DFOREGROUND', '-f', file])
  },
}
