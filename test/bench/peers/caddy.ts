/** Caddy as a candidate; its TLS is Go's own. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Candidate, Place, Variant } from './candidate.ts'

export const caddy = (program: string, version: string, variant: Variant): Candidate => ({
  ...variant,
  version,
  prepare: (place) => {
    const file = join(place.folder, `${place.name}.caddy`)
    const home = join(place.folder, `${place.name}.home`)
    mkdirSync(home, { recursive: true })
    writeFileSync(file, configuration(place, home))
    return {
      file: program,
      args: ['run', '--adapter', 'caddyfile', '--config', file],
      env: { HOME: home, GOMAXPROCS: `${variant.workers}` },
    }
  },
})

const configuration = (place: Place, home: string): string => `
{
  admin off
  auto_https off
  storage file_system ${home}
  servers {
    protocols h1
  }
}
https://localhost:${place.port} {
  bind 127.0.0.1
  tls ${place.pki}/server.pem ${place.pki}/server.key {
    protocols tls1.2 tls1.3
    client_auth {
      mode require_and_verify
      trusted_ca_cert_file ${place.pki}/root.pem
    }
  }
  reverse_proxy https://127.0.0.1:${place.backendPort} {
    header_up X-Client-Cert {http.request.tls.client.certificate_der_base64}
    transport http {
      tls_trusted_ca_certs ${place.pki}/root.pem
      tls_server_name backend.test
      keepalive 1h
      keepalive_idle_conns_per_host 256
      compression off
    }
  }
}
`
