/** How every Apache httpd of a test begins: one small process on one loopback port, with its files in one folder. */
import process from 'node:process'

export interface ApacheHead {
  readonly folder: string
  readonly port: number
  /** Names without `mod_`; `mod_ssl` is among them. */
  readonly modules: readonly string[]
  /** Where the modules lie. */
  readonly moduleFolder?: string
}

/** The first lines of its configuration: it speaks TLS and resumes nothing; certificates are up to the test. */
export const apacheHead = ({
  folder,
  port,
  modules,
  moduleFolder = '/usr/lib/apache2/modules',
}: ApacheHead): string => `
ServerRoot ${folder}
ServerName localhost
PidFile ${folder}/apache.pid
DefaultRuntimeDir ${folder}
ErrorLog ${folder}/error.log
Listen 127.0.0.1:${port}
${modules.map((name) => `LoadModule ${name}_module ${moduleFolder}/mod_${name}.so`).join('\n')}
StartServers 1
ThreadsPerChild 8
ServerLimit 1
MaxRequestWorkers 8
${process.getuid?.() === 0 ? 'User www-data\nGroup www-data' : ''}
SSLEngine on
SSLSessionCache none`
