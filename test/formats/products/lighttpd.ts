/** lighttpd with mod_openssl, which tells programs over FastCGI what mod_ssl tells them. */
import { join } from 'node:path'
import { started, type Product } from './product.ts'

const PROGRAM = 'usr/sbin/lighttpd'

/** Environment variables; lower case, for they are compared with fields. */
const FIELDS = Object.fromEntries(
  [
    'SSL_CLIENT_CERT',
    'SSL_CLIENT_VERIFY',
    'SSL_CLIENT_S_DN',
    'SSL_CLIENT_S_DN_CN',
    'SSL_CLIENT_M_SERIAL',
  ].map((name) => [name.toLowerCase(), name]),
)

export const lighttpd: Product = {
  name: 'lighttpd',
  program: PROGRAM,
  versionOption: '-v',
  fields: FIELDS,
  ours: { kind: 'fields', format: 'lighttpd', named: {} },
  start: (place) => {
    const { debian, folder, material, upstream } = place
    const config = (port: number): string => `
server.bind = "127.0.0.1"
server.port = ${port}
server.document-root = "${folder}"
server.modules = ("mod_openssl", "mod_fastcgi")
ssl.engine = "enable"
ssl.pemfile = "${material.serverFile}"
ssl.verifyclient.activate = "enable"
ssl.verifyclient.enforce = "enable"
ssl.verifyclient.depth = 3
ssl.verifyclient.exportcert = "enable"
ssl.verifyclient.ca-file = "${material.rootFile}"
fastcgi.server = ("/" => (("host" => "127.0.0.1", "port" => ${upstream}, "check-local" => "disable")))
`
    const modules = join(debian.root, 'usr/lib/lighttpd')
    return started(place, PROGRAM, config, (file) => ['-D', '-m', modules, '-f', file])
  },
}
