/** `tfe export` and `tfe backup`: the whole store in a new file, which is there complete or not at all. */
import { countText } from '../../kernel/count-text.ts'
import { open, rm } from 'node:fs/promises'
import process from 'node:process'
import type { IncomingMessage } from 'node:http'
import { codeOrText } from '../../kernel/error-code.ts'
import type { CommandResult } from '../command-environment.ts'
import { EXIT } from '../exit-code.ts'
import type { CommandContext } from './command-context.ts'

/** Writes the store as lines of JSON; without the last line, which says that nothing is missing, it is an error. */
export async function exportStore(context: CommandContext): Promise<CommandResult> {
  const lines = new LineCount()
  return await download(context, '/api/export', {
    read: (part) => lines.add(part),
    missing: () =>
      lines.isComplete() ? undefined : 'found an export without its last line, wanted all of it',
    facts: () => ({ rows: lines.rows }),
  })
}

/** Writes a copy of the file that the store is. */
export async function backupStore(context: CommandContext): Promise<CommandResult> {
  return await download(context, '/api/backup', {
    read: () => {},
    missing: () => undefined,
    facts: () => ({}),
  })
}

/** What is looked at while an answer is written. */
interface Content {
  readonly read: (part: Buffer) => void
  /** Says what is missing, once all of it was read. */
  readonly missing: () => string | undefined
  readonly facts: () => { readonly rows?: number }
}

async function download(
  context: CommandContext,
  path: string,
  content: Content,
): Promise<CommandResult> {
  const file = context.argument(0)
  // First: the audit trail should not name an export that had nowhere to go.
  const made = await create(file)
  if (typeof made === 'string') {
    context.printRefusal([made, 'next: name a file that is not there, in a folder that is'])
    return EXIT.no
  }
  let octets: number | undefined
  using stop = new StopSignal()
  try {
    const response = await context.open(path, stop.signal)
    if (!response.ok) return response.failure
    const end = await write(response.value, made, content.read)
    const trouble = typeof end === 'string' ? end : content.missing()
    if (trouble !== undefined) {
      context.printRefusal([
        `${trouble}: nothing is kept`,
        'next: see the log of the front end, and try again',
      ])
      return EXIT.no
    }
    octets = Number(end)
  } finally {
    await made.close()
    if (octets === undefined) await rm(file, { force: true })
  }
  const { rows } = content.facts()
  const size = [...(rows === undefined ? [] : [countText(rows, 'row')]), countText(octets, 'octet')]
  return context.print({ file, octets, ...content.facts() }, [
    `${file}: ${size.join(', ')}`,
    'it holds password hashes and sealed secrets: keep it as you keep the store',
  ])
}

type File = Awaited<ReturnType<typeof open>>

/** `wx`: a file that is there may be open in another process, or be a link to another place. */
async function create(file: string): Promise<File | string> {
  try {
    return await open(file, 'wx', 0o600)
  } catch (error) {
    const code = codeOrText(error)
    return code === 'EEXIST'
      ? `${file}: found a file there, wanted none`
      : `${file}: cannot be written (${code})`
  }
}

/** Returns how many octets were written, or what went wrong. */
async function write(
  response: IncomingMessage,
  file: File,
  read: Content['read'],
): Promise<number | string> {
  let octets = 0
  try {
    for await (const part of response) {
      const chunk = part as Buffer
      read(chunk)
      octets += chunk.length
      await file.writeFile(chunk)
    }
    await file.sync()
    return octets
  } catch (error) {
    return `the answer broke off (${codeOrText(error)})`
  }
}

/** Ctrl-C and SIGTERM as an abort: without a handler they would leave half a file behind. */
class StopSignal {
  readonly #controller = new AbortController()
  readonly #abort = (): void => this.#controller.abort()

  constructor() {
    for (const name of STOP_SIGNALS) process.once(name, this.#abort)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  [Symbol.dispose](): void {
    for (const name of STOP_SIGNALS) process.off(name, this.#abort)
  }
}

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Counts the lines of an export, and keeps the last one. */
class LineCount {
  #lines = 0
  #last: Buffer = Buffer.alloc(0)
  #rest: Buffer = Buffer.alloc(0)

  add(part: Buffer): void {
    const text = Buffer.concat([this.#rest, part])
    let from = 0
    for (let at = text.indexOf(LINE_FEED); at >= 0; at = text.indexOf(LINE_FEED, from)) {
      this.#last = text.subarray(from, at)
      this.#lines += 1
      from = at + 1
    }
    this.#rest = text.subarray(from)
  }

  /** Without the first line, which says what the export is, and the last one. */
  get rows(): number {
    return Math.max(0, this.#lines - 2)
  }

  isComplete(): boolean {
    if (this.#rest.length > 0) return false
    try {
      const last = JSON.parse(this.#last.toString('utf8')) as { end?: unknown; rows?: unknown }
      return last.end === true && last.rows === this.rows
    } catch {
      return false
    }
  }
}

const LINE_FEED = 0x0a
