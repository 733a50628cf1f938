/** A command line in, everything it said out; in this process, with a terminal that shows no colours. */
import { run } from '../../../src/cli/run.ts'
import type { Terminal } from '../../../src/cli/terminal.ts'

export interface CommandOutput {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs one command; what it would start is only noted. */
export async function tfe(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
  /** What a person types when asked; without it no person is there. */
  answers?: readonly string[],
): Promise<CommandOutput> {
  let out = ''
  let err = ''
  const left = [...(answers ?? [])]
  const terminal: Terminal = {
    out: (text) => (out += text),
    err: (text) => (err += text),
    paint: (_, text) => text,
    signs: { yes: '✓', no: '✗', note: '·', arrow: '→', line: '─' },
    interactive: false,
    ...(answers === undefined
      ? {}
      : {
          ask: (question) => {
            err += question
            const answer = left.shift() ?? ''
            err += `${answer}\n`
            return Promise.resolve(answer)
          },
        }),
  }
  const code = await run(argv, {
    version: '1.2.3',
    terminal,
    env,
    serve: (file) => {
      out += `(serves ${file})`
      return Promise.resolve(0)
    },
    init: (file, from) => {
      out += `(makes the store of ${file}${from === undefined ? '' : ` from ${from}`})`
      return Promise.resolve(0)
    },
    keys: (options) => {
      out += `(does with keys: ${JSON.stringify(options)})`
      return Promise.resolve(0)
    },
    admin: (options) => {
      out += `(makes an administrator: ${JSON.stringify(options)})`
      return Promise.resolve(0)
    },
    breakGlass: (options) => {
      out += `(breaks glass: ${JSON.stringify(options)})`
      return Promise.resolve(0)
    },
    demo: (options) => {
      out += `(demonstrates ${JSON.stringify(options)})`
      return Promise.resolve(0)
    },
  })
  return { code, out, err }
}
