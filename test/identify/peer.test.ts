import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Peer } from '../../src/decide/decide.ts'
import { Recognition, type Judge } from '../../src/identify/peer.ts'
import type { Presented, RawCertificate } from '../../src/identify/presented.ts'
import { fail, ok, type Fingerprint, type Instant } from '../../src/kernel/types.ts'
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

test('a device that keeps coming costs no parsing, no path and no signature from its third visit on', () => {
  const house = aHouse()
  const leaf = device()
  house.meet(leaf, [ISSUING])
  expect(house.work()).toEqual({ asked: 1, parsed: 2, judged: 2, signatures: 2 })
  const second = house.meet(leaf, [ISSUING])
  expect(house.work()).toEqual({ asked: 0, parsed: 1, judged: 1, signatures: 1 })
  expect(house.meet(leaf, [ISSUING])).toBe(second)
  expect(house.work()).toEqual({ asked: 0, parsed: 0, judged: 0, signatures: 0 })
})

test('a device that comes back on a resumed session, without its issuer, costs as little', () => {
  const house = aHouse()
  const leaf = device()
  house.meet(leaf, [ISSUING])
  const second = house.meet(leaf, [], true)
  house.work()
  expect(house.meet(leaf, [], true)).toBe(second)
  expect(house.work()).toEqual({ asked: 0, parsed: 0, judged: 0, signatures: 0 })
})

test('devices that come once push nobody out of memory', () => {
  const house = aHouse()
  const regular = device()
  house.know(regular, [ISSUING])
  for (const one of manyPeers(8192)) house.meetAs(regular, one)
  house.work()
  house.meet(regular, [ISSUING])
  expect(house.work().judged).toBe(0)
})

test('the next device of a known issuer costs one parsing and one signature, and shows its leaf only', () => {
  const house = aHouse()
  house.meet(device(), [ISSUING])
  house.work()
  house.meet(device({ name: 'device-2' }), [ISSUING])
  expect(house.work()).toEqual({ asked: 0, parsed: 1, judged: 1, signatures: 1 })
})

test('under another trust version everybody is judged again, once', () => {
  const house = aHouse()
  const leaf = device()
  house.meet(leaf, [ISSUING])
  house.work()
  house.trust({ chains: [[ROOT], [mintCa({ name: 'Other' })]] })
  house.meet(leaf, [ISSUING])
  expect(house.work()).toMatchObject({ asked: 1, parsed: 2, judged: 2 })
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
  expect(house.work()).toEqual({ asked: 1, parsed: 1, judged: 1, signatures: 0 })
})

