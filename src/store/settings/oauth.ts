/**
 * The two OAuth endpoints, each of which can be disabled and enabled again, never both disabled (S0-27 … S0-30).
 */
import type { Selectable } from 'kysely'
import { fail, ok } from '../../kernel/types.ts'
import type { Transactions, Actor } from '../transactions.ts'
import type { Answer, Outcome } from '../failure.ts'
import { enumColumn, throwNoRow } from '../schema/row.ts'
import type { Db, Tables } from '../schema/tables.ts'
import { checkVersion, type ExpectedVersion } from '../versioned-rows.ts'
import { ENDPOINT_STATES, type EndpointState } from '../schema/vocabulary.ts'

/** The new (mutual) and the legacy endpoint (S0-27 … S0-30). */
export interface StoredOauth {
  readonly mutual: EndpointState
  readonly legacy: EndpointState
  readonly version: number
}

export class Oauth {
  readonly #transactions: Transactions
  constructor(transactions: Transactions) {
    this.#transactions = transactions
  }

  current(): Answer<StoredOauth> {
    return this.#transactions.read(readOauth)
  }

  /** Sets both endpoints; never both disabled. Preconditions and confirmations are checked by the admin API. */
  set(
    actor: Actor,
    endpoints: Pick<StoredOauth, 'mutual' | 'legacy'>,
    expected: ExpectedVersion,
  ): Outcome<StoredOauth> {
    return this.#transactions.change<StoredOauth>(actor, async (tx, now) => {
      const before = await readOauth(tx)
      const found = checkVersion(before, expected, { what: 'oauth', key: 'oauth' })
      if (!found.ok) return found
      const { mutual, legacy } = endpoints
      if (mutual === 'disabled' && legacy === 'disabled') {
        return fail({ kind: 'oauth-both-disabled' })
      }
      const after: StoredOauth = { mutual, legacy, version: before.version + 1 }
      await tx
        .updateTable('oauth')
        .set({ ...after, updated_at: now })
        .where('id', '=', 1)
        .execute()
      return ok({
        value: after,
        entries: [{ action: 'oauth.set', subject: 'oauth', before, after }],
        notices: [{ topic: 'oauth', subject: 'oauth' }],
      })
    })
  }
}

async function readOauth(db: Db): Promise<StoredOauth> {
  const row = await db.selectFrom('oauth').selectAll().executeTakeFirst()
  return row === undefined ? throwNoRow('oauth') : readOauthRow(row)
}

/** Row → OAuth endpoints. */
export function readOauthRow(row: Selectable<Tables['oauth']>): StoredOauth {
  const at = { table: 'oauth', key: String(row.id), row }
  return {
    mutual: enumColumn(at, 'mutual', ENDPOINT_STATES),
    legacy: enumColumn(at, 'legacy', ENDPOINT_STATES),
    version: row.version,
  }
}
