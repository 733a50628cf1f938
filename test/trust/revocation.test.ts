import { expect, test } from 'vitest'
import type { Instant } from '../../src/kernel/types.ts'
import { DEFAULT_LIMITS, type Limits } from '../../src/trust/limits.ts'
import {
  CLOCK_SKEW_MS,
  listsByIssuer,
  newestOfEach,
  revokedOn,
  statusOf,
  verifyList,
  type RevocationList,
} from '../../src/trust/revocation.ts'
import { parseCrl } from '../../src/x509/crl.ts'
import * as der from '../support/certificates/der-writer.ts'
import type { Minted } from '../support/certificates/mint-certificate.ts'
import { mintKeys } from '../support/certificates/mint-certificate.ts'
import { keyUsage, mintCa, mintLeaf, type Ca } from '../support/certificates/mint.ts'
import {
  distributionPoints,
  issuingPoint,
  mintCrl,
  pointName,
  serialIn,
  type CrlFields,
} from '../support/certificates/mint-crl.ts'
import { ISSUING, judged, read, ROOT } from './fleet.ts'

const HOUR = 3_600_000
const NOW = Date.now()
const MADE = new Date(NOW - HOUR)
/** Lists count whole seconds, through the last one. */
const ENDS = (Math.floor(NOW / 1000) + 3600) * 1000

const LEAF = mintLeaf({ issuer: ISSUING })
const POINT = 'http://crl.test/1.crl'
const POINTED = mintLeaf({ issuer: ISSUING, extensions: [distributionPoints(POINT)] })
const TWIN = mintCa({ name: 'Issuing', issuer: ROOT })
const naming = (...certificates: readonly Minted[]) =>
  certificates.map((one) => ({ serial: serialIn(one.der), reason: 1 }))

const minted = (fields: Partial<CrlFields> = {}): Buffer =>
  mintCrl({ issuer: ISSUING, thisUpdate: MADE, nextUpdate: new Date(ENDS), ...fields })

function verified(
  octets: Buffer,
  authorities: readonly Minted[] = [ISSUING, ROOT],
  limits: Partial<Limits> = {},
): ReturnType<typeof verifyList> {
  const parsed = parseCrl(octets)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.failure))
  return verifyList(parsed.value, authorities.map(read), { ...DEFAULT_LIMITS, ...limits })
}

function listOf(octets: Buffer, authorities?: readonly Minted[]): RevocationList {
  const list = verified(octets, authorities)
  if (!list.ok) throw new Error(JSON.stringify(list.failure))
  return list.value
}

const weakCa = mintCa({ name: 'Weak', keyType: 'rsa1024' })
const noLists = mintCa({ name: 'No Lists', extensions: [keyUsage('keyCertSign')] })
const unlimited = mintCa({ name: 'Unlimited', without: ['2.5.29.15'] })
const listsOnly = mintCa({ name: 'Lists Only', extensions: [keyUsage('cRLSign')] })
const renewed = mintCa({ name: 'No Lists', keys: noLists })
const ed = mintCa({ name: 'Ed', keyType: 'ed25519' })
const post = mintCa({ name: 'Post', keyType: 'ml-dsa-44' })
const p384 = mintCa({ name: 'P384', keyType: 'p384' })
const forgery = (): Buffer => minted({ issuer: { subject: ISSUING.subject, key: mintKeys().key } })

/** The signature's last octet changed: the structure around it stays whole. */
function bent(octets: Buffer): Buffer {
  const altered = Buffer.from(octets)
  altered[altered.length - 1] = (altered.at(-1) ?? 0) ^ 1
  return altered
}

