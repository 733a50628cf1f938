/**
 * The demonstration's folder: made on the first start, reused by the next ones, and mended where time or hands
 * have changed it. Says what it did.
 */
import { chmod, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fail, ok, type Instant, type Result } from '../kernel/types.ts'
import { amiss } from './verify-files.ts'
import { mint, type Minted, type Order } from './mint.ts'
import { BUNDLES, type Entry, ROSTER } from './participants.ts'

/** What was done to the folder. */
export interface World {
  readonly made: number
  readonly kept: number
  /** What had to be made anew although it was there before. */
  readonly mended: readonly { readonly file: string; readonly why: string }[]
}

/** Why there is no world. */
export type WorldFailure =
  /** The folder holds files that are not ours; writing there might destroy some. */
  | { readonly kind: 'occupied'; readonly folder: string }
  | { readonly kind: 'unwritable'; readonly folder: string; readonly code: string }

export interface Workshop {
  readonly now: Instant
  /** Told before each certificate is made. */
  making(done: number, of: number): void
}

/** Makes what is missing or no longer fit, and leaves the rest alone. */
export async function prepareWorld(
  folder: string,
  workshop: Workshop,
): Promise<Result<World, WorldFailure>> {
  try {
    const state = await stateOf(folder)
    if (state === 'occupied') return fail({ kind: 'occupied', folder })
    if (state === 'free') await write(join(folder, MARK), MARK_TEXT, 0o644)
    return ok(await furnish(folder, state === 'ours', workshop))
  } catch (error) {
    if (error instanceof Error && 'code' in error && 'syscall' in error) {
      return fail({ kind: 'unwritable', folder, code: String(error.code) })
    }
    throw error
  }
}

/** Who finds the folder later should know what it is; and so do we know that it is ours. */
const MARK = 'README.txt'
const MARK_TEXT = `Made by the demonstration of the Trusted Front End (\`npm start\`).
Everything here is for play: no key in this folder protects anything. Delete it whenever you like.
`

async function stateOf(folder: string): Promise<'free' | 'occupied' | 'ours'> {
  const files: readonly string[] = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  if (files.length === 0) return 'free'
  if (!files.includes(MARK)) return 'occupied'
  return (await readFile(join(folder, MARK), 'utf8')) === MARK_TEXT ? 'ours' : 'occupied'
}

async function furnish(folder: string, before: boolean, workshop: Workshop): Promise<World> {
  const minted = new Map<string, Minted>()
  const mended: { file: string; why: string }[] = []
  let made = 0
  for (const [index, entry] of ROSTER.entries()) {
    const issuer = entry.issuer === undefined ? undefined : minted.get(entry.issuer)
    const found = await read(folder, entry)
    const why = found === undefined ? 'missing' : amiss(entry, { found, issuer, now: workshop.now })
    if (found !== undefined && why === undefined) {
      minted.set(entry.file, found)
      continue
    }
    workshop.making(index, ROSTER.length)
    const alone = await mint(orderFor(entry, workshop.now), issuer)
    const certificate = alone.certificate + (entry.chain ? (issuer?.certificate ?? '') : '')
    const fresh = { ...alone, certificate }
    await write(join(folder, `${entry.file}.key`), fresh.key, 0o600)
    await write(join(folder, `${entry.file}.pem`), fresh.certificate, 0o644)
    minted.set(entry.file, fresh)
    made += 1
    if (before && why !== undefined) mended.push({ file: entry.file, why })
  }
  for (const { file, of } of BUNDLES) {
    const text = of.map((part) => minted.get(part)?.certificate ?? '').join('')
    const there = await readFile(join(folder, file), 'utf8').catch(() => undefined)
    if (there !== text) await write(join(folder, file), text, 0o644)
  }
  return { made, kept: ROSTER.length - made, mended }
}

async function read(folder: string, { file }: Entry): Promise<Minted | undefined> {
  try {
    const path = join(folder, file)
    const certificate = await readFile(`${path}.pem`, 'utf8')
    const key = await readFile(`${path}.key`, 'utf8')
    // Copies and archives lose modes; whoever restores the folder should not be warned about its keys.
    await chmod(`${path}.key`, 0o600)
    return { certificate, key }
  } catch {
    return undefined
  }
}

/** In one step, so that an interrupted start leaves a whole file or none. */
async function write(path: string, text: string, mode: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(`${path}.new`, text, { mode })
  await rename(`${path}.new`, path)
}

function orderFor({ purpose, commonName, names, validity }: Entry, now: Instant): Order {
  const subject = `O=Trusted Front End demo, CN=${commonName}`
  const order = { purpose, subject, names }
  if (validity.kind === 'expired') {
    const notAfter = new Date(now - validity.days * DAY)
    return { ...order, notBefore: new Date(notAfter.getTime() - 365 * DAY), notAfter }
  }
  const { since, days } = validity
  const notBefore = since === undefined ? new Date(now - DAY) : new Date(since)
  return { ...order, notBefore, notAfter: new Date(now + days * DAY) }
}

const DAY = 86_400_000
