/** The completion scripts, run in the shells that they are for; one that this machine lacks skips its tests. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SHELLS, type Shell } from '../../src/cli/completion/shells.ts'
import { program, tfe } from '../support/cli/run-command.ts'

let folder: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tfe-completion-'))
  for (const shell of SHELLS) {
    const { out } = await tfe(['completion', shell])
    writeFileSync(join(folder, `tfe.${shell}`), out)
  }
  writeFileSync(join(folder, 'epmm.yaml'), '')
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

const isMissing = (shell: Shell): boolean => spawnSync(shell, ['--version']).error !== undefined

/** Long enough for any machine: a shell that waits for more input would wait for ever. */
const HANGS_MS = 60_000

function said(shell: Shell, args: readonly string[], input = ''): string {
  const env = { ...process.env, TERM: 'dumb', HOME: folder }
  const ran = spawnSync(shell, args, { cwd: folder, env, input, timeout: HANGS_MS })
  if (ran.status !== 0) throw new Error(`${shell}: ${ran.status} ${ran.stderr.toString()}`)
  return ran.stdout.toString()
}

/** What each shell offers for the last word of a line. */
const OFFERED: Readonly<Record<Shell, (line: string) => readonly string[]>> = {
  bash: (line) => {
    const script = `source tfe.bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tfe; printf '%s\\n' "\${COMPREPLY[@]}"`
    // As bash cuts a line: = is a word of its own.
    const words = line
      .replace(/=(?=\S*$)/u, ' = ')
      .replace(/(= ) $/u, '$1')
      .split(' ')
    const out = said('bash', ['--norc', '-c', script, 'bash', ...words])
    return out.split('\n').filter((one) => one !== '')
  },
  fish: (line) => {
    const out = said('fish', ['--no-config', '-c', `source tfe.fish; complete -C '${line}'`])
    return out
      .split('\n')
      .map((one) => valueIn(one.split('\t', 1)[0] ?? ''))
      .filter((one) => one !== '')
  },
  // At a terminal of its own, a Tab is typed: a single match is put into the line, several are listed.
  zsh: (line) => {
    const out = said('zsh', ['-f'], ZSH_SESSION.replace('LINE', line))
    return [...out.matchAll(/[\w./=-]+/gu)].map(([word]) => valueIn(word))
  },
}

/** Some shells offer `--option=value` as one word. */
const valueIn = (word: string): string => word.replace(/^--[\w-]+=/u, '')

const ZSH_SESSION = `zmodload zsh/zpty
zpty tfe zsh -f -i
zpty -w tfe 'PS1=; stty -echo; autoload -U compinit; compinit -u -D; source ./tfe.zsh; show() { print -r -- "<<$BUFFER>>"; BUFFER=; }; zle -N show; bindkey "^X" show; print rea""dy'
zpty -r tfe text '*ready*'
zpty -n -w tfe 'LINE'$'\\t\\x18'
zpty -r tfe text '*<<*>>*'
print -r -- "$text"
zpty -d tfe
`

const COMPLETED: readonly (readonly [line: string, offered: readonly string[]])[] = [
  ['tfe dev', ['devices']],
  ['tfe devices ', ['approve', 'block', 'list', 'show', 'withdraw']],
  ['tfe devices list --appr', ['--approval']],
  ['tfe devices list --approval ', ['unapproved', 'approved', 'blocked']],
  ['tfe devices list --approval=', ['unapproved', 'approved', 'blocked']],
  ['tfe devices list --class=android-m', ['android-maw']],
  ['tfe ca preview new ', ['promote', 'amend', 'remove', 'distrust']],
  ['tfe agents unset ', ['ios-maw', 'win10']],
  ['tfe help dev', ['devices']],
  ['tfe check ep', ['epmm.yaml']],
  ['tfe explain --config ep', ['epmm.yaml']],
  ['tfe completion ', ['bash', 'zsh', 'fish']],
]

const NOT_COMPLETED: readonly (readonly [line: string, never: string])[] = [
  ['tfe devices list --approval ', 'admit'],
  ['tfe devices list --approval=un', 'approved'],
  ['tfe devices ', 'promote'],
  ['tfe devices list --text ', 'epmm.yaml'],
  ['tfe devices show ', 'epmm.yaml'],
]

for (const shell of SHELLS) {
  describe.skipIf(isMissing(shell))(`${shell} (skipped where the machine has no ${shell})`, () => {
    for (const [line, offered] of COMPLETED) {
      test(`'${line}' and a Tab offer ${offered.join(', ')}`, () => {
        expect(OFFERED[shell](line)).toEqual(expect.arrayContaining([...offered]))
      })
    }
    for (const [line, never] of NOT_COMPLETED) {
      test(`'${line}' and a Tab do not offer ${never}`, () => {
        expect(OFFERED[shell](line)).not.toContain(never)
      })
    }
  })
}

describe.skipIf(isMissing('bash'))('bash (skipped where the machine has no bash)', () => {
  test('every command of the overview is offered', () => {
    expect(OFFERED.bash('tfe ')).toEqual(program().names())
  })
})

test('a shell that there is no script for is a usage error', async () => {
  const { code, out, err } = await tfe(['completion', 'tcsh'])
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toContain('bash, zsh, fish')
})

test('the help page says how a script is installed', async () => {
  const { out } = await tfe(['completion', '--help'])
  for (const shell of SHELLS) expect(out).toContain(`tfe completion ${shell}`)
})
