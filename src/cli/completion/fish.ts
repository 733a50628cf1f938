import { fishWord } from './quoting.ts'
import type { CommandNode, OptionNode, ValueKind } from './tree.ts'

/** The script for fish. */
export const fishScript = (nodes: readonly CommandNode[]): string => `# Completion of tfe for fish.
function __tfe_at
    set -l where
    set -l known ${nodes.map(({ path }) => fishWord(path)).join(' ')}
    for word in (commandline -opc)[2..]
        if test "$word" = help -a -z "$where"
            continue
        end
        set -l next (string trim -- "$where $word")
        contains -- "$next" $known; or break
        set where $next
    end
    test "$where" = "$argv[1]"
end
complete -c tfe -e
complete -c tfe -f
${nodes.flatMap(nodeLines).join('\n')}
`

function nodeLines({ path, commands, options, arguments: kinds }: CommandNode): readonly string[] {
  const line = `complete -c tfe -n ${fishWord(`__tfe_at ${fishWord(path)}`)}`
  const known = kinds.find(({ kind }) => kind !== 'text')
  return [
    ...commands.map(({ name, summary }) => `${line} -a ${fishWord(name)} -d ${fishWord(summary)}`),
    ...options.map((option) => `${line} ${optionText(option)}`),
    ...(known === undefined ? [] : [`${line} ${valueText(known)}`]),
  ]
}

function optionText({ flags, summary, value }: OptionNode): string {
  const names = flags.map((flag) =>
    flag.startsWith('--') ? `-l ${fishWord(flag.slice(2))}` : `-s ${fishWord(flag.slice(1))}`,
  )
  const takes = value === undefined ? [] : ['-r', valueText(value)]
  return [...names, ...takes, '-d', fishWord(summary)].join(' ')
}

function valueText(value: ValueKind): string {
  switch (value.kind) {
    case 'choices':
      return `-f -a ${fishWord(value.choices.join(' '))}`
    case 'files':
      return '-F'
    case 'folders':
      return `-f -a '(__fish_complete_directories)'`
    case 'text':
      return '-f'
  }
}
