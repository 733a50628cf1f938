/**
 * A copy of a store's file that is sent away: SQLite needs a file to write it to. Its name is taken away as soon as it is
 * open, so that nothing of it is left behind however the sending ends.
 */
import { open, rm, stat, statfs } from 'node:fs/promises'
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
    const path = join(folder, `${basename(engine.where)}.sending`)
    const made = await copyInto(path, engine)
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

async function copyInto(path: string, engine: Engine): Promise<Result<CopyToSend, StoreFailure>> {
  try {
    const room = await missingRoom(path, engine.where)
    if (room !== undefined) return fail({ kind: 'store-full', detail: room })
    await rm(path, { force: true })
    const written = await engine.backup(path, 'backup')
    if (!written.ok) return written
    const file = await open(path, 'r')
    await rm(path)
    return ok({ file, octets: (await file.stat()).size })
  } catch (error) {
    return fail({ kind: 'backup-refused', detail: codeOrText(error) })
  }
}

/** A store that fills its own volume with a copy could not take the next change. */
async function missingRoom(path: string, store: string): Promise<string | undefined> {
  const { bavail, bsize } = await statfs(dirname(path))
  const { size } = await stat(store)
  const wanted = size + SPARE_OCTETS
  const found = bavail * bsize
  return found >= wanted ? undefined : `found ${countText(found, 'octet')} free, wanted ${wanted}`
}

/** What the journal of a store may grow to meanwhile (`wal_autocheckpoint`, 64 MiB). */
const SPARE_OCTETS = 64 * 1024 * 1024

const detailOf = (failure: StoreFailure): string =>
  'detail' in failure ? failure.detail : explainStore(failure).sentence