const signers: readonly (readonly [string, ReturnType<typeof verifyList>, string])[] = [
  ['the CA that a list names vouches for it', verified(minted()), 'believed'],
  ['a root may list what it issued', verified(minted({ issuer: ROOT })), 'believed'],
  [
    'a CA without key usage may sign lists',
    verified(minted({ issuer: unlimited }), [unlimited]),
    'believed',
  ],
  [
    'a CA whose key usage is for lists alone may sign them',
    verified(minted({ issuer: listsOnly }), [listsOnly]),
    'believed',
  ],
  ['Ed25519 signs lists', verified(minted({ issuer: ed }), [ed]), 'believed'],
  ['P-384 signs lists', verified(minted({ issuer: p384, digest: 'sha384' }), [p384]), 'believed'],
  [
    'of two certificates with one key, one that allows lists is enough',
    verified(minted({ issuer: noLists }), [noLists, renewed]),
    'believed',
  ],
  [
    'a CA whose key usage lacks cRLSign may not sign lists',
    verified(minted({ issuer: noLists }), [noLists]),
    'crl-signer-may-not',
  ],
  ['a list under the name of a CA and another key is forged', verified(forgery()), 'crl-forged'],
  ['a list whose signature was touched is forged', verified(bent(minted())), 'crl-forged'],
  [
    'a list of another key with the same name is not this CA’s',
    verified(minted({ issuer: TWIN })),
    'crl-forged',
  ],
  [
    'a list that a certificate below the CA signed is forged',
    verified(minted({ issuer: { subject: ISSUING.subject, key: LEAF.key } })),
    'crl-forged',
  ],
  [
    'a list of a CA that is not in the chain is of another CA',
    verified(minted({ issuer: mintCa({ name: 'Elsewhere' }) })),
    'crl-of-another-ca',
  ],
  ['without a CA no list is believed', verified(minted(), []), 'crl-of-another-ca'],
  [
    'a list signed with ECDSA and NULL is believed',
    verified(
      minted({ innerAlgorithm: der.sequence(der.oid('1.2.840.10045.4.3.2'), der.nothing()) }),
    ),
    'believed',
  ],
  [
    'a list signed in a way that we do not know is not called weak',
    verified(minted({ innerAlgorithm: der.sequence(der.oid('1.2.3.4')) })),
    'crl-signature-unsupported',
  ],
  [
    'a list of a CA whose key is of a kind that is not taken is not called weak',
    verified(minted({ issuer: { subject: post.subject, key: ISSUING.key }, digest: 'sha256' }), [
      post,
    ]),
    'crl-signer-key-unsupported',
  ],
  [
    'ML-DSA signs no lists unless it is taken',
    verified(minted({ issuer: post }), [post]),
    'crl-signature-unsupported',
  ],
  [
    'ML-DSA signs lists where it is taken',
    verified(minted({ issuer: post }), [post], { mlDsa: 44 }),
    'believed',
  ],
  [
    'a list signed with SHA-1 proves nothing',
    verified(minted({ digest: 'sha1' })),
    'crl-signature-weak',
  ],
  [
    'a digest that the limits leave out proves nothing',
    verified(minted(), [ISSUING], { digests: ['sha512'] }),
    'crl-signature-weak',
  ],
  [
    'a list signed with RSA of 1024 bits proves nothing',
    verified(minted({ issuer: weakCa }), [weakCa]),
    'crl-signer-key-weak',
  ],
]

for (const [promise, result, expected] of signers) {
  test(promise, () => {
    expect(result.ok ? 'believed' : result.failure.kind).toBe(expected)
  })
}

interface Row {
  readonly promise: string
  readonly lists?: readonly RevocationList[]
  readonly certificate?: Minted
  readonly issuer?: Ca
  readonly now?: number
  readonly expect: string
}

const scoped = (...parts: readonly Uint8Array[]): RevocationList =>
  listOf(minted({ extensions: [issuingPoint(...parts)] }))
const USERS = der.contextPrimitive(1, Buffer.from([0xff]))
const AUTHORITIES = der.contextPrimitive(2, Buffer.from([0xff]))
const clear = listOf(minted())
const misissued = listOf(minted({ revoked: naming(LEAF) }))
const ofRoot = listOf(minted({ issuer: ROOT, revoked: naming(ISSUING) }))
const ofTwin = listOf(minted({ issuer: TWIN, revoked: naming(LEAF) }), [TWIN])

