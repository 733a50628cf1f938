/**
 * The command line in a process of its own: the real terminal, signals and exit codes.
 */
import { readFileSync } from 'node:fs'
import process from 'node:process'
import type { Services } from './command-specs.ts'
import { run } from './run.ts'
import { terminalOf } from './terminal.ts'

/** Runs what was typed and ends the process; `script` is what a worker process runs. */
export async function runProcess(script: string): Promise<never> {
  const environment = { terminal: terminalOf(process), env: process.env, stdin: process.stdin }
  const version = packageVersion()
  const entry = { script, args: [] }
  const services: Services = {
    version,
    serve: async (file) => {
      const { serveCommand, SERVE_EXIT } = await import('./commands/serve.ts')
      const { env, terminal } = environment
      return SERVE_EXIT[await serveCommand(file, { env, err: terminal.err, entry, version })]
    },
    demo: async (options) => {
      const { demoCommand } = await import('./commands/demo.ts')
      return await demoCommand(options, environment.terminal, { entry, version })
    },
  }
  const code = await run(process.argv.slice(2), environment, services)
  await flushed(process.stdout)
  // Not process.exitCode: a connection that lingers must not keep a finished command alive.
  process.exit(code)
}

/** Waits until a stream has passed on what it was given: where pipes are asynchronous, exiting would cut it off. */
async function flushed(stream: NodeJS.WriteStream): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  stream.write('', () => resolve())
  await promise
}

function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { readonly version: string }).version
}
