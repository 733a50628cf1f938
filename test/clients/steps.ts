import type { Visit } from './clients.ts'
import { PATHS, type Material, type Setting } from './front-end.ts'

/** A call that is made twice, and whom the upstream is to be told of. */
export interface Step {
  readonly expected: 'none' | 'first' | 'second'
  readonly visits: readonly [Visit, Visit]
}

/** The life of a device, each call under a path of its own. */
export function stepsOf(setting: Setting, { first, second }: Material): readonly Step[] {
  const step = (expected: Step['expected'], path: string, identity: Visit['identity']): Step => ({
    expected,
    visits: [
      { path: `${path}-${setting}-1`, identity },
      { path: `${path}-${setting}-2`, identity },
    ],
  })
  return [
    step('none', `${PATHS.open}start`, undefined),
    step('first', `${PATHS.device}enrolled`, first),
    step('first', `${PATHS.renewal}now`, first),
    step('second', `${PATHS.device}renewed`, second),
  ]
}