const rows: readonly Row[] = [
  { promise: 'a certificate that the list does not name is good', lists: [clear], expect: 'good' },
  {
    promise: 'a certificate that the list names is revoked',
    lists: [misissued],
    expect: 'revoked',
  },
  { promise: 'without a list it cannot be told', lists: [], expect: 'unknown no-list' },
  {
    promise: 'the list of a CA with the same name and another key names no device here',
    lists: [clear, ofTwin],
    expect: 'good',
  },
  {
    promise: 'the list of a CA with the same name and another key clears no device here',
    lists: [ofTwin],
    expect: 'unknown no-list',
  },
  {
    promise: 'the same serial on the root’s list is another certificate',
    lists: [clear, listOf(minted({ issuer: ROOT, revoked: naming(LEAF) }))],
    expect: 'good',
  },
  {
    promise: 'a CA is revoked by the list of the CA above it',
    lists: [ofRoot],
    certificate: ISSUING,
    issuer: ROOT,
    expect: 'revoked',
  },
  {
    promise: 'a list counts through the last second of nextUpdate',
    lists: [clear],
    now: ENDS + 999,
    expect: 'good',
  },
  {
    promise: 'a list is stale from the next second on',
    lists: [clear],
    now: ENDS + 1000,
    expect: 'unknown stale',
  },
  {
    promise: 'what a stale list names stays revoked',
    lists: [misissued],
    now: ENDS + 1000 * HOUR,
    expect: 'revoked',
  },
  {
    promise: 'a list counts from a little before it begins, for clocks differ',
    lists: [listOf(minted({ thisUpdate: new Date(ENDS), nextUpdate: new Date(ENDS + HOUR) }))],
    now: ENDS - CLOCK_SKEW_MS,
    expect: 'good',
  },
  {
    promise: 'a list does not count much before it begins',
    lists: [listOf(minted({ thisUpdate: new Date(ENDS), nextUpdate: new Date(ENDS + HOUR) }))],
    now: ENDS - CLOCK_SKEW_MS - 1,
    expect: 'unknown not-yet',
  },
  {
    promise: 'of two lists the newer counts: what it no longer names is good again',
    lists: [misissued, listOf(minted({ thisUpdate: new Date(NOW - HOUR / 2) }))],
    expect: 'good',
  },
  {
    promise: 'of two lists the newer counts, whatever their order',
    lists: [listOf(minted({ thisUpdate: new Date(NOW - HOUR / 2) })), misissued],
    expect: 'good',
  },
  {
    promise: 'of two lists the newer counts: what the older one did not name is revoked',
    lists: [clear, listOf(minted({ thisUpdate: new Date(NOW - HOUR / 2), revoked: naming(LEAF) }))],
    expect: 'revoked',
  },
  { promise: 'a list for users covers a device', lists: [scoped(USERS)], expect: 'good' },
  {
    promise: 'a list for CAs covers no device',
    lists: [scoped(AUTHORITIES)],
    expect: 'unknown not-covered',
  },
  {
    promise: 'a list for users covers no CA',
    lists: [listOf(minted({ issuer: ROOT, extensions: [issuingPoint(USERS)] }))],
    certificate: ISSUING,
    issuer: ROOT,
    expect: 'unknown not-covered',
  },
  {
    promise: 'a list for CAs covers a CA',
    lists: [listOf(minted({ issuer: ROOT, extensions: [issuingPoint(AUTHORITIES)] }))],
    certificate: ISSUING,
    issuer: ROOT,
    expect: 'good',
  },
  {
    promise: 'a list of one point covers a certificate that names the point',
    lists: [scoped(pointName(POINT))],
    certificate: POINTED,
    expect: 'good',
  },
  {
    promise: 'a list of several points covers a certificate that names one of them',
    lists: [scoped(pointName('http://crl.test/2.crl', POINT))],
    certificate: POINTED,
    expect: 'good',
  },
  {
    promise: 'a list for everybody covers a CA, too',
    lists: [listOf(minted({ issuer: ROOT }))],
    certificate: ISSUING,
    issuer: ROOT,
    expect: 'good',
  },
  {
    promise: 'a list of one point does not cover a certificate that names none',
    lists: [scoped(pointName(POINT))],
    expect: 'unknown not-covered',
  },
  {
    promise: 'a list of another point does not cover a certificate',
    lists: [scoped(pointName('http://crl.test/2.crl'))],
    certificate: POINTED,
    expect: 'unknown not-covered',
  },
  {
    promise: 'a point for some reasons only makes no device covered',
    lists: [scoped(pointName(POINT))],
    certificate: mintLeaf({
      issuer: ISSUING,
      extensions: [
        {
          oid: '2.5.29.31',
          value: der.sequence(
            der.sequence(pointName(POINT), der.contextPrimitive(1, Buffer.from([6, 0x40]))),
          ),
        },
      ],
    }),
    expect: 'unknown not-covered',
  },
  {
    promise: 'what a list names is revoked though the list is of another point',
    lists: [
      listOf(minted({ revoked: naming(LEAF), extensions: [issuingPoint(pointName(POINT))] })),
    ],
    expect: 'revoked',
  },
  {
    promise: 'a list of one point never replaces a newer or older whole one',
    lists: [
      misissued,
      listOf(minted({ thisUpdate: new Date(NOW), extensions: [issuingPoint(USERS)] })),
    ],
    expect: 'revoked',
  },
]

