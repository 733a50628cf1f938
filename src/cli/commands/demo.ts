/** `tfe demo`: the demonstration with a front end and a store. */
import { resolve } from 'node:path'
import { runDemo } from '../../demo/demo.ts'
import { DEFAULT_PORTS } from '../../demo/ports.ts'
import { openLogTo } from '../../serve/log.ts'
import { startServer } from '../../serve/start.ts'
import type { Options } from '../command-environment.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { localTimeText, withTimes } from '../local-time.ts'
import { reloadAtSignal } from '../reload-signal.ts'
import { shutdownSignal } from '../shutdown-signal.ts'
import type { Terminal } from '../terminal.ts'
import { demoStore } from './demo-store.ts'
import type { ServeOptions } from './serve.ts'

/** Runs the demonstration until SIGINT or SIGTERM, reloads at SIGHUP; options that are not given have its defaults. */
export async function demoCommand(
  options: Options,
  terminal: Terminal,
  { entry, version }: Pick<ServeOptions, 'entry' | 'version'>,
): Promise<ExitCode> {
  const stop = new AbortController()
  void shutdownSignal().then(() => stop.abort())
  const { frontEnd, upstream, metrics, admin } = DEFAULT_PORTS
  const chosen = {
    folder: resolve(options.get('dir') ?? 'demo-data'),
    ports: {
      frontEnd: Number(options.get('port') ?? frontEnd),
      upstream: Number(options.get('upstream-port') ?? upstream),
      metrics: Number(options.get('metrics-port') ?? metrics),
      admin: Number(options.get('admin-port') ?? admin),
    },
    json: options.has('json'),
  }
  const output = {
    ...terminal,
    withTimes: (sentence: string) =>
      withTimes(sentence, (time) => localTimeText(time, terminal.timeZone, 'second')),
  }
  const ending = await runDemo(chosen, output, {
    stop: stop.signal,
    prepare: demoStore,
    serve: (loaded, lines, load) => {
      const logger = openLogTo(lines, loaded.config.log)
      const starting = startServer(loaded, { logger, entry, version, readConfiguration: load })
      reloadAtSignal({ starting, load, logger })
      return starting
    },
  })
  return ending === 'ended' ? EXIT.ok : EXIT.cannotStart
}
