/** The commands as a shell has to know them to complete a word. */
import type { Argument, Command, Option } from 'commander'

/** What stands where a value is typed. */
export type ValueKind =
  | { readonly kind: 'choices'; readonly choices: readonly string[] }
  | { readonly kind: 'files' }
  | { readonly kind: 'folders' }
  /** Only the person knows. */
  | { readonly kind: 'text' }

/** A command or an action, with what can follow it. */
export interface CommandNode {
  /** Below `tfe`: `devices list`; `''` is `tfe` itself. */
  readonly path: string
  readonly commands: readonly { readonly name: string; readonly summary: string }[]
  readonly options: readonly OptionNode[]
  readonly arguments: readonly ValueKind[]
}

/** An option; a switch has no value. */
export interface OptionNode {
  readonly flags: readonly string[]
  readonly summary: string
  readonly value: ValueKind | undefined
}

/** Every command from this one on, itself first. */
export function commandNodes(command: Command, path = ''): readonly CommandNode[] {
  const below = command.commands.flatMap((one) =>
    commandNodes(one, path === '' ? one.name() : `${path} ${one.name()}`),
  )
  const help: OptionNode = {
    flags: ['-h', '--help'],
    summary: 'print this page',
    value: undefined,
  }
  return [
    {
      path,
      commands: command.commands.map((one) => ({
        name: one.name(),
        summary: firstSentence(one.summary() || one.description()),
      })),
      options: [...command.options.map(optionNode), help],
      arguments: command.registeredArguments.map(argumentKind),
    },
    ...below,
  ]
}

function optionNode(option: Option): OptionNode {
  const flags = [option.short, option.long].filter((flag) => typeof flag === 'string')
  const [, placeholder] = /<(.*)>/u.exec(option.flags) ?? []
  return {
    flags,
    summary: firstSentence(option.description),
    value: placeholder === undefined ? undefined : kindOf(placeholder, option.argChoices),
  }
}

const argumentKind = (argument: Argument): ValueKind => kindOf(argument.name(), argument.argChoices)

function kindOf(placeholder: string, choices: readonly string[] | undefined): ValueKind {
  if (choices !== undefined) return { kind: 'choices', choices }
  if (FILES.has(placeholder)) return { kind: 'files' }
  return placeholder === 'FOLDER' ? { kind: 'folders' } : { kind: 'text' }
}

/** What help pages call a file. */
const FILES: ReadonlySet<string> = new Set(['FILE', 'CERT.pem', 'BUNDLE', 'EXPORT'])

/** A shell shows it on one line. */
const firstSentence = (text: string): string => text.split(/\. |; | \(default/u, 1)[0] ?? ''
