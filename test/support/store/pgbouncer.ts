/** The real PgBouncer in front of a PostgreSQL cluster of the tests, behind a socket in a folder of its own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { hasCommand } from '../commands.ts'

/** Why it cannot be started; undefined where it can. */
export const whyNoPgBouncer = (): string | undefined =>
  hasCommand('pgbouncer', ['--version'])
    ? undefined
    : 'pgbouncer is not on this machine (Debian: apt-get install pgbouncer)'

export interface PgBouncer extends AsyncDisposable {
  readonly url: string
}

/** Starts one that is told nothing of us: no parameter of a start is ignored. */
export async function startPgBouncer(
  url: string,
  mode: 'session' | 'transaction' | 'statement',
  size = 20,
): Promise<PgBouncer> {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-pgbouncer-'))
  const host = new URL(url).searchParams.get('host') ?? ''
  const ini = `[databases]
postgres = host=${host} dbname=postgres user=tfe
[pgbouncer]
listen_addr =
unix_socket_dir = ${folder}
listen_port = 6432
auth_type = any
pool_mode = ${mode}
default_pool_size = ${size}
`
  writeFileSync(join(folder, 'pgbouncer.ini'), ini)
  // It refuses to run as root, as the server does.
  const isRoot = process.getuid?.() === 0
  if (isRoot) chownSync(folder, 65_534, 65_534)
  const as = isRoot ? { uid: 65_534, gid: 65_534 } : {}
  const child = spawn('pgbouncer', [join(folder, 'pgbouncer.ini')], {
    ...as,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const end = (): void => void child.kill('SIGKILL')
  process.once('exit', end)
  let said = ''
  for await (const text of child.stderr) {
    said += String(text)
    if (said.includes('process up')) break
  }
  if (!said.includes('process up')) throw new Error(`pgbouncer did not start: ${said}`)
  return {
    url: `postgres://tfe@localhost:6432/postgres?host=${encodeURIComponent(folder)}`,
    async [Symbol.asyncDispose]() {
      process.off('exit', end)
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
