import { expect, test } from 'vitest'
import { judgeReplacement } from '../../src/revoke/replacement.ts'
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
const OTHER = mintCa({ name: 'Other', notBefore: MADE - 9 * DAY })

const TRUE = Buffer.from([0xff])
const USERS = issuingPoint(contextPrimitive(1, TRUE))
const AUTHORITIES = issuingPoint(contextPrimitive(2, TRUE))
const A = 'http://crl.test/a.crl'
const B = 'http://crl.test/b.crl'
const at = (...urls: readonly string[]) => issuingPoint(pointName(...urls))

function list({ by = CA, later = 0, number = 1, version = 1, scope }: Parts): RevocationList {
  const fields: CrlFields = {
    issuer: by,
    thisUpdate: new Date(MADE + later),
    number,
    version,
    extensions: scope === undefined ? [] : [scope],
  }
  const crl = parseCrl(mintCrl(fields))
  if (!crl.ok) throw new Error(JSON.stringify(crl.failure))
  const believed = verifyList(crl.value, [CA, LATER_KEY, OTHER].map(read), DEFAULT_LIMITS)
  if (!believed.ok) throw new Error(JSON.stringify(believed.failure))
  return believed.value
}

interface Parts {
  readonly by?: typeof CA
  readonly later?: number
  readonly number?: number
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
  ['a list one second older does not', { later: -1000 }, {}, 'crl-replayed'],
  ['the list of another CA does not', { by: OTHER, later: DAY }, {}, 'crl-swapped'],
  ['a later key of the same name goes on', { by: LATER_KEY, later: 1000 }, {}, 'taken'],
  ['a later key does not go back in time', { by: LATER_KEY, later: -1000 }, {}, 'crl-replayed'],
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
