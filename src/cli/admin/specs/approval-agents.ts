/** `tfe approval` and `tfe agents`. */
import { CLIENT_CLASSES } from '../../../fleet/client.ts'
import type { TfeCommand } from '../../command.ts'
import { calls, CONFIRM_COST } from './common-options.ts'

/** Adds the commands about approval and about the oldest agents. */
export function addApprovalAgents(program: TfeCommand): void {
  const module = () => import('../approval-agents.ts')
  const approval = program
    .command('approval')
    .summary('see and choose how devices come to be approved')
    .description(
      'off asks for no approval; auto approves every fit certificate; manual has every device wait for Approve: from outside until certificates are required, then on sensitive rows; manual-external keeps the outside closed from then on, too. `tfe devices approve` approves.',
    )
  approval
    .command('status')
    .description('show the approval model, and who has set it')
    .with(calls(module, 'approvalStatus'))
  approval
    .command('use')
    .description(
      'choose the approval model, after it was said which devices that would keep out; who is approved already stays so',
    )
    .choiceArgument('<MODEL>', 'the model', ['off', 'auto', 'manual', 'manual-external'])
    .counted('--confirm', CONFIRM_COST)
    .examples('tfe approval use manual')
    .with(calls(module, 'useModel'))
  approval
    .command('chart')
    .description('count the devices by their approval')
    .with(calls(module, 'approvalChart'))
  const agents = program
    .command('agents')
    .summary('see and set the oldest agents that can authenticate')
    .description(
      'A device whose agent is older than the oldest of its class counts as "Client agents must upgrade" on the readiness chart.',
    )
  agents
    .command('list')
    .description('list the oldest agent of each class, and who has set them')
    .with(calls(module, 'listAgents'))
  agents
    .command('set')
    .description('set the oldest agent of these classes; the other classes keep theirs')
    .argument('<CLASS=VERSION...>', 'a class and the oldest release that can authenticate')
    .examples('tfe agents set android-maw=10.1 ios-maw=12.0')
    .with(calls(module, 'setAgents'))
  agents
    .command('unset')
    .description('have no oldest agent for these classes; the other classes keep theirs')
    .choiceArgument('<CLASS...>', 'a class', CLIENT_CLASSES)
    .examples('tfe agents unset android-maw')
    .with(calls(module, 'unsetAgents'))
}
