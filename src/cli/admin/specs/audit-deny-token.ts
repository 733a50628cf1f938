/** `tfe audit`, `tfe deny` and `tfe token`. */
import type { TfeCommand } from '../../command.ts'
import { calls, DRY_RUN, pages, wide } from './common-options.ts'

/** Adds the commands about the audit trail, the deny list and API tokens. */
export function addAuditDenyToken(program: TfeCommand): void {
  const module = () => import('../audit-deny-token.ts')
  program
    .command('audit')
    .summary('read who changed what, from where and when')
    .description('Prints the audit trail, newest first. --json has what it was before and after.')
    .option('--who <NAME>', 'what this administrator did')
    .option('--action <ACTION>', 'such as device.block or enrollment.promote')
    .option('--subject <TEXT>', 'what was changed')
    .time('--since <TIME>', 'at or after this: 2026-11-22, a second, or 7d for 7 days ago', AGO)
    .time('--until <TIME>', 'before this, written in the same ways', AGO)
    .with(pages)
    .examples('tfe audit --who alice --since 7d', 'tfe audit --since 2026-11-01')
    .with(wide)
    .with(calls(module, 'audit'))
  const deny = program
    .command('deny')
    .summary('deny keys and certificates, whatever else holds')
    .description(
      'Denies a public key, or one certificate by the key of its issuer and its serial; never by fingerprint, which can be altered. Holds at once, on live connections too.',
    )
  const denied = 'KEY, or ISSUERKEY:SERIAL; keys as SHA-256 in hexadecimal'
  deny
    .command('list')
    .description('print the whole list')
    .with(wide)
    .with(calls(module, 'denyList'))
  deny
    .command('add')
    .description('deny a key or a certificate')
    .argument('<DENIED>', denied)
    .requiredOption('--note <TEXT>', 'why, for the readers of the list')
    .option(...DRY_RUN)
    .examples("tfe deny add KEY --note 'stolen laptop, ticket 4711'")
    .with(calls(module, 'deny'))
  deny
    .command('remove')
    .description('take one off the list')
    .argument('<DENIED>', denied)
    .with(calls(module, 'undeny'))
  const token = program
    .command('token')
    .summary('make, list and revoke API tokens')
    .description(
      'A token acts for the administrator who makes it, at most with their role, until it ends or is revoked. It is printed once.',
    )
  token
    .command('list')
    .description('list all tokens, without what they are')
    .with(wide)
    .with(calls(module, 'listTokens'))
  token
    .command('create')
    .description('make a token')
    .argument('<LABEL>', 'what it is for')
    .choice('--role <ROLE>', 'less than your own', ['viewer', 'operator', 'administrator'])
    .wholeNumber('--days <COUNT>', 'how long it lasts, to 400 (default: 30)', [1, 400])
    .examples('tfe token create nightly-report --role viewer --days 90')
    .with(calls(module, 'createToken'))
  token
    .command('revoke')
    .description('end a token now')
    .argument('<ID>', 'the token: its label, or the beginning of an id that no other has')
    .with(calls(module, 'revoke'))
}

/** The audit trail is asked about what has been, so that a length of time can only mean so long ago. */
const AGO = { ago: true } as const
