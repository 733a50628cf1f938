/** The file of an embedded store and its folder: who else could read what is in it, or put another in its place. */
import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import process from 'node:process'
import type { Config } from '../../config/config.ts'
import type { Fault } from '../../kernel/types.ts'
import { storeFault } from '../../serve/store-sync/configured-store.ts'
import { openCopy } from '../../store/restore/open-copy.ts'

/** Says what every account of this machine may do there; groups are left to the operator, who mounts volumes by them. */
export async function storeFileWarnings({ store }: Config): Promise<readonly Fault[]> {
  if (store?.kind !== 'sqlite' || process.platform === 'win32') return []
  const { at, path } = store
  const folder = dirname(path)
  const [ofFolder, ofFile] = [await modeOf(folder), await modeOf(path)]
  const texts = [
    ...(ofFolder !== undefined && (ofFolder & 0o002) !== 0
      ? [
          `found that every account may write to ${folder}, wanted a folder of the account that runs this: the store could be replaced there; chmod 700 ${folder}`,
        ]
      : []),
    ...(ofFile !== undefined && (ofFile & 0o007) !== 0
      ? [
          `found that every account can read or write ${path}, wanted a file of mode 600, because hashes of passwords are in it: chmod 600 ${path}`,
        ]
      : []),
  ]
  return texts.map((message) => ({ at, message }))
}

/** Whether the store is damaged: a start looks at it in the same way, and does not serve what is left of it. */
export async function storeDamage({ store }: Config): Promise<Fault | undefined> {
  if (store?.kind !== 'sqlite') return undefined
  const opened = await openCopy(store.path, 'at-start')
  if (opened.ok) await opened.value[Symbol.asyncDispose]()
  // What else keeps it from being read is told where it is read.
  return opened.ok || opened.failure.kind !== 'store-corrupt'
    ? undefined
    : storeFault(store, opened.failure)
}

async function modeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mode
  } catch {
    // What is not there is told by who opens the store.
    return undefined
  }
}
