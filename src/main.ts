/**
 * Where everything is plugged together: the command line, the real terminal, the real signals, the exit code.
 */
import cluster from 'node:cluster'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { EXIT, type ExitCode } from './cli/exit-code.ts'
import { type DemoCommandOptions, type Services, run } from './cli/run.ts'
import { terminalOf, type Terminal } from './cli/terminal.ts'

// Whoever reads us through `head` has enough; that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? EXIT.ok : bug(error))
})
process.on('uncaughtException', (error) => process.exit(bug(error)))

try {
  if (cluster.isWorker) {
    const { runWorker } = await import('./serve/workers/worker.ts')
    runWorker()
  } else {
    const terminal = terminalOf(process)
    const code = await run(process.argv.slice(2), {
      version: version(),
      terminal,
      env: process.env,
      serve,
      ...storeCommands(terminal),
      demo: (commandOptions) => demo(commandOptions, terminal),
    })
    await written(process.stdout)
    // Not process.exitCode: a connection that lingers must not keep a finished command alive.
    process.exit(code)
  }
} catch (error) {
  process.exit(bug(error))
}

async function serve(file: string): Promise<ExitCode> {
  const { serveCommand } = await import('./cli/commands/serve.ts')
  const end = await serveCommand(file, {
    env: process.env,
    err: (text) => {
      process.stderr.write(text)
    },
    entry: { script: fileURLToPath(import.meta.url), args: [] },
    version: version(),
  })
  const codes = {
    drained: EXIT.ok,
    'faulty-configuration': EXIT.no,
    'not-started': EXIT.cannotStart,
  } as const
  return codes[end]
}

function storeCommands(
  terminal: Terminal,
): Pick<Services, 'admin' | 'breakGlass' | 'init' | 'keys'> {
  const context = { terminal, env: process.env, stdin: process.stdin }
  // Loaded when needed: a database client and a password hash are no business of `tfe explain`.
  const commands = () => import('./cli/commands/store.ts')
  return {
    init: async (file, from) => (await commands()).initCommand(file, context, from),
    keys: async (commandOptions) =>
      (await import('./cli/commands/keys.ts')).keysCommand(commandOptions, context),
    admin: async (commandOptions) => (await commands()).adminCommand(commandOptions, context),
    breakGlass: async (commandOptions) =>
      (await commands()).breakGlassCommand(commandOptions, context),
  }
}

async function demo(commandOptions: DemoCommandOptions, terminal: Terminal): Promise<ExitCode> {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  // Loaded here only: it brings a certificate factory that nothing else needs.
  const [{ runDemo }, { DEFAULT_PORTS }, { startServer }, { openLogTo }, { demoStore }] =
    await Promise.all([
      import('./demo/demo.ts'),
      import('./demo/ports.ts'),
      import('./serve/start.ts'),
      import('./serve/log.ts'),
      import('./cli/commands/demo-store.ts'),
    ])
  const options = {
    folder: resolve(commandOptions.folder ?? 'demo-data'),
    ports: {
      frontEnd: commandOptions.port ?? DEFAULT_PORTS.frontEnd,
      upstream: commandOptions.upstreamPort ?? DEFAULT_PORTS.upstream,
      metrics: commandOptions.metricsPort ?? DEFAULT_PORTS.metrics,
      admin: commandOptions.adminPort ?? DEFAULT_PORTS.admin,
    },
    json: commandOptions.json,
  }
  const ending = await runDemo(options, terminal, {
    stop: stop.signal,
    prepare: demoStore,
    serve: (loaded, lines) =>
      startServer(loaded, {
        logger: openLogTo(lines, loaded.config.log),
        entry: { script: fileURLToPath(import.meta.url), args: [] },
        version: version(),
      }),
  })
  return ending === 'ended' ? EXIT.ok : EXIT.cannotStart
}

/** Waits until a stream has passed on what it was given: where pipes are asynchronous, exiting would cut it off. */
async function written(stream: NodeJS.WriteStream): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  stream.write('', () => resolve())
  await promise
}

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { readonly version: string }).version
}

/** Whatever comes this far was not foreseen: one line for the user, everything for whoever looks for the cause. */
function bug(error: unknown): ExitCode {
  const message = error instanceof Error ? error.message : String(error)
  process.stderr.write(`tfe: this is a bug in tfe, please report it: ${message}\n`)
  if (process.env['TFE_DEBUG'] === '1' && error instanceof Error) {
    process.stderr.write(`${error.stack ?? ''}\n`)
  } else process.stderr.write('TFE_DEBUG=1 shows where it happened\n')
  return EXIT.bug
}
