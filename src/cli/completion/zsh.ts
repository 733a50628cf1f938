import { shellWord } from './quoting.ts'
import type { CommandNode, OptionNode, ValueKind } from './tree.ts'

/** The script for zsh: to be sourced after compinit, or kept as `_tfe` in a folder of fpath. */
export const zshScript = (nodes: readonly CommandNode[]): string => `#compdef tfe
# Completion of tfe for zsh.
_tfe_commands() {
  commands=()
  case "$1" in
${nodes.map(commandCase).join('\n')}
  esac
}
_tfe_options() {
  case "$1" in
${nodes.map(optionCase).join('\n')}
  esac
}
_tfe_value() {
  case "$1 $2" in
${nodes.flatMap(({ path, options }) => options.flatMap((one) => valueCases(path, one))).join('\n')}
    *) return 1 ;;
  esac
}
_tfe_argument() {
  case "$1" in
${nodes.flatMap(argumentCase).join('\n')}
  esac
}
_tfe() {
  local where= at=2
  local -a commands options
  (( CURRENT > 2 )) && [[ $words[2] == help ]] && at=3
  _tfe_commands ''
  while (( at < CURRENT )) && (( \${commands[(I)$words[at]:*]} )); do
    where="\${where:+$where }$words[at]"
    (( at += 1 ))
    _tfe_commands "$where"
  done
  if [[ $PREFIX == --*=* ]]; then
    local option="\${PREFIX%%=*}"
    compset -P 1 '*='
    _tfe_value "$where" "$option"
    return
  fi
  _tfe_value "$where" "$words[CURRENT-1]" && return
  if [[ $PREFIX == -* ]]; then
    _tfe_options "$where"
    _describe -o option options
  elif (( $#commands )); then
    _describe command commands
  else
    _tfe_argument "$where"
  fi
}
if [[ "$funcstack[1]" == _tfe ]]; then _tfe "$@"; else compdef _tfe tfe; fi
`

const described = (word: string, summary: string): string =>
  shellWord(`${word.replaceAll(':', String.raw`\:`)}:${summary}`)

const commandCase = ({ path, commands }: CommandNode): string => {
  const all = commands.map(({ name, summary }) => described(name, summary)).join(' ')
  return `    ${shellWord(path)}) commands=(${all}) ;;`
}

const optionCase = ({ path, options }: CommandNode): string => {
  const all = options.flatMap(({ flags, summary }) => flags.map((it) => described(it, summary)))
  return `    ${shellWord(path)}) options=(${all.join(' ')}) ;;`
}

const valueCases = (path: string, { flags, value }: OptionNode): readonly string[] =>
  value === undefined
    ? []
    : flags.map((flag) => `    ${shellWord(`${path} ${flag}`)}) ${actionOf(value)} ;;`)

function argumentCase({ path, arguments: kinds }: CommandNode): readonly string[] {
  const known = kinds.find(({ kind }) => kind !== 'text')
  return known === undefined ? [] : [`    ${shellWord(path)}) ${actionOf(known)} ;;`]
}

function actionOf(value: ValueKind): string {
  switch (value.kind) {
    case 'choices':
      return `compadd -- ${value.choices.map(shellWord).join(' ')}`
    case 'files':
      return '_files'
    case 'folders':
      return '_files -/'
    case 'text':
      return ':'
  }
}
