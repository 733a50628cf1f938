/**
 * The demonstration's store: made on its first start, kept for the next ones, with an administrator whose token lies
 * beside it. For play; a store for devices is made by `tfe init`.
 */
import { existsSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { hashOf } from '../../admin/auth/token-text.ts'
import type { LoadedConfig } from '../../config/config.ts'
import { DAY_MS, type Fault, type Result } from '../../kernel/types.ts'
import type { Store } from '../../store/port.ts'
import { createAdmin } from './create-admin.ts'
import { storeDifferences } from './store-differences.ts'
import { createStore } from '../../serve/store-sync/create-store.ts'
import { configuredStore, openConfiguredStore } from '../../serve/store-sync/configured-store.ts'

const ACTOR = { who: 'demo', from: 'start' }

/**
 * Makes what is missing, so that `tokenFile` holds a token that is good for at least a day. Returns in what a store that
 * was there differs from a new one.
 */
export async function demoStore(
  loaded: LoadedConfig,
  tokenFile: string,
): Promise<Result<readonly string[], readonly Fault[]>> {
  const configured = configuredStore(loaded.config)
  if (!configured.ok) return configured
  if (configured.value.kind === 'sqlite' && !existsSync(configured.value.path)) {
    const created = await createStore(loaded, ACTOR)
    if (!created.ok) return created
  }
  const opened = await openConfiguredStore(configured.value)
  if (!opened.ok) return opened
  try {
    const differences = await storeDifferences(opened.value, loaded, configured.value)
    if (!differences.ok || (await isGood(tokenFile, opened.value))) return differences
    await rm(tokenFile, { force: true })
    const credential = { kind: 'token-file', path: tokenFile } as const
    const created = await createAdmin(
      opened.value,
      { name: 'demo', role: 'administrator', credential },
      ACTOR,
    )
    return created.ok ? differences : created
  } finally {
    await opened.value.close()
  }
}

async function isGood(tokenFile: string, { credentials }: Store): Promise<boolean> {
  const token = await readFile(tokenFile, 'utf8').catch(() => '')
  const found = await credentials.findToken(hashOf(token.trim()))
  return found.ok && found.value !== undefined && found.value.token.expiresAt > Date.now() + DAY_MS
}
