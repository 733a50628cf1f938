import { expect, test } from 'vitest'
import { afterTaking, keptLists, speakForAll } from '../../src/revoke/kept-lists.ts'
import { DEFAULT_LIMITS, type Profile } from '../../src/trust/limits.ts'
import { verifyList, type RevocationList } from '../../src/trust/revocation.ts'
import { parseCrl } from '../../src/x509/crl.ts'
import { mintCrl } from '../support/certificates/mint-crl.ts'
import { mintCa, type Ca } from '../support/certificates/mint.ts'
import { read } from '../trust/fleet.ts'

const HOUR = 3_600_000
const MADE = Math.floor(Date.now() / 1000) * 1000 - 24 * HOUR
const CA = mintCa({ name: 'CA' })
const OTHER = mintCa({ name: 'Other' })

/** A list with this number, or `null` for none, made so many hours later. */
function list(number: number | null, at: number, issuer: Ca = CA): RevocationList {
  const crl = parseCrl(mintCrl({ issuer, number, thisUpdate: new Date(MADE + at * HOUR) }))
  if (!crl.ok) throw new Error(JSON.stringify(crl.failure))
  const verified = verifyList(crl.value, [CA, OTHER].map(read), DEFAULT_LIMITS)
  if (!verified.ok) throw new Error(JSON.stringify(verified.failure))
  return verified.value
}

const LISTS = {
  seven: list(7, 1),
  eight: list(8, 3),
  bare: list(null, 2),
  laterBare: list(null, 4),
  otherBare: list(null, 2, OTHER),
  otherSeven: list(7, 1, OTHER),
}
type Name = keyof typeof LISTS
const named = (names: string): readonly RevocationList[] =>
  names === '' ? [] : names.split(' ').map((name) => LISTS[name as Name])
const nameOf = (one: RevocationList): string =>
  Object.entries(LISTS).find(([, other]) => other === one)?.[0] ?? 'unknown'
const names = (lists: readonly RevocationList[]): string => lists.map(nameOf).join(' ')

const before: readonly (readonly [
  promise: string,
  lists: string,
  profile: Profile,
  inForce: string,
  onlyCompared: string,
])[] = [
  ['nothing comes of nothing', '', 'private', '', ''],
  ['a numbered list is in force', 'seven', 'strict', 'seven', ''],
  ['the higher number is, and the lower is forgotten', 'eight seven', 'strict', 'eight', ''],
  ['a later list without one is, and the number is kept', 'seven bare', 'private', 'bare', 'seven'],
  ['an earlier list without one is forgotten', 'bare eight', 'private', 'eight', ''],
  ['profile strict has neither in force', 'seven bare', 'strict', '', 'bare seven'],
  ['profile strict has the number that came after', 'bare eight', 'strict', 'eight', ''],
  ['each CA counts by itself', 'bare otherSeven', 'strict', 'otherSeven', 'bare'],
]

for (const [promise, lists, profile, inForce, onlyCompared] of before) {
  test(`of lists before, in profile ${profile}: ${promise}`, () => {
    const kept = keptLists(named(lists), profile)
    expect([names(kept.inForce), names(kept.onlyCompared)]).toEqual([inForce, onlyCompared])
  })
}

const after: readonly (readonly [
  promise: string,
  lists: string,
  before: string,
  onlyCompared: string,
])[] = [
  ['the first leave nothing', 'seven', '', ''],
  ['a higher number leaves nothing of the lower', 'eight', 'seven', ''],
  ['one without a number keeps the number before', 'bare', 'seven', 'seven'],
  ['the next without one keeps it, too', 'laterBare', 'bare seven', 'seven'],
  ['of two numbers the higher is kept', 'laterBare', 'seven eight', 'eight'],
  ['a number in the same file is no memory', 'bare seven', '', ''],
  ['a sequence that has ended is over', 'seven', 'otherBare otherSeven', ''],
  ['only the sequence that goes on is kept', 'bare', 'seven otherSeven otherBare', 'seven'],
]

for (const [promise, lists, kept, onlyCompared] of after) {
  test(`after lists are taken: ${promise}`, () => {
    const taken = afterTaking(named(lists), named(kept))
    expect([names(taken.inForce), names(taken.onlyCompared)]).toEqual([lists, onlyCompared])
  })
}

const whole: readonly (readonly [
  promise: string,
  lists: string,
  profile: Profile,
  expected: boolean,
])[] = [
  ['none speaks for none', '', 'private', false],
  ['one in force speaks for its CA', 'bare', 'private', true],
  ['and so it does beside a number that is only compared', 'seven bare', 'private', true],
  ['one that is only compared does not', 'bare', 'strict', false],
  ['nor does that of another CA', 'bare otherSeven', 'strict', false],
  ['each CA has its own', 'eight otherSeven', 'strict', true],
]

for (const [promise, lists, profile, expected] of whole) {
  test(`of lists in profile ${profile}: ${promise}`, () => {
    expect(speakForAll(keptLists(named(lists), profile))).toBe(expected)
  })
}
