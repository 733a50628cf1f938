/**
 * The secrets that a configuration takes from its store, opened beside whatever serves from it: for each reading of the
 * configuration the store is opened to be read, and closed again, so that a start, a reload and `tfe check` all see the
 * same. Only the process that reads the configuration does so.
 */
import type { StoredSecret, StoredSecrets } from '../../config/reading/stored-secrets.ts'
import type { ContentReader } from '../../config/secret-reader.ts'
import { diskReader } from '../../config/reading/files.ts'
import type { StoreConfig } from '../../config/service/types.ts'
import { ok } from '../../kernel/types.ts'
import { explainStore, isTrouble } from '../../store/explain.ts'
import type { StoreFailure } from '../../store/failure.ts'
import { readStore } from '../../store/store.ts'
import { SYSTEM_CLOCK } from '../process/system-clock.ts'
import { keyRingOf, storeSettingsOf, type ConfiguredStore } from './configured-store.ts'

/**
 * Files and secrets for a configuration that is served by: what cannot be looked at is a fault. With a document, that is
 * read in place of the file's content now.
 */
export const servedFiles = (file: string, document?: Buffer): ContentReader => ({
  read: async (path) =>
    path === file && document !== undefined
      ? ok({ bytes: document, exposure: undefined, stamp: undefined })
      : await diskReader.read(path),
  secrets: { unread: 'refused', read: readSecrets },
})

/** The same for one that is looked at: a certificate whose secret cannot be looked at is left out, with a warning. */
export const LOOKED_AT: ContentReader = {
  ...diskReader,
  secrets: { unread: 'left-out', read: readSecrets },
}

async function readSecrets(
  store: StoreConfig | undefined,
  names: readonly string[],
): Promise<StoredSecrets> {
  if (store === undefined || store.kind === 'dangerous-none') {
    return closed(
      names,
      (name) =>
        `found the secret ${name} and no store in this configuration, wanted the store that holds it: add store with keys, or name a file`,
    )
  }
  if (store.keys === undefined) {
    return closed(
      names,
      (name) =>
        `found the secret ${name} and a store without keys, wanted the key ring that opens it: add store.keys, or name a file`,
    )
  }
  return await readFrom(store, names)
}

async function readFrom(store: ConfiguredStore, names: readonly string[]): Promise<StoredSecrets> {
  const ring = await keyRingOf(store)
  if (!ring.ok) {
    return { kind: 'unread', why: ring.failure.map(({ message }) => message).join('; ') }
  }
  const opened = await readStore(storeSettingsOf(store), SYSTEM_CLOCK, ring.value)
  if (!opened.ok) return { kind: 'unread', why: failureText(opened.failure) }
  try {
    const secrets = new Map<string, StoredSecret>()
    for (const name of names) {
      const found = await opened.value.secrets.open(name)
      if (!found.ok && isTrouble(found.failure)) {
        return { kind: 'unread', why: failureText(found.failure) }
      }
      secrets.set(
        name,
        !found.ok
          ? { kind: 'closed', why: failureText(found.failure) }
          : found.value === undefined
            ? { kind: 'absent' }
            : { kind: 'opened', bytes: found.value.secret },
      )
    }
    return { kind: 'read', secrets }
  } finally {
    await opened.value.close()
  }
}

const closed = (names: readonly string[], why: (name: string) => string): StoredSecrets => ({
  kind: 'read',
  secrets: new Map(names.map((name) => [name, { kind: 'closed', why: why(name) }])),
})

function failureText(failure: StoreFailure): string {
  const { sentence, nextStep } = explainStore(failure)
  return `${sentence}: ${nextStep}`
}
