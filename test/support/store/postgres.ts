/**
 * A PostgreSQL to test on: the one that `TFE_POSTGRES_URL` names, or a cluster of our own from the system's
 * binaries, in a temporary folder, behind a socket in it, ended with us. Without either there is a sentence why.
 */
import { spawn, spawnSync, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { Client } from 'pg'

export type FoundPostgres =
  | { readonly kind: 'found'; readonly url: string; stop(): Promise<void> }
  | { readonly kind: 'missing'; readonly why: string }

/** A cluster of one's own, which can be away for a while. */
export interface PostgresCluster {
  readonly kind: 'found'
  readonly url: string
  /** Ends it as an administrator does, or as a fall would (SIGQUIT); what it holds stays. */
  halt(signal?: 'SIGINT' | 'SIGQUIT'): Promise<void>
  resume(): Promise<void>
  stop(): Promise<void>
}

/** Starts one from the system's binaries, whatever `TFE_POSTGRES_URL` names. */
export async function startPostgres(): Promise<
  PostgresCluster | { readonly kind: 'missing'; readonly why: string }
> {
  const binaries = newestBinaries()
  if (binaries === undefined) {
    const why = 'no PostgreSQL to stop: install the server (Debian: apt-get install postgresql)'
    return { kind: 'missing', why }
  }
  return await startCluster(binaries)
}

/** Finds or starts one. */
export async function findPostgres(): Promise<FoundPostgres> {
  const given = process.env['TFE_POSTGRES_URL']
  if (given !== undefined && given !== '') {
    return { kind: 'found', url: given, stop: () => Promise.resolve() }
  }
  const binaries = newestBinaries()
  if (binaries === undefined) {
    const why =
      'no PostgreSQL: set TFE_POSTGRES_URL, or install the server (Debian: apt-get install postgresql)'
    return { kind: 'missing', why }
  }
  return await startCluster(binaries)
}

function newestBinaries(): string | undefined {
  const versions = '/usr/lib/postgresql'
  if (!existsSync(versions)) return undefined
  return readdirSync(versions)
    .sort((one, other) => Number(other) - Number(one))
    .map((version) => join(versions, version, 'bin'))
    .find((folder) => existsSync(join(folder, 'initdb')))
}

async function startCluster(binaries: string): ReturnType<typeof startPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-pg-'))
  const as = unprivileged()
  if (as.uid !== undefined && as.gid !== undefined) chownSync(folder, as.uid, as.gid)
  const data = join(folder, 'data')
  // A locale in which `a`, `B` and `_` are not in the order of their octets: our queries must not notice.
  const made = spawnSync(
    join(binaries, 'initdb'),
    ['-D', data, '-U', 'tfe', '-A', 'trust', '-E', 'UTF8', '--no-sync', '--locale=C', ...ICU],
    { ...as, cwd: folder, encoding: 'utf8' },
  )
  if (made.status !== 0) {
    rmSync(folder, { recursive: true, force: true })
    return { kind: 'missing', why: `initdb failed: ${made.stderr.trim()}` }
  }
  const start = (): ChildProcess =>
    spawn(
      join(binaries, 'postgres'),
      [
        '-D',
        data,
        '-k',
        folder,
        '-c',
        'listen_addresses=',
        '-c',
        'fsync=off',
        '-c',
        'max_connections=60',
      ],
      { ...as, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
    )
  let server = start()
  // Should this process die without stopping it, the cluster must not outlive it.
  const abandon = (): void => void server.kill('SIGQUIT')
  process.once('exit', abandon)
  await ready(server)
  const halt = async (signal: 'SIGINT' | 'SIGQUIT' = 'SIGINT'): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return
    const gone = new Promise((resolve) => server.once('exit', resolve))
    server.kill(signal)
    await gone
  }
  return {
    kind: 'found',
    url: `postgres://tfe@localhost/postgres?host=${encodeURIComponent(folder)}`,
    halt,
    async resume() {
      server = start()
      await ready(server)
    },
    async stop() {
      process.off('exit', abandon)
      await halt()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const ICU = ['--locale-provider=icu', '--icu-locale=en-US']

/** The server refuses to run as root; 65534 is the user without rights on every Linux. */
const unprivileged = (): Pick<SpawnOptions, 'uid' | 'gid'> =>
  process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}

async function ready(server: ChildProcess): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    let said = ''
    server.stderr?.on('data', (text: Buffer) => {
      said += text.toString()
      if (said.includes('ready to accept connections')) resolve()
    })
    server.once('exit', () => reject(new Error(`postgres ended: ${said}`)))
  })
}

/** Runs statements beside the product; returns the rows of the last. */
export async function onPostgres(
  url: string,
  ...statements: readonly string[]
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    let rows: readonly Readonly<Record<string, unknown>>[] = []
    for (const statement of statements) {
      rows = (await client.query<Record<string, unknown>>(statement)).rows
    }
    return rows
  } finally {
    await client.end()
  }
}
