/** `tfe status` and `tfe reload`. */
import type { TfeCommand } from '../../command.ts'
import { calls } from './common-options.ts'

/** Adds the commands about the front end as a whole. */
export function addStatusReload(program: TfeCommand): void {
  const module = () => import('../status-reload.ts')
  program
    .command('status')
    .summary('show how a running front end and its store are, and who calls')
    .description(
      'Shows version, clock and store, how much of the store is not in force yet, which keys the configuration file has locked, and as whom you call. A store in trouble is exit code 1.',
    )
    .examples('tfe status', 'tfe status --json')
    .with(calls(module, 'status'))
  program
    .command('reload')
    .summary('have a running front end read its configuration again')
    .description(
      'Does what SIGHUP does: all of the configuration is applied or, if anything is wrong, nothing. Prints every fault, each with file, line and column, and the warnings. A refusal is exit code 1.',
    )
    .examples('tfe check epmm.yaml && tfe reload')
    .with(calls(module, 'reload'))
}
