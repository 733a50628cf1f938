/**
 * The demonstration's folder: made on the first start, reused by the next ones, and mended where time or hands
 * have changed it. Says what it did.
 */
import { chmod, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DAY_MS, fail, ok, type Instant, type Result } from '../kernel/types.ts'
import { verifyFiles } from './verify-files.ts'
import { mint, type Minted, type CertificateOrder } from './mint.ts'
import { BUNDLES, type Participant, PARTICIPANTS } from './participants.ts'

/** What was done to the folder. */
export interface PreparedFolder {
  readonly made: number
  readonly reused: number
  /** What had to be made anew although it was there before. */
  readonly replaced: readonly { readonly file: string; readonly why: string }[]
}

/** Why the folder cannot be prepared. */
export type FolderFailure =
  /** The folder holds files that are not ours; writing there might destroy some. */
  | { readonly kind: 'occupied'; readonly folder: string }
  | { readonly kind: 'unwritable'; readonly folder: string; readonly code: string }

export interface PrepareOptions {
  readonly now: Instant
  /** Told before each certificate is made. */
  onProgress(done: number, of: number): void
}

/** Makes what is missing or no longer fit, and leaves the rest alone. */
export async function prepareFolder(
  folder: string,
  options: PrepareOptions,
): Promise<Result<PreparedFolder, FolderFailure>> {
  try {
    const state = await stateOf(folder)
    if (state === 'occupied') return fail({ kind: 'occupied', folder })
    if (state === 'free') await write(join(folder, MARKER_FILE), MARKER_TEXT, 0o644)
    return ok(await createFiles(folder, state === 'ours', options))
  } catch (error) {
    if (error instanceof Error && 'code' in error && 'syscall' in error) {
      return fail({ kind: 'unwritable', folder, code: String(error.code) })
    }
    throw error
  }
}

/** Says what the folder is to a person who finds it later, and marks it as ours for the next start. */
const MARKER_FILE = 'README.txt'
const MARKER_TEXT = `Made by the demonstration of the Trusted Front End (\`npm start\`).
Everything here is for play: no key in this folder protects anything. Delete it whenever you like.
`

async function stateOf(folder: string): Promise<'free' | 'occupied' | 'ours'> {
  const files: readonly string[] = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  if (files.length === 0) return 'free'
  if (!files.includes(MARKER_FILE)) return 'occupied'
  return (await readFile(join(folder, MARKER_FILE), 'utf8')) === MARKER_TEXT ? 'ours' : 'occupied'
}

async function createFiles(
  folder: string,
  before: boolean,
  options: PrepareOptions,
): Promise<PreparedFolder> {
  const minted = new Map<string, Minted>()
  const replaced: { file: string; why: string }[] = []
  let made = 0
  for (const [index, participant] of PARTICIPANTS.entries()) {
    const issuer = participant.issuer === undefined ? undefined : minted.get(participant.issuer)
    const found = await read(folder, participant)
    const why =
      found === undefined
        ? 'missing'
        : verifyFiles(participant, { found, issuer, now: options.now })
    if (found !== undefined && why === undefined) {
      minted.set(participant.file, found)
      continue
    }
    options.onProgress(index, PARTICIPANTS.length)
    const alone = await mint(certificateOrder(participant, options.now), issuer)
    const certificate = alone.certificate + (participant.chain ? (issuer?.certificate ?? '') : '')
    const fresh = { ...alone, certificate }
    await write(join(folder, `${participant.file}.key`), fresh.key, 0o600)
    await write(join(folder, `${participant.file}.pem`), fresh.certificate, 0o644)
    minted.set(participant.file, fresh)
    made += 1
    if (before && why !== undefined) replaced.push({ file: participant.file, why })
  }
  for (const { file, of } of BUNDLES) {
    const text = of.map((part) => minted.get(part)?.certificate ?? '').join('')
    const there = await readFile(join(folder, file), 'utf8').catch(() => undefined)
    if (there !== text) await write(join(folder, file), text, 0o644)
  }
  return { made, reused: PARTICIPANTS.length - made, replaced }
}

async function read(folder: string, { file }: Participant): Promise<Minted | undefined> {
  try {
    const path = join(folder, file)
    const certificate = await readFile(`${path}.pem`, 'utf8')
    const key = await readFile(`${path}.key`, 'utf8')
    // Copies and archives lose modes; after a restored folder the front end should not warn about its keys.
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

function certificateOrder(
  { purpose, commonName, names, validity }: Participant,
  now: Instant,
): CertificateOrder {
  const subject = `O=Trusted Front End demo, CN=${commonName}`
  const order = { purpose, subject, names }
  if (validity.kind === 'expired') {
    const notAfter = new Date(now - validity.days * DAY_MS)
    return { ...order, notBefore: new Date(notAfter.getTime() - 365 * DAY_MS), notAfter }
  }
  const { since, days } = validity
  const notBefore = since === undefined ? new Date(now - DAY_MS) : new Date(since)
  return { ...order, notBefore, notAfter: new Date(now + days * DAY_MS) }
}
