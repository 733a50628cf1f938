import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Peer } from '../../src/decide/decide.ts'
import { PeerCache, type PathJudge } from '../../src/identify/peer.ts'
import type { Presented, RawCertificate } from '../../src/identify/presented.ts'
import { fail, ok, type Fingerprint, type Instant } from '../../src/kernel/types.ts'
import { examine } from '../../src/trust/judge.ts'
import type { Minted } from '../support/certificates/mint-certificate.ts'
import { mintCa, mintLeaf } from '../support/certificates/mint.ts'
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
  const cache = countingCache()
  const leaf = device()
  cache.meet(leaf, [ISSUING])
  expect(cache.work()).toEqual({ asked: 1, parsed: 2, judged: 2, signatures: 2 })
  const second = cache.meet(leaf, [ISSUING])
  expect(cache.work()).toEqual({ asked: 0, parsed: 1, judged: 1, signatures: 1 })
  expect(cache.meet(leaf, [ISSUING])).toBe(second)
  expect(cache.work()).toEqual({ asked: 0, parsed: 0, judged: 0, signatures: 0 })
})

test('a device that comes back on a resumed session, without its issuer, costs as little', () => {
  const cache = countingCache()
  const leaf = device()
  cache.meet(leaf, [ISSUING])
  const second = cache.meet(leaf, [], true)
  cache.work()
  expect(cache.meet(leaf, [], true)).toBe(second)
  expect(cache.work()).toEqual({ asked: 0, parsed: 0, judged: 0, signatures: 0 })
})

test('devices that come once push no other device out of memory', () => {
  const cache = countingCache()
  const regular = device()
  cache.remember(regular, [ISSUING])
  for (const one of manyPeers(8192)) cache.meetWithFingerprint(regular, one)
  cache.work()
  cache.meet(regular, [ISSUING])
  expect(cache.work().judged).toBe(0)
})

test('the next device of a known issuer costs one parsing and one signature, and shows its leaf only', () => {
  const cache = countingCache()
  cache.meet(device(), [ISSUING])
  cache.work()
  cache.meet(device({ name: 'device-2' }), [ISSUING])
  expect(cache.work()).toEqual({ asked: 0, parsed: 1, judged: 1, signatures: 1 })
})

test('under another trust version everybody is judged again, once', () => {
  const cache = countingCache()
  const leaf = device()
  cache.meet(leaf, [ISSUING])
  cache.work()
  cache.trust({ chains: [[ROOT], [mintCa({ name: 'Other' })]] })
  cache.meet(leaf, [ISSUING])
  expect(cache.work()).toMatchObject({ asked: 1, parsed: 2, judged: 2 })
  cache.meet(leaf, [ISSUING])
  expect(cache.work()).toMatchObject({ parsed: 0, judged: 0 })
})

test('nothing that was learned under one trust version serves under another', () => {
  const cache = countingCache()
  cache.meet(device(), [ISSUING])
  cache.trust({ chains: [[mintCa({ name: 'Other' })]] })
  expect(told(cache.meet(device(), [], true))).toBe('untrusted-issuer')
  cache.trust({})
  expect(told(cache.meet(device(), []))).toBe('untrusted-issuer')
})

test('a refused certificate is judged anew each time: only sound ones are remembered', () => {
  const cache = countingCache()
  const stranger = mintLeaf({ issuer: mintCa({ name: 'Stranger' }) })
  cache.meet(stranger, [])
  cache.work()
  cache.meet(stranger, [])
  expect(cache.work()).toEqual({ asked: 1, parsed: 1, judged: 1, signatures: 0 })
})

test('no more devices are remembered than the bound allows, and the oldest goes first', () => {
  const cache = countingCache()
  const first = device()
  cache.remember(first, [ISSUING])
  const others = manyPeers(8192)
  const comeTwice = (peers: readonly string[]): void => {
    for (const one of peers) for (const visit of [one, one]) cache.meetWithFingerprint(first, visit)
  }
  comeTwice(others.slice(1))
  cache.work()
  cache.meet(first, [ISSUING])
  expect(cache.work().judged).toBe(0)
  comeTwice(others.slice(0, 1))
  cache.work()
  cache.meet(first, [ISSUING])
  expect(cache.work().judged).toBe(1)
})

for (const resumed of [false, true]) {
  const how = resumed ? 'on a resumed session' : 'with its leaf alone'
  test(`a device never seen that comes ${how} is judged by the issuer that another one showed`, () => {
    const cache = countingCache()
    const quiet = device({ name: 'quiet' })
    expect(told(cache.meet(quiet, [], resumed))).toBe('untrusted-issuer')
    cache.meet(device(), [ISSUING])
    expect(told(cache.meet(quiet, [], resumed))).toBe('quiet < Issuing < Root')
  })
}

const DAY = 86_400_000
const CLOCK = { now: () => Date.now() as Instant }
const OLD = mintCa({ name: 'Renewed', issuer: ROOT, notAfter: Date.now() - DAY })
const NEW = mintCa({ name: 'Renewed', issuer: ROOT, keys: OLD })

