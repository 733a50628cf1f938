/**
 * The letterbox: a command line comes in, an exit code goes out.
 */
import { unreachable } from '../kernel/types.ts'
import { CATALOGUE } from './command-specs.ts'
import {
  type Invocation,
  isCommand,
  type UsageError,
  parseCommandLine,
  unknownCommand,
} from './parse.ts'
import { EXIT, type ExitCode } from './exit-code.ts'
import { helpPage, overview, usage } from './help.ts'
import type { Terminal } from './terminal.ts'

/** What the commands need of the rest of the house. */
export interface Services {
  readonly version: string
  readonly terminal: Terminal
  readonly env: Readonly<Record<string, string | undefined>>
  readonly serve: (file: string) => Promise<ExitCode>
  readonly init: (file: string, from: string | undefined) => Promise<ExitCode>
  readonly keys: (options: KeysOptions) => Promise<ExitCode>
  readonly admin: (options: AdminCreateOptions) => Promise<ExitCode>
  readonly breakGlass: (options: BreakGlassOptions) => Promise<ExitCode>
  readonly demo: (options: DemoCommandOptions) => Promise<ExitCode>
}

/** Who is to be an administrator. */
export interface AdminCreateOptions {
  readonly file: string
  readonly name: string
  readonly role: 'viewer' | 'operator' | 'administrator'
  /** Undefined: a password comes from standard input. */
  readonly tokenFile: string | undefined
}

/** What is to be done with the keys that seal secrets. */
export interface KeysOptions {
  readonly file: string
  readonly action: 'export' | 'import' | 'list' | 'new'
  /** Where the bundle of `export` and `import` lies. */
  readonly bundle: string
}

/** Whose latch is to be undone, and why. */
export interface BreakGlassOptions {
  readonly file: string
  readonly reason: string
}

/** What a person may choose about the demonstration; undefined leaves it to the demonstration. */
export interface DemoCommandOptions {
  readonly folder: string | undefined
  readonly port: number | undefined
  readonly upstreamPort: number | undefined
  readonly metricsPort: number | undefined
  readonly adminPort: number | undefined
  readonly json: boolean
}

/** Runs one command. Throws only for bugs. */
export async function run(argv: readonly string[], services: Services): Promise<ExitCode> {
  const { terminal, version } = services
  if (argv[0] === '--version' || argv[0] === '-V') {
    terminal.out(`tfe ${version}\n`)
    return EXIT.ok
  }
  const parsed = parseCommandLine(argv)
  return parsed.ok ? dispatch(parsed.value, services) : reportUsageError(parsed.failure, terminal)
}

async function dispatch(invocation: Invocation, services: Services): Promise<ExitCode> {
  const { command, takes, options } = invocation
  const { terminal, env } = services
  switch (command) {
    case 'help':
      return help(takes[0], terminal)
    case 'serve':
      return services.serve(options.get('config') ?? '')
    case 'demo':
      return demo(options, services)
    case 'init':
      return services.init(options.get('config') ?? '', options.get('from'))
    case 'keys':
      return services.keys({
        file: options.get('config') ?? '',
        action: KEYS_ACTIONS.find((one) => one === takes[0]) ?? 'list',
        bundle: takes[1] ?? '',
      })
    case 'admin':
      return admin(invocation, services)
    case 'break-glass':
      return services.breakGlass({
        file: options.get('config') ?? '',
        reason: options.get('reason') ?? '',
      })
    // Loaded when needed, so that `tfe help` need not read all of them.
    case 'check': {
      const { check } = await import('./check/check.ts')
      return check(takes[0] ?? '', { terminal, env })
    }
    case 'explain': {
      const { explain } = await import('./explain/explain.ts')
      const done = await explain(takes[0] ?? '', options, { terminal, env })
      return typeof done === 'string'
        ? reportUsageError({ message: done, command }, terminal)
        : done
    }
    case 'headers': {
      const { headers } = await import('./headers/headers.ts')
      const done = await headers(takes[0], options, { terminal, env })
      return typeof done === 'string'
        ? reportUsageError({ message: done, command }, terminal)
        : done
    }
    case 'upstream': {
      const { upstream } = await import('./upstream/upstream.ts')
      const done = await upstream(takes, options, { terminal, env })
      return typeof done === 'string'
        ? reportUsageError({ message: done, command }, terminal)
        : done
    }
    case 'devices':
    case 'ca':
    case 'enforce':
    case 'oauth':
    case 'port':
    case 'audit':
    case 'deny':
    case 'token':
    case 'inventory': {
      const { runAdminCommand } = await import('./admin/dispatch.ts')
      const done = await runAdminCommand(command, { takes, options }, { terminal, env })
      return typeof done === 'string'
        ? reportUsageError({ message: done, command }, terminal)
        : done
    }
    default:
      return unreachable(command)
  }
}

function help(word: string | undefined, terminal: Terminal): ExitCode {
  const { out, paint } = terminal
  if (word === undefined) {
    out(overview(paint))
    return EXIT.ok
  }
  if (!isCommand(word)) return reportUsageError(unknownCommand(word), terminal)
  out(`${helpPage(word, paint)}\n`)
  return EXIT.ok
}

async function admin(
  { takes: [action = '', name = ''], options }: Invocation,
  { admin, terminal }: Services,
): Promise<ExitCode> {
  if (action !== 'create') {
    const message = `found '${action}', wanted create: \`tfe admin create NAME\``
    return reportUsageError({ message, command: 'admin' }, terminal)
  }
  const role = ROLES.find((one) => one === options.get('role')) ?? 'viewer'
  return admin({
    file: options.get('config') ?? '',
    name,
    role,
    tokenFile: options.get('token-file'),
  })
}

/** The command line has checked that it is one of these. */
const KEYS_ACTIONS = ['export', 'import', 'list', 'new'] as const
const ROLES = ['viewer', 'operator', 'administrator'] as const

async function demo(
  options: Invocation['options'],
  { demo, terminal }: Services,
): Promise<ExitCode> {
  const ports = (['port', 'upstream-port', 'metrics-port', 'admin-port'] as const).map((name) => {
    const text = options.get(name)
    return { name, text, port: text === undefined ? undefined : parsePort(text) }
  })
  const wrong = ports.find(({ text, port }) => text !== undefined && port === undefined)
  if (wrong !== undefined) {
    const message = `found --${wrong.name} '${wrong.text}', wanted a number from 1 to 65535`
    return reportUsageError({ message, command: 'demo' }, terminal)
  }
  const [port, upstreamPort, metricsPort, adminPort] = ports.map((one) => one.port)
  return demo({
    folder: options.get('dir'),
    port,
    upstreamPort,
    metricsPort,
    adminPort,
    json: options.has('json'),
  })
}

function parsePort(text: string): number | undefined {
  const port = /^[1-9][0-9]{0,4}$/.test(text) ? Number(text) : 0
  return port >= 1 && port <= 65_535 ? port : undefined
}

function reportUsageError({ message, command }: UsageError, { err }: Terminal): ExitCode {
  err(`tfe: ${message}\n`)
  err(command === undefined ? commands() : `usage: ${usage(command)}\n`)
  err(`see: tfe help${command === undefined ? '' : ` ${command}`}\n`)
  return EXIT.usage
}

const commands = (): string => `commands: ${Object.keys(CATALOGUE).join(', ')}\n`
