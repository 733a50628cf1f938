/**
 * Enrollment settings and the steps of their lives: staged → current → previously-trusted → removed, or distrusted
 * at once (decision 8). The schema holds that no two are current.
 */
import { fail, ok, type Instant, type Result } from '../../kernel/types.ts'
import type { Book, By, Changed, Db, Tx } from '../transactions.ts'
import {
  readSettings,
  standingColumns,
  type Retirement,
  type StoredSetting,
  type StoredStanding,
} from './enrollment-setting.ts'
import type { StoreFailure, StoreTrouble } from '../failure.ts'
import { asExpected, type Expected } from '../version.ts'
import type { CutOff, Source, StandingWord } from '../schema/vocabulary.ts'

/** A chain that was uploaded and checked; this room keeps octets. */
export interface NewSetting {
  readonly name: string
  readonly source: Source
  readonly chain: readonly Uint8Array[]
}

/** How the one before retires when another becomes current. */
export interface Retiring {
  readonly cutOff: CutOff
  readonly sunset: Instant | undefined
}

export interface Promoted {
  readonly current: StoredSetting
  readonly retired: StoredSetting | undefined
}

export interface Removal {
  /** Removes although devices depend on it. */
  readonly force: boolean
  /** Devices whose certificate ended before this depend on nothing any more; all count when left out. */
  readonly aliveSince?: Instant | undefined
}

export class Enrollment {
  readonly #book: Book
  constructor(book: Book) {
    this.#book = book
  }

  /** All settings, removed and distrusted ones included, oldest first. */
  list(): Promise<Result<readonly StoredSetting[], StoreTrouble>> {
    return this.#book.read((db) => readSettings(db))
  }

  find(name: string): Promise<Result<StoredSetting | undefined, StoreTrouble>> {
    return this.#book.read(async (db) => (await readSettings(db, [name]))[0])
  }

  /** Fills a store that has no settings yet from the configuration file; does nothing otherwise. */
  seed(
    by: By,
    settings: readonly (NewSetting & { readonly standing: StoredStanding })[],
  ): Promise<Result<'seeded' | 'kept', StoreFailure>> {
    return this.#book.change<'seeded' | 'kept', StoreFailure>(by, async (tx, now) => {
      const existing = await tx
        .selectFrom('enrollment_settings')
        .select('name')
        .limit(1)
        .executeTakeFirst()
      if (existing !== undefined || settings.length === 0) {
        return ok({ value: 'kept', entries: [], touched: [] })
      }
      for (const setting of settings) await insert({ tx, now, setting })
      return ok({
        value: 'seeded',
        entries: settings.map(({ name, source, standing }) => ({
          action: 'enrollment.seed',
          subject: name,
          after: { source, standing },
        })),
        touched: settings.map(({ name }) => touch(name)),
      })
    })
  }

  /** Adds a setting that admits nobody yet. A name is used once, for the sake of the audit trail and of the devices under it. */
  stage(by: By, setting: NewSetting): Promise<Result<StoredSetting, StoreFailure>> {
    const { name, source } = setting
    return this.#book.change<StoredSetting, StoreFailure>(by, async (tx, now) => {
      const [existing] = await readSettings(tx, [name])
      if (existing !== undefined) {
        return fail({ kind: 'already-exists', what: 'enrollment setting', key: name })
      }
      const standing: StoredStanding = { kind: 'staged' }
      await insert({ tx, now, setting: { ...setting, standing } })
      return ok({
        value: {
          ...setting,
          standing,
          version: 1,
          createdAt: now,
          updatedAt: now,
        },
        entries: [{ action: 'enrollment.stage', subject: name, after: { source, standing } }],
        touched: [touch(name)],
      })
    })
  }

  /** Makes a staged or previously trusted setting current; the current one retires in the same step. */
  promote(
    by: By,
    name: string,
    { expected, retiring }: { readonly expected: Expected; readonly retiring: Retiring },
  ): Promise<Result<Promoted, StoreFailure>> {
    return this.#book.change<Promoted, StoreFailure>(by, async (tx, now) => {
      const found = await inStanding(tx, { name, expected }, ['staged', 'previously-trusted'])
      if (!found.ok) return found
      const settings = await readSettings(tx)
      const before = settings.find(({ standing }) => standing.kind === 'current')
      const retired =
        before === undefined
          ? undefined
          : await moved(tx, before, {
              now,
              standing: { kind: 'previously-trusted', retiredAt: now, ...retiring },
            })
      const current = await moved(tx, found.value, { now, standing: { kind: 'current' } })
      const steps = [step('enrollment.promote', found.value, current)]
      if (before !== undefined && retired !== undefined)
        steps.push(step('enrollment.retire', before, retired))
      return ok({ value: { current, retired }, ...together(steps) })
    })
  }

  /** Changes cut-off or sunset of a previously trusted setting. */
  amend(
    by: By,
    name: string,
    {
      expected,
      retirement,
    }: { readonly expected: Expected; readonly retirement: Partial<Retirement> },
  ): Promise<Result<StoredSetting, StoreFailure>> {
    return this.#book.change<StoredSetting, StoreFailure>(by, async (tx, now) => {
      const found = await inStanding(tx, { name, expected }, ['previously-trusted'])
      if (!found.ok) return found
      const { standing } = found.value
      if (standing.kind !== 'previously-trusted') return notIn(found.value, ['previously-trusted'])
      const after = await moved(tx, found.value, { now, standing: { ...standing, ...retirement } })
      return ok({ value: after, ...together([step('enrollment.amend', found.value, after)]) })
    })
  }

  /** Ends a setting's life; refused while devices depend on it or it is distrusted, unless forced; never the current one. */
  remove(
    by: By,
    name: string,
    { expected, force, aliveSince }: Removal & { readonly expected: Expected },
  ): Promise<Result<StoredSetting, StoreFailure>> {
    return this.#book.change<StoredSetting, StoreFailure>(by, async (tx, now) => {
      const found = await inStanding(tx, { name, expected }, REMOVABLE)
      if (!found.ok) return found
      // As long as it is known, its keys are refused on every path, also where somebody else cross-signed them.
      if (found.value.standing.kind === 'distrusted' && !force) {
        return fail({ kind: 'distrust-forgotten', setting: name })
      }
      const devices = await dependents(tx, name, aliveSince)
      if (devices > 0 && !force) return fail({ kind: 'setting-in-use', setting: name, devices })
      const after = await moved(tx, found.value, { now, standing: { kind: 'removed' } })
      const done = step('enrollment.remove', found.value, after)
      return ok({ value: after, ...together([{ ...done, extra: { force, devices } }]) })
    })
  }

  /** Refuses everything under a setting from now on; for a stolen CA key. Leaves no current one if it was current. */
  distrust(by: By, name: string, expected: Expected): Promise<Result<StoredSetting, StoreFailure>> {
    return this.#book.change<StoredSetting, StoreFailure>(by, async (tx, now) => {
      const found = await inStanding(tx, { name, expected }, [
        'staged',
        'current',
        'previously-trusted',
        'removed',
      ])
      if (!found.ok) return found
      const after = await moved(tx, found.value, { now, standing: { kind: 'distrusted' } })
      return ok({ value: after, ...together([step('enrollment.distrust', found.value, after)]) })
    })
  }

  /** How many devices that are not blocked last showed a sound certificate under a setting. */
  dependents(name: string, aliveSince?: Instant): Promise<Result<number, StoreTrouble>> {
    return this.#book.read((db) => dependents(db, name, aliveSince))
  }
}

