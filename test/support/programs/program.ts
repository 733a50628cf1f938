/** Programs that tests start: what they print, and how they end. */
import { spawn, type ChildProcess } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import process from 'node:process'
import { killAtTheEnd } from './running.ts'

export interface ProgramOptions {
  readonly cwd?: string
  /** Added to `quietEnvironment`. */
  readonly env?: Readonly<Record<string, string>>
  /** A file for all that it prints, for who looks for a fault when the run is over. */
  readonly logFile?: string
  /** Shows its standard error as it comes, besides keeping it. */
  readonly isShown?: boolean
  /** Gives it a standard input that stays open; without one it reads the end at once. */
  readonly hasInput?: boolean
  /** Gives it a channel for messages, as `fork` does. */
  readonly hasChannel?: boolean
  /** Gives it a process group of its own, which then gets its signals: the program and what it has started. */
  readonly hasGroup?: boolean
}

/** A running program; `await using` ends it. */
export class Program {
  readonly child: ChildProcess
  /** The exit code, once it has ended and all that it printed is there; null when a signal ended it. */
  readonly ended: Promise<number | null>
  readonly #hasGroup: boolean
  readonly #logFile: string | undefined
  #out = ''
  #err = ''
  #text = ''
  #hasEnded = false
  #wake: (() => void)[] = []

  /** Starts it in the foreground. */
  constructor(command: string, args: readonly string[], options: ProgramOptions = {}) {
    const { cwd, env, isShown = false, hasInput, hasChannel, hasGroup = false } = options
    this.#hasGroup = hasGroup
    this.#logFile = options.logFile
    this.child = spawn(command, args, {
      cwd,
      env: { ...quietEnvironment(), ...env },
      detached: hasGroup,
      serialization: 'advanced',
      stdio: [
        hasInput ? 'pipe' : 'ignore',
        'pipe',
        'pipe',
        ...(hasChannel ? ['ipc' as const] : []),
      ],
    })
    killAtTheEnd(this.child, () => this.signal('SIGKILL'))
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#out += text
      this.#hear(text)
    })
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#err += text
      if (isShown) process.stderr.write(text)
      this.#hear(text)
    })
    const exited = new Promise<number | null>((resolve) => {
      this.child.once('exit', resolve)
      this.child.on('error', (error) => {
        this.#hear(error.message)
        if (this.child.pid === undefined) resolve(null)
      })
    })
    // Not `close` of the child: in Node 26 it does not come after `disconnect`.
    const closed = [this.child.stdout, this.child.stderr].map(
      (stream) => new Promise((resolve) => stream?.once('close', resolve)),
    )
    this.ended = Promise.all([exited, ...closed]).then(([code]) => {
      this.#hasEnded = true
      this.#hear('')
      return code
    })
  }

  /** Everything that it has printed so far. */
  get text(): string {
    return this.#text
  }

  /** The part of it that went to standard output. */
  get out(): string {
    return this.#out
  }

  /** The part of it that went to standard error. */
  get err(): string {
    return this.#err
  }

  /**
   * Waits until it has printed something that matches, or until `find` finds something: it is called after each output,
   * and every `POLL_MS`. Throws with all that was printed when the program ends first or takes too long.
   */
  until(pattern: RegExp): Promise<RegExpExecArray>
  until<Found>(find: () => Sought<Found> | Promise<Sought<Found>>): Promise<Found>
  async until(sought: RegExp | (() => unknown)): Promise<unknown> {
    const find = sought instanceof RegExp ? () => sought.exec(this.#text) ?? undefined : sought
    const deadline = performance.now() + WITHIN_MS
    for (;;) {
      const hasEnded = this.#hasEnded
      const found = await find()
      if (found !== undefined && found !== false) return found
      if (hasEnded) throw this.#fault('ended early')
      if (performance.now() > deadline) throw this.#fault('kept the test waiting')
      await this.#news()
    }
  }

  /** Settles as `event` does. Throws with all that was printed when the program ends first. */
  async unlessEnded<Value>(event: Promise<Value>): Promise<Value> {
    const ended = this.ended.then((): never => {
      throw this.#fault('ended early')
    })
    return Promise.race([event, ended])
  }

  signal(signal: NodeJS.Signals): void {
    const { pid, exitCode, signalCode } = this.child
    if (pid === undefined || exitCode !== null || signalCode !== null) return
    if (!this.#hasGroup) this.child.kill(signal)
    else killGroup(pid, signal)
  }

  /**
   * Ends it, and gives the exit code. Throws with all that was printed when it had to be killed, because it did not obey
   * the signal.
   */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.signal(signal)
    let isKilled = false
    const killer = setTimeout(() => {
      isKilled = true
      this.signal('SIGKILL')
      // What it has started may still hold the other ends.
      this.child.stdout?.destroy()
      this.child.stderr?.destroy()
    }, END_WITHIN_MS)
    const code = await this.ended
    clearTimeout(killer)
    if (isKilled) throw this.#fault(`did not end after ${signal}`)
    return code
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end()
  }

  #hear(text: string): void {
    this.#text += text
    if (this.#logFile !== undefined) appendFileSync(this.#logFile, text)
    for (const wake of this.#wake.splice(0)) wake()
  }

  /** Settles at the next output, at the end, or after `POLL_MS`. */
  async #news(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#wake.push(resolve)
    const timer = setTimeout(resolve, POLL_MS)
    await promise
    clearTimeout(timer)
  }

  #fault(how: string): Error {
    const { spawnargs, exitCode, signalCode } = this.child
    const status = exitCode ?? signalCode ?? 'running'
    return new Error(`${spawnargs.join(' ')} ${how} (${status}):\n${this.#text}`)
  }
}

function killGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal)
  } catch {
    // It has ended meanwhile.
  }
}

type Sought<Found> = Found | undefined | false

/** Less than vitest gives a test: the fault that quotes the program is to come before the one that does not. */
const WITHIN_MS = 100_000
/** For what is not printed, such as a port that begins to accept connections. */
const POLL_MS = 100
/** Longer than the longest drain that a test configures, which is 20 s. */
const END_WITHIN_MS = 40_000

/** The environment without proxies: programs of tests talk to this machine only. */
export function quietEnvironment(): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/_proxy$|^JAVA_TOOL_OPTIONS$/i.test(name)),
  )
}
