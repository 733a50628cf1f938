import { expect, test } from 'vitest'
import { examine, judge } from '../../src/trust/judge.ts'
import { mintKeys, type Minted } from '../support/certificates/mint-certificate.ts'
import { mintCa, mintLeaf, OIDS, type Ca } from '../support/certificates/mint.ts'
import {
  caBelow,
  device,
  examined,
  ISSUING,
  judged,
  nameOf,
  pathsOf,
  read,
  ROOT,
  storeOf,
  verdict,
} from './fleet.ts'

/** The same name and key once more, signed by another CA. */
const crossSigned = (ca: Ca, issuer: Ca, without: readonly string[] = []): Ca =>
  mintCa({ name: ca.name, keys: ca, issuer, without })

const OTHER_ROOT = mintCa({ name: 'Other root' })

test('a path runs from the leaf to the anchor', () => {
  expect(pathsOf(judged({ leaf: device() }))).toEqual(['device-1 < Issuing < Root'])
})

test('an intermediate of the enrollment setting need not be presented', () => {
  const peer = { leaf: device(), presented: [], chains: [[ISSUING, ROOT]] }
  expect(pathsOf(judged(peer))).toEqual(['device-1 < Issuing < Root'])
})

test('a presented root is not needed and does no harm', () => {
  const presented = [ISSUING, ROOT]
  expect(pathsOf(judged({ leaf: device(), presented }))).toEqual(['device-1 < Issuing < Root'])
})

test('a cross-signed CA leads to every anchor that signed it', () => {
  const presented = [ISSUING, crossSigned(ISSUING, OTHER_ROOT)]
  const chains = [[ROOT], [OTHER_ROOT]]
  expect(pathsOf(judged({ leaf: device(), presented, chains }))).toEqual([
    'device-1 < Issuing < Root',
    'device-1 < Issuing < Other root',
  ])
})

test('an anchor that another anchor signed leads to both', () => {
  const presented = [ISSUING, crossSigned(ROOT, OTHER_ROOT)]
  const chains = [[ROOT], [OTHER_ROOT]]
  expect(pathsOf(judged({ leaf: device(), presented, chains }))).toEqual([
    'device-1 < Issuing < Root',
    'device-1 < Issuing < Root < Other root',
  ])
})

test('one certificate as anchor of two settings gives a path for each', () => {
  const result = judged({ leaf: device(), chains: [[ROOT], [ROOT]] })
  const settings = result.ok ? result.value.map(({ anchor }) => anchor.setting) : []
  expect(settings).toEqual(['setting 0', 'setting 1'])
})

test('a dead end does not hide the way round it', () => {
  const stranger = mintCa({ name: 'Stranger' })
  const presented = [crossSigned(ISSUING, stranger), ISSUING]
  expect(pathsOf(judged({ leaf: device(), presented }))).toEqual(['device-1 < Issuing < Root'])
})

for (const without of [[], [OIDS.authorityKeyIdentifier, OIDS.subjectKeyIdentifier]]) {
  const hints = without.length === 0 ? 'with' : 'without'
  test(`CAs with one name and different keys are told apart ${hints} key identifiers`, () => {
    const issuers = Array.from({ length: 5 }, () => caBelow(ROOT, 'Issuing', { without }))
    const [, , third] = issuers
    const leaf = mintLeaf({ issuer: third ?? ROOT, without })
    for (const presented of [issuers, issuers.toReversed()]) {
      const result = judged({ leaf, presented })
      const used = result.ok ? result.value.map(({ certificates }) => certificates[1]?.der) : []
      expect(used).toEqual([third?.der])
    }
  })
}

test('key identifiers spare the signatures of the wrong candidates', () => {
  const issuers = Array.from({ length: 5 }, () => caBelow(ROOT, 'Issuing'))
  const leaf = mintLeaf({ issuer: issuers[3] ?? ROOT })
  const { attempts } = examined({ leaf, presented: issuers })
  expect(attempts[0]?.failure).toBeUndefined()
})