test('no more devices are remembered than the bound allows, and the oldest goes first', () => {
  const house = aHouse()
  const first = device()
  house.know(first, [ISSUING])
  const others = manyPeers(8192)
  const comeTwice = (peers: readonly string[]): void => {
    for (const one of peers) for (const visit of [one, one]) house.meetAs(first, visit)
  }
  comeTwice(others.slice(1))
  house.work()
  house.meet(first, [ISSUING])
  expect(house.work().judged).toBe(0)
  comeTwice(others.slice(0, 1))
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
const CLOCK = { now: () => Date.now() as Instant }
const OLD = mintCa({ name: 'Renewed', issuer: ROOT, notAfter: Date.now() - DAY })
const NEW = mintCa({ name: 'Renewed', issuer: ROOT, keys: OLD })

test('a device whose known issuer has expired is asked for another one, once', () => {
  const house = aHouse()
  house.meet(mintLeaf({ issuer: OLD, name: 'faithful' }), [OLD])
  const modern = mintLeaf({ issuer: NEW, name: 'modern' })
  house.work()
  expect(paths(house.meet(modern, [NEW]))).toBe(2)
  expect(house.work().asked).toBe(1)
  house.meet(modern, [NEW])
  expect(house.work().asked).toBe(0)
})

test('a device that nothing better helps is asked each time, and not judged again', () => {
  const house = aHouse()
  const faithful = mintLeaf({ issuer: OLD, name: 'faithful' })
  house.know(faithful, [OLD])
  house.work()
  expect(paths(house.meet(faithful, [OLD]))).toBe(1)
  expect(house.work()).toEqual({ asked: 1, parsed: 0, judged: 0, signatures: 0 })
})

test('more intermediates than anybody may show refuse only whom the known ones do not help', () => {
  const house = aHouse()
  const crowd = { kind: 'too-many-certificates', limit: 10 } as const
  expect(house.meetWith(device(), fail(crowd))).toEqual({ kind: 'unreadable', fault: crowd })
  house.meet(device({ name: 'device-2' }), [ISSUING])
  expect(told(house.meetWith(device(), fail(crowd)))).toBe('device-1 < Issuing < Root')
  const faithful = mintLeaf({ issuer: OLD, name: 'faithful' })
  house.meet(faithful, [OLD])
  expect(told(house.meetWith(faithful, fail(crowd)))).toBe('faithful < Renewed < Root')
})

test('a search that what was shown has drowned costs nobody the path of the known issuers', () => {
  const house = aHouse()
  const faithful = mintLeaf({ issuer: OLD, name: 'faithful' })
  house.meet(faithful, [OLD])
  house.drown()
  expect(told(house.meet(faithful, [ISSUING]))).toBe('faithful < Renewed < Root')
  expect(told(house.meet(device(), [ISSUING]))).toBe('budget-exhausted')
})

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
  house.know(leaf, [ISSUING])
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

test('no more issuers are remembered than the bound allows, and the one longest unmet goes first', () => {
  const house = aHouse()
  const issuers = Array.from({ length: 65 }, (_, n) => caBelow(ROOT, `CA ${n}`))
  const [first = ISSUING, second = ISSUING, third = ISSUING] = issuers
  const meetOne = (issuer: typeof first): unknown =>
    house.meet(mintLeaf({ issuer, name: 'one' }), [issuer])
  issuers.slice(0, 64).forEach(meetOne)
  expect(told(house.meet(mintLeaf({ issuer: first }), []))).toBe('device-1 < CA 0 < Root')
  issuers.slice(64).forEach(meetOne)
  expect(told(house.meet(mintLeaf({ issuer: second }), []))).toBe('untrusted-issuer')
  expect(told(house.meet(mintLeaf({ issuer: third }), []))).toBe('device-1 < CA 2 < Root')
})

test('an issuer that devices come by stays remembered, however many others are met once', () => {
  const house = aHouse()
  const used = caBelow(ROOT, 'Used')
  house.meet(mintLeaf({ issuer: used, name: 'first' }), [used])
  for (let n = 0; n < 130; n += 1) {
    const issuer = caBelow(ROOT, `CA ${n}`)
    house.meet(mintLeaf({ issuer }), [issuer])
    expect(told(house.meet(mintLeaf({ issuer: used, name: 'next' }), [], true))).toBe(
      'next < Used < Root',
    )
  }
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

type Shown = ReturnType<(Presented & { kind: 'chain' })['intermediates']>

interface Work {
  /** Times the intermediates were taken from a socket. */
  readonly asked: number
  readonly parsed: number
  readonly judged: number
  readonly signatures: number
}

/** A recognition with a judge of its own; its work is counted where octets are read and signatures verified. */
function aHouse() {
  const news: string[] = []
  const recognition = new Recognition(CLOCK, (issuer) => void news.push(nameOf(issuer)))
  let store = storeOf({ chains: [[ROOT]] })
  let drowned = false
  let work = { asked: 0, parsed: 0, judged: 0, signatures: 0 }
  const judgeNow = (): Judge => ({
    version: store.version,
    pathsOf(leaf, intermediates, remembered) {
      if (drowned && intermediates.length > 0) {
        return fail({ kind: 'budget-exhausted', resource: 'signatures', limit: 1 })
      }
      const { result, spent } = examine({ leaf, intermediates, remembered }, store, 'client')
      work = { ...work, judged: work.judged + 1, signatures: work.signatures + spent.signatures }
      return result
    },
    suffices: (paths, now) =>
      paths.some((path) =>
        [...path.certificates, path.anchor.certificate].every((one) => now <= one.notAfter),
      ),
  })
  const raw = ({ der }: Minted): RawCertificate => ({
    fingerprint: createHash('sha256').update(der).digest('hex') as Fingerprint,
    get der() {
      work = { ...work, parsed: work.parsed + 1 }
      return der
    },
  })
  const presented = (leaf: Minted, issuers: readonly Minted[], resumed: boolean): Presented => {
    return {
      kind: 'chain',
      resumed,
      leaf: raw(leaf),
      intermediates() {
        work = { ...work, asked: work.asked + 1 }
        return ok(issuers.map(raw))
      },
    }
  }
  const meet = (leaf: Minted, issuers: readonly Minted[], resumed = false): Peer =>
    recognition.peerOf(presented(leaf, issuers, resumed), judgeNow())
  return {
    meet,
    /** A device is remembered when it comes again. */
    know(leaf: Minted, issuers: readonly Minted[]): void {
      meet(leaf, issuers)
      meet(leaf, issuers)
    },
    /** A device about whose intermediates something else is to be said. */
    meetWith: (leaf: Minted, intermediates: Shown): Peer =>
      recognition.peerOf(
        { kind: 'chain', resumed: false, leaf: raw(leaf), intermediates: () => intermediates },
        judgeNow(),
      ),
    /** From now on every search with intermediates runs out of its budget. */
    drown(): void {
      drowned = true
    },
    /** Another device as far as anybody can tell before it is parsed; minting thousands would take minutes. */
    meetAs(leaf: Minted, fingerprint: string): Peer {
      const chain = presented(leaf, [ISSUING], false)
      if (chain.kind !== 'chain') throw new Error(chain.kind)
      const other = { ...chain.leaf, fingerprint: fingerprint as Fingerprint }
      return recognition.peerOf({ ...chain, leaf: other }, judgeNow())
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
      work = { asked: 0, parsed: 0, judged: 0, signatures: 0 }
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
