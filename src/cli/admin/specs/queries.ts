/** `tfe queries`. */
import type { TfeCommand } from '../../command.ts'
import { calls, pages, wide } from './common-options.ts'
import { deviceFilter } from './devices.ts'

/** Adds the commands about saved queries. */
export function addQueries(program: TfeCommand): void {
  const module = () => import('../queries.ts')
  const queries = program
    .command('queries')
    .summary('save conditions for lists of devices, and list by them')
    .description(
      'A query is a set of conditions under a name. `tfe devices list --query NAME` lists by one, too.',
    )
  const named = (name: string, description: string): TfeCommand =>
    queries.command(name).description(description)
  named('list', 'list the saved queries, the segments of charts among them')
    .with(wide)
    .with(calls(module, 'list'))
  named('save', 'save these conditions under a name')
    .argument('<NAME>', 'a name that no query has yet')
    .with(deviceFilter)
    .examples('tfe queries save waiting --approval unapproved --verdict admit')
    .with(calls(module, 'save'))
  named('run', 'list the devices that meet a saved query')
    .argument('<NAME>', QUERY)
    .with(pages)
    .with(wide)
    .examples('tfe queries run waiting')
    .with(calls(module, 'run'))
  named('remove', 'remove a saved query').argument('<NAME>', QUERY).with(calls(module, 'remove'))
}

const QUERY = 'the query: its name, or the beginning of an id that no other has'