const silent = caBelow(ROOT, 'Issuing', { without: [OIDS.subjectKeyIdentifier] })
const orders: readonly (readonly [promise: string, issuer: Ca, other: Ca])[] = [
  ['the right key identifier before another', ISSUING, caBelow(ROOT, 'Issuing')],
  ['the right key identifier before none', ISSUING, silent],
  ['no key identifier before another', silent, ISSUING],
]

for (const [promise, issuer, other] of orders) {
  test(`among CAs with one name those are tried first that have ${promise}`, () => {
    const { attempts } = examined({ leaf: mintLeaf({ issuer }), presented: [other, issuer] })
    expect(attempts[0]?.failure).toBeUndefined()
    expect(attempts[1]?.failure?.kind).toBe('bad-signature')
  })
}

test('CAs that sign each other in a ring lead nowhere, and end', () => {
  const keys = [mintKeys(), mintKeys(), mintKeys()] as const
  const [a, b, c] = [0, 1, 2].map((index) =>
    mintCa({ name: `Ring ${index}`, keys: keys[index as 0] }),
  )
  if (a === undefined || b === undefined || c === undefined) throw new Error('three CAs')
  const presented = [crossSigned(a, b), crossSigned(b, c), crossSigned(c, a)]
  expect(verdict({ leaf: mintLeaf({ issuer: a }), presented })).toBe('untrusted-issuer')
  const withExit = [...presented, crossSigned(c, ROOT)]
  expect(pathsOf(judged({ leaf: mintLeaf({ issuer: a }), presented: withExit }))).toEqual([
    'device-1 < Ring 0 < Ring 1 < Ring 2 < Root',
  ])
})

test('what is presented besides does not matter', () => {
  const strangers = [
    mintCa({ name: 'Stranger' }),
    caBelow(OTHER_ROOT, 'Stranger 2'),
    device({ name: 'x' }),
  ]
  const leaf = device()
  const expected = ['device-1 < Issuing < Root']
  expect(pathsOf(judged({ leaf, presented: [...strangers, ISSUING] }))).toEqual(expected)
  expect(pathsOf(judged({ leaf, presented: [ISSUING, leaf, ISSUING, ...strangers] }))).toEqual(
    expected,
  )
})

test('the reason of the path that came furthest is told', () => {
  const server = mintLeaf({ issuer: ISSUING, purposes: ['serverAuth'] })
  const presented = [
    crossSigned(ISSUING, mintCa({ name: 'Stranger' })),
    caBelow(ROOT, 'Issuing'),
    ISSUING,
  ]
  expect(verdict({ leaf: server, presented })).toBe('wrong-purpose')
})

/** CAs with one name, each signed by its neighbour, none by an anchor. */
function clique(size: number, shared?: ReturnType<typeof mintKeys>): readonly Ca[] {
  const cas: Ca[] = [mintCa({ name: 'Clique', ...(shared === undefined ? {} : { keys: shared }) })]
  while (cas.length < size) {
    cas.push(
      mintCa({
        name: 'Clique',
        issuer: cas.at(-1) ?? ROOT,
        ...(shared === undefined ? {} : { keys: shared }),
      }),
    )
  }
  return cas
}

test('a clique of CAs with one name ends the search, not the process', () => {
  const cas = clique(12)
  const { result, spent } = examined({
    leaf: mintLeaf({ issuer: cas[11] ?? ROOT }),
    presented: cas,
  })
  expect(result).toMatchObject({
    failure: { kind: 'budget-exhausted', resource: 'steps', limit: 2000 },
  })
  // No CA vouched for these keys, so none was used.
  expect(spent.signatures).toBe(0)
})

test('a clique that shares one key is one CA', () => {
  const keys = mintKeys()
  const cas = clique(12, keys)
  expect(verdict({ leaf: mintLeaf({ issuer: cas[11] ?? ROOT }), presented: cas })).toBe(
    'untrusted-issuer',
  )
})

