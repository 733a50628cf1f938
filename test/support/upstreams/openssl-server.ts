/**
 * OpenSSL's own server, as a process: another implementation's view of what we offer.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A running `openssl s_server`. */
export interface OpensslServer extends AsyncDisposable {
  readonly port: number
}

/** Starts one on a port of the system's choice, with this certificate and these further arguments. */
export async function opensslServer(
  { chainPem, keyPem }: { readonly chainPem: string; readonly keyPem: string },
  args: readonly string[],
): Promise<OpensslServer> {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-s-server-'))
  const [chain, key] = [join(folder, 'chain.pem'), join(folder, 'key.pem')]
  writeFileSync(chain, chainPem)
  writeFileSync(key, keyPem)
  const files = ['-cert', chain, '-cert_chain', chain, '-key', key]
  const server = spawn('openssl', ['s_server', '-accept', '127.0.0.1:0', ...files, ...args], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const exit = once(server, 'exit')
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  let said = ''
  // Read to the end: it writes a line for each connection, and a closed pipe would end it.
  server.stdout.on('data', (chunk: Buffer) => {
    said += String(chunk)
    const port = /ACCEPT .*:(\d+)/.exec(said)?.[1]
    if (port !== undefined) resolve(Number(port))
  })
  server.once('exit', (code) => reject(new Error(`s_server ended early, status ${code}`)))
  server.once('error', reject)
  return {
    port: await promise,
    async [Symbol.asyncDispose]() {
      server.kill('SIGKILL')
      await exit
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
