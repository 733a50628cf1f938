import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Peer } from '../../src/decide/decide.ts'
import { Recognition, type Judge } from '../../src/identify/peer.ts'
import type { Presented, RawCertificate } from '../../src/identify/presented.ts'
import type { Fingerprint } from '../../src/kernel/types.ts'
import { examine } from '../../src/trust/judge.ts'
import type { Minted } from '../support/mint-certificate.ts'
import { mintCa, mintLeaf } from '../support/mint.ts'
import {
  caBelow,
  device,
  ISSUING,
  nameOf,
  pathsOf,
  ROOT,
  storeOf,
  type Setting,
} from '../trust/fleet.ts'

test('a device that comes back costs no parsing, no path and no signature', () => {
  const house = aHouse()
  const leaf = device()
  const first = house.meet(leaf, [ISSUING])
  expect(house.work()).toEqual({ parsed: 2, judged: 1, signatures: 2 })
  expect(house.meet(leaf, [ISSUING])).toBe(first)
  expect(house.work()).toEqual({ parsed: 0, judged: 0, signatures: 0 })
})

test('a device that comes back on a resumed session, without its issuer, costs as little', () => {
  const house = aHouse()
  const leaf = device()
  const first = house.meet(leaf, [ISSUING])
  house.work()
  expect(house.meet(leaf, [], true)).toBe(first)
  expect(house.work()).toEqual({ parsed: 0, judged: 0, signatures: 0 })
})

test('the next device of a known issuer costs one parsing and one signature', () => {
  const house = aHouse()
  house.meet(device(), [ISSUING])
  house.work()
  house.meet(device({ name: 'device-2' }), [ISSUING])
  expect(house.work()).toEqual({ parsed: 1, judged: 1, signatures: 1 })
})

test('under another trust version everybody is judged again, once', () => {
  const house = aHouse()
  const leaf = device()
  house.meet(leaf, [ISSUING])
  house.work()
  house.trust({ chains: [[ROOT], [mintCa({ name: 'Other' })]] })
  house.meet(leaf, [ISSUING])
  expect(house.work()).toMatchObject({ parsed: 2, judged: 1 })
  house.meet(leaf, [ISSUING])
  expect(house.work()).toMatchObject({ parsed: 0, judged: 0 })
})

test('nothing that was learned under one trust version serves under another', () => {
  const house = aHouse()
  house.meet(device(), [ISSUING])
  house.trust({ chains: [[mintCa({ name: 'Other' })]] })
  expect(told(house.meet(device(), [], true))).toBe('untrusted-issuer')
  house.trust({})
  expect(told(house.meet(device(), []))).toBe('untrusted-issuer')
})

test('a refused certificate is judged anew each time: only sound ones are remembered', () => {
  const house = aHouse()
  const stranger = mintLeaf({ issuer: mintCa({ name: 'Stranger' }) })
  house.meet(stranger, [])
  house.work()
  house.meet(stranger, [])
  expect(house.work()).toEqual({ parsed: 1, judged: 1, signatures: 0 })
})

test('no more devices are remembered than the bound allows, and the oldest goes first', () => {
  const house = aHouse()
  const first = device()
  house.meet(first, [ISSUING])
  const others = manyPeers(4096)
  for (const one of others.slice(0, -1)) house.meetAs(first, one)
  house.work()
  house.meet(first, [ISSUING])
  expect(house.work().judged).toBe(0)
  house.meetAs(first, others.at(-1) ?? '')
  house.work()
  house.meet(first, [ISSUING])
  expect(house.work().judged).toBe(1)
})

for (const resumed of [false, true]) {
  const how = resumed ? 'on a resumed session' : 'with its leaf alone'
  test(`a device never seen that comes ${how} is judged by the issuer that another one showed`, () => {
    const house = aHouse()
    const quiet = device({ name: 'quiet' })
    expect(told(house.meet(quiet, [], resumed))).toBe('untrusted-issuer')
    house.meet(device(), [ISSUING])
    expect(told(house.meet(quiet, [], resumed))).toBe('quiet < Issuing < Root')
  })
}

const DAY = 86_400_000
const OLD = mintCa({ name: 'Renewed', issuer: ROOT, notAfter: Date.now() - DAY })
const NEW = mintCa({ name: 'Renewed', issuer: ROOT, keys: OLD })

for (const news of ['shown here', 'taught']) {
  test(`a renewed issuer that was ${news} serves whoever presents the old one, met before or not`, () => {
    const house = aHouse()
    const faithful = mintLeaf({ issuer: OLD, name: 'faithful' })
    expect(paths(house.meet(faithful, [OLD]))).toBe(1)
    if (news === 'taught') house.teach(NEW.der)
    else house.meet(mintLeaf({ issuer: NEW, name: 'modern' }), [NEW])
    expect(paths(house.meet(faithful, [OLD]))).toBe(2)
    house.work()
    expect(paths(house.meet(faithful, [OLD]))).toBe(2)
    expect(house.work().judged).toBe(0)
  })
}

test('an issuer that says nothing new about a device has nobody judged again', () => {
  const house = aHouse()
  const leaf = device()
  house.meet(leaf, [ISSUING])
  house.meet(mintLeaf({ issuer: OLD }), [OLD])
  house.work()
  house.meet(leaf, [ISSUING])
  expect(house.work().judged).toBe(0)
})

test('an issuer that nobody trusted vouches for is not remembered', () => {
  const house = aHouse()
  const rogue = caBelow(mintCa({ name: 'Stranger' }), 'Rogue')
  house.meet(mintLeaf({ issuer: rogue }), [rogue])
  house.meet(device(), [ISSUING, rogue])
  house.work()
  house.meet(mintLeaf({ issuer: rogue, name: 'other' }), [rogue])
  expect(house.work().parsed).toBe(2)
})

