/** `tfe enforce`, `tfe oauth` and `tfe port`: what is thrown for the whole fleet. */
import type { TfeCommand } from '../../command.ts'
import { calls, CONFIRM, DRY_RUN, FORCE } from './common-options.ts'

/** Adds the commands about what holds for the whole fleet. */
export function addEnforcement(program: TfeCommand): void {
  addEnforce(program)
  addOAuth(program)
  addPort(program)
}

function addEnforce(program: TfeCommand): void {
  const module = () => import('../enforcement/enforce.ts')
  const enforce = program
    .command('enforce')
    .summary('see whether certificates are required, and require them')
    .description('Whether certificates are recorded or required, for the whole fleet.')
  enforce
    .command('status')
    .description('show the latch, its warnings, and which devices would be refused')
    .with(calls(module, 'enforceStatus'))
  enforce
    .command('require')
    .description(
      'Requires certificates, for good: prints what speaks against it, then asks for a phrase to be typed. Only `tfe break-glass` on the machine itself can undo it.',
    )
    .option('--phrase <TEXT>', 'the phrase, where there is no terminal to ask at')
    .option(...DRY_RUN)
    .with(calls(module, 'requireCertificates'))
  enforce
    .command('save')
    .description(
      'Chooses what is saved of attempts once certificates are required for good; while they are recorded, all of it is. What is not named stays as it is.',
    )
    .choice('--authentication <SWITCH>', 'save the results of authentication, per hour', [
      'on',
      'off',
    ])
    .choice('--decryption <SWITCH>', 'save the results of requests for sensitive rows, per day', [
      'on',
      'off',
    ])
    .examples('tfe enforce save --authentication on --decryption off')
    .with(calls(module, 'saveChoices'))
  enforce
    .command('results')
    .description('show what was saved of attempts, by hour and by day')
    .wholeNumber('--days <N>', 'of the last so many days, to 90 (default: 7)', [1, 90])
    .with(calls(module, 'results'))
}

function addOAuth(program: TfeCommand): void {
  const module = () => import('../enforcement/oauth.ts')
  const oauth = program
    .command('oauth')
    .summary('enable and disable the OAuth endpoints')
    .description('The new endpoint always asks for a certificate, the legacy one never does.')
  oauth
    .command('status')
    .description('show both, and what keeps the new one greyed out')
    .with(calls(module, 'oauthStatus'))
  const switches = [
    ['enable-new', 'enable the new endpoint', 'enableNew'],
    ['disable-new', 'disable the new endpoint', 'disableNew'],
    ['enable-legacy', 'enable the legacy endpoint', 'enableLegacy'],
  ] as const
  for (const [name, description, action] of switches) {
    oauth
      .command(name)
      .description(description)
      .option(...DRY_RUN)
      .with(calls(module, action))
  }
  oauth
    .command('disable-legacy')
    .description(
      'Disables the legacy endpoint. It is confirmed twice: on a terminal by being asked, elsewhere by --confirm --confirm.',
    )
    .counted('--confirm', CONFIRM)
    .option(...DRY_RUN)
    .with(calls(module, 'disableLegacy'))
}

function addPort(program: TfeCommand): void {
  const module = () => import('../enforcement/port.ts')
  const port = program
    .command('port')
    .summary('close the legacy sync port once devices have migrated')
    .description(
      'Closing is refused while devices are pending, were never met, or connections could not be told to be a known device. Forced, it closes all the same, and the audit trail says over what.',
    )
  port
    .command('status')
    .description('show whether it is open, and what keeps it open')
    .with(calls(module, 'portStatus'))
  port
    .command('close')
    .description('close it')
    .option(...FORCE)
    .option(...DRY_RUN)
    .with(calls(module, 'closePort'))
  port.command('open').description('open it again').with(calls(module, 'openPort'))
}
