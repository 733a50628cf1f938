/** `tfe devices`. */
import { CLIENT_CLASSES } from '../../../fleet/client.ts'
import { DEPARTURES } from '../../../fleet/departure.ts'
import type { TfeCommand } from '../../command.ts'
import { calls, CONFIRM, DRY_RUN, pages, wide } from './common-options.ts'

/** Adds the commands about devices. */
export function addDevices(program: TfeCommand): void {
  const devices = program
    .command('devices')
    .summary('list, show, approve and block devices')
    .description('Asks the admin API about devices, and decides about them.')
  const module = () => import('../devices.ts')
  const charts = () => import('../device-charts.ts')
  devices
    .command('list')
    .description('list the devices that meet every condition, last seen first')
    .with(deviceFilter)
    .option('--query <NAME>', 'the conditions of a saved query, and those above beside them')
    .with(pages)
    .examples(
      'tfe devices list --approval unapproved --verdict admit',
      'tfe devices list --text alice --json',
    )
    .with(wide)
    .with(calls(module, 'list'))
  devices
    .command('readiness')
    .description('count the devices in each state of the readiness chart')
    .with(calls(charts, 'readiness'))
  devices
    .command('charts')
    .description('count the devices of each class, and by their migration')
    .with(calls(charts, 'charts'))
  devices
    .command('departures')
    .description("count the devices that depart from the server's documents, by how")
    .with(calls(charts, 'departures'))
  devices
    .command('migration')
    .description('show how far the migration to port 443 is, and which classes are still pending')
    .with(calls(charts, 'migration'))
  devices
    .command('show')
    .description('show one device with its certificates, keys and ids')
    .argument('<ID>', DEVICE)
    .with(wide)
    .with(calls(module, 'show'))
  const decisions = [
    [
      'approve',
      'approve unapproved devices with a valid certificate; the rest is left, and why is said',
    ],
    ['block', 'block devices; holds at once, on live connections too'],
    ['unblock', 'lift blocks; the devices are unapproved again'],
    ['withdraw', 'take approvals back without blocking'],
  ] as const
  for (const [name, description] of decisions) {
    devices
      .command(name)
      .description(description)
      .argument('<ID...>', DEVICE)
      .examples(`tfe devices ${name} 0192f0c4 0192f0c5`)
      .with((command) => (name === 'block' ? command.option(...DRY_RUN) : command))
      .with(calls(module, name))
  }
  devices
    .command('links')
    .description(
      'list the keys and signed ids that are linked to a device by nothing but refused certificates, as older versions linked them; with --undo, undo those links',
    )
    .requiredOption('--refused', 'those that stand on refused evidence alone')
    .option('--undo', 'undo them; holds at once, on live connections too')
    .counted('--confirm', CONFIRM)
    .examples('tfe devices links --refused', 'tfe devices links --refused --undo')
    .with(wide)
    .with(calls(() => import('../device-links.ts'), 'links'))
  devices
    .command('uncertified')
    .description(
      'list the ids that clients without a certificate gave themselves, and where; any client can name any id',
    )
    .with(pages)
    .with(calls(charts, 'uncertified'))
  devices
    .command('silent')
    .description(
      'mark a known host that may stay in "No authentication info", such as the server itself, so that nothing waits for its certificate; with --undo, take the mark away',
    )
    .argument('<ID>', DEVICE)
    .option('--note <TEXT>', 'why it will never show a certificate')
    .option('--undo', 'take the mark away')
    .examples(
      "tfe devices silent 0192f0c4 --note 'the server itself'",
      'tfe devices silent 0192f0c4 --undo',
    )
    .with(calls(module, 'silent'))
  devices
    .command('forget')
    .summary('forget a device, so that it is new when it comes back; never a blocked one')
    .description(
      'Forgets a device with its certificates and refusals, so that it is new when it comes back; never a blocked one. What is left: the audit trail keeps how the list showed it, and for a week there are digests of its keys and ids, so that what replicas write late is not taken in.',
    )
    .argument('<ID>', DEVICE)
    .with(calls(module, 'forget'))
}

const DEVICE =
  'a device: the beginning of its id, or of a name, serial or fingerprint that no other device has'

/** Gives a command the conditions that devices are narrowed to. */
export const deviceFilter = (command: TfeCommand): TfeCommand =>
  command
    .choice('--approval <STATE>', 'the approval', ['unapproved', 'approved', 'blocked'])
    .choice('--authentication <STATE>', 'the state of the readiness chart', [
      'succeeded',
      'failed',
      'no-info',
      'must-upgrade',
    ])
    .choice('--migration <STATUS>', 'the migration to port 443', ['none', 'pending', 'success'])
    .choice('--awaiting <ANSWER>', 'approved, awaiting next connection', ['true', 'false'])
    .choice('--class <CLASS>', 'the kind of client', CLIENT_CLASSES)
    .choice('--departure <CODE>', "how it departs from the server's documents", DEPARTURES)
    .option('--listener <NAME>', 'the listener of the last connection')
    .option('--setting <NAME>', 'the enrollment setting of the last sound certificate')
    .choice('--verdict <VERDICT>', 'the last verdict', ['admit', 'refuse'])
    .option('--code <CODE>', 'the code of the last verdict')
    .choice('--in-inventory <ANSWER>', 'whether the inventory has it', ['true', 'false'])
    .choice('--silent <ANSWER>', 'a known host that may stay in "No authentication info"', [
      'true',
      'false',
    ])
    .time('--seen-since <TIME>', 'seen at or after this: 2026-11-22, or 7d for 7 days ago', AGO)
    .time('--not-seen-since <TIME>', 'not seen since then', AGO)
    .time('--valid-at <TIME>', 'whose last sound certificate ends at or after this')
    .option('--text <WORDS>', 'beginnings of ids, fingerprints, serials, names')

const AGO = { ago: true } as const
