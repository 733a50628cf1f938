/**
 * The law of previews: what a preview foretells is what the judge answers once the change is made. Random states walk
 * through random changes; each is foretold, made in a real store, read again, compiled and asked with real certificates.
 */
import { hash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { AdminContext } from '../../../src/admin/context.ts'
import { previewStep } from '../../../src/admin/preview/fleet-preview.ts'
import { readStateFacts } from '../../../src/serve/store-sync/read-rules.ts'
import type { AlteredVerdict } from '../../../src/state/preview/preview.ts'
import { openStore, type Store } from '../../../src/store/store.ts'
import { SeededRandom } from '../../support/seeded-random.ts'
import { unwrap } from '../../support/store/sightings.ts'
import { CHAINS, NOW, type SettingName, type Shown } from './fleet-cas.ts'
import { makeChange, randomStep, STEP_KINDS, stepName } from './random-step.ts'
import { RealJudge, type Verdicts } from './real-judge.ts'
import { fillStore, type RandomState } from './random-state.ts'
import { representatives } from './representatives.ts'

const SEED = 20_261_122
const STATES = 40
const STEPS = 6

test('what a preview foretells of devices and of classes is what they meet after the change', async () => {
  const unnamed: object[] = []
  const met = new Map<string, number>()
  const count = (what: string, many = 1): void => void met.set(what, (met.get(what) ?? 0) + many)
  for (let number = 0; number < STATES; number += 1) {
    const random = new SeededRandom(SEED, number)
    await using kept = await emptyStore()
    const { store } = kept
    const state = await fillStore(store, random)
    let inForce = await RealJudge.read(store, state.config, { ...state, now: NOW })
    for (let at = 0; at < STEPS; at += 1) {
      const step = await randomStep(store, state, random)
      const context = contextOf(store, state)
      const before = inForce
      const settings = unwrap(await store.enrollment.list())
      const devices = await knownDevices(store, state)
      const preview = await previewStep(context, { step })
      const changed = await makeChange(store, step)
      const where = { seed: SEED, number, at, step: stepName(step) }
      // What the store refuses is not foretold, and what is foretold can be done.
      if (preview.ok !== changed.ok) unnamed.push({ ...where, preview, changed })
      if (!preview.ok) {
        count('refused')
        continue
      }
      count(step.kind === 'standing' ? step.change : step.kind)
      const after = await RealJudge.read(store, state.config, { ...state, now: NOW })
      inForce = after
      const compare = (
        who: string,
        { shown, isUnsure = false, isOfPresented = false }: Met,
        told: readonly AlteredVerdict[],
      ) => {
        const real = differences(before.verdicts(shown), after.verdicts(shown))
        count('verdicts', real.all)
        count('altered', real.altered.size)
        const disagreeing = disagreements(foretold(told), real)
        const showsMore = isOfPresented || before.showsMore(shown) || after.showsMore(shown)
        const [excused, faulty] = partition(disagreeing, (one) => {
          const why = reasonNotAsked(one, { shown, showsMore, isUnsure })
          return why !== undefined && preview.value.notAsked.includes(why)
        })
        for (const one of excused) count(reasonNotAsked(one, { shown, showsMore, isUnsure }) ?? '')
        if (faulty.length > 0) unnamed.push({ ...where, who, faulty })
      }
      for (const [id, device] of devices) {
        const named = preview.value.devices.find((one) => one.id === id)?.verdicts ?? []
        compare(device.shown.label, device, named)
      }
      const classes = representatives(settings, unwrap(await store.enrollment.list()))
      for (const [label, shown] of classes) {
        const named = preview.value.classes.find((one) => one.label === label)?.verdicts ?? []
        compare(label, { shown }, named)
      }
      // No device and no class is named besides.
      const others = [
        ...preview.value.devices.filter(({ id }) => !devices.has(id)),
        ...preview.value.classes.filter(({ label }) => !classes.has(label)),
      ]
      if (others.length > 0) unnamed.push({ ...where, others })
    }
  }
  expect(unnamed.slice(0, 5)).toEqual([])
  // The cases are not idle: every change that is previewed is among them, and so is all that a preview says it does not ask.
  const seen = (what: string): number => met.get(what) ?? 0
  expect([...STEP_KINDS, ...NOT_ASKED, 'refused'].filter((what) => seen(what) < 3)).toEqual([])
  expect(seen('altered')).toBeGreaterThan(3000)
  const others = NOT_ASKED.reduce((sum, what) => sum + seen(what), 0)
  expect(others / seen('verdicts')).toBeLessThan(0.02)
}, 60_000)

async function emptyStore() {
  const folder = mkdtempSync(join(tmpdir(), 'tfe-preview-law-'))
  const clock = { now: () => NOW }
  const store = unwrap(
    await openStore(
      { kind: 'sqlite', path: join(folder, 'store.db') },
      { clock, ring: { keys: new Map() }, initialSettings: { enforcement: 'recording' } },
    ),
  )
  return {
    store,
    async [Symbol.asyncDispose]() {
      await store.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** As much of the admin API's context as a preview asks. */
const contextOf = (store: Store, { config }: RandomState): AdminContext =>
  ({
    store,
    clock: { now: () => NOW },
    frontEnd: { config: () => config, stateFacts: () => readStateFacts(store, config) },
  }) as unknown as AdminContext

/** What is asked about, and what the store knows of it. */
interface Met {
  /** Undefined for a client without a certificate. */
  readonly shown: Shown | undefined
  /** No CA vouched for it when it was seen. */
  readonly isUnsure?: boolean
  /** It was vouched for over a CA certificate that a device presented. */
  readonly isOfPresented?: boolean
}

/** The certificate that is kept of each device. */
async function knownDevices(
  store: Store,
  { shown }: RandomState,
): Promise<ReadonlyMap<string, Met & { readonly shown: Shown }>> {
  const devices = new Map<string, Met & { readonly shown: Shown }>()
  const settings = unwrap(await store.enrollment.list()).map(({ name }) => name)
  for (const name of [...settings, undefined]) {
    const page = unwrap(await store.devices.retainedCertificates(name, { limit: 1000 }))
    for (const { device, key, sound, setting, issuerKey } of page.items) {
      const one = shown.get(key)
      if (one === undefined) throw new Error('a device was kept that was not shown')
      const keys = setting === undefined ? [] : CHAINS[setting as SettingName].map(keyOf)
      const isOfPresented = sound && !keys.includes(issuerKey ?? '')
      devices.set(device, { shown: one, isUnsure: !sound, isOfPresented })
    }
  }
  return devices
}

const keyOf = ({ spki }: { readonly spki: Buffer }): string => hash('sha256', spki)

/** What alters, by row. */
type Altered = ReadonlyMap<string, string>

const text = ({ before, after }: Pick<AlteredVerdict, 'after' | 'before'>): string =>
  [before, after]
    .map(({ admitted, code }) => `${admitted ? 'admits' : 'refuses'} ${code}`)
    .join(' → ')

const foretold = (verdicts: readonly AlteredVerdict[]): Altered =>
  new Map(verdicts.flatMap((one) => one.rows.map((row) => [row, text(one)])))

interface RealDifferences {
  readonly all: number
  readonly altered: Altered
  /** Every verdict, for telling why one was foretold otherwise. */
  readonly texts: Altered
}

function differences(before: Verdicts, after: Verdicts): RealDifferences {
  const texts = new Map<string, string>()
  const altered = new Map<string, string>()
  for (const [row, was] of before) {
    const is = after.get(row)
    if (is === undefined) throw new Error('no change takes a row away')
    const told = text({ before: was, after: is })
    texts.set(row, told)
    if (was.admitted !== is.admitted || was.code !== is.code) altered.set(row, told)
  }
  return { all: before.size, altered, texts }
}

interface Disagreement {
  readonly row: string
  readonly told: string | undefined
  readonly real: string | undefined
}

function disagreements(told: Altered, { altered, texts }: RealDifferences): Disagreement[] {
  const rows = new Set([...told.keys(), ...altered.keys()])
  return [...rows]
    .filter((row) => told.get(row) !== altered.get(row))
    .map((row) => ({ row, told: told.get(row), real: texts.get(row) }))
}

/** What made a verdict another one than was foretold, in the words of a preview that does not ask it. */
function reasonNotAsked(
  { row, real = '' }: Disagreement,
  { shown, showsMore, isUnsure }: Pick<Met, 'isUnsure' | 'shown'> & { readonly showsMore: boolean },
): string | undefined {
  if (showsMore) return PRESENTED
  if (LISTED.test(real)) return LISTS
  if (row.startsWith('rows/near') && real.includes('address-not-allowed')) return NETWORKS
  const names = shown?.certificate.subjectAltNames ?? []
  const isNamed = names.some((name) => 'text' in name && name.text === 'urn:x-device:1')
  if (row.startsWith('rows/named') && !isNamed) return NAMES
  return isUnsure === true ? UNSURE : undefined
}

const PRESENTED = 'CA certificates that devices present and no enrollment setting in force holds'
const LISTS = 'revocation lists'
const LISTED = /\b(?:issuer-)?revoked\b|\brevocation-(?:stale|unknown)\b/u
const NETWORKS = 'networks that rows are open to'
const NAMES = 'match rules on names and policies of certificates'
const UNSURE =
  'whether a CA signed the certificates that bear its name, and that no CA vouched for when they were seen'
const NOT_ASKED = [PRESENTED, LISTS, NETWORKS, NAMES, UNSURE]

function partition<Item>(items: readonly Item[], test: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(test), items.filter((item) => !test(item))]
}
