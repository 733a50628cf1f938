/** Where the secrets come from that a document takes from its store. */
import type { FileReader } from './reading/files.ts'
import type { StoredSecrets, UnreadSecrets } from './reading/stored-secrets.ts'
import type { StoreConfig } from './service/types.ts'

/** Where everything comes from that a document refers to. */
export interface ContentReader extends FileReader {
  /** Reads what `store:` references name; nothing is read of the store when undefined. */
  readonly secrets?: SecretReader
}

/** How secrets are read for a document. */
export interface SecretReader {
  /** What becomes of settings whose secret could not be looked at; those of a document that is served by are faults. */
  readonly unread: UnreadSecrets
  /** Reads them; `store` is undefined where the document names none. */
  read(store: StoreConfig | undefined, names: readonly string[]): Promise<StoredSecrets>
}

/** For commands that look into no store. */
export const NO_SECRETS: SecretReader = {
  unread: 'left-out',
  read: () => Promise.resolve({ kind: 'unread', why: 'found a command that opens no secrets' }),
}
