import { expect, test } from 'vitest'
import type { CrlSettings } from '../../src/config/trust/types.ts'
import type { Instant, Millis } from '../../src/kernel/types.ts'
import { listWarnings } from '../../src/state/list-warnings.ts'
import { DEFAULT_LIMITS } from '../../src/trust/limits.ts'
import { listsByIssuer, verifyList } from '../../src/trust/revocation.ts'
import { parseCertificate, type Certificate } from '../../src/x509/certificate.ts'
import { parseCrl } from '../../src/x509/crl.ts'
import { mintCrl } from '../support/certificates/mint-crl.ts'
import { mintingAt, type Ca } from '../support/certificates/mint.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const NOW = Date.UTC(2026, 5, 1)
const { mintCa } = mintingAt(NOW)
const root = mintCa({ name: 'Root' })
const devices = mintCa({ name: 'Devices', issuer: root })

function parsed({ der }: { readonly der: Buffer }): Certificate {
  const certificate = parseCertificate(der)
  if (!certificate.ok) throw new Error('it can be read')
  return certificate.value
}

interface Row {
  readonly lists?: readonly Buffer[]
  readonly crl?: Partial<CrlSettings>
  readonly chain?: readonly Ca[]
  readonly standing?: 'current' | 'distrusted'
}

function said({ lists = [], crl, chain = [root, devices], standing = 'current' }: Row) {
  const certificates = chain.map(parsed)
  const verified = lists.map((one) => {
    const read = parseCrl(one)
    const list = read.ok ? verifyList(read.value, certificates, DEFAULT_LIMITS) : read
    if (!list.ok) throw new Error(list.failure.kind)
    return list.value
  })
  const at = 'tfe.yaml:9:9'
  const demand: CrlSettings = {
    lists: [{ kind: 'file', at, path: 'a.crl' }],
    failure: 'hard-fail',
    grace: 0 as Millis,
    refresh: HOUR as Millis,
    resets: 0,
    ...crl,
  }
  const setting = { name: 'New', standing: { kind: standing }, crl: demand }
  return listWarnings(
    {
      config: { trust: { enrollmentSettings: [setting] } },
      chains: new Map([['New', certificates]]),
    },
    { lists: listsByIssuer(verified) },
    NOW as Instant,
  ).map(({ message }) => message)
}

const list = (ends: number, began = NOW - DAY, issuer = devices): Buffer =>
  mintCrl({ issuer, number: 7, thisUpdate: new Date(began), nextUpdate: new Date(ends) })

const ROWS: readonly (readonly [promise: string, row: Row, said: readonly RegExp[]])[] = [
  ['a list of the CA that issues to devices is enough', { lists: [list(NOW + 7 * DAY)] }, []],
  [
    'a CA without a list keeps its devices out under hard-fail',
    {},
    [/^New: no revocation list of CN=Devices is in force: .* are refused \(revocation-unknown\)/],
  ],
  [
    'a CA without a list lets its devices in under soft-fail',
    { crl: { failure: 'soft-fail' } },
    [/^New: no revocation list of CN=Devices is in force: .* are admitted unchecked/],
  ],
  [
    'a root that stands alone issues to devices, too',
    { chain: [root] },
    [/no revocation list of CN=Root/],
  ],
  [
    'a list that has ended is named with its number and its end',
    { lists: [list(NOW - HOUR)] },
    [
      /^New: the revocation list 07 of CN=Devices ended at 2026-05-31T23:00:00.999Z, .* are refused/,
    ],
  ],
  [
    'a list that has ended counts through its grace',
    { lists: [list(NOW - HOUR)], crl: { grace: (2 * HOUR) as Millis } },
    [/it still counts until 2026-06-01T01:00:00.999Z \(grace\)/],
  ],
  [
    'a grace that is over does not count',
    { lists: [list(NOW - HOUR)], crl: { grace: (HOUR - 1000) as Millis } },
    [/are refused \(revocation-unknown\)/],
  ],
  [
    'a list of a CA above is held to its end, too',
    { lists: [list(NOW + 7 * DAY), list(NOW - HOUR, NOW - DAY, root)] },
    [/the revocation list 07 of CN=Root ended/],
  ],
  [
    'a list that begins later is named with its beginning',
    { lists: [list(NOW + DAY, NOW + HOUR)] },
    [/begins only at 2026-06-01T01:00:00.000Z/],
  ],
  [
    'a list with less than a twentieth of its life is about to end',
    { lists: [list(NOW + HOUR, NOW - 20 * HOUR)] },
    [/ends at 2026-06-01T01:00:00.999Z, and its successor is not here/],
  ],
  [
    'a list with a twentieth of its life left is not',
    { lists: [list(NOW + HOUR, NOW - 19 * HOUR)] },
    [],
  ],
  ['of a long life a day is time enough', { lists: [list(NOW + DAY, NOW - 100 * DAY)] }, []],
  ['a distrusted setting needs no list', { standing: 'distrusted' }, []],
]

for (const [promise, row, expected] of ROWS) {
  test(promise, () => {
    expect(said(row)).toEqual(expected.map((one) => expect.stringMatching(one)))
  })
}
