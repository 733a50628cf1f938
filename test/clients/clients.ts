/**
 * Five clients that keep TLS sessions, each used as its users use it: one program, one cache, a certificate that
 * changes under it.
 */
import { execFile } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { quietEnvironment } from '../support/programs/program.ts'
import type { IdentityFiles } from '../consumers/material.ts'

export const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const

export interface ClientKind {
  readonly name: string
  /** The Debian package that brings it. */
  readonly package: string
  /** Its version; `undefined` when it is not installed. */
  readonly version: () => Promise<string | undefined>
  /** Makes every visit in turn, each on a new connection, with one session cache for all. */
  readonly walk: (walk: Walk) => Promise<void>
}

export interface Visit {
  readonly path: string
  readonly identity: IdentityFiles | undefined
}

export interface Walk {
  readonly visits: readonly Visit[]
  readonly port: number
  /** PEM of the CA that the front end's certificate comes from. */
  readonly ca: string
  readonly version: (typeof VERSIONS)[number]
  /** An empty folder of its own. */
  readonly folder: string
}

/** Each visit is a process; the session goes from one to the next in a file. */
const openssl: ClientKind = {
  name: 'openssl s_client',
  package: 'openssl',
  version: () => versionIn('openssl', ['version']),
  walk: async ({ visits, port, ca, version, folder }) => {
    const session = join(folder, 'session.pem')
    for (const { path, identity } of visits) {
      const wallet =
        identity === undefined
          ? []
          : ['-cert', identity.chain, '-cert_chain', identity.chain, '-key', identity.key]
      const memory = existsSync(session) ? ['-sess_in', session] : []
      const where = ['-connect', `127.0.0.1:${port}`, '-servername', 'localhost', '-CAfile', ca]
      const flags = [
        version === 'TLSv1.2' ? '-tls1_2' : '-tls1_3',
        '-quiet',
        '-verify_return_error',
      ]
      await run(
        'openssl',
        ['s_client', ...where, ...flags, ...memory, '-sess_out', session, ...wallet],
        `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
      )
    }
  },
}

/** One process and its cache; the device asks for the end of each connection. */
const curl: ClientKind = {
  name: 'curl',
  package: 'curl',
  version: () => versionIn('curl', ['--version']),
  walk: async ({ visits, port, ca, version, folder }) => {
    const number = version.slice('TLSv'.length)
    const habits = ['--silent', '--show-error', '--http1.1', '--header', 'Connection: close']
    const tls = ['--cacert', ca, `--tlsv${number}`, '--tls-max', number]
    const output = ['--output', join(folder, 'answer')]
    const each = visits.map(({ path, identity }) => {
      const wallet = identity === undefined ? [] : ['--cert', identity.chain, '--key', identity.key]
      return [...habits, ...tls, ...wallet, ...output, `https://localhost:${port}${path}`]
    })
    const [first = [], ...others] = each
    await run('curl', ['-q', ...first, ...others.flatMap((one) => ['--next', ...one])])
  },
}

const java = (mode: 'http' | 'socket'): ClientKind => ({
  name: mode === 'http' ? 'java HttpClient' : 'java SSLSocket',
  package: 'default-jdk-headless',
  version: () => versionIn('javac', ['--version']),
  walk: async ({ visits, port, ca, version, folder }) => {
    await run('javac', ['-d', folder, beside('Walker.java')])
    const settings = ['-Djdk.httpclient.allowRestrictedHeaders=connection', '-cp', folder]
    const plan = planFile(visits, folder)
    await run('java', [...settings, 'Walker', mode, `https://localhost:${port}`, ca, version, plan])
  },
})

const node: ClientKind = {
  name: 'node https.Agent',
  package: 'nodejs',
  version: async () => process.versions.node,
  walk: async ({ visits, port, ca, version, folder }) => {
    const plan = planFile(visits, folder)
    const args = [beside('walker.ts'), `https://localhost:${port}`, ca, version, plan]
    await run(process.execPath, args)
  },
}

export const CLIENTS: readonly ClientKind[] = [openssl, curl, java('http'), java('socket'), node]

function planFile(visits: readonly Visit[], folder: string): string {
  const file = join(folder, 'plan')
  const lines = visits.map(
    ({ path, identity: { chain, key } = NO_IDENTITY }) => `${path} ${chain} ${key}`,
  )
  writeFileSync(file, `${lines.join('\n')}\n`)
  return file
}

const NO_IDENTITY: IdentityFiles = { chain: '-', key: '-' }

/** No walk takes five seconds; a JVM on two busy cores takes a few to start. */
const PATIENCE = 60_000

function run(program: string, args: readonly string[], input = ''): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const options = { env: quietEnvironment(), timeout: PATIENCE }
  const child = execFile(program, args, options, (error, stdout, stderr) => {
    // What s_client thinks of the end of a connection is its own affair.
    if (error === null || (program === 'openssl' && stdout !== '')) resolve(stdout)
    else reject(new Error(`${error.message}\n${stderr}`))
  })
  // A program that is not there, or has heard enough, says so with its exit.
  child.stdin?.on('error', () => {})
  // Left open: s_client would leave with its input.
  if (input !== '') child.stdin?.write(input)
  else child.stdin?.end()
  return promise
}

const versionIn = (program: string, args: readonly string[]): Promise<string | undefined> =>
  run(program, args).then(
    (text) => /\d+(?:\.\d+)+/.exec(text)?.[0],
    () => undefined,
  )

const beside = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
