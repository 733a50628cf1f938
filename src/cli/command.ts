/**
 * A command of `tfe`: commander's, with this program's usage errors and help pages. Strict: an option that is not known
 * is never guessed at, because a mistyped `--route` would silently answer another question.
 */
import { Argument, Command, CommanderError, Help, type Option } from 'commander'
import { closestMatch } from '../kernel/closest-match.ts'
import type { CommandEnvironment, CommandResult, Options } from './command-environment.ts'
import type { ExitCode } from './exit-code.ts'
import { readTime, type TimeWords } from './read-time.ts'
import { indented, replaceControlCharacters } from './text-layout.ts'

/** What was typed behind the name of a command. */
export interface Invocation {
  readonly takes: readonly string[]
  readonly options: Options
  /** Whether the answer is to be JSON. */
  readonly json: boolean
  /** The configuration, by `--config` or as the only argument; `''` where the command needs none. */
  readonly file: string
}

/** A `UsageError` says what was used wrongly, and which command's help page is worth reading. */
export class UsageError extends Error {
  readonly command: TfeCommand

  constructor(message: string, command: TfeCommand) {
    super(message)
    this.command = command
  }
}

/** One command line on its way through the commands. */
interface Session {
  readonly argv: readonly string[]
  readonly environment: CommandEnvironment
  code: ExitCode
}

export class TfeCommand extends Command {
  readonly #session: Session
  #takesConfiguration = false

  constructor(name: string, session: Session) {
    super(name)
    this.#session = session
    const { out, paint } = session.environment.terminal
    const code = (text: string): string => paint('code', text)
    this.helpCommand(false)
      .helpOption('-h, --help', 'print this page')
      .exitOverride()
      .configureOutput({
        writeOut: out,
        getOutHelpWidth: () => HELP_WIDTH,
        // The terminal decides about colours.
        getOutHasColors: () => true,
      })
      .configureHelp({
        styleTitle: (text) => paint('bold', text),
        styleOptionText: code,
        styleSubcommandText: code,
        optionDescription: (option) =>
          `${new Help().optionDescription(option)}${option.mandatory ? '; needed' : ''}`,
        subcommandTerm: (one) =>
          [one.name(), ...one.registeredArguments.map((it) => bracketed(it))].join(' '),
      })
      .on('command:*', ([word = '']: readonly string[]) => this.find([word]))
  }