test('a clique with an honest way out does not lock the device out', () => {
  const cas = clique(4)
  const exit = crossSigned(cas[0] ?? ROOT, ROOT)
  const leaf = mintLeaf({ issuer: cas[3] ?? ROOT })
  expect(verdict({ leaf, presented: [...cas, exit] })).toBe('sound')
})

test('the budget of steps is kept to the step', () => {
  const leaf = device()
  const { steps } = examined({ leaf }).spent
  expect(verdict({ leaf, limits: { steps } })).toBe('sound')
  expect(verdict({ leaf, limits: { steps: steps - 1 } })).toBe('budget-exhausted')
})

test('the budget of signatures is kept to the signature', () => {
  const fresh = (): { leaf: Minted; presented: readonly Ca[] } => {
    const first = caBelow(ROOT, 'First')
    const second = caBelow(first, 'Second')
    return { leaf: mintLeaf({ issuer: second }), presented: [first, second] }
  }
  expect(verdict({ ...fresh(), limits: { signatures: 3 } })).toBe('sound')
  expect(judged({ ...fresh(), limits: { signatures: 2 } })).toEqual({
    ok: false,
    failure: { kind: 'budget-exhausted', resource: 'signatures', limit: 2 },
  })
})

test('paths found before the budget ran out stand', () => {
  const chains = [[ROOT], [OTHER_ROOT]]
  const presented = [ISSUING, crossSigned(ISSUING, OTHER_ROOT)]
  const { steps } = examined({ leaf: device(), chains, presented }).spent
  const result = judged({ leaf: device(), chains, presented, limits: { steps: steps - 1 } })
  expect(pathsOf(result)).toEqual(['device-1 < Issuing < Root'])
})

test('no more paths are handed up than allowed', () => {
  const chains = Array.from({ length: 5 }, () => [ROOT])
  const result = judged({ leaf: device(), chains, limits: { paths: 3 } })
  expect(pathsOf(result)).toHaveLength(3)
})

test('a device that was never seen costs one signature, once its CA is known', () => {
  const store = storeOf({ chains: [[ROOT, ISSUING]] })
  const intermediates = [read(ISSUING)]
  judge({ leaf: read(device()), intermediates }, store, 'client')
  const next = examine({ leaf: read(device({ name: 'device-2' })), intermediates }, store, 'client')
  expect(next.result.ok).toBe(true)
  expect(next.spent.signatures).toBe(1)
})

test('an examination tells every attempt and what became of it', () => {
  const { attempts } = examined({
    leaf: device(),
    presented: [crossSigned(ISSUING, mintCa({ name: 'Stranger' })), ISSUING],
  })
  const told = attempts.map(({ candidate, failure }) => [
    candidate.kind === 'too-long' ? '' : candidate.certificates.map(nameOf).join(' < '),
    failure?.kind ?? 'sound',
  ])
  expect(told).toEqual([
    ['device-1 < Issuing', 'untrusted-issuer'],
    ['device-1 < Issuing', 'sound'],
  ])
})

test('an unrelated CA never changes a verdict', () => {
  const peers = [
    { leaf: device() },
    { leaf: device({ purposes: ['serverAuth'] }) },
    { leaf: device({ selfSigned: true }) },
    { leaf: mintLeaf({ issuer: mintCa({ name: 'Issuing' }) }) },
  ]
  for (const peer of peers) {
    const alone = judged({ ...peer, chains: [[ROOT]] })
    const beside = judged({ ...peer, chains: [[OTHER_ROOT], [ROOT], [mintCa({ name: 'Third' })]] })
    expect(beside.ok ? pathsOf(beside) : beside.failure).toEqual(
      alone.ok ? pathsOf(alone) : alone.failure,
    )
  }
})

