import { expect, test } from 'vitest'
import { judgeReplacement, judgeReplacements } from '../../src/revoke/replacement.ts'
import { DEFAULT_LIMITS, type Profile } from '../../src/trust/limits.ts'
import { verifyList, type RevocationList } from '../../src/trust/revocation.ts'
import { parseCrl } from '../../src/x509/crl.ts'
import { contextPrimitive } from '../support/certificates/der-writer.ts'
import {
  issuingPoint,
  mintCrl,
  pointName,
  type CrlFields,
} from '../support/certificates/mint-crl.ts'
import { mintCa } from '../support/certificates/mint.ts'
import { read } from '../trust/fleet.ts'

const DAY = 86_400_000
const MADE = Math.floor(Date.now() / 1000) * 1000 - DAY
const CA = mintCa({ name: 'CA', notBefore: MADE - 99 * DAY })
const LATER_KEY = mintCa({ name: 'CA', notBefore: MADE - 9 * DAY })
const SAME_DAY = mintCa({ name: 'CA', notBefore: MADE - 99 * DAY })
const OTHER = mintCa({ name: 'Other', notBefore: MADE - 9 * DAY })

const TRUE = Buffer.from([0xff])
const USERS = issuingPoint(contextPrimitive(1, TRUE))
const AUTHORITIES = issuingPoint(contextPrimitive(2, TRUE))
const A = 'http://crl.test/a.crl'
const B = 'http://crl.test/b.crl'
const at = (...urls: readonly string[]) => issuingPoint(pointName(...urls))

function list(parts: Parts): RevocationList {
  const { by = CA, later = 0, number = 1, version = 1, scope, revoked = [] } = parts
  const fields: CrlFields = {
    issuer: by,
    thisUpdate: new Date(MADE + later),
    number,
    version,
    extensions: scope === undefined ? [] : [scope],
    revoked: revoked.map((serial) => ({ serial })),
  }
  const crl = parseCrl(mintCrl(fields))
  if (!crl.ok) throw new Error(JSON.stringify(crl.failure))
  const believed = verifyList(crl.value, [CA, SAME_DAY, LATER_KEY, OTHER].map(read), DEFAULT_LIMITS)
  if (!believed.ok) throw new Error(JSON.stringify(believed.failure))
  return believed.value
}

interface Parts {
  readonly by?: typeof CA
  readonly later?: number
  /** `null` for none. */
  readonly number?: number | null
  readonly revoked?: readonly number[]
  /** 0 is version 1, which has no number. */
  readonly version?: number
  readonly scope?: ReturnType<typeof issuingPoint>
}

