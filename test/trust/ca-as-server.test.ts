/**
 * A CA's own certificate in the leaf's place, its key usage good for issuing only: RFC 5280 §4.2.1.9 lets it end a
 * path, CA/Browser 7.1.2.7.8 wants no key that can issue in a TLS server.
 */
import { expect, test } from 'vitest'
import type { Ca } from '../support/certificates/mint.ts'
import { mintCa } from '../support/certificates/mint.ts'
import { caBelow, ROOT, verdict, type Peer } from './fleet.ts'

type Path = Pick<Peer, 'leaf' | 'presented' | 'chains'>

/** A CA as leaf, below the given issuer. */
const below = (issuer: Ca, presented: readonly Ca[]): Path => ({
  leaf: caBelow(issuer, 'CA as leaf'),
  presented,
})

/** Below one intermediate of the given path length. */
function belowLength(pathLength: number): Path {
  const issuing = caBelow(ROOT, 'Issuing', { pathLength })
  return below(issuing, [issuing])
}

/** Below two: the upper one of path length 1, the lower one without any. */
function belowTwo(lowerName: string): Path {
  const upper = caBelow(ROOT, 'Upper', { pathLength: 1 })
  const lower = caBelow(upper, lowerName)
  return below(lower, [upper, lower])
}

/** Below one intermediate of a root of the given path length. */
function belowRoot(pathLength: number): Path {
  const root = mintCa({ name: 'Short root', pathLength })
  const issuing = caBelow(root, 'Issuing')
  return { ...below(issuing, [issuing]), chains: [[root]] }
}

/** The issuing CA again with another key, itself in the leaf's place. */
function selfIssued(): Path {
  const issuing = caBelow(ROOT, 'Rolling', { pathLength: 0 })
  return { leaf: caBelow(issuing, 'Rolling'), presented: [issuing] }
}

const ownLength: Path = {
  leaf: caBelow(ROOT, 'CA as leaf', { pathLength: 0 }),
  presented: [],
}

interface Row {
  readonly promise: string
  readonly path: Path
  readonly server: string
}

const rows: readonly Row[] = [
  {
    promise: 'a CA that can issue is no server',
    path: below(ROOT, []),
    server: 'wrong-key-usage',
  },
  {
    promise: 'one to which its issuer leaves none to issue may be a server',
    path: belowLength(0),
    server: 'sound',
  },
  {
    promise: 'a path length that leaves it one is not enough',
    path: belowLength(1),
    server: 'wrong-key-usage',
  },
  {
    promise: 'its own path length is not enough: devices are left',
    path: ownLength,
    server: 'wrong-key-usage',
  },
  {
    promise: 'a path length that was used up on the way counts',
    path: belowTwo('Lower'),
    server: 'sound',
  },
  {
    promise: 'a self-issued CA uses nothing up',
    path: belowTwo('Upper'),
    server: 'wrong-key-usage',
  },
  {
    promise: 'the path length of the anchor is used up as well',
    path: belowRoot(1),
    server: 'sound',
  },
  {
    promise: 'one more from the anchor leaves it one to issue',
    path: belowRoot(2),
    server: 'wrong-key-usage',
  },
  {
    promise: 'a self-issued CA in the leaf’s place uses nothing up and could issue',
    path: selfIssued(),
    server: 'wrong-key-usage',
  },
]

for (const { promise, path, server } of rows) {
  test(promise, () => {
    expect(verdict({ ...path, purpose: 'server' })).toBe(server)
  })
}

test('as a client each of them passes', () => {
  for (const { path } of rows) expect(verdict({ ...path, purpose: 'client' })).toBe('sound')
})
