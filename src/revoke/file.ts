/**
 * Reads a list from a file, when the file is another than before.
 */
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { codeOrText } from '../kernel/error-code.ts'
import { fail, ok, type Result } from '../kernel/types.ts'
import { MAX_CRL_BYTES } from '../x509/crl.ts'
import type { FetchFailure } from './crl-failure.ts'

/** What tells one state of a file from the next. */
export type FileStamp = string

/** The octets, or that the file is unchanged. */
export type FileRead =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'octets'; readonly octets: Buffer; readonly stamp: FileStamp }

/** Reads the file unless its stamp is the known one. */
export async function readCrlFile(
  path: string,
  known: FileStamp | undefined,
): Promise<Result<FileRead, FetchFailure>> {
  try {
    // Without O_NONBLOCK a named pipe would block us until something is written to it.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const about = await file.stat()
    const stamp = `${about.dev} ${about.ino} ${about.size} ${about.mtimeMs} ${about.ctimeMs}`
    if (stamp === known) return ok({ kind: 'unchanged' })
    if (!about.isFile()) return fail({ kind: 'crl-file-unreadable', code: 'not a file' })
    if (about.size > MAX_CRL_BYTES) {
      return fail({ kind: 'crl-too-large', bytes: about.size, limit: MAX_CRL_BYTES })
    }
    return ok({ kind: 'octets', octets: await file.readFile(), stamp })
  } catch (error) {
    const code = codeOrText(error)
    return fail({ kind: 'crl-file-unreadable', code })
  }
}