for (const { promise, lists = [], certificate = LEAF, issuer = ISSUING, ...row } of rows) {
  test(promise, () => {
    const now = (row.now ?? NOW) as Instant
    const status = statusOf(read(certificate), read(issuer), { lists: listsByIssuer(lists), now })
    expect(status.kind === 'unknown' ? `unknown ${status.why}` : status.kind).toBe(row.expect)
  })
}

test('of a path the leaf is looked at before its issuers, and every issuer is', () => {
  const result = judged({ leaf: LEAF })
  if (!result.ok) throw new Error(result.failure.kind)
  const [path] = result.value
  const found = (...lists: readonly RevocationList[]) => revokedOn(path, listsByIssuer(lists))
  expect(found(misissued, ofRoot)?.certificate).toBe(path.certificates[0])
  expect(found(ofRoot)?.certificate).toBe(path.certificates[1])
  expect(found(clear)).toBeUndefined()
  expect(found(misissued)).toMatchObject({ reason: 'keyCompromise' })
  expect(found()).toBeUndefined()
})

test('an answer is not remembered beyond its lists', () => {
  const result = judged({ leaf: LEAF })
  if (!result.ok) throw new Error(result.failure.kind)
  const [path] = result.value
  const before = listsByIssuer([clear])
  expect(revokedOn(path, before)).toBeUndefined()
  expect(revokedOn(path, listsByIssuer([misissued]))).toBeDefined()
  expect(revokedOn(path, before)).toBeUndefined()
})

function statusAt(now: number, ...all: readonly RevocationList[]) {
  return statusOf(read(LEAF), read(ISSUING), { lists: listsByIssuer(all), now: now as Instant })
}

const OTHER_POINT = 'http://crl.test/2.crl'

test('of two lists that were made at once the first one counts', () => {
  const twin = listOf(minted({ nextUpdate: new Date(ENDS + HOUR) }))
  expect(statusAt(NOW, clear, twin)).toEqual({ kind: 'good', list: clear })
  expect(statusAt(NOW, twin, clear)).toEqual({ kind: 'good', list: twin })
})

test('a list of the same points in another order takes the place of an older one', () => {
  const older = listOf(
    minted({ revoked: naming(LEAF), extensions: [issuingPoint(pointName(POINT, OTHER_POINT))] }),
  )
  const newer = listOf(
    minted({
      thisUpdate: new Date(NOW - HOUR / 2),
      extensions: [issuingPoint(pointName(OTHER_POINT, POINT))],
    }),
  )
  expect(statusAt(NOW, older, newer, clear)).toEqual({ kind: 'good', list: clear })
})

test('of several lists that clear a certificate the first one is told', () => {
  const users = scoped(USERS)
  expect(statusAt(NOW, clear, users)).toEqual({ kind: 'good', list: clear })
  expect(statusAt(NOW, users, clear)).toEqual({ kind: 'good', list: users })
})

