/**
 * The shape of a command's description: its arguments, actions and options.
 */

/** A command as people read about it and as it is parsed. */
export interface CommandEntry {
  readonly summary: string
  /** One paragraph of what it does, for its own help page. */
  readonly about: string
  /** The positional arguments in order. */
  readonly takes: readonly Argument[]
  /** What the first argument chooses among; each says which arguments follow, and which options it has besides. */
  readonly actions?: Readonly<Record<string, ActionEntry>>
  readonly options: Readonly<Record<string, OptionEntry>>
  readonly examples: readonly string[]
}

export interface Argument {
  readonly name: string
  readonly sentence: string
  /** Left out in this case: another option makes it needless. */
  readonly unless?: string
  /** May be left out in any case; only the last ones can be. */
  readonly optional?: true
  /** Any number of them, at least one; only the last can be. */
  readonly many?: true
}

/** One of several things that a command does. */
export interface ActionEntry {
  /** The arguments after it. */
  readonly takes: readonly Argument[]
  readonly sentence: string
  /** Options of the command that are for this action; those of no action are for all. */
  readonly options?: readonly string[]
}

export interface OptionEntry {
  /** What stands for its value in help; undefined for a switch. */
  readonly value: string | undefined
  readonly sentence: string
  readonly needed?: true
  /** May be given several times; its value is how often. */
  readonly repeat?: true
  /** The values it takes, when they are a closed list. */
  readonly among?: readonly string[]
}
