/** A tunnel outlives a reload, and the order to end, for as long as the drain has patience. */
import { expect, test } from 'vitest'
import { upstreamTlsOptions } from '../../support/upstreams/upstream-tls.ts'
import { clientTls, fleet, type Line } from '../../support/front-ends/product.ts'
import { serveProcess, type ServeProcess } from '../../support/front-ends/serve-process.ts'
import { echo, syncListener, TunnelClient } from '../../support/front-ends/product-with-tunnels.ts'
import { isListenedOn } from '../../support/ports/claim-port.ts'
import { rawUpstream } from '../../support/upstreams/raw-upstream.ts'

const PATIENCE_MS = 2000
const YAML = { listeners: syncListener(), drain: ` ${PATIENCE_MS}ms` }
const isTunnel = ({ msg }: Line): boolean => msg === 'tunnel'

async function talks(client: TunnelClient, text: string): Promise<void> {
  client.send(text)
  await client.receiveUntil(text)
}

async function openTunnels({ port }: ServeProcess): Promise<TunnelClient> {
  const client = await TunnelClient.to(clientTls(port, fleet.device))
  await talks(client, 'hello')
  return client
}

for (const workers of [1, 2]) {
  test(`SIGTERM closes the sync port to others, and leaves a live tunnel its time (${workers} workers)`, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, echo)
    await using frontEnd = await serveProcess(upstream.port, { workers, yaml: YAML })
    const [patient, brief] = [await openTunnels(frontEnd), await openTunnels(frontEnd)]
    const since = performance.now()
    frontEnd.child.kill('SIGTERM')
    await expect.poll(() => isListenedOn(frontEnd.port)).toBe(false)
    await talks(patient, 'still here')
    await talks(brief, 'a last word')
    brief.socket.end()
    expect(await brief.ended).toBe('ended')
    await patient.gone
    expect(performance.now() - since).toBeGreaterThanOrEqual(PATIENCE_MS)
    expect(await frontEnd.exit).toBe(0)
    const lines = await frontEnd.waitForLines(2, isTunnel)
    expect(lines[0]).toMatchObject({ outcome: 'relayed', code: 'verified' })
    expect(lines[1]).toMatchObject({ outcome: 'ended', code: 'drained', decision: 'admit' })
  })

  test(`a reload leaves live tunnels where they are, and a new one goes the new way (${workers} workers)`, async () => {
    await using upstream = await rawUpstream(upstreamTlsOptions, echo)
    await using frontEnd = await serveProcess(upstream.port, { workers, yaml: YAML })
    const client = await openTunnels(frontEnd)
    const relay = '{ proxyProtocol: inside-tls }'
    frontEnd.writeConfiguration({ yaml: { ...YAML, listeners: syncListener(relay) } })
    frontEnd.child.kill('SIGHUP')
    await frontEnd.waitForLines(1, ({ msg }) => msg === 'reload applied')
    await talks(client, 'still here')
    expect(client.received).toBe('hellostill here')
    const later = await TunnelClient.to(clientTls(frontEnd.port, fleet.device))
    await talks(later, 'hello')
    expect(later.received).toMatch(/QUIT/)
    later.socket.destroy()
    client.socket.destroy()
  })
}
