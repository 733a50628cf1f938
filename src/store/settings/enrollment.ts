/**
 * Enrollment settings and the steps of their lives: staged → current → previously-trusted → removed, or distrusted
 * at once (decision 8). The schema holds that no two are current.
 */
import { fail, ok, type Instant } from '../../kernel/types.ts'
import type { Transactions, Actor, ChangeResult } from '../transactions.ts'
import {
  readSettings,
  standingColumns,
  type Retirement,
  type StoredSetting,
  type StoredStanding,
} from './enrollment-setting.ts'
import { revocationRecord } from './revocation-lists.ts'
import { writeRevocation, type StoredRevocation } from './setting-revocation.ts'
import type { Answer, Outcome, StoreFailure } from '../failure.ts'
import { checkVersion, type ExpectedVersion } from '../versioned-rows.ts'
import type { CutOff, Source, StandingKind } from '../schema/vocabulary.ts'
import type { Db, Tx } from '../schema/tables.ts'

/** A chain that was uploaded and checked; the store keeps its octets. */
export interface NewSetting {
  readonly name: string
  readonly source: Source
  readonly chain: readonly Uint8Array[]
  /** Its revocation lists; it asks for none when left out. */
  readonly revocation?: StoredRevocation | undefined
}

/** How the one before retires when another becomes current. */
export interface RetirementTerms {
  readonly cutOff: CutOff
  readonly sunset: Instant | undefined
}

export interface Promotion {
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
  readonly #transactions: Transactions
  constructor(transactions: Transactions) {
    this.#transactions = transactions
  }

  /** All settings, removed and distrusted ones included, oldest first. */
  list(): Answer<readonly StoredSetting[]> {
    return this.#transactions.read((db) => readSettings(db))
  }

  find(name: string): Answer<StoredSetting | undefined> {
    return this.#transactions.read(async (db) => (await readSettings(db, [name]))[0])
  }

