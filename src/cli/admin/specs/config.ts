/** `tfe config`. */
import type { TfeCommand } from '../../command.ts'
import { apiOptions, callWith } from './common-options.ts'

/** Adds the command about the file and the store. */
export function addConfig(program: TfeCommand): void {
  program
    .command('config')
    .summary('compare the configuration file with the store')
    .description(
      'Once there is a store, it owns what an administrator changes while serving. What the file says otherwise is listed with the command that makes the store say it.',
    )
    .command('diff')
    .description(
      'Lists in what the configuration file says another thing than the store, which of the two is in force, and the command that makes the store say what the file says. Of a front end that runs, over the admin API; or with --config by reading the store itself, beside a front end or without one. Nothing is changed. Exit code 1 where there is a difference.',
    )
    .option('--config <FILE>', 'compare this configuration with its store, without the admin API')
    .with((it) => apiOptions(it))
    .examples('tfe config diff --config /etc/tfe/epmm.yaml', 'tfe config diff')
    .does(async (invocation, environment) => {
      const { options, json } = invocation
      const file = options.get('config')
      return file === undefined
        ? await callWith(() => import('../status-reload.ts'), 'configDiff')(invocation, environment)
        : (await import('../../commands/config-diff.ts')).configDiff({ file, json }, environment)
    })
}
