import { readFileSync } from 'node:fs'
import { codeOrText } from '../../kernel/error-code.ts'
import { fail, ok, type Result } from '../../kernel/types.ts'

/** Reads a file that the command line names; a failure is a sentence about it. */
export function readInput(file: string): Result<Buffer, string> {
  try {
    return ok(readFileSync(file))
  } catch (error) {
    return fail(`${file} cannot be read (${codeOrText(error)})`)
  }
}
