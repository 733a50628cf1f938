/**
 * A4: revocation lists belong to the enrollment setting in the store, whatever the file calls it. A5: no list that is
 * older than the one in force takes its place, by whichever of number and time it is older.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  crlPem,
  distributionPoints,
  mintCrl,
  serialIn,
  type CrlFields,
} from '../../support/certificates/mint-crl.ts'
import { mintCa, mintLeaf, type Leaf } from '../../support/certificates/mint.ts'
import { crlServer } from '../../support/crl-server.ts'
import { fleet } from '../../support/front-ends/product.ts'
import { until } from '../../support/until.ts'
import { withControl, type Scene } from '../case.ts'
import { frontEnd, type FrontEnd, type FrontEndOptions } from '../front-end.ts'

const HOUR = 3_600_000
const hoursAgo = (hours: number): Date => new Date(Date.now() - hours * HOUR)
const REVOKED = [{ serial: serialIn(fleet.device.der) }]
const listsOf = (name: string): string =>
  `/api/enrollment-settings/${encodeURIComponent(name)}/revocation`
const trustOf = (name: string, more = ''): string => `
  enrollmentSettings:
    - { name: ${name}, standing: current, chain: 'file:fleet.pem'${more} }`

/** Whether what is changed in the file brings a revoked device back, at a reload and at a start. */
const CHANGES: readonly (readonly [what: string, trust: string])[] = [
  ['renamed', trustOf('Fleet of 2027')],
  ['renamed by its case alone', trustOf('fleet')],
  ['written without its lists', trustOf('Fleet')],
  [
    'written with another place for its lists',
    trustOf('Fleet', `, crl: { lists: [{ file: other.crl }], failure: soft-fail }`),
  ],
]

async function changedFile([, trust]: readonly [string, string], isListed: boolean) {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-cases-'))
  const store = join(folder, 'tfe.sqlite')
  const list = join(folder, 'list.crl')
  writeFileSync(list, mintCrl({ issuer: fleet.devices, revoked: REVOKED }))
  const files = { 'other.crl': crlPem(mintCrl({ issuer: fleet.devices })) }
  const crl = isListed ? `, crl: { lists: [{ file: '${list}' }] }` : ''
  const before: FrontEndOptions = { store, files, yaml: { trust: trustOf('Fleet', crl) } }
  // Without the list that revokes, the file names none either.
  const after = isListed ? trust : trustOf('Fleet')
  const told: string[] = []
  {
    await using on = await frontEnd(before)
    told.push(await on.verdict(fleet.device))
    await on.reload({ store, files, yaml: { trust: after } })
    told.push(await on.verdict(fleet.device))
  }
  {
    await using on = await frontEnd({ store, files, yaml: { trust: after } })
    told.push(await on.verdict(fleet.device))
  }
  rmSync(folder, { recursive: true, force: true })
  return told.join(', ')
}

const NEXT = mintCa({ name: 'Next Fleet' })
const POINT = 'http://127.0.0.1:9/next.crl'

/** A CA that came by upload and is current: with a list of its own, or with none although its devices point to one. */
async function uploaded(isListed: boolean): Promise<readonly string[]> {
  await using on = await frontEnd()
  const device = mintLeaf({
    issuer: NEXT,
    name: 'next-1',
    extensions: [distributionPoints(POINT)],
  })
  const ca = { name: 'next', source: 'scep', chain: NEXT.pem }
  await on.call('POST', '/api/enrollment-settings', ca)
  const promotion = { cut_off: 'not-before', sunset: null }
  await on.call('POST', '/api/enrollment-settings/next/promote', promotion)
  await on.inForce()
  const list = mintCrl({ issuer: NEXT, revoked: [{ serial: serialIn(device.der) }] })
  const file = join(on.product.folder, 'next.crl')
  writeFileSync(file, list)
  if (isListed) await on.type('crl', 'add', 'next', file)
  await on.inForce()
  const verdict = await on.verdict(device)
  const warnings = isListed
    ? await warningsOf(on)
    : await until(
        () => warningsOf(on),
        (found) => found !== '0 in the API',
      )
  const shown = await on.type('crl', 'show', 'next')
  const metric = /tfe_enrollment_setting_list_missing\{setting="next"\} (\d)/u.exec(
    await on.text('/metrics'),
  )
  const isSaid = shown.out.includes(POINT) && shown.out.includes('tfe crl add')
  return [
    verdict,
    `${warnings}, ${metric?.[1] ?? 'none'} in the metric, ${isSaid ? 'said' : 'not said'} by the command`,
  ]
}

async function warningsOf(on: FrontEnd): Promise<string> {
  const { body } = await on.call('GET', '/api/enrollment-settings')
  return `${(body as { readonly warnings: readonly string[] }).warnings.length} in the API`
}

/** What follows the list of number 5 that revokes the device and was made two hours ago. */
interface Successor {
  readonly what: string
  readonly fields: Partial<CrlFields>
  readonly expected: string
}

const TAKEN = '200, device served'
const refusedFor = (code: string): string => `422 ${code}, device refused`

