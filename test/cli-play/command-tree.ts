/**
 * Every command of `tfe`, as its specification has it, and what its help page has to be.
 */
import type { TfeCommand } from '../../src/cli/command.ts'
import { program, tfe } from '../support/cli/run-command.ts'

export interface Leaf {
  /** Without `tfe`, such as `ca promote`. */
  readonly path: string
  /** The long names of its options, with their dashes. */
  readonly options: readonly string[]
}

/** The commands that do something themselves. */
export const leaves = (): readonly Leaf[] =>
  nodes().flatMap(([path, command]) =>
    command.commands.length > 0
      ? []
      : [{ path, options: command.options.map(({ long }) => long ?? '') }],
  )

const nodes = (
  command: TfeCommand = program(),
  above = '',
): readonly (readonly [path: string, command: TfeCommand])[] =>
  (command.commands as readonly TfeCommand[]).flatMap((one) => {
    const path = `${above} ${one.name()}`.trim()
    return [[path, one] as const, ...nodes(one, path)]
  })

/** What is wrong with the help pages, one sentence each. */
export async function helpFaults(): Promise<readonly string[]> {
  const faults: string[] = []
  for (const [path, command] of [['', program()] as const, ...nodes()]) {
    const words = path.split(' ').filter(Boolean)
    const asked = await tfe([...words, '--help'])
    const add = (what: string): number =>
      faults.push(`tfe ${[...words, '--help'].join(' ')} ${what}`)
    if (asked.code !== 0) add(`ends with ${asked.code}`)
    if (asked.err !== '') add('writes to standard error')
    const long = asked.out.split('\n').find((line) => line.length > 80)
    if (long !== undefined) add(`has a line of ${long.length} characters: ${long}`)
    const named = [...asked.out.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gmu)].map(([, name]) => name)
    const wanted = [...command.options.map((option) => option.long), '--help']
    if (new Set(named).symmetricDifference(new Set(wanted)).size > 0) {
      add(`names ${named.join(', ')}; its specification has ${wanted.join(', ')}`)
    }
    const helped = await tfe(['help', ...words])
    if (helped.out !== asked.out) add('differs from `tfe help` of it')
  }
  return faults
}
