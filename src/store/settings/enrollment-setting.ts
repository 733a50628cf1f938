import type { Selectable } from 'kysely'
import { unreachable, type Instant } from '../../kernel/types.ts'
import {
  instantColumn,
  optionalEnumColumn,
  orUndefined,
  throwUnknownRow,
  enumColumn,
} from '../schema/row.ts'
import type { Db, Tables } from '../schema/tables.ts'
import { CUT_OFFS, SOURCES, STANDINGS, type CutOff, type Source } from '../schema/vocabulary.ts'
import { readRevocations, type SettingRevocation } from './setting-revocation.ts'

/** A CA chain that devices' certificates come from (decision 8). Satisfies `decide`'s standings structurally. */
export interface StoredSetting extends SettingRevocation {
  readonly name: string
  readonly source: Source
  readonly standing: StoredStanding
  /** DER: the trust anchor and any intermediates, as they were uploaded. */
  readonly chain: readonly Uint8Array[]
  readonly version: number
  readonly createdAt: Instant
  readonly updatedAt: Instant
}

export type StoredStanding =
  | { readonly kind: 'staged' }
  | { readonly kind: 'current' }
  | ({ readonly kind: 'previously-trusted' } & Retirement)
  | { readonly kind: 'removed' }
  | { readonly kind: 'distrusted' }

/** How a CA lives on after another one became current. */
export interface Retirement {
  readonly retiredAt: Instant
  readonly cutOff: CutOff
  /** From this instant on the CA admits no device. */
  readonly sunset: Instant | undefined
}

/** The settings of those names, or all; chains included. */
export async function readSettings(
  db: Db,
  names?: readonly string[],
): Promise<readonly StoredSetting[]> {
  const query = db
    .selectFrom('enrollment_settings')
    .selectAll()
    .orderBy('created_at')
    .orderBy('name')
  const rows = await (names === undefined ? query : query.where('name', 'in', names)).execute()
  const parts = await db
    .selectFrom('setting_certificates')
    .selectAll()
    .orderBy('setting')
    .orderBy('position')
    .execute()
  const revocations = await readRevocations(db, names)
  return rows.map((row) =>
    readSetting(
      row,
      parts.filter(({ setting }) => setting === row.name).map(({ der }) => der),
      revocations.get(row.name),
    ),
  )
}

/** Row → setting. */
export function readSetting(
  row: Selectable<Tables['enrollment_settings']>,
  chain: readonly Uint8Array[],
  { revocation, resets }: SettingRevocation = UNSTATED,
): StoredSetting {
  const at = { table: 'enrollment_settings', key: row.name, row }
  return {
    name: row.name,
    source: enumColumn(at, 'source', SOURCES),
    standing: readStanding(row),
    chain,
    revocation,
    resets,
    version: row.version,
    createdAt: instantColumn(at, 'created_at'),
    updatedAt: instantColumn(at, 'updated_at'),
  }
}

/** Of a store of the version before. */
const UNSTATED: SettingRevocation = { revocation: 'unstated', resets: 0 }

/** Row → standing. */
export function readStanding(row: Selectable<Tables['enrollment_settings']>): StoredStanding {
  const at = { table: 'enrollment_settings', key: row.name, row }
  const kind = enumColumn(at, 'standing', STANDINGS)
  switch (kind) {
    case 'staged':
    case 'current':
    case 'removed':
    case 'distrusted':
      return { kind }
    case 'previously-trusted':
      return {
        kind,
        retiredAt: instantColumn(at, 'retired_at'),
        cutOff:
          optionalEnumColumn(at, 'cut_off', CUT_OFFS) ??
          throwUnknownRow(at, 'cut_off', { found: 'null', wanted: 'a cut-off' }),
        sunset: orUndefined(row.sunset) as Instant | undefined,
      }
    default:
      return unreachable(kind)
  }
}

/** Standing → columns. */
export const standingColumns = (
  standing: StoredStanding,
): Pick<
  Selectable<Tables['enrollment_settings']>,
  'standing' | 'retired_at' | 'cut_off' | 'sunset'
> =>
  standing.kind === 'previously-trusted'
    ? {
        standing: standing.kind,
        retired_at: standing.retiredAt,
        cut_off: standing.cutOff,
        sunset: standing.sunset ?? null,
      }
    : { standing: standing.kind, retired_at: null, cut_off: null, sunset: null }
