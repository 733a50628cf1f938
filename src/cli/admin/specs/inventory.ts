/** `tfe inventory`. */
import type { TfeCommand } from '../../command.ts'
import { calls } from './common-options.ts'

/** Adds the commands about the inventory. */
export function addInventory(program: TfeCommand): void {
  const inventory = program
    .command('inventory')
    .summary('import the list of devices that should be there')
    .description('The list of devices that should be there, beside those that were seen.')
  inventory
    .command('import')
    .description(
      'Reads CSV (columns id, name, class, agent, agent_version, pending) or, from a file that ends in .json, a list of the same. Everything is looked at first, in parts: any fault, each with its line, and nothing is imported. Doing it again changes nothing more.',
    )
    .argument('<FILE>', 'the list')
    .option('--check', 'only look for faults')
    .examples('tfe inventory import devices.csv')
    .with(calls(() => import('../inventory.ts'), 'importFile'))
}
