/** Runs a script where nothing but loopback is reached and the only resolver is 127.0.0.1, which the script may be. */
import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
// @ts-expect-error plain JavaScript, for Node 20
import { NODE_ENVIRONMENT } from '../../../scripts/node26.mjs'

const IN_NAMESPACE = ['-r', '-n', '-m', 'sh', '-c']

/** Why scripts cannot be run so on this machine; undefined where they can. */
export function whyNoNamespace(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces are Linux’s'
  const tried = spawnSync('unshare', [...IN_NAMESPACE, 'ip link set lo up'], { encoding: 'utf8' })
  if (tried.error !== undefined) return 'unshare (util-linux) is not on this machine'
  return tried.status === 0 ? undefined : `no network namespace: ${tried.stderr.trim()}`
}

/** What the script prints, which is JSON. */
export async function inNamespace(script: string, ...args: readonly string[]): Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-namespace-'))
  try {
    writeFileSync(join(folder, 'resolv.conf'), 'nameserver 127.0.0.1\nsearch test\n')
    writeFileSync(join(folder, 'nsswitch.conf'), 'hosts: files dns\n')
    writeFileSync(join(folder, 'hosts'), '127.0.0.1 localhost listed.test\n')
    const mounts = ['resolv.conf', 'nsswitch.conf', 'hosts'].map(
      (name) => `touch /etc/${name} && mount --bind ${folder}/${name} /etc/${name}`,
    )
    const steps = ['ip link set lo up', ...mounts, 'exec "$@"'].join(' && ')
    const { promise, resolve } = Promise.withResolvers<string>()
    const typed = [...IN_NAMESPACE, steps, 'sh', process.execPath, script, ...args]
    const env = { ...process.env, ...(NODE_ENVIRONMENT as Readonly<Record<string, string>>) }
    execFile('unshare', typed, { env, timeout: 60_000 }, (_, out, err) => resolve(out || err))
    return JSON.parse(await promise)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
