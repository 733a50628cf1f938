/**
 * What the real nginx and HAProxy (Debian 12's) do with the same CA file, list and device, to stand beside what is seen; it is
 * printed and not compared. A program that is missing ends the run by its name.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { isCommand } from '../../support/commands.ts'
import { fleet } from '../../support/front-ends/product.ts'
import { claimPorts } from '../../support/ports/claim-port.ts'
import { killAtTheEnd } from '../../support/programs/running.ts'
import type { Leaf } from '../../support/certificates/mint.ts'
import { nginxConfig } from '../../support/programs/nginx-config.ts'

/** What the peers are given. */
export interface Given {
  /** The file of authorities. */
  readonly ca: string | Uint8Array
  readonly crl?: string | Uint8Array
  /** Without one a start is all that is seen. */
  readonly device?: Pick<Leaf, 'chainPem' | 'keyPem'>
  /** Which of its words are printed behind the status. */
  readonly fields?: Readonly<Record<'nginx' | 'haproxy', string>>
}

/** Both, in a few words each; asked once for the same. */
export async function besidePeers(given: Given): Promise<string> {
  const key = createHash('sha256')
    .update(JSON.stringify([given, Buffer.from(given.ca).toString('base64')]))
    .digest('hex')
  const asked = known.get(key) ?? both(given)
  known.set(key, asked)
  return await asked
}

const known = new Map<string, Promise<string>>()

async function both(given: Given): Promise<string> {
  const words: string[] = []
  for (const name of ['nginx', 'haproxy'] as const) words.push(`${name}: ${await ask(name, given)}`)
  return words.join('; ')
}

async function ask(name: 'nginx' | 'haproxy', given: Given): Promise<string> {
  if (!isCommand(name)) throw new Error(`missing: ${name} (Debian: apt-get install ${name})`)
  const folder = mkdtempSync(join(tmpdir(), `tfe-${name}-`))
  chmodSync(folder, 0o755)
  const [port = 0] = await claimPorts(1)
  writeFileSync(join(folder, 'server.pem'), fleet.server.chainPem + fleet.server.keyPem)
  writeFileSync(join(folder, 'ca.pem'), given.ca)
  if (given.crl !== undefined) writeFileSync(join(folder, 'list.pem'), given.crl)
  const file = join(folder, 'peer.conf')
  writeFileSync(file, CONFIGS[name]({ folder, port, given }))
  const args = name === 'nginx' ? ['-p', folder, '-e', 'stderr', '-c', file] : ['-db', '-f', file]
  const child = spawn(name, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  killAtTheEnd(child)
  const gone = once(child, 'exit')
  let said = ''
  child.stderr.on('data', (text: Buffer) => {
    said = (said + text.toString()).slice(-4000)
  })
  try {
    for (;;) {
      const answer = await request(port, given.device)
      if (answer !== undefined) return given.device === undefined ? 'starts' : answer
      if (child.exitCode !== null) return `does not start, ${reasonIn(said)}`
    }
  } finally {
    child.kill('SIGKILL')
    await gone
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Status and field; undefined while nothing listens. */
async function request(port: number, device: Given['device']): Promise<string | undefined> {
  const shown = device === undefined ? {} : { cert: device.chainPem, key: device.keyPem }
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...shown })
  let [received, code] = ['', '']
  socket.setTimeout(3000, () => socket.destroy())
  socket.on('error', (error: NodeJS.ErrnoException) => {
    code = error.code ?? ''
  })
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('utf8')
  })
  socket.on('secureConnect', () => {
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
  })
  await new Promise((resolve) => socket.once('close', resolve))
  if (code === 'ECONNREFUSED') return undefined
  const [, status] = /^HTTP\/1\.1 (\d+)/u.exec(received) ?? []
  if (status === undefined) return `no handshake (${code.replace('ERR_SSL_', '').toLowerCase()})`
  const [, field = ''] = /^x-said: (.*)$/imu.exec(received) ?? []
  return field.trim() === '' ? status : `${status}, ${field.trim()}`
}

const reasonIn = (said: string): string =>
  (
    said
      .split('\n')
      .find((line) => /emerg|unable|error|cannot/iu.test(line))
      ?.replace(/^.*?(?:\[emerg\] \d+#\d+:|parsing \[[^\]]*\] ?:)/u, '') ?? 'without a word'
  )
    .trim()
    .replaceAll(/\/\S*\//gu, '')
    .slice(0, 110)

interface Place {
  readonly folder: string
  readonly port: number
  readonly given: Given
}

const CONFIGS = {
  nginx: ({ folder, port, given }: Place): string =>
    nginxConfig(
      folder,
      `
  server {
    listen 127.0.0.1:${port} ssl;
    ssl_certificate ${folder}/server.pem;
    ssl_certificate_key ${folder}/server.pem;
    ssl_client_certificate ${folder}/ca.pem;
    ssl_verify_client on;
    ssl_verify_depth 4;
    ${given.crl === undefined ? '' : `ssl_crl ${folder}/list.pem;`}
    location / {
      ${given.fields === undefined ? '' : `add_header X-Said "${given.fields.nginx}" always;`}
      return 200;
    }
  }
`,
    ),
  haproxy: ({ folder, port, given }: Place): string => `
defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 5s
frontend one
  bind 127.0.0.1:${port} ssl crt ${folder}/server.pem ca-file ${folder}/ca.pem verify required ${given.crl === undefined ? '' : `crl-file ${folder}/list.pem`}
  http-request return status 200 ${given.fields === undefined ? '' : `hdr X-Said "${given.fields.haproxy}"`}
`,
}
