/** A tunnel outlives a reload, and the order to end, for as long as the drain has patience. */
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { fleetUpstream } from '../support/fleet-upstream.ts'
import { calling, fleet, type Line } from '../support/product.ts'
import { served, type Served } from '../support/served.ts'
import { echo, syncListener, Talker } from '../support/tunnelled.ts'
import { rawUpstream } from '../support/upstream.ts'

const PATIENCE_MS = 2000
const YAML = { listeners: syncListener(), drain: ` ${PATIENCE_MS}ms` }
const isTunnel = ({ msg }: Line): boolean => msg === 'tunnel'

async function talks(talker: Talker, text: string): Promise<void> {
  talker.say(text)
  await talker.hear(text)
}

async function talking({ port }: Served): Promise<Talker> {
  const talker = await Talker.to(calling(port, fleet.device))
  await talks(talker, 'hello')
  return talker
}

/** Settles once nobody listens there any more. */
async function isDeaf(port: number): Promise<void> {
  const answer = (): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1')
      socket.once('error', () => resolve('refused'))
      socket.once('connect', () => {
        socket.destroy()
        resolve('taken')
      })
    })
  await expect.poll(answer).toBe('refused')
}

for (const workers of [1, 2]) {
  test(`SIGTERM closes the sync port to others, and leaves a live tunnel its time (${workers} workers)`, async () => {
    await using upstream = await rawUpstream(fleetUpstream, echo)
    await using front = await served(upstream.port, { workers, yaml: YAML })
    const [patient, brief] = [await talking(front), await talking(front)]
    const since = performance.now()
    front.child.kill('SIGTERM')
    await isDeaf(front.port)
    await talks(patient, 'still here')
    await talks(brief, 'a last word')
    brief.socket.end()
    expect(await brief.ended).toBe('ended')
    await patient.gone
    expect(performance.now() - since).toBeGreaterThanOrEqual(PATIENCE_MS)
    expect(await front.exit).toBe(0)
    const lines = await front.linesOf(2, isTunnel)
    expect(lines[0]).toMatchObject({ outcome: 'relayed', code: 'verified' })
    expect(lines[1]).toMatchObject({ outcome: 'ended', code: 'drained', decision: 'admit' })
  })

  test(`a reload leaves live tunnels where they are, and a new one goes the new way (${workers} workers)`, async () => {
    await using upstream = await rawUpstream(fleetUpstream, echo)
    await using front = await served(upstream.port, { workers, yaml: YAML })
    const talker = await talking(front)
    const relay = '{ proxyProtocol: inside-tls }'
    front.write({ yaml: { ...YAML, listeners: syncListener(relay) } })
    front.child.kill('SIGHUP')
    await front.linesOf(1, ({ msg }) => msg === 'reload applied')
    await talks(talker, 'still here')
    expect(talker.received).toBe('hellostill here')
    const later = await Talker.to(calling(front.port, fleet.device))
    await talks(later, 'hello')
    expect(later.received).toMatch(/QUIT/)
    later.socket.destroy()
    talker.socket.destroy()
  })
}
