/**
 * What an enrollment setting asks of revocation, and where its lists are (decision 31): rows → values and back.
 */
import type { Selectable } from 'kysely'
import type { Millis } from '../../kernel/types.ts'
import { placeOf, type ListSource } from '../../trust/list-source.ts'
import { optionalEnumColumn, enumColumn, throwUnknownRow } from '../schema/row.ts'
import type { Db, Tables, Tx } from '../schema/tables.ts'
import { LIST_KINDS, REVOCATION_FAILURES, type RevocationFailure } from '../schema/vocabulary.ts'

/** What a setting asks of revocation; it has one list at least. */
export interface StoredRevocation {
  /** What follows while it is unknown whether a certificate was revoked. */
  readonly failure: RevocationFailure
  /** How long a list counts after its nextUpdate, under `hard-fail`. */
  readonly grace: Millis
  /** How often a URL is asked again. */
  readonly refresh: Millis
  readonly lists: readonly [ListSource, ...ListSource[]]
}

/** What is known of a setting's revocation. */
export interface SettingRevocation {
  /**
   * `unstated` in a store of the version before, until its first start: the lists stood in the file alone. `none`: it
   * was decided that no revocation is asked for.
   */
  readonly revocation: StoredRevocation | 'none' | 'unstated'
  /** How often an administrator let an older list take the place of a newer one. */
  readonly resets: number
}

/** Reads what the settings of those names ask of revocation, or all. */
export async function readRevocations(
  db: Db,
  names?: readonly string[],
): Promise<ReadonlyMap<string, SettingRevocation>> {
  const policies = db.selectFrom('setting_revocation').selectAll()
  const rows = await (
    names === undefined ? policies : policies.where('setting', 'in', names)
  ).execute()
  const sources = db.selectFrom('setting_lists').selectAll().orderBy('setting').orderBy('position')
  const lists = await (
    names === undefined ? sources : sources.where('setting', 'in', names)
  ).execute()
  const byName = Map.groupBy(lists, ({ setting }) => setting)
  return new Map(rows.map((row) => [row.setting, joined(row, byName.get(row.setting) ?? [])]))
}

function joined(
  row: Selectable<Tables['setting_revocation']>,
  sources: readonly Selectable<Tables['setting_lists']>[],
): SettingRevocation {
  const { failure, ...policy } = readRevocationPolicy(row)
  const [first, ...others] = sources.map(readRevocationSource)
  const { resets } = row
  if (failure === undefined) return { revocation: 'none', resets }
  if (first === undefined) {
    const at = { table: 'setting_revocation', key: row.setting, row }
    return throwUnknownRow(at, 'failure', { found: failure, wanted: 'null without any list' })
  }
  return { revocation: { failure, ...policy, lists: [first, ...others] }, resets }
}

/** Row → what is asked for. */
export function readRevocationPolicy(row: Selectable<Tables['setting_revocation']>) {
  const at = { table: 'setting_revocation', key: row.setting, row }
  for (const column of ['grace', 'refresh', 'resets'] as const) {
    if (!Number.isSafeInteger(row[column]) || row[column] < 0)
      throwUnknownRow(at, column, { found: String(row[column]), wanted: 'a whole number from 0' })
  }
  return {
    failure: optionalEnumColumn(at, 'failure', REVOCATION_FAILURES),
    grace: row.grace as Millis,
    refresh: row.refresh as Millis,
  }
}

/** Row → where a list is. */
export function readRevocationSource(row: Selectable<Tables['setting_lists']>): ListSource {
  const at = { table: 'setting_lists', key: `${row.setting}, ${row.position}`, row }
  const kind = enumColumn(at, 'kind', LIST_KINDS)
  const { place, der } = row
  if (kind === 'file') return { kind, path: place }
  if (kind === 'url') return { kind, url: place }
  if (der !== null) return { kind, digest: place, octets: der }
  return throwUnknownRow(at, 'der', { found: 'null', wanted: 'the octets of the uploaded list' })
}

/** Writes what a setting asks for in place of what it asked for before; lists that are not named any more are forgotten. */
export async function writeRevocation(
  tx: Tx,
  setting: string,
  {
    revocation,
    resets,
  }: { readonly revocation: StoredRevocation | 'none'; readonly resets: number },
): Promise<void> {
  const policy = revocation === 'none' ? NO_POLICY : revocation
  const row = {
    setting,
    failure: policy.failure,
    grace: policy.grace,
    refresh: policy.refresh,
    resets,
  }
  await tx
    .insertInto('setting_revocation')
    .values(row)
    .onConflict((one) => one.column('setting').doUpdateSet(row))
    .execute()
  await tx.deleteFrom('setting_lists').where('setting', '=', setting).execute()
  for (const [position, source] of policy.lists.entries()) {
    const der = source.kind === 'upload' ? source.octets : null
    const place = placeOf(source)
    await tx
      .insertInto('setting_lists')
      .values({ setting, position, kind: source.kind, place, der })
      .execute()
  }
  const places = policy.lists.map(placeOf)
  const kept = tx.deleteFrom('kept_lists').where('setting', '=', setting)
  await (places.length === 0 ? kept : kept.where('place', 'not in', places)).execute()
}

const NO_POLICY = { failure: null, grace: 0, refresh: 0, lists: [] as ListSource[] }