const REMOVABLE: readonly StandingWord[] = ['staged', 'previously-trusted', 'distrusted']

async function inStanding(
  tx: Tx,
  { name, expected }: { readonly name: string; readonly expected: Expected },
  wanted: readonly StandingWord[],
): Promise<Result<StoredSetting, StoreFailure>> {
  const [row] = await readSettings(tx, [name])
  const found = asExpected(row, expected, { what: 'enrollment setting', key: name })
  if (!found.ok || wanted.includes(found.value.standing.kind)) return found
  return notIn(found.value, wanted)
}

const notIn = (
  { name, standing }: StoredSetting,
  wanted: readonly StandingWord[],
): { readonly ok: false; readonly failure: StoreFailure } =>
  fail({
    kind: 'standing-refused',
    setting: name,
    found: standing.kind,
    wanted: wanted.join(' or '),
  })

async function moved(
  tx: Tx,
  setting: StoredSetting,
  { now, standing }: { readonly now: Instant; readonly standing: StoredStanding },
): Promise<StoredSetting> {
  const version = setting.version + 1
  await tx
    .updateTable('enrollment_settings')
    .set({ ...standingColumns(standing), version, updated_at: now })
    .where('name', '=', setting.name)
    .execute()
  return { ...setting, standing, version, updatedAt: now }
}

interface Insertion {
  readonly tx: Tx
  readonly now: Instant
  readonly setting: NewSetting & { readonly standing: StoredStanding }
}

async function insert({ tx, now, setting }: Insertion): Promise<void> {
  const { name, source, standing, chain } = setting
  await tx
    .insertInto('enrollment_settings')
    .values({
      name,
      source,
      ...standingColumns(standing),
      version: 1,
      created_at: now,
      updated_at: now,
    })
    .execute()
  for (const [position, der] of chain.entries()) {
    await tx.insertInto('setting_certificates').values({ setting: name, position, der }).execute()
  }
}

async function dependents(db: Db, name: string, aliveSince: Instant | undefined): Promise<number> {
  const { devices } = await db
    .selectFrom('devices')
    .select(({ fn }) => fn.countAll<number>().as('devices'))
    .where('setting', '=', name)
    .where('not_after', '>=', aliveSince ?? 0)
    .where('approval', '<>', 'blocked')
    .executeTakeFirstOrThrow()
  return devices
}

interface Step {
  readonly action: string
  readonly before: StoredSetting
  readonly after: StoredSetting
  readonly extra?: object
}

const step = (action: string, before: StoredSetting, after: StoredSetting): Step => ({
  action,
  before,
  after,
})

const together = (steps: readonly Step[]): Omit<Changed<never>, 'value'> => ({
  entries: steps.map(({ action, before, after, extra }) => ({
    action,
    subject: before.name,
    before: { standing: before.standing },
    after: { standing: after.standing, ...extra },
  })),
  touched: steps.map(({ before }) => touch(before.name)),
})

const touch = (name: string) => ({ topic: 'enrollment', subject: name }) as const
