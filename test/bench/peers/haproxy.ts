/** HAProxy as a candidate. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Candidate, Place, Variant } from './candidate.ts'

const PROGRAM = 'usr/sbin/haproxy'

export const haproxy = (version: string, variant: Variant): Candidate => ({
  ...variant,
  version,
  prepare: (place) => {
    const file = join(place.folder, `${place.name}.cfg`)
    writeFileSync(file, configuration(place, variant))
    return place.debian.command(PROGRAM, ['-db', '-f', file])
  },
})

const configuration = (place: Place, { workers, isLogging }: Variant): string => `
global
  nbthread ${workers}
  maxconn 9000
  tune.ssl.cachesize 20000
  ssl-default-bind-options ssl-min-ver TLSv1.2
  ssl-default-server-options ssl-min-ver TLSv1.2
  ${isLogging ? 'log stdout len 4096 format raw local0' : ''}
defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  timeout http-keep-alive 1h
  http-reuse always
frontend devices
  ${isLogging ? LOG : ''}
  bind 127.0.0.1:${place.port} ssl crt ${place.pki}/server-both.pem ca-file ${place.pki}/root.pem verify required backlog 4096
  http-request set-header X-Client-Cert %[ssl_c_der,base64]
  http-request set-header X-Forwarded-For %[src]
  http-request set-header X-Forwarded-Proto https
  default_backend backend
backend backend
  server one 127.0.0.1:${place.backendPort} ssl verify required ca-file ${place.pki}/root.pem sni str(backend.test) verifyhost backend.test pool-max-conn 256 pool-purge-delay 1h
`

/** The facts of our line of the log, as far as HAProxy has them. */
const FACTS: readonly (readonly [name: string, value: string])[] = [
  ['time', '%Tl'],
  ['connection', '%ID'],
  ['remote', '%ci'],
  ['protocol', '%sslv'],
  ['cipher', '%sslc'],
  ['servername', '%[ssl_fc_sni]'],
  ['resumed', '%[ssl_fc_is_resumed]'],
  ['fingerprint', '%[ssl_c_sha1,hex]'],
  ['subject', '%{+E}[ssl_c_s_dn]'],
  ['issuer', '%{+E}[ssl_c_i_dn]'],
  ['serial', '%[ssl_c_serial,hex]'],
  ['not_before', '%[ssl_c_notbefore]'],
  ['not_after', '%[ssl_c_notafter]'],
  ['verify', '%[ssl_c_verify]'],
  ['method', '%HM'],
  ['path', '%HPO'],
  ['host', '%[var(txn.host)]'],
  ['upstream', '%b'],
  ['server', '%s'],
  ['status', '%ST'],
  ['bytes_in', '%U'],
  ['bytes_out', '%B'],
  ['duration', '%Ta'],
  ['upstream_time', '%Tr'],
  ['user_agent', '%[var(txn.agent)]'],
]

const LOG = `log global
  http-request set-var(txn.host) req.hdr(host)
  http-request set-var(txn.agent) req.hdr(user-agent)
  log-format '{${FACTS.map(([name, value]) => `"${name}":"${value}"`).join(',')}}'`
