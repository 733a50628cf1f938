import { destination, pino, stdTimeFunctions, type Logger, type LoggerOptions } from 'pino'
import type { LogSettings } from '../config/config.ts'

/** Where lines go, and how they are made to arrive before the process ends. */
export interface ProcessLogger {
  readonly log: Logger
  /** How many lines were dropped so far, because the reader was too slow. */
  readonly dropped: number
  /** At once, for the moment before a crash; may cut off a write that is under way. */
  flush(): void
  /** Settles when every line is written, or the reader took none for too long; nothing may be logged after it. */
  end(): Promise<void>
}

/**
 * JSON lines on standard output, gathered into larger writes: a line per request must not be a system call
 * per request. A second is the longest a line waits.
 */
export function openLog(
  settings: LogSettings,
  facts: Readonly<Record<string, unknown>>,
): ProcessLogger {
  const lines = new BufferedLines()
  const log = pino(options(settings, facts), lines)
  let told = 0
  const timer = setInterval(() => {
    lines.writeOut()
    const dropped = lines.dropped - told
    told += dropped
    if (dropped > 0) {
      log.warn({ dropped }, 'log lines were dropped: the reader of standard output is too slow')
    }
  }, FLUSH_EVERY_MS)
  timer.unref()
  return {
    log,
    get dropped() {
      return lines.dropped
    },
    flush: () => lines.flush(),
    end: () => lines.end(),
  }
}

/**
 * Lines on their way to standard output. They are joined once, when there are enough of them: the stream below
 * joins with each line, and copies all that waits to measure it (it was a third of what a connection allocated).
 */
class BufferedLines {
  readonly #stream = destination({
    fd: 1,
    sync: false,
    minLength: 0,
    maxWrite: WRITE_OCTETS,
    maxLength: WAITING_OCTETS,
  })
  #waiting: string[] = []
  #characters = 0
  dropped = 0

  constructor() {
    // Emitted while `write` runs: what is dropped is what was just passed on.
    this.#stream.on('drop', (lines: string) => {
      this.dropped += lines.split('\n').length - 1
    })
  }

  write(line: string): void {
    this.#waiting.push(line)
    this.#characters += line.length
    if (this.#characters >= BUFFER_CHARACTERS) this.writeOut()
  }

  /** Gives the stream what waits. */
  writeOut(): void {
    if (this.#waiting.length === 0) return
    const lines = this.#waiting.join('')
    this.#waiting = []
    this.#characters = 0
    this.#stream.write(lines)
  }

  flush(): void {
    try {
      this.writeOut()
      this.#stream.flushSync()
    } catch {
      // No process reads standard output any more; there is nowhere left to say so.
    }
  }

  async end(): Promise<void> {
    this.writeOut()
    const { promise, resolve } = Promise.withResolvers<void>()
    const late = setTimeout(resolve, END_TIMEOUT_MS)
    this.#stream.once('close', () => resolve())
    this.#stream.end()
    await promise
    clearTimeout(late)
  }
}

/** Writes JSON lines to `lines`, each with a call of its own. */
export function openLogTo(
  lines: { write(line: string): void },
  settings: LogSettings,
): ProcessLogger {
  const log = pino(options(settings, {}), lines)
  return { log, dropped: 0, flush: () => {}, end: () => Promise.resolve() }
}

function options(settings: LogSettings, facts: Readonly<Record<string, unknown>>): LoggerOptions {
  return {
    level: settings.level,
    base: facts,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  }
}

/** What waits before it is written: each write wakes another thread, which cost more per request than the line itself. */
const BUFFER_CHARACTERS = 60 * 1024
/** A pipe takes 64 KiB at once. */
const WRITE_OCTETS = 64 * 1024
/** Minutes of a busy listener; a reader that stalls longer costs lines, not the process. */
const WAITING_OCTETS = 16 * 1024 * 1024
/** A reader that takes nothing for so long will not take the rest. */
const END_TIMEOUT_MS = 5000
const FLUSH_EVERY_MS = 1000
