/**
 * The context of one command: it calls the admin API, reports a refusal as the API explains it, and prints an answer as
 * text or as JSON.
 */
import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import type { Explanation } from '../../kernel/explanation.ts'
import { fail, ok, type Result } from '../../kernel/types.ts'
import type { CommandEnvironment, CommandResult, Options } from '../command-environment.ts'
import type { Invocation } from '../command.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { jsonText } from '../json-text.ts'
import { sentenceText, viewOf, type View } from '../table.ts'
import { replaceControlCharacters } from '../text-layout.ts'
import type { Terminal } from '../terminal.ts'
import {
  callAdminApi,
  openResponse,
  readAdminEndpoint,
  readResponse,
  type ApiRequest,
  type AdminEndpoint,
  type ApiResponse,
} from './client.ts'

/** A line of an answer; a painted one holds colours, and what came from outside is harmless in it already. */
export type Line = string | { readonly painted: string }

type LinesOf<Body> = (body: Body, view: View) => readonly Line[]

/** An answer of the admin API. */
interface ApiResult<Body> {
  readonly body: Body
  readonly etag: string
}

/** Opens the context of one command; a failure says what is wrong with its options. */
export function openContext(
  invocation: Pick<Invocation, 'options' | 'takes'>,
  environment: CommandEnvironment,
): Result<CommandContext, string> {
  const endpoint = readAdminEndpoint(invocation.options, environment.env)
  return endpoint.ok ? ok(new CommandContext(invocation, environment, endpoint.value)) : endpoint
}

export class CommandContext {
  /** Arguments after the action. */
  readonly takes: readonly string[]
  readonly options: Options
  readonly terminal: Terminal
  readonly stdin: Readable
  readonly view: View
  readonly #reach: AdminEndpoint
  /** With --json: whether the document is printed. There is never a second one. */
  #answered = false
  #problem: Partial<Problem> | undefined

  constructor(
    { takes, options }: { readonly takes: readonly string[]; readonly options: Options },
    { terminal, stdin }: Pick<CommandEnvironment, 'stdin' | 'terminal'>,
    endpoint: AdminEndpoint,
  ) {
    this.takes = takes
    this.options = options
    this.terminal = terminal
    this.stdin = stdin
    this.view = viewOf(terminal, options.has('wide'))
    this.#reach = endpoint
  }

  /** The argument of that place; the command line has counted them. */
  argument(place: number): string {
    return this.takes[place] ?? ''
  }

  /** Asks; a refusal is told here, and comes back as the exit code. The API's answers are as its schemas say. */
  async request<Body>(request: ApiRequest): Promise<Result<ApiResult<Body>, ExitCode>> {
    const response = await this.#send(request)
    return response.ok ? this.#accepted(response.value) : response
  }

  /** Asks for what may not be there; undefined when it is not. */
  async find<Body>(path: string): Promise<Result<ApiResult<Body> | undefined, ExitCode>> {
    const response = await this.#send({ method: 'GET', path })
    if (!response.ok) return response
    return response.value.status === 404 ? ok(undefined) : this.#accepted(response.value)
  }

  async #send(request: ApiRequest): Promise<Result<ApiResponse, ExitCode>> {
    const response = await callAdminApi(this.#reach, request)
    return response.ok ? response : this.#unreachable(response.failure)
  }

