/** A command line in, everything it said out; in this process, with a terminal that shows no colours. */
import { run } from '../../src/cli/run.ts'
import type { Terminal } from '../../src/cli/terminal.ts'

export interface Said {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs one command; what it would start is only noted. */
export async function tfe(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
  /** What somebody types when asked; without them nobody is there. */
  answers?: readonly string[],
): Promise<Said> {
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
    keys: (wishes) => {
      out += `(does with keys: ${JSON.stringify(wishes)})`
      return Promise.resolve(0)
    },
    admin: (wishes) => {
      out += `(makes an administrator: ${JSON.stringify(wishes)})`
      return Promise.resolve(0)
    },
    breakGlass: (wishes) => {
      out += `(breaks glass: ${JSON.stringify(wishes)})`
      return Promise.resolve(0)
    },
    demo: (wishes) => {
      out += `(demonstrates ${JSON.stringify(wishes)})`
      return Promise.resolve(0)
    },
  })
  return { code, out, err }
}
