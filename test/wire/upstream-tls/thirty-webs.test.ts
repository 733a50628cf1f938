/**
 * Thirty webs of certificates on real servers: those with a sound path are reached and those without are refused. The
 * control is Node with the same anchors, which told us what to believe before.
 */
import { X509Certificate } from 'node:crypto'
import { connect } from 'node:tls'
import { expect, test } from 'vitest'
import { dial } from '../../../src/forward/connect/dial.ts'
import { openUpstream } from '../../../src/forward/balance/upstream.ts'
import type { UpstreamFailure } from '../../../src/forward/upstream-failure.ts'
import { BREAKS, FAMILIES, mintWeb, type Web } from '../../support/certificates/web-of-chains.ts'
import { serverOptions, upstreamSettings } from '../../support/front-ends/forwarding-server.ts'
import { rawUpstream } from '../../support/upstreams/raw-upstream.ts'

const SEED = 20_261_130
/** Each family three times, and each way to break a path three times, in other pairs each round. */
const WEBS = [0, 1, 2].flatMap((round) =>
  FAMILIES.map((family, index) => ({
    family,
    seed: SEED + round * FAMILIES.length + index,
    broken: BREAKS[(index * 3 + round * 4) % BREAKS.length] ?? BREAKS[0],
  })),
)

test('of thirty webs the sound ones are reached, which Node alone does not, and the unsound ones are refused', async () => {
  const missed: string[] = []
  const believed: string[] = []
  const reachedByNode: string[] = []
  const believedByNode: string[] = []
  for (const { family, seed, broken } of WEBS) {
    const sound = mintWeb(seed, family)
    const ours = await reached(sound)
    if (ours !== 'reached') missed.push(`${family}: ${JSON.stringify(ours)}`)
    if (await reachedByNodeAlone(sound)) reachedByNode.push(family)
    const unsound = mintWeb(seed, family, broken)
    const refusal = await reached(unsound)
    const kind = broken === 'it has another name' ? 'tls-name-mismatch' : 'tls-untrusted'
    // Refused for what it shows, and not because there was no connection.
    if (refusal === 'reached' || refusal.kind !== kind || isDisputed(refusal)) {
      believed.push(`${family}: ${broken}: ${JSON.stringify(refusal)}`)
    }
    if (await reachedByNodeAlone(unsound)) believedByNode.push(`${family}: ${broken}`)
  }
  console.log(
    `sound: ${WEBS.length - missed.length} of ${WEBS.length} reached (Node alone: ${reachedByNode.length}); unsound: ${WEBS.length - believed.length} of ${WEBS.length} refused (Node alone: ${WEBS.length - believedByNode.length})`,
  )
  expect(missed).toEqual([])
  expect(believed).toEqual([])
  expect(reachedByNode.length).toBeLessThan(28)
}, 60_000)

test('the webs are thirty, of every family and with every break, and one sends 36 certificates', () => {
  expect(WEBS).toHaveLength(30)
  expect(new Set(WEBS.map(({ broken }) => broken)).size).toBe(BREAKS.length)
  const { sent } = mintWeb(SEED, '36 certificates in any order')
  expect(new Set(sent.map((pem) => new X509Certificate(pem).fingerprint256)).size).toBe(36)
})

async function reached(web: Web): Promise<'reached' | UpstreamFailure> {
  await using server = await rawUpstream(optionsOf(web), () => {})
  const opened = openUpstream(
    upstreamSettings(server.port, {
      tls: {
        trust: {
          default: 'off',
          custom: [{ at: 'ca.pem', bytes: Buffer.from(web.trusted.join('')) }],
        },
      },
    }),
    { identity: undefined, onUntrusted: () => {} },
  )
  if (!opened.ok) throw new Error(JSON.stringify(opened.failure))
  const [first] = opened.value.servers
  if (first === undefined) throw new Error('no server')
  return await new Promise((resolve) => {
    dial(first.plan, (result) => {
      if (result.ok) result.value.destroy()
      resolve(result.ok ? 'reached' : result.failure)
    })
  })
}

/** Our judge has found a path: where there is none, that is a false yes, even though it was not acted on. */
const isDisputed = (refusal: UpstreamFailure): boolean =>
  refusal.kind === 'tls-untrusted' && refusal.why === 'disputed'

const optionsOf = ({ sent, keyPem }: Web) => serverOptions({ chainPem: sent.join(''), keyPem })

/** With the anchors as we always gave them. */
async function reachedByNodeAlone(web: Web): Promise<boolean> {
  await using server = await rawUpstream(optionsOf(web), () => {})
  return await new Promise((resolve, reject) => {
    const socket = connect({
      host: '127.0.0.1',
      port: server.port,
      servername: 'upstream.test',
      ca: [...web.trusted],
      allowPartialTrustChain: true,
    })
    socket.once('secureConnect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', (error: NodeJS.ErrnoException) =>
      error.syscall === undefined ? resolve(false) : reject(error),
    )
  })
}
