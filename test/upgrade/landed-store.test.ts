/**
 * A store that the version before made and filled is upgraded: what `tfe upgrade --dry-run` foretells is what happens, and
 * nothing else does. `test/fixtures/landed-store/README.md` says what is in it.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { FleetCertificate } from '../fixtures/landed-store/mint-fleet.ts'
import { askAll, askOnce, metOf, type Met } from './ask.ts'
import { APART_LAST, askApart, type Apart } from './ask-apart.ts'
import {
  differencesBetween,
  inGroups,
  namesIn,
  speaksOf,
  type Difference,
  type Foretold,
  type Names,
  type Touched,
} from './foretold.ts'
import { calling, HAPPENED, type Seen } from './happened.ts'
import {
  landedStore,
  readFleet,
  readThen,
  unpacked,
  type LandedStore,
  type ServingFleet,
} from './landed-store.ts'
import { tablesOf, type Tables } from './tables.ts'

const fleet = readFleet()
const then = readThen()

let store: LandedStore
let front: ServingFleet
let names: ReadonlyMap<string, Names>
let before: Tables
let dryRun: {
  readonly code: number | null
  readonly foretold: Foretold
  readonly left: readonly string[]
  readonly isSame: boolean
}
let now: ReadonlyMap<string, Met>
let apart: Apart
let differences: readonly Difference[]
let call: Seen['call']

beforeAll(async () => {
  store = await landedStore()
  names = namesIn(store.storePath, fleet.certificates)
  before = tablesOf(store.storePath)
  const { code, out } = await store.run('upgrade', '--dry-run', '--json', '--config', 'tfe.yaml')
  dryRun = {
    code,
    foretold: JSON.parse(out) as Foretold,
    left: readdirSync(join(store.folder, 'data')),
    isSame: readFileSync(store.storePath).equals(unpacked('store.sqlite.gz')),
  }
  front = await store.serve()
  now = await askTheFleet()
  differences = differencesBetween(then.certificates, now)
  const how = ['--role', 'administrator', '--token-file', 'token', '--config', 'tfe.yaml']
  await store.run('admin', 'create', 'carol', ...how)
  call = calling(store.ports, readFileSync(join(store.folder, 'token'), 'utf8').trim())
}, 120_000)

afterAll(async () => {
  await front[Symbol.asyncDispose]()
  await store[Symbol.asyncDispose]()
})

/** As every device, on every row, from both sides; and what is asked once. */
async function askTheFleet(): Promise<ReadonlyMap<string, Met>> {
  const asked = { port: store.ports.devices, ca: store.ca }
  const waiting: (FleetCertificate | undefined)[] = [...fleet.certificates, undefined]
  const askSome = async (): Promise<void> => {
    while (waiting.length > 0) await askAll(asked, waiting.shift())
  }
  await Promise.all([askSome(), askSome(), askSome(), askSome()])
  apart = await askApart({ ports: store.ports, ca: store.ca, certificate: someOf('approved') })
  await front.log.waitForLines(1, ({ path }) => path === APART_LAST)
  return metOf(front.log.lines, fleet.certificates)
}

const someOf = (wanted: string): FleetCertificate | undefined =>
  fleet.certificates.find(({ group }) => group === wanted)

const allTouched = (): readonly Touched[] =>
  dryRun.foretold.changes.flatMap(({ touched }) => touched)

const isForetold = (one: Difference): boolean =>
  allTouched().some((it) => speaksOf(it, one, names.get(one.certificate)))

describe('the dry run', () => {
  test('names what is touched, and exits so', () => {
    expect(dryRun.code).toBe(1)
    expect(dryRun.foretold).toMatchObject({ outcome: 'touched', schema: { found: 1, known: 3 } })
  })

  test('names each blocked device once, by its id and the words that people know it by', () => {
    const { touched = [] } =
      dryRun.foretold.changes.find(({ code }) => code === 'blocked-ids') ?? {}
    const database = new DatabaseSync(store.storePath, { readOnly: true })
    const rows = database
      .prepare(
        "select id from devices where approval = 'blocked' and id in (select device from signed_ids)",
      )
      .all()
    database.close()
    expect(rows.length).toBeGreaterThan(10)
    expect(touched.map(({ name }) => name).toSorted()).toEqual(
      rows.map(({ id }) => String(id)).toSorted(),
    )
    expect(touched.filter(({ label }) => label?.startsWith('CN=') !== true)).toEqual([])
  })

  test('tells what needs a decision from what is only told', () => {
    const notes = dryRun.foretold.changes.filter((one) => !one.needs_decision)
    expect(notes.map(({ code }) => code)).toEqual([
      'revocation-lists-taken-over',
      'blocked-ids',
      'identity-fields',
    ])
  })

  test('leaves the store as it is, to the octet, and nothing beside it', () => {
    expect(dryRun.left).toEqual(['tfe.sqlite'])
    expect(dryRun.isSame).toBe(true)
  })
})