test('a device whose known issuer has expired is asked for another one, once', () => {
  const cache = countingCache()
  cache.meet(mintLeaf({ issuer: OLD, name: 'faithful' }), [OLD])
  const modern = mintLeaf({ issuer: NEW, name: 'modern' })
  cache.work()
  expect(paths(cache.meet(modern, [NEW]))).toBe(2)
  expect(cache.work().asked).toBe(1)
  cache.meet(modern, [NEW])
  expect(cache.work().asked).toBe(0)
})

test('a device that nothing better helps is asked each time, and not judged again', () => {
  const cache = countingCache()
  const faithful = mintLeaf({ issuer: OLD, name: 'faithful' })
  cache.remember(faithful, [OLD])
  cache.work()
  expect(paths(cache.meet(faithful, [OLD]))).toBe(1)
  expect(cache.work()).toEqual({ asked: 1, parsed: 0, judged: 0, signatures: 0 })
})

test('more intermediates than anybody may show refuse only whom the known ones do not help', () => {
  const cache = countingCache()
  const tooMany = { kind: 'chain-too-large', bytes: 50_000, limit: 49_152 } as const
  expect(cache.meetWithIntermediates(device(), fail(tooMany))).toEqual({
    kind: 'unreadable',
    fault: tooMany,
  })
  cache.meet(device({ name: 'device-2' }), [ISSUING])
  expect(told(cache.meetWithIntermediates(device(), fail(tooMany)))).toBe(
    'device-1 < Issuing < Root',
  )
  const faithful = mintLeaf({ issuer: OLD, name: 'faithful' })
  cache.meet(faithful, [OLD])
  expect(told(cache.meetWithIntermediates(faithful, fail(tooMany)))).toBe(
    'faithful < Renewed < Root',
  )
})

test('a search that what was shown has drowned costs no device the path of the known issuers', () => {
  const cache = countingCache()
  const faithful = mintLeaf({ issuer: OLD, name: 'faithful' })
  cache.meet(faithful, [OLD])
  cache.exhaustBudget()
  expect(told(cache.meet(faithful, [ISSUING]))).toBe('faithful < Renewed < Root')
  expect(told(cache.meet(device(), [ISSUING]))).toBe('budget-exhausted')
})

for (const news of ['shown here', 'taught']) {
  test(`a renewed issuer that was ${news} serves each device that presents the old one, met before or not`, () => {
    const cache = countingCache()
    const faithful = mintLeaf({ issuer: OLD, name: 'faithful' })
    expect(paths(cache.meet(faithful, [OLD]))).toBe(1)
    if (news === 'taught') cache.addIssuer(NEW.der)
    else cache.meet(mintLeaf({ issuer: NEW, name: 'modern' }), [NEW])
    expect(paths(cache.meet(faithful, [OLD]))).toBe(2)
    cache.work()
    expect(paths(cache.meet(faithful, [OLD]))).toBe(2)
    expect(cache.work().judged).toBe(0)
  })
}

test('an issuer that says nothing new about a device has no device judged again', () => {
  const cache = countingCache()
  const leaf = device()
  cache.remember(leaf, [ISSUING])
  cache.meet(mintLeaf({ issuer: OLD }), [OLD])
  cache.work()
  cache.meet(leaf, [ISSUING])
  expect(cache.work().judged).toBe(0)
})

test('an issuer that no trusted CA vouches for is not remembered', () => {
  const cache = countingCache()
  const rogue = caBelow(mintCa({ name: 'Stranger' }), 'Rogue')
  cache.meet(mintLeaf({ issuer: rogue }), [rogue])
  cache.meet(device(), [ISSUING, rogue])
  cache.work()
  cache.meet(mintLeaf({ issuer: rogue, name: 'other' }), [rogue])
  expect(cache.work().parsed).toBe(2)
})

test('an issuer that another process has met serves a device that presents its leaf alone', () => {
  const cache = countingCache()
  cache.addIssuer(ISSUING.der)
  expect(told(cache.meet(device(), [], true))).toBe('device-1 < Issuing < Root')
})

test('what another process says proves nothing', () => {
  const cache = countingCache()
  const rogue = caBelow(mintCa({ name: 'Stranger' }), 'Rogue')
  cache.addIssuer(rogue.der)
  cache.addIssuer(Buffer.from('no certificate'))
  expect(told(cache.meet(mintLeaf({ issuer: rogue }), []))).toBe('untrusted-issuer')
})

test('every issuer that was met is told once, and what was taught is not told on', () => {
  const cache = countingCache()
  const taught = caBelow(ROOT, 'Taught')
  cache.addIssuer(taught.der)
  cache.meet(device(), [ISSUING])
  cache.meet(device({ name: 'device-2' }), [ISSUING])
  cache.meet(mintLeaf({ issuer: taught }), [taught])
  cache.meet(mintLeaf({ issuer: mintCa({ name: 'Stranger' }) }), [])
  expect(cache.told).toEqual(['Issuing'])
})

