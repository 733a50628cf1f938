import { destination, pino, stdTimeFunctions, type Logger, type LoggerOptions } from 'pino'
import type { LogSettings } from '../config/config.ts'

/** Where lines go, and how they are made to arrive before the process ends. */
export interface OpenLog {
  readonly log: Logger
  flush(): void
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
  })
  const log = pino(options(settings, facts), target)
  const timer = setInterval(() => target.flush(), GATHER_MS)
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
  }
}

/** JSON lines to somebody who wants them one by one. */
export function openLogTo(lines: { write(line: string): void }, settings: LogSettings): OpenLog {
  return { log: pino(options(settings, {}), lines), flush: () => {} }
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
const GATHER_MS = 1000