describe('what devices meet', () => {
  test('was told by the version before for 300 devices and more', () => {
    expect(new Set([...names.values()].flatMap(({ device }) => device ?? [])).size).toBe(300)
    const told = Object.values(then.certificates).flatMap((met) => Object.values(met.inside))
    expect(told.filter((verdict) => !/^(?:admit|refuse) [a-z-]+/u.test(verdict))).toEqual([])
  })

  test('differs only where that was foretold', () => {
    expect(inGroups(differences.filter((one) => !isForetold(one)))).toEqual([])
  })

  test('differs for approval only where the row is named, and the device, if it is known', () => {
    const rows = allTouched().filter(({ kind }) => kind === 'route')
    const devices = allTouched().filter(({ kind }) => kind === 'device')
    const unnamed = differences.filter((one) => {
      if (one.is !== 'refuse unapproved') return false
      const mine = names.get(one.certificate)
      const isNamed = (things: readonly Touched[]) => things.some((it) => speaksOf(it, one, mine))
      return !isNamed(rows) || (mine?.device !== undefined && !isNamed(devices))
    })
    expect(inGroups(unnamed)).toEqual([])
  })

  test('never differs towards an admission', () => {
    expect(inGroups(differences.filter(({ is }) => is.startsWith('admit')))).toEqual([])
  })
})

describe('what was foretold', () => {
  test('has a test for each rule', () => {
    const codes = dryRun.foretold.changes.map(({ code }) => code)
    expect(codes.filter((code) => HAPPENED[code] === undefined)).toEqual([])
    expect(codes.length).toBeGreaterThan(0)
  })

  test('happens', async () => {
    const seen: Seen = {
      asked: { port: store.ports.devices, ca: store.ca },
      ports: store.ports,
      someOf,
      apart: { before: then.apart, now: apart },
      differences,
      names,
      lines: front.log.lines,
      call,
    }
    const missing: string[] = []
    for (const { code, touched } of dryRun.foretold.changes) {
      for (const one of touched) {
        const hasHappened = await HAPPENED[code]?.(one, seen)
        if (hasHappened !== true) missing.push(`${code}: ${one.kind} ${one.name}: ${one.after}`)
      }
    }
    expect(missing).toEqual([])
  })

  test('leaves alone what states its own: the suites of a listener that names them', () => {
    expect(then.apart.scanners.cbc).toBe(true)
    expect(apart.scanners.cbc).toBe(true)
  })
})

/** The command, but for the address of the admin API. */
const UNDO = 'devices links --refused --undo --confirm --json --token-file token'.split(' ')

describe('links on refused evidence', () => {
  const attackers = fleet.certificates.filter(({ group }) => group.startsWith('ordinary-'))

  test('are in the store in four ways, and pass a sensitive row as long as they stand', () => {
    expect(attackers).toHaveLength(4)
    for (const { name } of attackers) {
      expect(then.certificates[name]?.inside.sensitive).toBe('admit verified')
      expect(now.get(name)?.inside.sensitive).toBe('admit verified')
    }
  })

  test('pass no more once they are undone, and their victims go on', async () => {
    const undone = await store.run(...UNDO, '--url', `http://127.0.0.1:${store.ports.admin}`)
    expect(undone.code).toBe(0)
    const asked = { port: store.ports.devices, ca: store.ca }
    const victims = fleet.certificates.filter(({ group }) => group === 'victim')
    const status = async (one: FleetCertificate): Promise<number> =>
      (await askOnce(asked, one, { path: '/documents/after-undo' })).status
    await expect.poll(() => Promise.all(attackers.map(status))).toEqual([403, 403, 403, 403])
    expect(await Promise.all(victims.map(status))).toEqual([200, 200, 200, 200])
  })
})

describe('the way back', () => {
  test('is a copy from before, with every row of the store as the version before left it', () => {
    const data = join(store.folder, 'data')
    const copies = readdirSync(data).filter((name) =>
      /^tfe\.sqlite\.before-schema-3-\d{8}T\d{6}Z$/u.test(name),
    )
    expect(copies).toHaveLength(1)
    const copy = tablesOf(join(data, copies[0] ?? ''))
    expect(copy).toEqual(before)
    expect(copy['schema_versions']).toHaveLength(1)
    expect(copy['schema_versions']?.[0]).toContain('"version":1')
  })
})
