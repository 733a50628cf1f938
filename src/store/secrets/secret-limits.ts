/** How large a secret may be, how many a store takes, and the one of the program beside them. */
import type { Db } from '../schema/tables.ts'

/** The name of the secret behind session tickets: replaced by the program, never exported, written by no call. */
export const TICKET_SECRET = 'tfe session tickets'

/**
 * A keystore with a key of 4096 bits and four certificates has 10 KiB. Each reading of a configuration opens the secrets that
 * it names, and a call of the admin API carries one as 100,000 characters of base64.
 */
export const MAX_SECRET_OCTETS = 75_000

/** A thousand certificates of listeners and upstreams. One list shows all names, and sealing anew goes through all. */
export const MAX_SECRETS = 1000

/** The program's own secret counts for none, and is never kept out by those of others. */
export async function isFull(db: Db, name: string): Promise<boolean> {
  if (name === TICKET_SECRET) return false
  const { many } = await db
    .selectFrom('secrets')
    .select(({ fn }) => fn.countAll<number>().as('many'))
    .where('name', '<>', TICKET_SECRET)
    .executeTakeFirstOrThrow()
  return many >= MAX_SECRETS
}