  #unreachable({ sentence, nextStep }: Explanation): Result<never, ExitCode> {
    this.#keepProblem({ code: 'admin-api-unreachable', detail: sentence, next_step: nextStep })
    this.printRefusal([sentence, `next: ${nextStep}`])
    return fail(EXIT.cannotStart)
  }

  /** Asks for a long answer, to be read as it comes. */
  async open(path: string, signal: AbortSignal): Promise<Result<IncomingMessage, ExitCode>> {
    const opened = await openResponse(this.#reach, {
      method: 'GET',
      path,
      timeout: LONG_MS,
      signal,
    })
    if (!opened.ok) return this.#unreachable(opened.failure)
    const { statusCode = 0 } = opened.value
    if (statusCode < 400) return opened
    const refused = await readResponse(opened.value, this.#reach.url.origin)
    if (!refused.ok) return this.#unreachable(refused.failure)
    const accepted = this.#accepted(refused.value)
    return accepted.ok ? opened : accepted
  }

  get<Body>(path: string): Promise<Result<ApiResult<Body>, ExitCode>> {
    return this.request<Body>({ method: 'GET', path })
  }

  /** Asks, and prints the answer; `done` stands for one without a body. */
  async run<Body>(
    request: ApiRequest,
    linesOf: LinesOf<Body>,
    done?: object,
  ): Promise<CommandResult> {
    const response = await this.request<Body>(request)
    if (!response.ok) return response.failure
    const { body } = response.value
    return this.print(done ?? body, linesOf(body, this.view))
  }

  /** Reads, and prints the answer. */
  show<Body>(path: string, linesOf: LinesOf<Body>): Promise<CommandResult> {
    return this.run({ method: 'GET', path }, linesOf)
  }

  /**
   * Changes what stands at `path` in the version just read, and prints the answer; the API refuses when another change was
   * faster.
   */
  async change<Body>(
    path: string,
    request: Omit<ApiRequest, 'match'>,
    linesOf: LinesOf<Body>,
    done?: object,
  ): Promise<CommandResult> {
    const found = await this.get<unknown>(path)
    if (!found.ok) return found.failure
    return await this.run({ ...request, match: found.value.etag }, linesOf, done)
  }

  /** Prints an answer: the lines, or with --json all of it. */
  print(body: unknown, lines: readonly Line[]): ExitCode {
    this.#answered = true
    this.terminal.out(this.options.has('json') ? jsonText(body) : textOf(lines))
    return EXIT.ok
  }

  /**
   * Ends the command: with --json, a problem that was told on standard error is the document where there is no answer. What
   * was used wrongly is told on standard error alone.
   */
  end(result: CommandResult): void {
    if (this.#answered || this.#problem === undefined || !this.options.has('json')) return
    if (typeof result === 'string' || result === EXIT.usage) return
    this.terminal.out(jsonText(this.#problem))
  }

  /** Prints what a person has to read before an answer; never in the way of JSON. */
  printNotice(lines: readonly Line[]): void {
    const { err, out } = this.terminal
    const text = textOf(lines)
    if (this.options.has('json')) err(text)
    else out(text)
  }

  #accepted<Body>({ status, body, etag }: ApiResponse): Result<ApiResult<Body>, ExitCode> {
    if (status < 400) return ok({ body: body as Body, etag })
    const problem = body as Partial<Problem>
    const { detail, next_step: nextStep, code, faults = [] } = problem
    this.#keepProblem(problem)
    const lines = [
      `${detail ?? 'the admin API refused'} (${code ?? 'unknown'})`,
      ...faults.map(({ at, message }) => `  ${at}: ${message}`),
      `next: ${status === STALE ? STALE_STEP : (nextStep ?? 'see the log of the front end')}`,
    ]
    this.printRefusal(lines.map((line) => sentenceText(line, this.view)))
    return fail(EXIT.no)
  }

  /** A long file is sent in parts, each of which may have faults: the document has all of them. */
  #keepProblem(problem: Partial<Problem>): void {
    const faults = [...(this.#problem?.faults ?? []), ...(problem.faults ?? [])]
    this.#problem = {
      ...(this.#problem ?? problem),
      ...(faults.length === 0 ? {} : { faults }),
    }
  }

  /** Says that a person did not confirm what was asked. */
  printUnchanged(): ExitCode {
    this.#keepProblem({ code: 'not-confirmed', detail: 'nothing was changed' })
    this.printRefusal(['nothing was changed'])
    return EXIT.no
  }

  /** Prints why nothing was done, and what to do. */
  printRefusal([why = '', ...more]: readonly string[]): void {
    this.#problem ??= { code: 'not-done', detail: why }
    for (const line of [`tfe: ${why}`, ...more]) {
      this.terminal.err(`${replaceControlCharacters(line)}\n`)
    }
  }
}

/** A large store is copied before the first octet comes. */
const LONG_MS = 600_000

/** Another change was made between reading and changing, within one command. */
const STALE = 412
const STALE_STEP = 'look at what it says now, and give the command again if it should still be done'

interface Problem {
  readonly code: string
  readonly detail: string
  readonly next_step: string
  readonly faults: readonly { readonly at: string; readonly message: string }[]
}

/** No line that holds what the API was told by others moves a cursor. */
const textOf = (lines: readonly Line[]): string =>
  lines
    .map((line) => `${typeof line === 'string' ? replaceControlCharacters(line) : line.painted}\n`)
    .join('')

/** A query of those options that were given. */
export function queryOf(options: Options, names: readonly string[] = [...options.keys()]): string {
  const query = new URLSearchParams()
  for (const name of names) {
    const value = options.get(name)
    if (value !== undefined) query.set(name, value)
  }
  const text = query.toString()
  return text === '' ? '' : `?${text}`
}

/** One page of a long list. */
export interface Page<Item> {
  readonly items: readonly Item[]
  readonly next: string | null
}

/** Where the next page begins, for people; JSON has it anyway. */
export const nextPageHint = (next: string | null): readonly string[] =>
  next === null ? [] : ['', `there are more: --after ${next}`]

/** A name as part of a path. */
export const pathSegment = (name: string): string => encodeURIComponent(name)
