/** The signals that ask a serving process to end. */
import process from 'node:process'

/** What a supervisor sends, and what Ctrl-C sends. */
const SHUTDOWN_SIGNALS = ['SIGTERM', 'SIGINT'] as const

/**
 * Resolves at the first SIGTERM or SIGINT, and takes each later one, too: `onRepeated` hears of it and nothing ends. One
 * wish to end often arrives several times, because a terminal and a supervisor signal the whole process group and npm
 * passes on what it got. Without a handler the second would kill the process in the middle of its drain. SIGQUIT ends a
 * process at once.
 */
export function shutdownSignal(
  onRepeated: (signal: NodeJS.Signals) => void = () => {},
): Promise<NodeJS.Signals> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>()
  let asked = false
  for (const signal of SHUTDOWN_SIGNALS) {
    process.on(signal, () => {
      if (asked) onRepeated(signal)
      asked = true
      resolve(signal)
    })
  }
  return promise
}