test('the order of presented certificates and of anchors never changes a verdict', () => {
  const first = caBelow(ROOT, 'First')
  const second = caBelow(first, 'Second')
  const presented = [first, second, crossSigned(first, OTHER_ROOT), mintCa({ name: 'Stranger' })]
  const chains = [[ROOT], [OTHER_ROOT]]
  const good = mintLeaf({ issuer: second })
  const bad = mintLeaf({ issuer: second, purposes: ['serverAuth'] })
  const paths = pathsOf(judged({ leaf: good, presented, chains })).toSorted()
  expect(paths).toHaveLength(2)
  for (const order of permutations(presented)) {
    for (const anchors of permutations(chains)) {
      const peer = { presented: order, chains: anchors }
      expect(pathsOf(judged({ ...peer, leaf: good })).toSorted()).toEqual(paths)
      expect(verdict({ ...peer, leaf: bad })).toBe('wrong-purpose')
    }
  }
})

function permutations<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  if (items.length < 2) return [items]
  return items.flatMap((item, index) =>
    permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]),
  )
}

const NAMESAKE = caBelow(ROOT, 'Issuing')

for (const [promise, issuer, presented, known] of [
  ['presented', NAMESAKE, [NAMESAKE], ISSUING],
  ['in the enrollment setting', ISSUING, [NAMESAKE], ISSUING],
] as const) {
  test(`of two CAs with one name the one that is ${promise} is found beside the other`, () => {
    const peer = { leaf: device({ issuer }), presented, chains: [[ROOT, known]] }
    expect(pathsOf(judged(peer))).toEqual(['device-1 < Issuing < Root'])
  })
}

test('an intermediate of the enrollment setting that is presented, too, adds no path', () => {
  for (const chain of [
    [ROOT, ISSUING],
    [ROOT, ISSUING, NAMESAKE],
  ]) {
    const paths = pathsOf(
      judged({ leaf: device(), presented: [ISSUING, ISSUING], chains: [chain] }),
    )
    expect(paths).toEqual(['device-1 < Issuing < Root'])
  }
})

test('a device that presents itself as its issuer causes no work', () => {
  const leaf = device({ selfSigned: true })
  expect(examined({ leaf, presented: [leaf] }).spent.steps).toBe(0)
})

test('each anchor that is looked at is a step', () => {
  const roots = Array.from({ length: 5 }, () => mintCa({ name: 'Namesake' }))
  const peer = { leaf: mintLeaf({ issuer: mintCa({ name: 'Namesake' }) }), presented: [] }
  const chains = roots.map((root) => [root])
  expect(examined({ ...peer, chains }).spent.steps).toBe(5)
  expect(judged({ ...peer, chains, limits: { steps: 4 } })).toMatchObject({
    failure: { kind: 'budget-exhausted', resource: 'steps', limit: 4 },
  })
})

test('the same key under another name is no loop', () => {
  const upper = caBelow(ROOT, 'Upper')
  const lower = mintCa({ name: 'Lower', keys: upper, issuer: upper })
  const leaf = device({ issuer: lower })
  expect(pathsOf(judged({ leaf, presented: [lower, upper] }))).toEqual([
    'device-1 < Lower < Upper < Root',
  ])
})

test('a device that names no key has its issuers tried in the order in which they came', () => {
  const without = [OIDS.authorityKeyIdentifier]
  const { attempts } = examined({
    leaf: device({ issuer: silent, without }),
    presented: [ISSUING, silent],
  })
  expect(attempts.map(({ failure }) => failure?.kind)).toEqual(['bad-signature', undefined])
})

test('of two failures that tell the same the first one is told', () => {
  const strangers = ['One', 'Other'].map((name) => mintCa({ name }))
  const presented = strangers.map((stranger) => crossSigned(ISSUING, stranger))
  expect(judged({ leaf: device(), presented })).toMatchObject({
    failure: { kind: 'untrusted-issuer', issuer: 'CN=One' },
  })
})

test('a device with the name of its issuer is not taken for self-signed when that is there', () => {
  const stray = mintCa({ name: 'Stray', issuer: mintCa({ name: 'Stranger' }) })
  const leaf = device({ issuer: stray, name: 'Stray' })
  expect(judged({ leaf, presented: [stray] })).toMatchObject({
    failure: { kind: 'untrusted-issuer', issuer: 'CN=Stranger' },
  })
})
