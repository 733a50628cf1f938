/**
 * Where a command writes, and how much that place can show: colours on a terminal only, drawn signs only where
 * the locale says UTF-8.
 */
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { styleText } from 'node:util'
import { systemTimeZone } from './local-time.ts'

/** A place to write to. */
export interface Terminal {
  /** Answers: what the command was asked for. */
  readonly out: (text: string) => void
  /** Everything about the command itself: misuse, progress, what went wrong. */
  readonly err: (text: string) => void
  /** Colours text, where colours show. */
  readonly paint: (style: Style, text: string) => string
  readonly signs: Signs
  /** Whether a person watches: only then may a line be written over. */
  readonly interactive: boolean
  /** How many characters a line holds; undefined where what is written is read by a program or kept in a file. */
  readonly columns: number | undefined
  /** The time zone in which times are told, as IANA names it. */
  readonly timeZone: string
  /** Asks a person for a line; absent where no person watches. */
  readonly ask?: (question: string) => Promise<string>
  /** Asks a person for a line that is not shown as it is typed; absent where no person watches. */
  readonly askSecret?: (question: string) => Promise<string>
}

export type Style = 'bold' | 'dim' | 'good' | 'bad' | 'warn' | 'code'

/** Signs that mean something; words where they cannot be drawn. */
export interface Signs {
  readonly yes: string
  readonly no: string
  readonly note: string
  readonly arrow: string
  readonly line: string
  /** Stands for what was cut off. */
  readonly ellipsis: string
  /** Heights, the lowest first: nought and what is more. */
  readonly levels: string
}

/** The terminal of this process. */
export function terminalOf(
  process: Pick<NodeJS.Process, 'env' | 'platform' | 'stderr' | 'stdin' | 'stdout'>,
): Terminal {
  const { stdin, stdout, stderr, env } = process
  const isWatched = stdin.isTTY && stderr.isTTY
  return {
    out: (text) => {
      stdout.write(text)
    },
    err: (text) => {
      stderr.write(text)
    },
    // Heeds NO_COLOR, FORCE_COLOR and whether the stream is a terminal.
    paint: (style, text) => styleText(STYLES[style], text, { stream: stdout }),
    signs: supportsUnicode(process) ? UNICODE_SIGNS : ASCII_SIGNS,
    interactive: stdout.isTTY && stderr.isTTY && env['TERM'] !== 'dumb',
    columns: stdout.isTTY ? stdout.columns : undefined,
    timeZone: systemTimeZone(),
    ...(isWatched
      ? {
          ask: (question: string) => readAnswer(question, stdin, stderr),
          askSecret: (question: string) => readSecretAnswer(question, stdin, stderr),
        }
      : {}),
  }
}

/** Asked on standard error, so that an answer that is piped on holds nothing else. An end of input is no answer. */
async function readAnswer(
  question: string,
  input: NodeJS.ReadStream,
  output: NodeJS.WriteStream,
): Promise<string> {
  const lines = createInterface({ input, output })
  const { promise, resolve } = Promise.withResolvers<string>()
  lines.once('close', () => resolve(''))
  lines.question(question, resolve)
  const answer = await promise
  lines.close()
  return answer
}

/**
 * The line editor draws what is typed on a stream that leads nowhere. A key in PEM that is pasted is read to its last line:
 * the lines behind its first would go to the shell, and stand in its history.
 */
async function readSecretAnswer(
  question: string,
  input: NodeJS.ReadStream,
  output: NodeJS.WriteStream,
): Promise<string> {
  output.write(question)
  const nowhere = new Writable({ write: (_part, _encoding, done) => done() })
  const lines = createInterface({ input, output: nowhere, terminal: true })
  const { promise, resolve } = Promise.withResolvers<string>()
  const typed: string[] = []
  lines.once('close', () => resolve(''))
  lines.on('line', (line) => {
    typed.push(line)
    if (typed[0]?.startsWith('-----BEGIN ') !== true) resolve(line)
    else if (line.startsWith('-----END ')) resolve(`${typed.join('\n')}\n`)
    // No key has so many: what is read then is refused by what takes it.
    else if (typed.length === MAX_PEM_LINES) resolve(typed.join('\n'))
  })
  const answer = await promise
  lines.close()
  output.write('\n')
  return answer
}

/** Of 64 characters each: more than a sealed secret may have. */
const MAX_PEM_LINES = 2000

const STYLES = {
  bold: 'bold',
  dim: 'dim',
  good: 'green',
  bad: 'red',
  warn: 'yellow',
  code: 'cyan',
} as const

/** POSIX: the first of these that is set decides. Windows' terminals all draw what we need. */
function supportsUnicode({ env, platform }: Pick<NodeJS.Process, 'env' | 'platform'>): boolean {
  if (platform === 'win32') return true
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || ''
  return /utf-?8/i.test(locale)
}

export const UNICODE_SIGNS: Signs = {
  yes: '✓',
  no: '✗',
  note: '·',
  arrow: '→',
  line: '─',
  ellipsis: '…',
  levels: '▁▂▃▄▅▆▇█',
}
const ASCII_SIGNS: Signs = {
  yes: 'yes',
  no: 'NO ',
  note: '-  ',
  arrow: '->',
  line: '-',
  ellipsis: '...',
  levels: '_.:-=+*#',
}
