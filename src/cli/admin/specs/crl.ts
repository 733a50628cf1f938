/** `tfe crl`. */
import type { TfeCommand } from '../../command.ts'
import { calls, CONFIRM, wide } from './common-options.ts'

const FAILURES = ['hard-fail', 'soft-fail'] as const

/** Adds the commands about revocation lists. */
export function addCrl(program: TfeCommand): void {
  const crl = program
    .command('crl')
    .summary('see and change the revocation lists of enrollment settings')
    .description(
      'Where a setting finds the lists of its CAs, what is in force, and what follows while a list cannot be had.',
    )
  const module = () => import('../crl.ts')
  const action = (name: string, description: string): TfeCommand =>
    crl
      .command(name)
      .description(description)
      .argument('<NAME>', 'the name of an enrollment setting')
  const failure = (command: TfeCommand): TfeCommand =>
    command.choice(
      '--failure <RULE>',
      'what follows while it is unknown whether a certificate was revoked: hard-fail refuses, soft-fail admits',
      FAILURES,
    )
  action('show', 'show its lists, what is in force of them, and what is wrong with them')
    .with(wide)
    .with(calls(module, 'show'))
  action(
    'add',
    'name a list by its URL, or upload it; an upload takes the place of those it succeeds',
  )
    .argument(
      '<LIST>',
      'the URL where it is published, or a file to upload: lists in PEM, or one in DER',
    )
    .with(failure)
    .examples('tfe crl add new-ca http://ca.example/list.crl --failure hard-fail')
    .with(wide)
    .with(calls(module, 'add'))
  action('remove', 'name a list no more')
    .argument('<LIST>', 'its number, as show prints it')
    .counted('--confirm', CONFIRM)
    .with(wide)
    .with(calls(module, 'remove'))
  action('set', 'change what follows while a list cannot be had')
    .with(failure)
    .option(
      '--grace <LENGTH>',
      'how long a list counts after its end, under hard-fail, such as 12h',
    )
    .option('--refresh <LENGTH>', 'how often a URL is asked again, such as 1h')
    .with(wide)
    .with(calls(module, 'set'))
  action(
    'reset',
    'let the next lists count although they are older: for a CA restored from a backup',
  )
    .counted('--confirm', CONFIRM)
    .with(wide)
    .with(calls(module, 'reset'))
}