test('an issuer that another process has met serves a device that presents its leaf alone', () => {
  const house = aHouse()
  house.teach(ISSUING.der)
  expect(told(house.meet(device(), [], true))).toBe('device-1 < Issuing < Root')
})

test('what another process says proves nothing', () => {
  const house = aHouse()
  const rogue = caBelow(mintCa({ name: 'Stranger' }), 'Rogue')
  house.teach(rogue.der)
  house.teach(Buffer.from('no certificate'))
  expect(told(house.meet(mintLeaf({ issuer: rogue }), []))).toBe('untrusted-issuer')
})

test('every issuer that was met is told once, and what was taught is not told on', () => {
  const house = aHouse()
  const taught = caBelow(ROOT, 'Taught')
  house.teach(taught.der)
  house.meet(device(), [ISSUING])
  house.meet(device({ name: 'device-2' }), [ISSUING])
  house.meet(mintLeaf({ issuer: taught }), [taught])
  house.meet(mintLeaf({ issuer: mintCa({ name: 'Stranger' }) }), [])
  expect(house.told).toEqual(['Issuing'])
})

test('no more issuers are remembered than the bound allows, and the oldest goes first', () => {
  const house = aHouse()
  const issuers = Array.from({ length: 65 }, (_, n) => caBelow(ROOT, `CA ${n}`))
  const [first = ISSUING, second = ISSUING] = issuers
  const meetOne = (issuer: typeof first): unknown =>
    house.meet(mintLeaf({ issuer, name: 'one' }), [issuer])
  issuers.slice(0, 64).forEach(meetOne)
  expect(told(house.meet(mintLeaf({ issuer: first }), []))).toBe('device-1 < CA 0 < Root')
  issuers.slice(64).forEach(meetOne)
  expect(told(house.meet(mintLeaf({ issuer: first }), []))).toBe('untrusted-issuer')
  expect(told(house.meet(mintLeaf({ issuer: second }), []))).toBe('device-1 < CA 1 < Root')
})

test('of two issuers of one name, the one that is still remembered goes on serving', () => {
  const house = aHouse()
  const [one, other] = [caBelow(ROOT, 'Twin'), caBelow(ROOT, 'Twin')]
  house.meet(mintLeaf({ issuer: one }), [one])
  house.meet(mintLeaf({ issuer: other }), [other])
  for (let n = 0; n < 63; n += 1) {
    const issuer = caBelow(ROOT, `CA ${n}`)
    house.meet(mintLeaf({ issuer }), [issuer])
  }
  expect(told(house.meet(mintLeaf({ issuer: one, name: 'new' }), []))).toBe('bad-signature')
  expect(told(house.meet(mintLeaf({ issuer: other, name: 'new' }), []))).toBe('new < Twin < Root')
})

interface Work {
  readonly parsed: number
  readonly judged: number
  readonly signatures: number
}

/** A recognition with a judge of its own; its work is counted where octets are read and signatures verified. */
function aHouse() {
  const news: string[] = []
  const recognition = new Recognition((issuer) => void news.push(nameOf(issuer)))
  let store = storeOf({ chains: [[ROOT]] })
  let work = { parsed: 0, judged: 0, signatures: 0 }
  const judgeNow = (): Judge => ({
    version: store.version,
    pathsOf(leaf, intermediates, remembered) {
      const { result, spent } = examine({ leaf, intermediates, remembered }, store, 'client')
      work = { ...work, judged: work.judged + 1, signatures: work.signatures + spent.signatures }
      return result
    },
  })
  const raw = ({ der }: Minted): RawCertificate => ({
    fingerprint: createHash('sha256').update(der).digest('hex') as Fingerprint,
    get der() {
      work = { ...work, parsed: work.parsed + 1 }
      return der
    },
  })
  const presented = (leaf: Minted, issuers: readonly Minted[], resumed: boolean): Presented => {
    const chain = { leaf: raw(leaf), intermediates: issuers.map(raw) }
    const key = [chain.leaf, ...chain.intermediates].map(({ fingerprint }) => fingerprint).join('')
    return { kind: 'chain', resumed, ...chain, key }
  }
  return {
    meet: (leaf: Minted, issuers: readonly Minted[], resumed = false): Peer =>
      recognition.peerOf(presented(leaf, issuers, resumed), judgeNow()),
    /** Another device as far as anybody can tell before it is parsed; minting thousands would take minutes. */
    meetAs(leaf: Minted, fingerprint: string): Peer {
      const chain = presented(leaf, [ISSUING], false)
      if (chain.kind !== 'chain') throw new Error(chain.kind)
      const other = { ...chain.leaf, fingerprint: fingerprint as Fingerprint }
      return recognition.peerOf({ ...chain, leaf: other, key: `${fingerprint}+` }, judgeNow())
    },
    /** The issuers of which others were told. */
    told: news,
    teach(der: Buffer): void {
      recognition.teach(der, store.version)
    },
    trust(setting: Setting): void {
      store = storeOf(setting)
    },
    /** Since it was asked last. */
    work(): Work {
      const done = work
      work = { parsed: 0, judged: 0, signatures: 0 }
      return done
    },
  }
}

const manyPeers = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => index.toString(16).padStart(64, '0'))

function told(peer: Peer): string {
  if (peer.kind !== 'presented') return peer.kind
  return peer.paths.ok ? pathsOf(peer.paths).join(', ') : peer.paths.failure.kind
}

const paths = (peer: Peer): number =>
  peer.kind === 'presented' && peer.paths.ok ? peer.paths.value.length : 0
