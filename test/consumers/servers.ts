/**
 * Three real servers, each of which reports the client certificate that it was told of, in lines
 * `name: value`. nginx and Apache httpd serve only who shows the front end's own certificate.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { claimPort, isListenedOn } from '../support/ports/claim-port.ts'
import { isCommand } from '../support/commands.ts'
import { apacheHead } from '../support/programs/apache-config.ts'
import { Program, quietEnvironment } from '../support/programs/program.ts'
import type { Material } from './material.ts'
import { nginxConfig } from '../support/programs/nginx-config.ts'

export interface ServerKind {
  readonly name: 'nginx' | 'apache' | 'tomcat'
  /** The Debian packages that bring it. */
  readonly package: string
  readonly isInstalled: () => boolean
  /** How the front end tells it about the device: `identity` of an upstream. */
  readonly identity: Readonly<Record<string, unknown>>
  readonly start: (folder: string, material: ServerMaterial) => Promise<Server>
}

/** What a server shows, and who signed whom it takes for a client. */
export type ServerMaterial = Pick<Material, 'siteRoot' | 'upstream'>

export interface Server {
  readonly port: number
  readonly program: Program
}

const nginx: ServerKind = {
  name: 'nginx',
  package: 'nginx-light',
  isInstalled: () => existsSync(NGINX),
  identity: {
    format: 'nginx',
    fields: {
      certificate: 'X-SSL-Client-Cert',
      verify: 'X-SSL-Client-Verify',
      subject: 'X-SSL-Client-S-DN',
    },
  },
  start: async (folder, material) => {
    const port = await claimPort()
    const config = join(folder, 'nginx.conf')
    writeFileSync(config, configuration(folder, port, material))
    const args = ['-p', folder, '-c', config, '-e', join(folder, 'error.log')]
    return listening(port, new Program(NGINX, args, { logFile: join(folder, 'log') }))
  },
}

const NGINX = '/usr/sbin/nginx'

const configuration = (folder: string, port: number, material: ServerMaterial): string =>
  nginxConfig(
    folder,
    `
  default_type text/plain;
  # A certificate counts only beside a verdict that says so.
  map $http_x_ssl_client_verify $subject {
    SUCCESS $http_x_ssl_client_s_dn;
    default '';
  }
  server {
    listen 127.0.0.1:${port} ssl;
    server_name localhost;
    ssl_certificate ${material.upstream.chain};
    ssl_certificate_key ${material.upstream.key};
    ssl_client_certificate ${material.siteRoot};
    ssl_verify_client on;
    location / {
      return 200 "subject: $subject\\nverify: $http_x_ssl_client_verify\\ncertificate: $http_x_ssl_client_cert\\n";
    }
  }
`,
  )

const apache: ServerKind = {
  name: 'apache',
  package: 'apache2',
  isInstalled: () => existsSync(APACHE),
  identity: { format: 'apache' },
  start: async (folder, material) => {
    const port = await claimPort()
    const config = join(folder, 'apache.conf')
    writeFileSync(config, apacheConfig(folder, port, material))
    writeFileSync(join(folder, 'report.html'), APACHE_REPORT)
    const args = ['-DFOREGROUND', '-f', config]
    return listening(port, new Program(APACHE, args, { logFile: join(folder, 'log') }))
  },
}

const APACHE = '/usr/sbin/apache2'
const APACHE_MODULES = ['mpm_event', 'authz_core', 'alias', 'setenvif', 'filter', 'include', 'ssl']

// mod_ssl's own variables describe the front end here; these take their place, as behind any proxy.
const apacheConfig = (
  folder: string,
  port: number,
  material: ServerMaterial,
): string => `${apacheHead({ folder, port, modules: APACHE_MODULES })}
SSLCertificateFile ${material.upstream.chain}
SSLCertificateKeyFile ${material.upstream.key}
SSLCACertificateFile ${material.siteRoot}
SSLVerifyClient require
SetEnvIf SSL_CLIENT_VERIFY "(.*)" verify=$1
SetEnvIf SSL_CLIENT_S_DN "(.*)" subject=$1
SetEnvIf SSL_CLIENT_CERT "(.*)" certificate=$1
AliasMatch "^/" "${folder}/report.html"
<Directory ${folder}>
  Require all granted
  Options +Includes
  SetOutputFilter INCLUDES
</Directory>
`

const APACHE_REPORT = ['subject', 'verify', 'certificate']
  .map((name) => `${name}: <!--#echo encoding="none" var="${name}" -->\n`)
  .join('')

const tomcat: ServerKind = {
  name: 'tomcat',
  package: 'tomcat10 default-jdk-headless',
  isInstalled: () => existsSync(join(TOMCAT, 'bin/bootstrap.jar')) && isCommand('javac'),
  identity: { format: 'tomcat' },
  start: async (folder, material) => {
    const port = await claimPort()
    for (const name of ['conf', 'logs', 'temp', 'webapps/ROOT/WEB-INF/classes']) {
      mkdirSync(join(folder, name), { recursive: true })
    }
    writeFileSync(join(folder, 'conf/server.xml'), tomcatConfig(port, material))
    compileReport(join(folder, 'webapps/ROOT/WEB-INF/classes'))
    const classes = ['bin/bootstrap.jar', 'bin/tomcat-juli.jar'].map((jar) => join(TOMCAT, jar))
    const args = [
      '-Xmx128m',
      `-Dcatalina.home=${TOMCAT}`,
      `-Dcatalina.base=${folder}`,
      `-Djava.io.tmpdir=${join(folder, 'temp')}`,
      '-cp',
      classes.join(':'),
      'org.apache.catalina.startup.Bootstrap',
      'start',
    ]
    return listening(port, new Program('java', args, { logFile: join(folder, 'log') }))
  },
}

const TOMCAT = '/usr/share/tomcat10'

// SSLValve puts the certificate of the header where a servlet looks for that of the connection. It does not
// ask the front end for its own certificate: where no device is named, Tomcat would report the front end.
const tomcatConfig = (port: number, material: ServerMaterial): string => `
<Server port="-1">
  <Service name="consumers">
    <Connector address="127.0.0.1" port="${port}" protocol="org.apache.coyote.http11.Http11NioProtocol"
               SSLEnabled="true" scheme="https" secure="true" maxThreads="8">
      <SSLHostConfig certificateVerification="none">
        <Certificate certificateFile="${material.upstream.chain}"
                     certificateKeyFile="${material.upstream.key}" type="EC"/>
      </SSLHostConfig>
    </Connector>
    <Engine name="consumers" defaultHost="localhost">
      <Valve className="org.apache.catalina.valves.SSLValve"/>
      <Host name="localhost" appBase="webapps"/>
    </Engine>
  </Service>
</Server>
`

function compileReport(classes: string): void {
  const source = fileURLToPath(new URL('Report.java', import.meta.url))
  const args = ['-cp', join(TOMCAT, 'lib/servlet-api.jar'), '-d', classes, source]
  execFileSync('javac', args, { env: quietEnvironment() })
}

/** Waits until the port takes connections. */
async function listening(port: number, program: Program): Promise<Server> {
  await program.until(() => isListenedOn(port))
  return { port, program }
}

export const SERVERS: readonly ServerKind[] = [nginx, apache, tomcat]
