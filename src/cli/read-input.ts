import { readFileSync } from 'node:fs'
import { codeOrText } from '../kernel/error-code.ts'
import { fail, ok, type Fault, type Result } from '../kernel/types.ts'

/** Reads a file that the command line names; a failure is a sentence about it, which says what was `wanted` in it. */
export function readInput(file: string, wanted: string): Result<Buffer, string> {
  const read = readInputFile(file, wanted)
  return read.ok ? read : fail(`${read.failure.at}: ${read.failure.message}`)
}

/** The same, for a command whose answer is a list of faults. */
export function readInputFile(file: string, wanted: string): Result<Buffer, Fault> {
  try {
    return ok(readFileSync(file))
  } catch (error) {
    const code = codeOrText(error)
    const message = `found ${READ_ERRORS[code] ?? code}, wanted ${wanted}: check the path`
    return fail({ at: file, message })
  }
}

const READ_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EISDIR: 'a folder',
  EACCES: 'a file that this account may not read',
}
