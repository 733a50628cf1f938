/**
 * OpenSSL's own server, as a process: another implementation's view of what we offer.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Program } from '../programs/program.ts'

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
  const server = new Program('openssl', ['s_server', '-accept', '127.0.0.1:0', ...files, ...args], {
    hasInput: true,
  })
  const [, port] = await server.until(/ACCEPT .*:(\d+)/)
  return {
    port: Number(port),
    async [Symbol.asyncDispose]() {
      await server.end()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