const SUCCESSORS: readonly Successor[] = [
  {
    what: 'a lower number and a later time',
    fields: { number: 4, thisUpdate: hoursAgo(1) },
    expected: refusedFor('crl-number-lower'),
  },
  {
    what: 'a lower number and the same time',
    fields: { number: 4 },
    expected: refusedFor('crl-number-lower'),
  },
  {
    what: 'number 0 and a later time',
    fields: { number: 0, thisUpdate: hoursAgo(1) },
    expected: refusedFor('crl-number-lower'),
  },
  {
    what: 'a higher number and an earlier time',
    fields: { number: 6, thisUpdate: hoursAgo(9) },
    expected: refusedFor('crl-replayed'),
  },
  {
    what: 'no number, of version 1, and an earlier time',
    fields: { version: 0, thisUpdate: hoursAgo(9) },
    expected: refusedFor('crl-replayed'),
  },
  {
    what: 'the same number and an earlier time',
    fields: { thisUpdate: hoursAgo(9) },
    expected: refusedFor('crl-replayed'),
  },
  {
    what: 'the same number and a later time',
    fields: { thisUpdate: hoursAgo(1) },
    expected: TAKEN,
  },
  {
    what: 'no number, of version 1, and a later time',
    fields: { version: 0, thisUpdate: hoursAgo(1) },
    expected: TAKEN,
  },
  {
    what: 'a number past 32 bits and a later time',
    fields: { number: 2 ** 40, thisUpdate: hoursAgo(1) },
    expected: TAKEN,
  },
]

const served = async (on: FrontEnd, leaf: Leaf = fleet.device): Promise<string> =>
  (await on.status(leaf)) === 200 ? 'device served' : 'device refused'

/** Each device is revoked by a list of number 5, and then the next list is uploaded; the control has no list before. */
async function succeeded(isListed: boolean): Promise<readonly string[]> {
  const all = SUCCESSORS.map(({ fields }, at) => {
    const ca = mintCa({ name: `Counting CA ${at}` })
    return { fields, ca, name: `counting-${at}`, device: mintLeaf({ issuer: ca }) }
  })
  const settings = all.map(
    ({ name }) =>
      `\n    - { name: ${name}, standing: previously-trusted, retiredAt: 2100-01-01, chain: 'file:${name}.pem' }`,
  )
  await using on = await frontEnd({
    files: Object.fromEntries(all.map(({ name, ca }) => [`${name}.pem`, ca.pem])),
    yaml: { trust: `${trustOf('Fleet')}${settings.join('')}` },
  })
  const upload = (name: string, fields: CrlFields) => {
    const list = mintCrl({ number: 5, thisUpdate: hoursAgo(2), ...fields }).toString('base64')
    return on.call('POST', `${listsOf(name)}/lists`, { list })
  }
  for (const { name, ca, device } of isListed ? all : [])
    await upload(name, { issuer: ca, revoked: [{ serial: serialIn(device.der) }] })
  await on.inForce()
  const told: string[] = []
  for (const { name, ca, fields } of all) {
    const { status, body } = await upload(name, { issuer: ca, ...fields })
    const [, code] = /(crl-[a-z-]+)/u.exec(JSON.stringify(body)) ?? []
    told.push(status === 200 ? '200' : `${status} ${code}`)
  }
  await on.inForce()
  const seen: string[] = []
  for (const [at, { device }] of all.entries())
    seen.push(`${told[at]}, ${await served(on, device)}`)
  return seen
}

/** A CA that was restored from a backup publishes again with lower numbers, and an administrator says that they count. */
async function restored(isReset: boolean): Promise<readonly string[]> {
  await using server = await crlServer(
    mintCrl({ issuer: fleet.devices, number: 5, thisUpdate: hoursAgo(2), revoked: REVOKED }),
  )
  const crl = `, crl: { lists: [{ url: '${server.url}' }], refresh: 1s, failure: soft-fail }`
  await using on = await frontEnd({ yaml: { trust: trustOf('Fleet', crl) } })
  await until(
    () => served(on),
    (found) => found === 'device refused',
  )
  server.publish(mintCrl({ issuer: fleet.devices, number: 2, thisUpdate: hoursAgo(1) }))
  const before = server.received.length
  await server.requests(before + 2)
  const told = [await served(on)]
  if (isReset) await on.type('crl', 'reset', 'Fleet', '--confirm')
  const isFit = (found: string): boolean => !isReset || found === 'device served'
  told.push(await until(() => served(on), isFit))
  return [told.join(', ')]
}

export const REVOCATION_LISTS: readonly Scene[] = [
  ...CHANGES.map((change) => ({
    cases: [
      {
        id: 'A4',
        what: `a revoked device stays refused when its setting is ${change[0]} in the file`,
        expected: '0 revoked, 0 revoked, 0 revoked',
        control: '200 verified, 200 verified, 200 verified',
      },
    ],
    play: () => withControl(async (isListed) => [await changedFile(change, isListed)]),
  })),
  {
    cases: [
      {
        id: 'A4',
        what: 'a CA that came by upload has lists of its own',
        expected: '0 revoked',
        control: '200 verified',
      },
      {
        id: 'A4',
        what: 'a CA whose certificates point to a list that it lacks is a warning everywhere',
        expected: '0 in the API, none in the metric, not said by the command',
        control: '1 in the API, 1 in the metric, said by the command',
      },
    ],
    play: () => withControl(uploaded),
  },
  {
    cases: SUCCESSORS.map(({ what, expected }) => ({
      id: 'A5',
      what: `a list with ${what} ${expected === TAKEN ? 'takes the place of' : 'does not replace'} the one in force`,
      expected,
      control: TAKEN,
    })),
    play: () => withControl(succeeded),
  },
  {
    cases: [
      {
        id: 'A5',
        what: 'lists of a restored CA count after a reset by an administrator, and not before',
        expected: 'device refused, device served',
        control: 'device refused, device refused',
      },
    ],
    play: () => withControl(restored),
  },
]
