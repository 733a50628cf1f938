/** `tfe history`. */
import { HISTORY_KINDS } from '../../../fleet/history.ts'
import type { TfeCommand } from '../../command.ts'
import { calls, wide } from './common-options.ts'

/** Adds the command about what was rolled up. */
export function addHistory(program: TfeCommand): void {
  program
    .command('history')
    .summary('draw requests, refusals and the state of the fleet over time')
    .description(
      'Draws what was counted and how the fleet was in each hour or day (UTC) of the last 90 days. Without options: all of it, by hour, of the last day.',
    )
    .repeated('--kind <KIND>', 'only this; may be given several times', HISTORY_KINDS)
    .time('--from <TIME>', 'from then on: 2026-11-22, or 7d for 7 days ago', AGO)
    .time('--until <TIME>', 'up to then, written in the same ways', AGO)
    .choice('--step <STEP>', 'an hour, at most 744 of them, or a day (default: hour)', [
      'hour',
      'day',
    ])
    .examples('tfe history --kind refusals --from 12h', 'tfe history --step day --from 90d --json')
    .with(wide)
    .with(calls(() => import('../history.ts'), 'history'))
}

/** What was rolled up has been, so that a length of time can only mean so long ago. */
const AGO = { ago: true } as const
