import { expect, test } from 'vitest'
import { unfitReplacement } from '../../src/revoke/successor.ts'
import { DEFAULT_LIMITS } from '../../src/trust/limits.ts'
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

function list({ by = CA, later = 0, scope }: Parts): RevocationList {
  const fields: CrlFields = {
    issuer: by,
    thisUpdate: new Date(MADE + later),
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
  readonly scope?: ReturnType<typeof issuingPoint>
}

const rows: readonly (readonly [string, Parts, Parts, string])[] = [
  // promise, next, in force, expected
  ['a newer list takes the place of an older one', { later: 1000 }, {}, 'taken'],
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

for (const [promise, next, inForce, expected] of rows) {
  test(promise, () => {
    expect(unfitReplacement(list(next), list(inForce))?.kind ?? 'taken').toBe(expected)
  })
}
