/** A command line in, everything it said out; in this process, with a terminal that shows no colours. */
import { Readable } from 'node:stream'
import type { TfeCommand } from '../../../src/cli/command.ts'
import { programOf, run } from '../../../src/cli/run.ts'
import { UNICODE_SIGNS, type Terminal } from '../../../src/cli/terminal.ts'

export interface CommandOutput {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** What is unlike a pipe in UTC. */
export type Shown = Partial<Pick<Terminal, 'columns' | 'paint' | 'timeZone'>>

/** Runs one command; what it would start is only noted. */
export async function tfe(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
  /** What a person types when asked; without it no person is there. */
  answers?: readonly string[],
  /** What is piped in. */
  typed = '',
  shown: Shown = {},
): Promise<CommandOutput> {
  const { said, terminal: silent } = capturedTerminal()
  const left = [...(answers ?? [])]
  const terminal: Terminal = {
    ...silent,
    ...shown,
    ...(answers === undefined
      ? {}
      : {
          ask: (question) => {
            const answer = left.shift() ?? ''
            said.err += `${question}${answer}\n`
            return Promise.resolve(answer)
          },
          askSecret: (question) => {
            said.err += `${question}\n`
            return Promise.resolve(left.shift() ?? '')
          },
        }),
  }
  const note = (text: string): Promise<0> => {
    said.out += text
    return Promise.resolve(0)
  }
  const environment = { terminal, env, stdin: Readable.from([Buffer.from(typed)]) }
  const code = await run(argv, environment, {
    version: '1.2.3',
    serve: (file) => note(`(serves ${file})`),
    demo: (options) => note(`(demonstrates ${JSON.stringify(Object.fromEntries(options))})`),
  })
  return { code, ...said }
}

/** A terminal that keeps what is said on it: signs and no colours, and no person at it. */
export function capturedTerminal(): { readonly terminal: Terminal; readonly said: Said } {
  const said = { out: '', err: '' }
  const terminal: Terminal = {
    out: (text) => (said.out += text),
    err: (text) => (said.err += text),
    paint: (_, text) => text,
    signs: UNICODE_SIGNS,
    interactive: false,
    columns: undefined,
    timeZone: 'UTC',
  }
  return { terminal, said }
}

interface Said {
  out: string
  err: string
}

/** Every command, as a help page is written from it; nothing runs. */
export const program = (): TfeCommand => {
  const terminal: Terminal = {
    out: () => {},
    err: () => {},
    paint: (_, text) => text,
    signs: { yes: '', no: '', note: '', arrow: '', line: '', ellipsis: '', levels: '' },
    interactive: false,
    columns: undefined,
    timeZone: 'UTC',
  }
  const never = () => Promise.resolve(0 as const)
  return programOf(
    [],
    { terminal, env: {}, stdin: Readable.from([]) },
    { version: '', serve: never, demo: never },
  )
}
