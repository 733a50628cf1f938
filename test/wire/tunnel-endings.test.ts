/**
 * Tunnels live long: a decision about the device, the fleet or the port, and time, end those that they refuse, in
 * whichever worker, and nobody else's.
 */
import { hash, X509Certificate } from 'node:crypto'
import { expect, test } from 'vitest'
import type { KeyFingerprint } from '../../src/kernel/types.ts'
import { approvalsDelta } from '../../src/state/overlay.ts'
import type { Seen } from '../../src/record/device-sightings.ts'
import { crewed, theRules, type Crewed } from '../support/crewed.ts'
import { fleetUpstream } from '../support/fleet-upstream.ts'
import { mintLeaf, type Leaf } from '../support/mint.ts'
import { calling, fleet } from '../support/product.ts'
import { echo, syncListener, Talker } from '../support/tunnelled.ts'
import { rawUpstream } from '../support/upstream.ts'

const SYNC = { listeners: syncListener() }
const WITHIN_MS = 2000

const keyOf = (leaf: Leaf): KeyFingerprint => {
  const spki = new X509Certificate(leaf.der).publicKey.export({ type: 'spki', format: 'der' })
  return hash('sha256', spki) as KeyFingerprint
}

/** Connections of a device, each of which has been heard by the upstream. */
async function talking(crew: Crewed, leaf: Leaf | undefined, count = 4) {
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const talker = await Talker.to(calling(crew.port, leaf))
      talker.say(`hello ${index}`)
      await talker.hear(`hello ${index}`)
      return talker
    }),
  )
}

/** Settles when all are over; says how long that took. */
async function allOver(talkers: readonly Talker[]): Promise<number> {
  const begun = performance.now()
  await Promise.all(talkers.map(({ ended }) => ended))
  return performance.now() - begun
}

async function stillTalk(talkers: readonly Talker[]): Promise<void> {
  for (const talker of talkers) {
    talker.say('still here')
    await talker.hear('still here')
    talker.socket.destroy()
  }
}

test('a block ends the tunnels of its device on two workers within two seconds, and no others', async () => {
  await using upstream = await rawUpstream(fleetUpstream, echo)
  await using crew = await crewed(2, { upstreamPort: upstream.port, yaml: SYNC })
  await crew.tell({ kind: 'rules', rules: theRules() })
  const blocked = await talking(crew, fleet.device, 8)
  const others = [
    ...(await talking(crew, mintLeaf({ issuer: fleet.devices, name: 'other' }))),
    ...(await talking(crew, undefined)),
  ]
  const delta = approvalsDelta(2, [{ key: keyOf(fleet.device), approval: 'blocked' }])
  await crew.tell({ kind: 'overlay', delta })
  expect(await allOver(blocked)).toBeLessThan(WITHIN_MS)
  const lines = await crew.linesOf(8, ({ msg }) => msg === 'tunnel')
  for (const line of lines) {
    expect(line).toMatchObject({ outcome: 'ended', code: 'blocked', decision: 'admit' })
    expect(line['next_step']).toBeTypeOf('string')
  }
  await stillTalk(others)
})

test('the latch ends tunnels that only recording let pass, and leaves those alone of whom nothing is asked', async () => {
  await using upstream = await rawUpstream(fleetUpstream, echo)
  await using crew = await crewed(2, { upstreamPort: upstream.port, yaml: SYNC })
  await crew.tell({ kind: 'rules', rules: theRules({ enforcement: 'recording' }) })
  const unfit = await talking(crew, fleet.unknown)
  const others = [...(await talking(crew, fleet.device)), ...(await talking(crew, undefined))]
  await crew.tell({ kind: 'rules', rules: theRules({ revision: 2 }) })
  expect(await allOver(unfit)).toBeLessThan(WITHIN_MS)
  const [line] = await crew.linesOf(1, ({ outcome }) => outcome === 'ended')
  expect(line).toMatchObject({ code: 'untrusted-issuer' })
  await stillTalk(others)
})

test('closing the port ends every tunnel within two seconds, and none begins', async () => {
  await using upstream = await rawUpstream(fleetUpstream, echo)
  await using crew = await crewed(2, { upstreamPort: upstream.port, yaml: SYNC })
  await crew.tell({ kind: 'rules', rules: theRules() })
  const all = [...(await talking(crew, fleet.device)), ...(await talking(crew, undefined))]
  await crew.tell({ kind: 'rules', rules: theRules({ revision: 2, closedListeners: ['sync'] }) })
  expect(await allOver(all)).toBeLessThan(WITHIN_MS)
  const late = await Talker.to(calling(crew.port, fleet.device))
  await late.ended
  const lines = await crew.linesOf(9, ({ msg }) => msg === 'tunnel')
  expect(new Set(lines.map(({ code }) => code))).toEqual(new Set(['listener-closed']))
  expect(lines.filter(({ outcome }) => outcome === 'refused')).toHaveLength(1)
})

test('a tunnel ends when its certificate does', async () => {
  await using upstream = await rawUpstream(fleetUpstream, echo)
  await using crew = await crewed(1, { upstreamPort: upstream.port, yaml: SYNC })
  await crew.tell({ kind: 'rules', rules: theRules() })
  const notAfter = Math.floor(Date.now() / 1000) * 1000 + 4000
  const short = mintLeaf({ issuer: fleet.devices, name: 'short', notAfter })
  const talkers = await talking(crew, short, 1)
  const others = await talking(crew, fleet.device, 1)
  await allOver(talkers)
  // A certificate counts through its last second; then the sweep has its time.
  expect(Date.now()).toBeGreaterThan(notAfter)
  expect(Date.now()).toBeLessThan(notAfter + 1000 + WITHIN_MS)
  const [line] = await crew.linesOf(1, ({ msg }) => msg === 'tunnel')
  expect(line).toMatchObject({ outcome: 'ended', code: 'expired' })
  await stillTalk(others)
})

test('the books are told of a tunnel when it begins: who is pending, and that somebody unknown called', async () => {
  await using upstream = await rawUpstream(fleetUpstream, echo)
  await using crew = await crewed(1, { upstreamPort: upstream.port, yaml: SYNC })
  await crew.tell({ kind: 'rules', rules: theRules() })
  const talkers = [
    ...(await talking(crew, fleet.device, 1)),
    ...(await talking(crew, undefined, 1)),
  ]
  const stranger = await Talker.to(calling(crew.port, fleet.unknown))
  await stranger.ended
  const lines = await crew.linesOf(3, ({ msg }) => msg === 'seen')
  const facts = lines.map((line) => {
    const { listener, code, migration, certificate, authentication } = line['seen'] as Seen
    return [listener, code, certificate?.key, migration, authentication]
  })
  const byText = (one: unknown[], other: unknown[]): number =>
    String(one) < String(other) ? -1 : 1
  expect(facts.toSorted(byText)).toEqual(
    [
      ['sync', 'verified', keyOf(fleet.device), 'pending', 'succeeded'],
      ['sync', 'open-route', undefined, 'pending', 'no-info'],
      ['sync', 'untrusted-issuer', keyOf(fleet.unknown), undefined, 'failed'],
    ].toSorted(byText),
  )
  await stillTalk(talkers)
})
