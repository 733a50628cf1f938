/**
 * Where one command sits: it asks the office, tells a refusal as the office explains it, and prints an answer as text
 * or as JSON.
 */
import { fail, ok, type Result } from '../../kernel/types.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { harmless, padded } from '../text-layout.ts'
import type { Terminal } from '../terminal.ts'
import { callOffice, type Ask, type Reach, type Told } from './client.ts'

export type Options = ReadonlyMap<string, string>

/** What a command ends with: an exit code, or a sentence about how it was used. */
export type End = ExitCode | string

/** An answer of the office. */
export interface Answer<Body> {
  readonly body: Body
  readonly etag: string
}

export class Desk {
  /** Arguments after the action. */
  readonly takes: readonly string[]
  readonly options: Options
  readonly terminal: Terminal
  readonly #reach: Reach

  constructor(
    { takes, options }: { readonly takes: readonly string[]; readonly options: Options },
    terminal: Terminal,
    reach: Reach,
  ) {
    this.takes = takes
    this.options = options
    this.terminal = terminal
    this.#reach = reach
  }

  /** The argument of that place; the command line has counted them. */
  arg(place: number): string {
    return this.takes[place] ?? ''
  }

  /** Asks; a refusal is told here, and comes back as the exit code. The API's answers are as its schemas say. */
  async ask<Body>(ask: Ask): Promise<Result<Answer<Body>, ExitCode>> {
    const told = await this.#hear(ask)
    if (!told.ok) return told
    const { status, body, etag } = told.value
    if (status < 400) return ok({ body: body as Body, etag })
    this.#refused(body as Partial<Problem>)
    return fail(EXIT.no)
  }

  /** Asks for what may not be there; undefined when it is not. */
  async find<Body>(path: string): Promise<Result<Answer<Body> | undefined, ExitCode>> {
    const told = await this.#hear({ method: 'GET', path })
    if (!told.ok) return told
    const { status, body, etag } = told.value
    if (status === 404) return ok(undefined)
    if (status < 400) return ok({ body: body as Body, etag })
    this.#refused(body as Partial<Problem>)
    return fail(EXIT.no)
  }

  async #hear(ask: Ask): Promise<Result<Told, ExitCode>> {
    const told = await callOffice(this.#reach, ask)
    if (!told.ok) {
      this.terminal.err(`tfe: ${harmless(told.failure)}\n`)
      this.terminal.err(
        'next: see that it runs, and that --url, --ca and TFE_ADMIN_URL say where\n',
      )
      return fail(EXIT.cannotStart)
    }
    return ok(told.value)
  }

  get<Body>(path: string): Promise<Result<Answer<Body>, ExitCode>> {
    return this.ask<Body>({ method: 'GET', path })
  }

  /** Prints an answer: the lines, or with --json all of it. */
  print(body: unknown, lines: readonly string[]): ExitCode {
    const text = this.options.has('json') ? JSON.stringify(body, undefined, 2) : lines.join('\n')
    this.terminal.out(`${text}\n`)
    return EXIT.fine
  }

  /** Prints what a person has to read before an answer; never in the way of JSON. */
  note(lines: readonly string[]): void {
    const { err, out } = this.terminal
    const text = lines.map((line) => `${line}\n`).join('')
    if (this.options.has('json')) err(text)
    else out(text)
  }

  #refused({ detail, next_step: nextStep, code, faults = [] }: Partial<Problem>): void {
    const { err } = this.terminal
    err(`tfe: ${harmless(detail ?? 'the office refused')} (${harmless(code ?? 'unknown')})\n`)
    for (const { at, message } of faults) err(`  ${harmless(at)}: ${harmless(message)}\n`)
    err(`next: ${harmless(nextStep ?? 'see the log of the front end')}\n`)
  }
}

interface Problem {
  readonly code: string
  readonly detail: string
  readonly next_step: string
  readonly faults: readonly { readonly at: string; readonly message: string }[]
}

/** Rows under heads, each column as wide as its widest cell; what came from outside is made harmless. */
export function table(
  heads: readonly string[],
  rows: readonly (readonly (number | string | null)[])[],
): readonly string[] {
  const cells = rows.map((row) => row.map((cell) => harmless(String(cell ?? '-'))))
  const widths = heads.map((head, at) =>
    Math.max(head.length, ...cells.map((row) => (row[at] ?? '').length)),
  )
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => padded(cell, widths[at] ?? 0))
      .join('  ')
      .trimEnd()
  return [line(heads), ...cells.map(line)]
}

/** Facts under each other. */
export const facts = (
  rows: readonly (readonly [string, boolean | number | string | null])[],
): readonly string[] => {
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `${padded(name, width)}  ${harmless(String(value ?? '-'))}`)
}

/** A query of those options that were given. */
export function queryOf(options: Options, names: readonly string[]): string {
  const query = new URLSearchParams()
  for (const name of names) {
    const value = options.get(name)
    if (value !== undefined) query.set(name, value)
  }
  const text = query.toString()
  return text === '' ? '' : `?${text}`
}

/** Where the next page begins, for people; JSON has it anyway. */
export const more = (next: string | null): readonly string[] =>
  next === null ? [] : ['', `there are more: --after ${next}`]

/** A name as part of a path. */
export const part = (name: string): string => encodeURIComponent(name)