const rows: readonly (readonly [string, Parts, Parts, string])[] = [
  // promise, next, in force, expected
  ['a newer list takes the place of an older one', { later: 1000, number: 2 }, {}, 'taken'],
  ['a list of a higher number and the same second does', { number: 2 }, {}, 'taken'],
  ['a lower number of the same second does not', { number: 1 }, { number: 2 }, 'crl-number-lower'],
  ['a lower number does not, however late', { later: DAY }, { number: 2 }, 'crl-number-lower'],
  ['numbers are compared by value', { number: 255 }, { number: 256 }, 'crl-number-lower'],
  [
    'of numbers with one octet more the longer is higher',
    { number: 256 },
    { number: 255 },
    'taken',
  ],
  [
    'a number with its highest bit set is not negative',
    { number: 127 },
    { number: 128 },
    'crl-number-lower',
  ],
  ['a higher number of an earlier time does not', { later: -1000, number: 2 }, {}, 'crl-replayed'],
  ['a later key counts anew', { by: LATER_KEY, later: 1000 }, { number: 9 }, 'taken'],
  ['another scope counts by itself', {}, { scope: USERS, number: 9 }, 'taken'],
  ['the same number later is taken with a finding', { later: 1000 }, {}, 'taken: same-number'],
  [
    'no number after a number is taken with a finding',
    { later: 1000, version: 0 },
    {},
    'taken: no-number',
  ],
  [
    'no number after a number does not go back in time',
    { later: -1000, version: 0 },
    {},
    'crl-replayed',
  ],
  ['a number after no number is taken', { later: 1000 }, { version: 0 }, 'taken'],
  ['without numbers the time alone counts', { later: 1000, version: 0 }, { version: 0 }, 'taken'],
  ['a list of the same second does, too', {}, {}, 'taken'],
  [
    'without numbers in version 2 the time alone counts',
    { later: 1000, number: null },
    { number: null },
    'taken',
  ],
  [
    'without numbers in version 2 it does not go back in time',
    { later: -1000, number: null },
    { number: null },
    'crl-replayed',
  ],
  [
    'no number in version 2 after a number is taken with a finding',
    { later: 1000, number: null },
    {},
    'taken: no-number',
  ],
  [
    'no number in version 2 after a number does not go back in time',
    { later: -1000, number: null },
    { number: 9 },
    'crl-replayed',
  ],
  [
    'a number after none in version 2 does not go back in time',
    { later: -1000, number: 9 },
    { number: null },
    'crl-replayed',
  ],
  [
    'of one second and without numbers, one that names as much is taken',
    { number: null, revoked: [1, 2] },
    { number: null, revoked: [2, 1] },
    'taken',
  ],
  [
    'of one second and without numbers, one that names more is taken',
    { number: null, revoked: [1, 2, 3] },
    { number: null, revoked: [1, 2] },
    'taken',
  ],
  [
    'of one second and without numbers, one that names less is not',
    { number: null, revoked: [1] },
    { number: null, revoked: [1, 2] },
    'crl-order-unknown',
  ],
  [
    'of one second and without numbers, one that names others is not',
    { number: null, revoked: [1, 2, 3] },
    { number: null, revoked: [4] },
    'crl-order-unknown',
  ],
  [
    'of one second, no number after a number does not forget what is named',
    { number: null },
    { number: 9, revoked: [1] },
    'crl-order-unknown',
  ],
  [
    'of one second, a number after none does not forget what is named',
    { number: 9 },
    { number: null, revoked: [1] },
    'crl-order-unknown',
  ],
  [
    'of one second and one number, one that names less is not taken',
    { number: 9 },
    { number: 9, revoked: [1] },
    'crl-order-unknown',
  ],
  [
    'of one second, a higher number may name less',
    { number: 9 },
    { number: 8, revoked: [1] },
    'taken',
  ],
  [
    'a second later one may name less',
    { number: null, later: 1000 },
    { number: null, revoked: [1] },
    'taken',
  ],
  ['a list one second older does not', { later: -1000 }, {}, 'crl-replayed'],
  ['the list of another CA does not', { by: OTHER, later: DAY }, {}, 'crl-swapped'],
  ['a later key of the same name goes on', { by: LATER_KEY, later: 1000 }, {}, 'taken'],
  ['a later key does not go back in time', { by: LATER_KEY, later: -1000 }, {}, 'crl-replayed'],
  ['another key of the same day does not go on', { by: SAME_DAY, later: DAY }, {}, 'crl-swapped'],
  ['an earlier key does not come back', { later: DAY }, { by: LATER_KEY }, 'crl-swapped'],
  ['users alone are not all', { scope: USERS }, {}, 'crl-narrower'],
  ['CAs alone are not all', { scope: AUTHORITIES }, {}, 'crl-narrower'],
  ['CAs are not users', { scope: AUTHORITIES }, { scope: USERS }, 'crl-narrower'],
  ['users after users are taken', { scope: USERS }, { scope: USERS }, 'taken'],
  ['all after users are taken', {}, { scope: USERS }, 'taken'],
  ['one point is not all', { scope: at(A) }, {}, 'crl-narrower'],
  ['another point is another list', { scope: at(B) }, { scope: at(A) }, 'crl-narrower'],
  ['one of two points is not both', { scope: at(A) }, { scope: at(A, B) }, 'crl-narrower'],
  ['the same point is taken', { scope: at(A) }, { scope: at(A) }, 'taken'],
  ['one point more is taken', { scope: at(B, A) }, { scope: at(A) }, 'taken'],
  ['all after one point are taken', {}, { scope: at(A) }, 'taken'],
]

function verdict(next: Parts, inForce: Parts, profile: Profile): string {
  const judged = judgeReplacement(list(next), list(inForce), profile)
  if (!judged.ok) return judged.failure.kind
  const { finding } = judged.value
  return finding === undefined ? 'taken' : `taken: ${finding}`
}

for (const [promise, next, inForce, expected] of rows) {
  test(promise, () => {
    expect(verdict(next, inForce, 'private')).toBe(expected)
  })
}

for (const [promise, next, inForce, expected] of rows) {
  const strict = expected.startsWith('taken: ') ? 'crl-number-not-higher' : expected
  test(`under profile strict ${promise.replace('is taken with a finding', 'is not taken')}`, () => {
    expect(verdict(next, inForce, 'strict')).toBe(strict)
  })
}

