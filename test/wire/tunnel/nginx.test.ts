/**
 * Another program reads the header that goes ahead of the relayed octets: nginx, which drops a connection whose header it
 * does not understand, and one without any.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Leaf } from '../../support/certificates/mint.ts'
import { clientTls, fleet, product, writeFiles } from '../../support/front-ends/product.ts'
import { syncListeners, TunnelClient } from '../../support/front-ends/product-with-tunnels.ts'
import { claimPort, isListenedOn } from '../../support/ports/claim-port.ts'
import { Program } from '../../support/programs/program.ts'
import { nginxConfig } from '../../support/programs/nginx-config.ts'

const NGINX = '/usr/sbin/nginx'
const isMissing = !existsSync(NGINX)
if (isMissing)
  console.warn('skipped: no nginx to read headers (Debian: apt-get install nginx-light)')

/** Before 1.23.2 its buffer for a header is a line of version 1 long. */
const isNarrow = !isMissing && older(spawnSync(NGINX, ['-v'], { encoding: 'utf8' }).stderr)
function older(said: string): boolean {
  const [, major = 0, minor = 0, patch = 0] = (/(\d+)\.(\d+)\.(\d+)/.exec(said) ?? []).map(Number)
  return major * 1e6 + minor * 1e3 + patch < 1_023_002
}

const ASK = 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'

/** Answers whom the header names, in the words of its module. */
const configuration = (folder: string, port: number): string =>
  nginxConfig(
    folder,
    `
  server {
    listen 127.0.0.1:${port} ssl proxy_protocol;
    ssl_certificate ${folder}/upstream.pem;
    ssl_certificate_key ${folder}/upstream.key;
    location / {
      return 200 "from $proxy_protocol_addr $proxy_protocol_port to $proxy_protocol_server_addr $proxy_protocol_server_port by $remote_addr\\n";
    }
  }
`,
    'error_log stderr info;',
  )

/** nginx behind a sync port. */
async function reading(relay: string) {
  await using stack = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), 'tfe-nginx-'))
  stack.defer(() => rmSync(folder, { recursive: true, force: true }))
  writeFiles(folder)
  writeFileSync(join(folder, 'upstream.pem'), fleet.upstreamServer.chainPem)
  writeFileSync(join(folder, 'upstream.key'), fleet.upstreamServer.keyPem, { mode: 0o600 })
  const port = await claimPort()
  const file = join(folder, 'nginx.conf')
  writeFileSync(file, configuration(folder, port))
  const args = ['-c', file, '-e', 'stderr']
  const nginx = stack.use(new Program(NGINX, args))
  await nginx.until(() => isListenedOn(port))
  const frontEnd = stack.use(
    await product({ upstreamPort: port, yaml: { listeners: syncListeners(relay) } }),
  )
  const kept = stack.move()
  return {
    nginx,
    port: frontEnd.serving.ports['sync'] ?? 0,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

async function asked(frontEnd: Awaited<ReturnType<typeof reading>>, leaf: Leaf | undefined) {
  const device = await TunnelClient.to(clientTls(frontEnd.port, leaf))
  const { localPort } = device.socket
  device.send(ASK)
  await device.gone
  const told = `from 127.0.0.1 ${localPort} to 127.0.0.1 ${frontEnd.port} by 127.0.0.1\n`
  return { received: device.received, told }
}

const BEFORE_TLS = '{ proxyProtocol: before-tls }'

test.skipIf(isMissing)(
  'nginx reads who called, and where, of a client without a certificate',
  async () => {
    await using frontEnd = await reading(BEFORE_TLS)
    const { received, told } = await asked(frontEnd, undefined)
    expect(received).toContain(told)
  },
)

test.skipIf(isMissing || isNarrow)('nginx reads past a whole certificate', async () => {
  await using frontEnd = await reading(BEFORE_TLS)
  const { received, told } = await asked(frontEnd, fleet.device)
  expect(received).toContain(told)
})

// 1.22 reads hardly more than the addresses and the facts of a session; 1.23.2 and later 4 KiB.
test.skipIf(isMissing || !isNarrow)(
  'nginx before 1.23.2 hangs up on a header with a name or a certificate',
  async () => {
    for (const more of ['', ', proxyCertificate: false']) {
      await using frontEnd = await reading(`{ proxyProtocol: before-tls${more} }`)
      expect((await asked(frontEnd, fleet.device)).received).toBe('')
      await frontEnd.nginx.until(/header is too large/)
    }
  },
)

for (const relay of ['{}', '{ proxyProtocol: inside-tls }']) {
  test.skipIf(isMissing)(`nginx hangs up where it finds none: ${relay}`, async () => {
    await using frontEnd = await reading(relay)
    expect((await asked(frontEnd, undefined)).received).toBe('')
    await frontEnd.nginx.until(/broken header/)
  })
}