  /** Fills a store that has no settings yet from the configuration file; does nothing otherwise. */
  seed(
    actor: Actor,
    settings: readonly (NewSetting & { readonly standing: StoredStanding })[],
  ): Outcome<'seeded' | 'kept'> {
    return this.#transactions.change<'seeded' | 'kept'>(actor, async (tx, now) => {
      const existing = await tx
        .selectFrom('enrollment_settings')
        .select('name')
        .limit(1)
        .executeTakeFirst()
      if (existing !== undefined || settings.length === 0) {
        return ok({ value: 'kept' })
      }
      for (const setting of settings) await insert({ tx, now, setting })
      return ok({
        value: 'seeded',
        entries: settings.map(({ name, source, standing, revocation }) => ({
          action: 'enrollment.seed',
          subject: name,
          after: { source, standing, ...revocationRecord(revocation ?? 'none') },
        })),
        notices: settings.map(({ name }) => enrollmentNotice(name)),
      })
    })
  }

  /** Adds a setting that admits no device yet. A name is used once, for the sake of the audit trail and of the devices under it. */
  stage(actor: Actor, setting: NewSetting): Outcome<StoredSetting> {
    const { name, source, revocation = 'none' } = setting
    return this.#transactions.change<StoredSetting>(actor, async (tx, now) => {
      const [existing] = await readSettings(tx, [name])
      if (existing !== undefined) {
        const isRemoved = existing.standing.kind === 'removed' ? ({ isRemoved: true } as const) : {}
        return fail({
          kind: 'already-exists',
          what: 'enrollment setting',
          key: name,
          ...isRemoved,
        })
      }
      const standing: StoredStanding = { kind: 'staged' }
      await insert({ tx, now, setting: { ...setting, standing } })
      return ok({
        value: {
          ...setting,
          revocation,
          resets: 0,
          standing,
          version: 1,
          createdAt: now,
          updatedAt: now,
        },
        entries: [
          {
            action: 'enrollment.stage',
            subject: name,
            after: { source, standing, ...revocationRecord(revocation) },
          },
        ],
        notices: [enrollmentNotice(name)],
      })
    })
  }

  /** Makes a staged or previously trusted setting current; the current one retires in the same step. */
  promote(
    actor: Actor,
    name: string,
    {
      expected,
      retiring,
    }: { readonly expected: ExpectedVersion; readonly retiring: RetirementTerms },
  ): Outcome<Promotion> {
    return this.#transactions.change<Promotion>(actor, async (tx, now) => {
      const found = await findInStanding(tx, { name, expected }, ['staged', 'previously-trusted'])
      if (!found.ok) return found
      const settings = await readSettings(tx)
      const before = settings.find(({ standing }) => standing.kind === 'current')
      const standing = { kind: 'previously-trusted', retiredAt: now, ...retiring } as const
      const retired = before && (await updateStanding(tx, before, { now, standing }))
      const current = await updateStanding(tx, found.value, { now, standing: { kind: 'current' } })
      const steps = [{ action: 'enrollment.promote', before: found.value, after: current }]
      if (before !== undefined && retired !== undefined)
        steps.push({ action: 'enrollment.retire', before, after: retired })
      return ok({ value: { current, retired }, ...recorded(...steps) })
    })
  }

  /** Changes cut-off or sunset of a previously trusted setting. */
  amend(
    actor: Actor,
    name: string,
    {
      expected,
      retirement,
    }: { readonly expected: ExpectedVersion; readonly retirement: Partial<Retirement> },
  ): Outcome<StoredSetting> {
    return this.#transactions.change<StoredSetting>(actor, async (tx, now) => {
      const found = await findInStanding(tx, { name, expected }, ['previously-trusted'])
      if (!found.ok) return found
      const { standing } = found.value
      if (standing.kind !== 'previously-trusted')
        return standingRefusal(found.value, ['previously-trusted'])
      const after = await updateStanding(tx, found.value, {
        now,
        standing: { ...standing, ...retirement },
      })
      const step = { action: 'enrollment.amend', before: found.value, after }
      return ok({ value: after, ...recorded(step) })
    })
  }

  /** Ends a setting's life; refused while devices depend on it or it is distrusted, unless forced; never the current one. */
  remove(
    actor: Actor,
    name: string,
    { expected, force, aliveSince }: Removal & { readonly expected: ExpectedVersion },
  ): Outcome<StoredSetting> {
    return this.#transactions.change<StoredSetting>(actor, async (tx, now) => {
      const found = await findInStanding(tx, { name, expected }, REMOVABLE)
      if (!found.ok) return found
      // As long as it is known, its keys are refused on every path, also where another CA cross-signed them.
      if (found.value.standing.kind === 'distrusted' && !force) {
        return fail({ kind: 'distrust-forgotten', setting: name })
      }
      const devices = await dependents(tx, name, aliveSince)
      if (devices > 0 && !force) return fail({ kind: 'setting-in-use', setting: name, devices })
      const after = await updateStanding(tx, found.value, { now, standing: { kind: 'removed' } })
      const extra = { force, devices }
      const step = { action: 'enrollment.remove', before: found.value, after, extra }
      return ok({ value: after, ...recorded(step) })
    })
  }

  /** Refuses everything under a setting from now on; for a stolen CA key. Leaves no current one if it was current. */
  distrust(actor: Actor, name: string, expected: ExpectedVersion): Outcome<StoredSetting> {
    return this.#transactions.change<StoredSetting>(actor, async (tx, now) => {
      const found = await findInStanding(tx, { name, expected }, [
        'staged',
        'current',
        'previously-trusted',
        'removed',
      ])
      if (!found.ok) return found
      const after = await updateStanding(tx, found.value, { now, standing: { kind: 'distrusted' } })
      const step = { action: 'enrollment.distrust', before: found.value, after }
      return ok({ value: after, ...recorded(step) })
    })
  }

  /** How many devices that are not blocked last showed a sound certificate under a setting. */
  dependents(name: string, aliveSince?: Instant): Answer<number> {
    return this.#transactions.read((db) => dependents(db, name, aliveSince))
  }
}

const REMOVABLE: readonly StandingKind[] = ['staged', 'previously-trusted', 'distrusted']

async function findInStanding(
  tx: Tx,
  { name, expected }: { readonly name: string; readonly expected: ExpectedVersion },
  wanted: readonly StandingKind[],
): Outcome<StoredSetting> {
  const [row] = await readSettings(tx, [name])
  const found = checkVersion(row, expected, { what: 'enrollment setting', key: name })
  if (!found.ok || wanted.includes(found.value.standing.kind)) return found
  return standingRefusal(found.value, wanted)
}

const standingRefusal = (
  { name, standing }: StoredSetting,
  wanted: readonly StandingKind[],
): { readonly ok: false; readonly failure: StoreFailure } =>
  fail({
    kind: 'standing-refused',
    setting: name,
    found: standing.kind,
    wanted: wanted.join(' or '),
  })

async function updateStanding(
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
  await writeRevocation(tx, name, { revocation: setting.revocation ?? 'none', resets: 0 })
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

interface StandingChange {
  readonly action: string
  readonly before: StoredSetting
  readonly after: StoredSetting
  readonly extra?: object
}

/** What is written down of changes of standings that were made together. */
const recorded = (...steps: readonly StandingChange[]): Omit<ChangeResult<never>, 'value'> => ({
  entries: steps.map(({ action, before, after, extra }) => ({
    action,
    subject: before.name,
    before: { standing: before.standing },
    after: { standing: after.standing, ...extra },
  })),
  notices: steps.map(({ before }) => enrollmentNotice(before.name)),
})

const enrollmentNotice = (name: string) => ({ topic: 'enrollment', subject: name }) as const
