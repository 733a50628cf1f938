/**
 * Whether the paths that are known leave anything to be gained by another one.
 */
import type { Instant } from '../kernel/types.ts'
import type { SoundPath } from '../trust/validate.ts'
import { judgePath } from './judge-path.ts'
import type { Policy } from './policy.ts'

/** Whether one of the paths is as good as a path can be: to a current CA, timely, and without a finding. */
export function isSufficient(paths: readonly SoundPath[], policy: Policy, now: Instant): boolean {
  return paths.some(
    (path) =>
      path.findings.length === 0 &&
      policy.standings.get(path.anchor.setting)?.kind === 'current' &&
      judgePath(path, policy, now).kind === 'timely',
  )
}
