/**
 * A secret that a person types or a script pipes: never an argument, which a list of processes and a shell's history
 * would show.
 */
import type { Readable } from 'node:stream'
import { fail, ok, type Result } from '../kernel/types.ts'
import type { CommandEnvironment } from './command-environment.ts'

type Source = Pick<CommandEnvironment, 'stdin' | 'terminal'>

/** Reads a secret: asked for at a terminal without being shown, else the first line of standard input. */
export async function readSecret({ terminal, stdin }: Source, what: string): Promise<string> {
  const { askSecret } = terminal
  return askSecret === undefined ? await firstLine(stdin) : await askSecret(`${what}: `)
}

/** Reads a new secret: at a terminal it is asked for twice, because a slip is not seen. */
export async function readNewSecret(source: Source, what: string): Promise<Result<string, string>> {
  const { askSecret } = source.terminal
  const secret = await readSecret(source, what)
  // Also what Ctrl-C at the question comes to.
  if (secret === '') return fail(`found no ${what}, wanted one: nothing was changed`)
  if (askSecret === undefined) return ok(secret)
  if (secret === (await askSecret(`${what}, once more: `))) return ok(secret)
  return fail(`found two different entries, wanted the ${what} twice: nothing was changed`)
}

/** Until the first line break, or the end; a password does not contain one. */
async function firstLine(input: Readable): Promise<string> {
  let text = ''
  input.setEncoding('utf8')
  for await (const part of input) {
    text += String(part)
    if (text.includes('\n') || text.length > MAX_LINE) break
  }
  return text.split(/\r?\n/, 1)[0] ?? ''
}

/** More than any password. */
const MAX_LINE = 4096
