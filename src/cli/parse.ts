/**
 * What was typed → a command with its arguments, or a sentence about what was typed. Strict: an option that we
 * do not know is never guessed at, because a mistyped `--route` would silently answer another question.
 */
import { parseArgs } from 'node:util'
import { closestMatch } from '../kernel/closest-match.ts'
import { fail, ok, type Result } from '../kernel/types.ts'
import { CATALOGUE, type CommandName } from './command-specs.ts'
import type { CommandEntry, OptionEntry } from './command-spec.ts'

/** A command with everything that was given to it; needed things are there. */
export interface Invocation {
  readonly command: CommandName
  readonly takes: readonly string[]
  /** By option name; switches are `''`. */
  readonly options: ReadonlyMap<string, string>
}

/** Used wrongly: what was found and what to do about it. */
export interface UsageError {
  readonly message: string
  /** The command whose help page is worth reading. */
  readonly command: CommandName | undefined
}

/** Understands a command line without the program's name. */
export function parseCommandLine(argv: readonly string[]): Result<Invocation, UsageError> {
  const [first = 'help', ...rest] = argv
  if (first === '--help' || first === '-h') {
    return ok({ command: 'help', takes: rest.slice(0, 1), options: new Map() })
  }
  if (!isCommand(first)) return fail(unknownCommand(first))
  if (rest.some((word) => word === '--help' || word === '-h')) {
    return ok({ command: 'help', takes: [first], options: new Map() })
  }
  if (first === 'help') return ok({ command: 'help', takes: rest.slice(0, 1), options: new Map() })
  return parseFor(first, rest)
}

interface OptionToken {
  readonly rawName: string
  readonly value?: string | undefined
  readonly inlineValue?: boolean | undefined
}

/** Whether a word is the name of a command. */
export const isCommand = (word: string): word is CommandName => Object.hasOwn(CATALOGUE, word)

/** A word that should have been a command. */
export function unknownCommand(word: string): UsageError {
  if (word.startsWith('-')) {
    const suggestion = closestMatch(word, ['--help', '--version'])
    return {
      message: `found ${quoted(word)} before any command${didYouMean(suggestion)}`,
      command: undefined,
    }
  }
  const suggestion = closestMatch(word, Object.keys(CATALOGUE))
  return {
    message: `there is no command ${quoted(word)}${didYouMean(suggestion === undefined ? undefined : `tfe ${suggestion}`)}`,
    command: undefined,
  }
}

function parseFor(command: CommandName, words: readonly string[]): Result<Invocation, UsageError> {
  const entry: CommandEntry = CATALOGUE[command]
  const known = Object.entries(entry.options)
  const misuse = (message: string): Result<Invocation, UsageError> => fail({ message, command })
  const { tokens } = parseArgs({
    args: [...words],
    strict: false,
    tokens: true,
    options: Object.fromEntries(
      known.map(([name, { value }]) => [
        name,
        { type: value === undefined ? 'boolean' : 'string' },
      ]),
    ),
  })
  const takes: string[] = []
  const options = new Map<string, string>()
  for (const token of tokens) {
    if (token.kind === 'positional') takes.push(token.value)
    if (token.kind !== 'option') continue
    const option = Object.hasOwn(entry.options, token.name) ? entry.options[token.name] : undefined
    const wrong =
      option === undefined
        ? unknownOption(token.rawName, command, known)
        : wrongValue(token, option, option.repeat !== true && options.has(token.name))
    if (wrong !== undefined) return misuse(wrong)
    const times = Number(options.get(token.name) ?? 0) + 1
    options.set(token.name, option?.repeat === true ? String(times) : (token.value ?? ''))
  }
  const wrong =
    wrongAction({ takes, options }, entry, command) ??
    wrongCount({ takes, options }, chosen(takes, entry), command)
  return wrong === undefined ? ok({ command, takes, options }) : misuse(wrong)
}

function unknownOption(
  rawName: string,
  command: CommandName,
  known: readonly (readonly [string, OptionEntry])[],
): string {
  const suggestion = closestMatch(
    rawName,
    known.map(([name]) => `--${name}`),
  )
  return `tfe ${command} has no option ${quoted(rawName)}${didYouMean(suggestion)}`
}

function wrongValue(
  { rawName, value, inlineValue }: OptionToken,
  option: OptionEntry,
  again: boolean,
): string | undefined {
  if (again) return `found ${rawName} twice, wanted it once`
  if (option.value === undefined) {
    return value === undefined ? undefined : `found a value after ${rawName}, which takes none`
  }
  // `--config --json`: whoever wrote that forgot the file.
  if (value === undefined || (inlineValue !== true && value.startsWith('-') && value !== '-')) {
    return `found ${rawName} without its ${option.value}, wanted ${option.sentence}`
  }
  if (option.among === undefined || option.among.includes(value)) return undefined
  const suggestion = closestMatch(value, option.among)
  return `found ${rawName} ${quoted(value)}, wanted one of ${option.among.join(', ')}${didYouMean(suggestion)}`
}

/** The action that was chosen must be one, and the options must be for it. */
function wrongAction(
  { takes: [word], options }: Pick<Invocation, 'takes' | 'options'>,
  { actions }: CommandEntry,
  command: CommandName,
): string | undefined {
  if (actions === undefined) return undefined
  const names = Object.keys(actions)
  const action = word === undefined || !Object.hasOwn(actions, word) ? undefined : actions[word]
  if (word === undefined) return `tfe ${command} needs an action: ${names.join(', ')}`
  if (action === undefined) {
    const suggestion = closestMatch(word, names)
    const known =
      suggestion === undefined ? `; there is ${names.join(', ')}` : didYouMean(suggestion)
    return `tfe ${command} has no action ${quoted(word)}${known}`
  }
  const foreign = [...options.keys()].find(
    (name) =>
      action.options?.includes(name) !== true &&
      Object.values(actions).some((one) => one.options?.includes(name) === true),
  )
  if (foreign === undefined) return undefined
  return `tfe ${command} ${word} has no use for --${foreign}`
}

/** The arguments that count: those of the action, behind it. */
function chosen([word = '']: readonly string[], entry: CommandEntry): CommandEntry {
  const { actions, takes } = entry
  const action = actions === undefined || !Object.hasOwn(actions, word) ? undefined : actions[word]
  const [first] = takes
  return action === undefined || first === undefined
    ? entry
    : { ...entry, takes: [first, ...action.takes] }
}

function wrongCount(
  { takes, options }: Pick<Invocation, 'takes' | 'options'>,
  entry: CommandEntry,
  command: CommandName,
): string | undefined {
  const wanted = entry.takes.filter(
    ({ unless, optional }) => optional !== true && (unless === undefined || !options.has(unless)),
  )
  const lacking = wanted[takes.length]
  if (lacking !== undefined) return `tfe ${command} needs ${lacking.name}: ${lacking.sentence}`
  const extra = entry.takes.at(-1)?.many === true ? undefined : takes[entry.takes.length]
  if (extra !== undefined) return `found ${quoted(extra)}, which tfe ${command} has no use for`
  const needed = Object.entries(entry.options).find(
    ([name, option]) => option.needed === true && !options.has(name),
  )
  if (needed === undefined) return undefined
  const [name, { value, sentence }] = needed
  return `tfe ${command} needs --${name} ${value}: ${sentence}`
}

const didYouMean = (suggestion: string | undefined): string =>
  suggestion === undefined ? '' : `; did you mean ${suggestion}?`

/** One line, whatever was typed. */
const quoted = (word: string): string => `'${word.replaceAll(/\p{Cc}/gu, '?').slice(0, 60)}'`