test('no more issuers are remembered than the bound allows, and the one longest unmet goes first', () => {
  const cache = countingCache()
  const issuers = Array.from({ length: 65 }, (_, n) => caBelow(ROOT, `CA ${n}`))
  const [first = ISSUING, second = ISSUING, third = ISSUING] = issuers
  const meetOne = (issuer: typeof first): unknown =>
    cache.meet(mintLeaf({ issuer, name: 'one' }), [issuer])
  issuers.slice(0, 64).forEach(meetOne)
  expect(told(cache.meet(mintLeaf({ issuer: first }), []))).toBe('device-1 < CA 0 < Root')
  issuers.slice(64).forEach(meetOne)
  expect(told(cache.meet(mintLeaf({ issuer: second }), []))).toBe('untrusted-issuer')
  expect(told(cache.meet(mintLeaf({ issuer: third }), []))).toBe('device-1 < CA 2 < Root')
})

test('an issuer that devices come by stays remembered, however many others are met once', () => {
  const cache = countingCache()
  const used = caBelow(ROOT, 'Used')
  cache.meet(mintLeaf({ issuer: used, name: 'first' }), [used])
  for (let n = 0; n < 130; n += 1) {
    const issuer = caBelow(ROOT, `CA ${n}`)
    cache.meet(mintLeaf({ issuer }), [issuer])
    expect(told(cache.meet(mintLeaf({ issuer: used, name: 'next' }), [], true))).toBe(
      'next < Used < Root',
    )
  }
})

test('of two issuers of one name, the one that is still remembered goes on serving', () => {
  const cache = countingCache()
  const [one, other] = [caBelow(ROOT, 'Twin'), caBelow(ROOT, 'Twin')]
  cache.meet(mintLeaf({ issuer: one }), [one])
  cache.meet(mintLeaf({ issuer: other }), [other])
  for (let n = 0; n < 63; n += 1) {
    const issuer = caBelow(ROOT, `CA ${n}`)
    cache.meet(mintLeaf({ issuer }), [issuer])
  }
  expect(told(cache.meet(mintLeaf({ issuer: one, name: 'new' }), []))).toBe('bad-signature')
  expect(told(cache.meet(mintLeaf({ issuer: other, name: 'new' }), []))).toBe('new < Twin < Root')
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
function countingCache() {
  const newIssuers: string[] = []
  const peerCache = new PeerCache(CLOCK, (issuer) => void newIssuers.push(nameOf(issuer)))
  let store = storeOf({ chains: [[ROOT]] })
  let isExhausted = false
  let work = { asked: 0, parsed: 0, judged: 0, signatures: 0 }
  const judgeNow = (): PathJudge => ({
    version: store.version,
    pathsOf(leaf, intermediates, remembered) {
      if (isExhausted && intermediates.length > 0) {
        return fail({ kind: 'budget-exhausted', resource: 'signatures', limit: 1 })
      }
      const { result, spent } = examine({ leaf, intermediates, remembered }, store, 'client')
      work = { ...work, judged: work.judged + 1, signatures: work.signatures + spent.signatures }
      return result
    },
    isSufficient: (paths, now) =>
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
      handshakeOctets: 0,
      leaf: raw(leaf),
      intermediates() {
        work = { ...work, asked: work.asked + 1 }
        return ok(issuers.map(raw))
      },
    }
  }
  const meet = (leaf: Minted, issuers: readonly Minted[], resumed = false): Peer =>
    peerCache.peerOf(presented(leaf, issuers, resumed), judgeNow())
  return {
    meet,
    /** A device is remembered when it comes again. */
    remember(leaf: Minted, issuers: readonly Minted[]): void {
      meet(leaf, issuers)
      meet(leaf, issuers)
    },
    /** A device about whose intermediates something else is to be said. */
    meetWithIntermediates: (leaf: Minted, intermediates: Shown): Peer =>
      peerCache.peerOf(
        {
          kind: 'chain',
          resumed: false,
          handshakeOctets: 0,
          leaf: raw(leaf),
          intermediates: () => intermediates,
        },
        judgeNow(),
      ),
    /** From now on every search with intermediates runs out of its budget. */
    exhaustBudget(): void {
      isExhausted = true
    },
    /** Another device as far as anybody can tell before it is parsed; minting thousands would take minutes. */
    meetWithFingerprint(leaf: Minted, fingerprint: string): Peer {
      const chain = presented(leaf, [ISSUING], false)
      if (chain.kind !== 'chain') throw new Error(chain.kind)
      const other = { ...chain.leaf, fingerprint: fingerprint as Fingerprint }
      return peerCache.peerOf({ ...chain, leaf: other }, judgeNow())
    },
    /** The issuers of which others were told. */
    told: newIssuers,
    addIssuer(der: Buffer): void {
      peerCache.addIssuer(der, store.version)
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
