import type { CommandNode, ValueKind } from './tree.ts'
import { shellWord } from './quoting.ts'

/** The script for bash; it also runs under version 3.2, which macOS has. */
export const bashScript = (nodes: readonly CommandNode[]): string => `# Completion of tfe for bash.
_tfe_commands() {
  case "$1" in
${cases(nodes, ({ path, commands }) => [[path, commands.map(({ name }) => name).join(' ')]])}
  esac
}
_tfe_options() {
  case "$1" in
${cases(nodes, ({ path, options }) => [[path, options.flatMap(({ flags }) => flags).join(' ')]])}
  esac
}
_tfe_value() {
  case "$1 $2" in
${cases(nodes, ({ path, options }) =>
  options.flatMap(({ flags, value }) =>
    value === undefined ? [] : flags.map((flag) => [`${path} ${flag}`, kindText(value)] as const),
  ),
)}
  esac
}
_tfe_argument() {
  case "$1" in
${cases(nodes, (node) => [[node.path, argumentText(node)]])}
  esac
}
_tfe() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD - 1]}"
  local at=1 where= next kind
  [ "$COMP_CWORD" -gt 1 ] && [ "\${COMP_WORDS[1]}" = help ] && at=2
  while [ "$at" -lt "$COMP_CWORD" ]; do
    next="\${where:+$where }\${COMP_WORDS[at]}"
    case " $(_tfe_commands "$where") " in
      *" \${COMP_WORDS[at]} "*) where="$next" ;;
      *) break ;;
    esac
    at=$((at + 1))
  done
  # In --option=value the = is a word of its own.
  if [ "$current" = = ]; then
    current=
  elif [ "$previous" = = ] && [ "$COMP_CWORD" -gt 2 ]; then
    previous="\${COMP_WORDS[COMP_CWORD - 2]}"
  fi
  COMPREPLY=()
  local IFS=$'\\n'
  kind="$(_tfe_value "$where" "$previous")"
  if [ -z "$kind" ]; then
    case "$current" in
      -*) kind="choices $(_tfe_options "$where")" ;;
      *)
        if [ -n "$(_tfe_commands "$where")" ]; then
          kind="choices $(_tfe_commands "$where")"
        else
          kind="$(_tfe_argument "$where")"
        fi
        ;;
    esac
  fi
  case "$kind" in
    choices*) COMPREPLY=($(compgen -W "$(printf '%s' "\${kind#choices }" | tr ' ' '\\n')" -- "$current")) ;;
    files)
      compopt -o filenames 2>/dev/null
      COMPREPLY=($(compgen -f -- "$current"))
      ;;
    folders)
      compopt -o filenames 2>/dev/null
      COMPREPLY=($(compgen -d -- "$current"))
      ;;
  esac
}
complete -F _tfe tfe
`

function cases(
  nodes: readonly CommandNode[],
  of: (node: CommandNode) => readonly (readonly [string, string])[],
): string {
  return nodes
    .flatMap(of)
    .filter(([, answer]) => answer !== '')
    .map(([pattern, answer]) => `    ${shellWord(pattern)}) echo ${shellWord(answer)} ;;`)
    .join('\n')
}

/** A file anywhere among the arguments: names of devices and settings are known to the store alone. */
function argumentText({ arguments: kinds }: CommandNode): string {
  const known = kinds.find(({ kind }) => kind !== 'text')
  return known === undefined ? '' : kindText(known)
}

const kindText = (value: ValueKind): string =>
  value.kind === 'choices' ? `choices ${value.choices.join(' ')}` : value.kind
