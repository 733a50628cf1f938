import { destination, pino, stdTimeFunctions, type Logger, type LoggerOptions } from 'pino'
import type { LogSettings } from '../config/config.ts'

/** Where lines go, and how they are made to arrive before the process ends. */
export interface OpenLog {
  readonly log: Logger
  /** At once, for the moment before a crash; may cut off a write that is under way. */
  flush(): void
  /** Settles when every line has been written, or nobody has read for too long; nothing may be logged after it. */
  end(): Promise<void>
}

/**
 * JSON lines on standard output, gathered into larger writes: a line per request must not be a system call
 * per request. A second is the longest a line waits.
 */
export function openLog(settings: LogSettings, facts: Readonly<Record<string, unknown>>): OpenLog {
  const target = destination({
    fd: 1,
    sync: false,
    minLength: GATHER_OCTETS,
    maxWrite: WRITE_OCTETS,
    maxLength: WAITING_OCTETS,
  })
  const log = pino(options(settings, facts), target)
  let dropped = 0
  target.on('drop', () => {
    dropped += 1
  })
  const timer = setInterval(() => {
    target.flush()
    if (dropped === 0) return
    log.warn({ dropped }, 'lines were dropped: whoever reads this log does not keep up')
    dropped = 0
  }, GATHER_MS)
  timer.unref()
  return {
    log,
    flush: () => {
      try {
        target.flushSync()
      } catch {
        // Nobody reads standard output any more; there is nowhere left to say so.
      }
    },
    end: () => ended(target),
  }
}

async function ended(target: ReturnType<typeof destination>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const late = setTimeout(resolve, END_PATIENCE_MS)
  target.once('close', () => resolve())
  target.end()
  await promise
  clearTimeout(late)
}

/** JSON lines to somebody who wants them one by one. */
export function openLogTo(lines: { write(line: string): void }, settings: LogSettings): OpenLog {
  return { log: pino(options(settings, {}), lines), flush: () => {}, end: () => Promise.resolve() }
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
const GATHER_OCTETS = 60 * 1024
/** A write must hold what was gathered; a pipe takes 64 KiB at once. */
const WRITE_OCTETS = 64 * 1024
/** Minutes of a busy listener; a reader that stalls longer costs lines, not the process. */
const WAITING_OCTETS = 16 * 1024 * 1024
/** A reader that takes nothing for so long will not take the rest. */
const END_PATIENCE_MS = 5000
const GATHER_MS = 1000
