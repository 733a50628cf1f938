/**
 * B9: a resolver that hangs for the name of one upstream. It is a real one, asked by the system's own `getaddrinfo`; the
 * control looks up for each dial, as the runtime does by itself.
 */
import { join } from 'node:path'
import type { Scene } from '../case.ts'
import { withControl } from '../case.ts'
import { inNamespace, whyNoNamespace } from '../../support/resolvers/in-namespace.ts'

const SCRIPT = join(import.meta.dirname, '../../support/resolvers/hanging-name.ts')

interface Statuses {
  readonly hang: readonly number[]
  readonly well: number
  readonly listed: number
  readonly short: number
  readonly reason: string
}

async function statuses(isDefended: boolean): Promise<readonly string[]> {
  const why = whyNoNamespace()
  if (why !== undefined) throw new Error(why)
  const { hang, well, listed, short, reason } = (await inNamespace(
    SCRIPT,
    isDefended ? 'defended' : 'plain',
  )) as Statuses
  const cause = /gave no answer about the name hang\.test/u.test(reason) ? 'told' : 'not told'
  return [`${hang.join(', ')}, ${cause}`, String(well), String(listed), String(short)]
}

const CASES = [
  ['the upstream whose name is never answered for', '504, told', '504, told'],
  ['meanwhile another upstream, by a name that the resolver answers for', '200', '504'],
  ['meanwhile another upstream, by a name of the hosts file', '200', '504'],
  ['meanwhile another upstream, by a name of the search domain', '200', '504'],
] as const

export const RESOLVER: readonly Scene[] = [
  {
    isMeasured: true,
    cases: CASES.map(([what, expected, control]) => ({ id: 'B9', what, expected, control })),
    play: () => withControl(statuses),
  },
]