  override createCommand(name = ''): TfeCommand {
    return new TfeCommand(name, this.#session)
  }

  override createOption(flags: string, description?: string): Option {
    const option = super.createOption(flags, description)
    option.argParser((value: string | undefined, previous) =>
      this.#valueOf(option, value, previous),
    )
    return option
  }

  /** An option whose values are a closed list. */
  choice(flags: string, description: string, values: readonly string[]): this {
    const option = this.createOption(flags, description)
    option.argChoices = [...values]
    return this.addOption(option)
  }

  /** An argument whose values are a closed list. */
  choiceArgument(name: string, description: string, values: readonly string[]): this {
    const argument = new Argument(name, description)
    argument.argChoices = [...values]
    argument.argParser((value: string) => this.#oneOf(argument.name(), value, values))
    return this.addArgument(argument)
  }

  /** An option whose value is a port. */
  port(flags: string, description: string): this {
    const option = super.createOption(flags, description)
    option.argParser((text: string, previous) => {
      const value = this.#valueOf(option, text, previous)
      if (/^[1-9][0-9]{0,4}$/.test(value) && Number(value) <= 65_535) return value
      return this.error(`found ${option.long} '${value}', wanted a number from 1 to 65535`)
    })
    return this.addOption(option)
  }

  /** An option whose value is a whole number. */
  wholeNumber(flags: string, description: string, [least, most]: readonly [number, number]): this {
    const option = super.createOption(flags, description)
    option.argParser((text: string, previous) => {
      const value = this.#valueOf(option, text, previous)
      const number = /^[0-9]{1,9}$/.test(value) ? Number(value) : Number.NaN
      if (number >= least && number <= most) return String(number)
      const found = `found ${option.long} '${value.slice(0, MAX_QUOTED)}'`
      return this.error(`${found}, wanted a whole number from ${least} to ${most}`)
    })
    return this.addOption(option)
  }

  /** An option whose value is a point in time; it arrives in UTC, whatever was typed. */
  time(flags: string, description: string, also: TimeWords = {}): this {
    const option = super.createOption(flags, description)
    option.argParser((text: string, previous) => {
      const value = this.#valueOf(option, text, previous)
      const time = readTime(value, also)
      if (time.ok) return time.value
      return this.error(`found ${option.long} '${value.slice(0, MAX_QUOTED)}', ${time.failure}`)
    })
    return this.addOption(option)
  }

  /** An option that may be given several times, each time with one of a closed list; its value has all of them. */
  repeated(flags: string, description: string, values: readonly string[]): this {
    const option = super.createOption(flags, description)
    option.argChoices = [...values]
    option.argParser((text: string, before) => {
      const value = this.#valueOf(option, text, undefined)
      return typeof before === 'string' ? `${before},${value}` : value
    })
    return this.addOption(option)
  }

  /** A switch that may be given several times; its value is how often. */
  counted(flags: string, description: string): this {
    const option = super.createOption(flags, description)
    option.argParser((_, before) => String(Number(before ?? 0) + 1))
    return this.addOption(option)
  }

  /** The configuration as the only argument, or by `--config`. */
  takesConfiguration(): this {
    this.#takesConfiguration = true
    return this.argument('[FILE]', CONFIGURATION).option('--config <FILE>', 'the same as FILE')
  }

  /** The configuration by `--config`, beside other arguments. */
  needsConfiguration(): this {
    return this.requiredOption('--config <FILE>', CONFIGURATION)
  }

  /** Applies what several commands have in common. */
  with(change: (command: TfeCommand) => unknown): this {
    change(this)
    return this
  }

  /** Lines to copy, at the end of the help page. */
  examples(...lines: readonly string[]): this {
    const { paint } = this.#session.environment.terminal
    return this.addHelpText('after', () =>
      ['', paint('bold', 'Examples:'), ...indented(lines)].join('\n'),
    )
  }

  /** What the command does; a sentence says what was wrong with the arguments. */
  does(
    work: (invocation: Invocation, environment: CommandEnvironment) => Promise<CommandResult>,
  ): this {
    return this.action(async () => {
      const end = await work(this.#invocation(), this.#session.environment)
      if (typeof end === 'string') this.error(end)
      this.#session.code = end
    })
  }

  /** Runs what was typed. Throws a `UsageError` where it was used wrongly, anything else only for bugs. */
  async run(): Promise<ExitCode> {
    try {
      await this.parseAsync(this.#session.argv, { from: 'user' })
    } catch (error) {
      // A help page or the version has been printed.
      if (!(error instanceof CommanderError)) throw error
    }
    return this.#session.code
  }

  /** The command that words name, from this one on. */
  find(words: readonly string[]): TfeCommand {
    const [word, ...rest] = words
    if (word === undefined) return this
    const found = this.commands.find((one) => one.name() === word)
    if (found instanceof TfeCommand) return found.find(rest)
    const [kind, before] = this.parent === null ? ['command', 'tfe '] : ['action', '']
    const suggestion = closestMatch(word, this.names())
    const ending = suggestion === undefined ? '' : `; did you mean ${before}${suggestion}?`
    return this.error(`there is no ${kind} '${word.slice(0, MAX_QUOTED)}'${ending}`)
  }

  /** The names of what can follow. */
  names(): readonly string[] {
    return this.commands.map((one) => one.name())
  }

  /** `tfe ca promote`. */
  path(): string {
    return this.parent instanceof TfeCommand ? `${this.parent.path()} ${this.name()}` : this.name()
  }

  /** commander comes here with every usage error. */
  override error(message: string): never {
    const text = message
      .replace(/^error: /u, '')
      .replace(/\n\(Did you mean (.*)\)$/su, '; did you mean $1')
    throw new UsageError(replaceControlCharacters(text), this)
  }

  /** commander comes here for a help page, with words that it does not know as well. */
  override outputHelp(): void {
    const [word = '-h'] = this.commands.length === 0 ? [] : this.args
    if (!word.startsWith('-')) this.find([word])
    super.outputHelp()
  }

  /** commander comes here when an action is missing. */
  override help(): never {
    return this.error(`${this.path()} needs an action`)
  }

  #invocation(): Invocation {
    const options = new Map<string, string>()
    for (const option of this.options) {
      const value: unknown = this.getOptionValue(option.attributeName())
      if (typeof value === 'string') options.set(option.name(), value)
    }
    const config = options.get('config')
    const file = config ?? (this.#takesConfiguration ? this.args[0] : '')
    if (file === undefined)
      this.error(`${this.path()} needs FILE, or --config FILE: ${CONFIGURATION}`)
    if (this.#takesConfiguration && config !== undefined && this.args.length > 0) {
      this.error('found FILE and --config: name the configuration once')
    }
    return { takes: this.args, options, json: options.has('json'), file }
  }

  #valueOf({ flags, long, argChoices }: Option, value: string | undefined, previous: unknown) {
    if (previous !== undefined) this.error(`found ${long} twice, wanted it once`)
    if (value === undefined) return ''
    // `--config --json`: the file was forgotten. `--note=-x` is meant.
    if (value.startsWith('-') && value !== '-' && this.#session.argv.includes(value)) {
      this.error(`option '${flags}' argument missing`)
    }
    if (value.trim() === '') this.error(`found ${long} with nothing behind it, wanted a value`)
    return argChoices === undefined ? value : this.#oneOf(long ?? flags, value, argChoices)
  }

  #oneOf(what: string, value: string, values: readonly string[]): string {
    if (values.includes(value)) return value
    const suggestion = closestMatch(value, values)
    const ending = suggestion === undefined ? '' : `; did you mean ${suggestion}?`
    const found = `found ${what} '${value.slice(0, MAX_QUOTED)}'`
    return this.error(`${found}, wanted one of ${values.join(', ')}${ending}`)
  }
}

/** Gives a command the switch that has it answer with one JSON document. */
export const json = (command: TfeCommand): TfeCommand =>
  command.option('--json', 'JSON for programs in place of text')

const bracketed = (it: Command['registeredArguments'][number]): string => {
  const name = `${it.name()}${it.variadic ? '...' : ''}`
  return it.required ? `<${name}>` : `[${name}]`
}

const CONFIGURATION = 'the configuration file; config/ holds complete examples'
const HELP_WIDTH = 80
const MAX_QUOTED = 60
