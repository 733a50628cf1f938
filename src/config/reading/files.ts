/**
 * Reads the files that a configuration names: whole, under a bound, before anything is made of them.
 */
import { errorCode } from '../../kernel/error-code.ts'
import { fileExposure, type FileExposure } from '../../kernel/file-exposure.ts'
import { constants, type Stats } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import process from 'node:process'
import type { KeystoreOpener } from '../../handshake/pkcs12/open-on-thread.ts'
import { fail, ok, type Result, unreachable } from '../../kernel/types.ts'

/** Where the content of files comes from. */
export interface FileReader {
  read(path: string): Promise<Result<FileContent, FileFailure>>
  /** Opens what PKCS#12 files hold; a thread does it when undefined. */
  readonly openKeystore?: KeystoreOpener
  /** What relative `file:` references start from; the configuration file's folder when undefined. */
  readonly folder?: string
}

export interface FileContent {
  readonly bytes: Buffer
  /** Who besides its owner can get at it; undefined where none can, or the system cannot say. */
  readonly exposure: FileExposure | undefined
  /** As `fileStamp` had it when the reading began; undefined where it is not read from a disk. */
  readonly stamp: string | undefined
}

export type FileFailure =
  | { readonly kind: 'absent' }
  | { readonly kind: 'empty' }
  | { readonly kind: 'not-a-file' }
  | { readonly kind: 'too-large'; readonly limit: number }
  | { readonly kind: 'unreadable'; readonly code: string }

/** The disk of this machine. */
export const diskReader: FileReader = { read: readFromDisk }

/** 4 MiB: all public CAs of the world in one PEM file are a quarter of that. */
const MAX_FILE_BYTES = 4 * 1024 * 1024

async function readFromDisk(path: string): Promise<Result<FileContent, FileFailure>> {
  try {
    // Without O_NONBLOCK a named pipe would hold the start until it is written to.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const about = await file.stat()
    const stamp = stampOf(about)
    if (!about.isFile()) return fail({ kind: 'not-a-file' })
    if (about.size > MAX_FILE_BYTES) return fail({ kind: 'too-large', limit: MAX_FILE_BYTES })
    const bytes = await file.readFile()
    if (bytes.length === 0) return fail({ kind: 'empty' })
    return ok({ bytes, exposure: await exposureOf(path, about), stamp })
  } catch (error) {
    const code = errorCode(error) || 'unknown'
    if (code === 'ENOENT' || code === 'ENOTDIR') return fail({ kind: 'absent' })
    if (code === 'EISDIR') return fail({ kind: 'not-a-file' })
    return fail({ kind: 'unreadable', code })
  }
}

/**
 * Says which content a path leads to, without reading it: another file behind a link, or other octets in the same file, have
 * another stamp. The code of the failure where there is none. What a stamp cannot tell is a file that is written twice within
 * one tick of its disk's clock, some milliseconds, and is as long as before.
 */
export async function fileStamp(path: string): Promise<string> {
  try {
    return stampOf(await stat(path))
  } catch (error) {
    return errorCode(error) || 'unknown'
  }
}

const stampOf = ({ dev, ino, size, mtimeMs, ctimeMs }: Stats): string =>
  [dev, ino, size, mtimeMs, ctimeMs].join(' ')

/** A link is followed: what it leads to counts, and the folder that the link lies in. */
async function exposureOf(
  path: string,
  { mode, uid }: Pick<Stats, 'mode' | 'uid'>,
): Promise<FileExposure | undefined> {
  if (process.getuid === undefined) return undefined
  const { mode: folderMode } = await stat(dirname(path))
  return fileExposure({ mode, uid, folderMode }, process.getuid())
}

/** Everything that `file:` references in plain data point at, by resolved path, each read once. */
export async function readReferences(
  data: unknown,
  folder: string,
  files: FileReader,
): Promise<ReadonlyMap<string, Result<FileContent, FileFailure>>> {
  const paths = new Set(referencesIn(data).map((written) => resolveReference(written, folder)))
  const contents = new Map<string, Result<FileContent, FileFailure>>()
  for (const path of paths) contents.set(path, await files.read(path))
  return contents
}

/** `file:tls/server.pem` seen from a folder. */
export const resolveReference = (reference: string, folder: string): string =>
  resolve(folder, reference.slice('file:'.length))

/** The folder that a configuration file's references start from. */
export const folderOf = (file: string, { folder }: FileReader): string =>
  resolve(folder ?? dirname(file))

/** Why a file is not there, as a whole sentence. */
export function explainFileFailure(file: string, failure: FileFailure): string {
  switch (failure.kind) {
    case 'absent':
      return `found no file ${file}, wanted it there: create it or correct the path (paths start from the folder of the configuration)`
    case 'empty':
      return `found nothing in ${file}, wanted content: write the file again`
    case 'not-a-file':
      return `found something other than a file at ${file}, wanted a file: name the file itself`
    case 'too-large':
      return `found more than ${failure.limit / 1024 / 1024} MiB in ${file}, wanted less: is it the right file?`
    case 'unreadable':
      return `found ${file} but could not read it (${failure.code}), wanted read access: grant it to the account that runs this`
    default:
      return unreachable(failure)
  }
}

function referencesIn(data: unknown): readonly string[] {
  if (typeof data === 'string') return data.startsWith('file:') ? [data] : []
  if (typeof data !== 'object' || data === null) return []
  return Object.values(data).flatMap(referencesIn)
}
