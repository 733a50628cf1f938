/**
 * A copy of a store's file that is sent away: SQLite needs a file to write it to. Its name is taken away as soon as it is
 * open, so that nothing of it is left behind however the sending ends. It is made in a folder of its own that only this
 * account can enter: two programs do not meet there, and in a folder for temporary files no other account gets hold of it.
 */
import { mkdtemp, open, readdir, rm, stat, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { countText } from '../../kernel/count-text.ts'
import { codeOrText } from '../../kernel/error-code.ts'
import { fail, ok, type Result } from '../../kernel/types.ts'
import type { Engine } from '../engine/engine.ts'
import { explainStore } from '../explain.ts'
import type { StoreFailure } from '../failure.ts'

/** An open file without a name; the one who takes it closes it. */
export interface CopyToSend {
  readonly file: Awaited<ReturnType<typeof open>>
  readonly octets: number
}

/** Makes it in the folder of the store or, where there is no room or no right to, in that for temporary files. */
export async function copyToSend(engine: Engine): Promise<Result<CopyToSend, StoreFailure>> {
  if (engine.dialect === 'postgres') {
    const refused = await engine.backup('', 'backup')
    return refused.ok ? fail({ kind: 'backup-unwritable', tried: [] }) : refused
  }
  const tried: string[] = []
  for (const folder of new Set([dirname(engine.where), tmpdir()])) {
    const made = await copyInto(folder, engine)
    if (made.ok) return made
    if (!OF_THE_PLACE.has(made.failure.kind)) return made
    tried.push(`${folder}: ${detailOf(made.failure)}`)
  }
  return fail({ kind: 'backup-unwritable', tried })
}

/** What may be otherwise in another folder. */
const OF_THE_PLACE: ReadonlySet<StoreFailure['kind']> = new Set<StoreFailure['kind']>([
  'backup-refused',
  'store-full',
  'store-read-only',
  'store-unavailable',
])

async function copyInto(folder: string, engine: Engine): Promise<Result<CopyToSend, StoreFailure>> {
  const beginning = `${basename(engine.where)}.sending-`
  let own: string | undefined
  try {
    await removeLeft(folder, beginning)
    const room = await missingRoom(folder, engine.where)
    if (room !== undefined) return fail({ kind: 'store-full', detail: room })
    own = await mkdtemp(join(folder, beginning))
    const path = join(own, 'copy')
    const written = await engine.backup(path, 'backup')
    if (!written.ok) return written
    const file = await open(path, 'r')
    return ok({ file, octets: (await file.stat()).size })
  } catch (error) {
    return fail({ kind: 'backup-refused', detail: codeOrText(error) })
  } finally {
    if (own !== undefined) await rm(own, { recursive: true, force: true }).catch(() => {})
  }
}

/** What a killed program left: each copy is a file of its own, and would take room for good. */
async function removeLeft(folder: string, beginning: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(beginning)) continue
    const left = join(folder, name)
    const { mtimeMs } = await stat(left)
    // Of another account in a folder for temporary files it cannot be removed, which keeps no copy from being made.
    if (Date.now() - mtimeMs > LEFT_MS)
      await rm(left, { recursive: true, force: true }).catch(() => {})
  }
}

/** The folder changes as its copy is begun and done; the largest store is copied in minutes. */
const LEFT_MS = 3_600_000

/** A store that fills its own volume with a copy could not take the next change. */
async function missingRoom(folder: string, store: string): Promise<string | undefined> {
  const { bavail, bsize } = await statfs(folder)
  const { size } = await stat(store)
  const wanted = size + SPARE_OCTETS
  const found = bavail * bsize
  return found >= wanted ? undefined : `found ${countText(found, 'octet')} free, wanted ${wanted}`
}

/** What the journal of a store may grow to meanwhile (`wal_autocheckpoint`, 64 MiB). */
const SPARE_OCTETS = 64 * 1024 * 1024

const detailOf = (failure: StoreFailure): string =>
  'detail' in failure ? failure.detail : explainStore(failure).sentence
