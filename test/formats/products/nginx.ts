/** nginx with its own TLS module. */
import { join } from 'node:path'
import { started, type Product } from './product.ts'
import { nginxConfig } from '../../support/programs/nginx-config.ts'

const PROGRAM = 'usr/sbin/nginx'

/** ngx_http_ssl_module, under the names of ingress-nginx. */
const FIELDS = {
  'ssl-client-cert': '$ssl_client_escaped_cert',
  'ssl-client-verify': '$ssl_client_verify',
  'ssl-client-subject-dn': '$ssl_client_s_dn',
  'ssl-client-issuer-dn': '$ssl_client_i_dn',
  'ssl-client-serial': '$ssl_client_serial',
  'ssl-client-start': '$ssl_client_v_start',
  'ssl-client-end': '$ssl_client_v_end',
}

export const nginx: Product = {
  name: 'nginx',
  program: PROGRAM,
  versionOption: '-v',
  fields: FIELDS,
  ours: {
    kind: 'fields',
    format: 'nginx',
    named: {
      serial: 'ssl-client-serial',
      notBefore: 'ssl-client-start',
      notAfter: 'ssl-client-end',
    },
  },
  start: (place) => {
    const { folder, material, upstream } = place
    const config = (port: number): string =>
      nginxConfig(
        folder,
        `
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
${Object.entries(FIELDS)
  .map(([name, value]) => `      proxy_set_header ${name} ${value};`)
  .join('\n')}
    }
  }
`,
      )
    const args = ['-p', folder, '-e', join(folder, 'error.log'), '-c']
    return started(place, PROGRAM, config, (file) => [...args, file])
  },
}