test('of several stale lists the one that lasted longest is told', () => {
  const [short, long, other] = [1, 3, 2].map((hours, index) =>
    listOf(
      minted({
        nextUpdate: new Date(ENDS + hours * HOUR),
        extensions: index === 0 ? [] : [issuingPoint(index === 1 ? USERS : pointName(POINT))],
      }),
    ),
  )
  if (short === undefined || long === undefined || other === undefined) throw new Error('three')
  const stale = { kind: 'unknown', why: 'stale', list: long }
  for (const all of [
    [short, long],
    [long, short],
    [short, other, long],
  ]) {
    expect(statusAt(ENDS + 4 * HOUR, ...all)).toEqual(stale)
  }
})

test('of several lists that have not begun the first one is told', () => {
  const late = { thisUpdate: new Date(ENDS), nextUpdate: new Date(ENDS + HOUR) }
  const [one, other] = [
    listOf(minted(late)),
    listOf(minted({ ...late, extensions: [issuingPoint(USERS)] })),
  ]
  expect(statusAt(NOW, one, other)).toEqual({ kind: 'unknown', why: 'not-yet', list: one })
})

test('clocks may differ by five minutes', () => {
  expect(CLOCK_SKEW_MS).toBe(300_000)
})

test('of several CAs whose keys are weak the first one is told', () => {
  const [smaller, larger] = (['rsa1024', 'rsa2048'] as const).map((keyType) =>
    mintCa({ name: 'Weak', keyType }),
  )
  if (smaller === undefined || larger === undefined) throw new Error('two')
  const limits = { rsaBits: { minimum: 4096, maximum: 8192 } }
  expect(verified(minted({ issuer: larger }), [smaller, larger], limits)).toEqual({
    ok: false,
    failure: { kind: 'crl-signer-key-weak', issuer: 'CN=Weak', key: 'RSA 1024' },
  })
})

/** Number, hour; the newest, and the number that is kept beside it. */
const SEQUENCES: readonly (readonly [
  promise: string,
  lists: readonly (readonly [number: number | null, hour: number])[],
  newest: string,
  numbered: string,
])[] = [
  ['none is none', [], '', ''],
  ['one is the newest', [[1, 1]], '01 at 1', ''],
  [
    'the higher number is newer, though it is earlier',
    [
      [2, 1],
      [1, 2],
    ],
    '02 at 1',
    '',
  ],
  [
    'of one number the later is newer',
    [
      [2, 1],
      [2, 2],
    ],
    '02 at 2',
    '',
  ],
  [
    'without numbers the later is newer',
    [
      [null, 1],
      [null, 2],
    ],
    'none at 2',
    '',
  ],
  [
    'a later one without a number is newer, beside the number',
    [
      [7, 1],
      [null, 2],
    ],
    'none at 2',
    '07',
  ],
  [
    'an earlier one without a number is not',
    [
      [7, 2],
      [null, 1],
    ],
    '07 at 2',
    '',
  ],
  [
    'of one second the numbered one counts',
    [
      [7, 1],
      [null, 1],
    ],
    '07 at 1',
    '',
  ],
  [
    'a lower number is not newer by way of one without',
    [
      [7, 1],
      [null, 2],
      [5, 3],
    ],
    'none at 2',
    '07',
  ],
  [
    'nor is it newer by its time where the number is later',
    [
      [7, 3],
      [null, 2],
      [5, 4],
    ],
    '07 at 3',
    '',
  ],
]

for (const [promise, lists, newest, numbered] of SEQUENCES) {
  test(`of one sequence, ${promise}, in whatever order they come`, () => {
    const made = lists.map(([number, hour]) =>
      listOf(minted({ number, thisUpdate: new Date(NOW + hour * HOUR) })),
    )
    const hourOf = ({ crl }: RevocationList): number =>
      Math.floor((crl.thisUpdate - Math.floor(NOW / 1000) * 1000) / HOUR)
    for (const order of [made, made.toReversed(), [...made.slice(1), ...made.slice(0, 1)]]) {
      const found = newestOfEach(order)
      expect(
        found.map(({ newest: one }) => `${one.crl.number ?? 'none'} at ${hourOf(one)}`),
      ).toEqual(newest === '' ? [] : [newest])
      expect(found.map((one) => one.numbered?.crl.number ?? '')).toEqual(
        newest === '' ? [] : [numbered],
      )
    }
  })
}