/** A file with the lists of several CAs: what takes the place of what. */
const FILES: readonly (readonly [string, readonly Parts[], readonly Parts[], string])[] = [
  // promise, next, in force, expected
  ['any lists take the place of none', [{}], [], 'taken'],
  ['each goes on with its own', [{ number: 2 }, { by: OTHER }], [{}, { by: OTHER }], 'taken'],
  ['their order does not matter', [{ by: OTHER }, { number: 2 }], [{}, { by: OTHER }], 'taken'],
  ['one more is taken', [{ number: 2 }, { by: OTHER }], [{}], 'taken'],
  ['one less is not', [{ number: 2 }], [{}, { by: OTHER }], 'crl-swapped'],
  ['not the first one less either', [{ by: OTHER }], [{}, { by: OTHER }], 'crl-swapped'],
  [
    'an older one among them is not taken',
    [{ number: 2 }, { by: OTHER, number: 4 }],
    [{}, { by: OTHER, number: 5 }],
    'crl-number-lower',
  ],
  [
    'the list of another CA does not stand in for it',
    [{ by: OTHER, number: 9 }, { number: 1 }],
    [{ number: 2 }],
    'crl-number-lower',
  ],
  [
    'a list of one scope does not stand in for that of another',
    [
      { number: 9, scope: USERS },
      { number: 1, scope: AUTHORITIES },
    ],
    [{ number: 2, scope: AUTHORITIES }],
    'crl-number-lower',
  ],
  [
    'a later key goes on where no list of the same key is there',
    [
      { by: OTHER, later: 5000 },
      { by: LATER_KEY, later: 1000 },
    ],
    [{ number: 9 }],
    'taken',
  ],
  ['of two of one CA the newer counts', [{ number: 1 }, { number: 9 }], [{ number: 5 }], 'taken'],
  ['wherever it stands', [{ number: 9 }, { number: 1 }], [{ number: 5 }], 'taken'],
  [
    'of two later keys the newer list counts',
    [
      { by: LATER_KEY, later: 1000, number: 2 },
      { by: LATER_KEY, later: -1000, number: 1 },
    ],
    [{}],
    'taken',
  ],
  [
    'of two scopes of a later key the newer list counts',
    [
      { by: LATER_KEY, later: -1000, number: 1, scope: USERS },
      { by: LATER_KEY, later: 1000, number: 2 },
    ],
    [{ scope: USERS }],
    'taken',
  ],
  [
    'of two scopes of a later key the newer list counts, wherever it stands',
    [
      { by: LATER_KEY, later: 1000, number: 2 },
      { by: LATER_KEY, later: -1000, number: 1, scope: USERS },
    ],
    [{ scope: USERS }],
    'taken',
  ],
  [
    'an odd number of any of them is told',
    [{ number: 2 }, { by: OTHER, later: 1000 }],
    [{}, { by: OTHER }],
    'taken: same-number',
  ],
  [
    'of two odd numbers the first is told',
    [{ later: 1000 }, { by: OTHER, later: 1000, version: 0 }],
    [{}, { by: OTHER }],
    'taken: same-number',
  ],
]

for (const [promise, next, inForce, expected] of FILES) {
  test(`of several lists in one place, ${promise}`, () => {
    const [first, ...others] = next.map(list)
    if (first === undefined) throw new Error('there is a list')
    const judged = judgeReplacements([first, ...others], inForce.map(list), 'private')
    const { finding } = judged.ok ? judged.value : { finding: undefined }
    const seen = judged.ok
      ? finding === undefined
        ? 'taken'
        : `taken: ${finding}`
      : judged.failure.kind
    expect(seen).toBe(expected)
  })
}

test('what is not taken says what was found and what was taken before', () => {
  const failureOf = (next: Parts, inForce: Parts) => {
    const judged = judgeReplacement(list(next), list(inForce), 'strict')
    return judged.ok ? undefined : judged.failure
  }
  expect(failureOf({ number: 1 }, { number: 10 })).toEqual({
    kind: 'crl-number-lower',
    number: '01',
    before: '0a',
  })
  expect(failureOf({ by: OTHER }, {})).toEqual({
    kind: 'crl-swapped',
    issuer: 'CN=Other',
    before: 'CN=CA',
  })
  expect(failureOf({ later: -1000 }, {})).toEqual({
    kind: 'crl-replayed',
    thisUpdate: MADE - 1000,
    before: MADE,
  })
  expect(failureOf({ later: 1000 }, {})).toEqual({
    kind: 'crl-number-not-higher',
    found: 'same-number',
  })
})
