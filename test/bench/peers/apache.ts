/** Apache httpd as a candidate: one process of the event module. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Candidate, Place, Variant } from './candidate.ts'

const PROGRAM = 'usr/sbin/apache2'
const MODULES = [
  'mpm_event',
  'authz_core',
  'headers',
  'ssl',
  'socache_shmcb',
  'proxy',
  'proxy_http',
]

export const apache = (version: string, variant: Variant): Candidate => ({
  ...variant,
  version,
  prepare: (place) => {
    const file = join(place.folder, `${place.name}.conf`)
    writeFileSync(file, configuration(place))
    return place.debian.command(PROGRAM, ['-DFOREGROUND', '-f', file])
  },
})

const configuration = (place: Place): string => `
ServerRoot ${place.folder}
ServerName localhost
PidFile ${place.folder}/${place.name}.pid
ErrorLog ${place.folder}/${place.name}.error
Mutex file:${place.folder} default
${MODULES.map(
  (name) => `LoadModule ${name}_module ${place.debian.root}/usr/lib/apache2/modules/mod_${name}.so`,
).join('\n')}
User www-data
Group www-data
Listen 127.0.0.1:${place.port} https
ListenBacklog 4096
ServerLimit 1
StartServers 1
ThreadLimit 128
ThreadsPerChild 128
MaxRequestWorkers 128
MinSpareThreads 1
MaxSpareThreads 128
AsyncRequestWorkerFactor 64
MaxConnectionsPerChild 0
MaxKeepAliveRequests 0
KeepAliveTimeout 3600
SSLSessionCache shmcb:${place.folder}/${place.name}.sessions(8000000)
<VirtualHost 127.0.0.1:${place.port}>
  SSLEngine on
  SSLProtocol -all +TLSv1.2 +TLSv1.3
  SSLCertificateFile ${place.pki}/server.pem
  SSLCertificateKeyFile ${place.pki}/server.key
  SSLCACertificateFile ${place.pki}/root.pem
  SSLVerifyClient require
  SSLVerifyDepth 2
  SSLProxyEngine on
  SSLProxyVerify require
  SSLProxyVerifyDepth 2
  SSLProxyCACertificateFile ${place.pki}/root.pem
  RequestHeader set X-Client-Cert "expr=%{escape:%{SSL_CLIENT_CERT}}"
  ProxyPass / https://localhost:${place.backendPort}/ keepalive=On ttl=3600 max=128
</VirtualHost>
`
