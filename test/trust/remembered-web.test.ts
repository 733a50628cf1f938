import { expect, test } from 'vitest'
import { examine } from '../../src/trust/judge.ts'
import { mintKeys } from '../support/certificates/mint-certificate.ts'
import { mintCa, mintLeaf, type Ca } from '../support/certificates/mint.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { pathsOf, read, ROOT, storeOf } from './fleet.ts'

/** Four names by three keys, each pair certified by every CA that there is at the time: cross-signed at random. */
function webOf(random: SeededRandom) {
  const keys = Array.from({ length: 3 }, () => mintKeys())
  const cas: [Ca, ...Ca[]] = [ROOT]
  for (let count = 0; count < 24; count += 1) {
    const name = `CA ${random.below(4)}`
    const key = keys[random.below(keys.length)]
    if (key === undefined) continue
    // One in five comes from a root that is not trusted.
    const issuer = random.oneIn(5) ? mintCa({ name: `CA ${random.below(4)}` }) : random.pick(cas)
    cas.push(mintCa({ name, keys: key, issuer }))
  }
  const certificates = cas.slice(1).map(read)
  const leaves = cas.slice(-6).map((issuer) => read(mintLeaf({ issuer })))
  return { certificates, leaves }
}

test('whatever is remembered, no device loses a path, its place or its refusal for want of budget', () => {
  const random = new SeededRandom(20)
  const told = { helped: 0, untouched: 0, exhausted: 0 }
  for (let web = 0; web < 8; web += 1) {
    const { certificates, leaves } = webOf(random)
    for (let turn = 0; turn < 60; turn += 1) {
      const leaf = leaves[random.below(leaves.length)]
      if (leaf === undefined) continue
      const intermediates = certificates.filter(() => random.oneIn(4))
      const others = certificates.filter(() => random.oneIn(2))
      const remembered = Map.groupBy(others, ({ subject }) => subject.key)
      const limits = { steps: 3 + random.below(60), paths: 1 + random.below(4) }
      const store = storeOf({ limits })
      const without = examine({ leaf, intermediates }, store, 'client').result
      const { result, spent } = examine({ leaf, intermediates, remembered }, store, 'client')
      expect(spent.steps).toBeLessThanOrEqual(limits.steps + 1)
      expect(pathsOf(result).length).toBeLessThanOrEqual(limits.paths)
      expect(pathsOf(result).slice(0, pathsOf(without).length)).toEqual(pathsOf(without))
      const ranOut = !without.ok && without.failure.kind === 'budget-exhausted'
      if (ranOut) expect(result).toEqual(without)
      else if (!result.ok) expect(result.failure.kind).not.toBe('budget-exhausted')
      if (ranOut) told.exhausted += 1
      else if (pathsOf(result).length > pathsOf(without).length) told.helped += 1
      else told.untouched += 1
    }
  }
  // Chance has met every kind of case.
  expect(Math.min(told.helped, told.untouched, told.exhausted)).toBeGreaterThan(20)
})
