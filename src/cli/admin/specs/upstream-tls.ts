/** `tfe upstream-tls`. */
import { WARNING_CODES } from '../../../upstream-tls/apply-draft.ts'
import { DEFAULT_STORES } from '../../../upstream-tls/verification.ts'
import type { TfeCommand } from '../../command.ts'
import { calls } from './common-options.ts'

/** Adds the commands about the TLS settings of upstreams. */
export function addUpstreamTls(program: TfeCommand): void {
  const upstreamTls = program
    .command('upstream-tls')
    .summary('see, draft, test and apply the TLS settings of upstreams')
    .description(
      'What a running front end calls its upstreams with: protocols, cipher suites, groups, and whom it trusts. A draft changes nothing until it is applied; what the configuration file states is changed there.',
    )
  const named = (name: string, description: string): TfeCommand =>
    upstreamTls.command(name).description(description).argument('<NAME>', 'the upstream')
  const show = () => import('../upstream-tls/show.ts')
  const draft = () => import('../upstream-tls/draft.ts')
  const call = () => import('../upstream-tls/call.ts')
  upstreamTls
    .command('list')
    .description('list the upstreams, and who chose what they are called with')
    .with(calls(show, 'list'))
  named(
    'show',
    'show what is applied beside the draft and the default, what can be selected, and what applying the draft would change',
  ).with(calls(show, 'show'))
  named(
    'draft',
    'Changes the parts of the draft that are named; the others keep what the draft says. Nothing takes effect.',
  )
    .with(draftOptions)
    .examples(
      'tfe upstream-tls draft core --mode custom --protocols TLSv1.3,TLSv1.2',
      'tfe upstream-tls draft core --custom-store our-ca.pem --default-store off',
    )
    .with(calls(draft, 'draft'))
  named(
    'apply',
    'Applies the draft: new connections use it, those under way finish. Prints what changes and each warning with its code, those that give a guarantee up as dangerous; then asks.',
  )
    .repeated(
      '--acknowledge <CODE>',
      'a warning that was read; once for each, where there is no terminal to ask at',
      WARNING_CODES,
    )
    .examples('tfe upstream-tls apply core --acknowledge custom-selection')
    .with(calls(() => import('../upstream-tls/apply.ts'), 'apply'))
  named('reset', 'put the default as the draft; apply makes it hold').with(calls(draft, 'reset'))
  named('test', 'connect once to each server, and say what was agreed on, shown and wrong')
    .with(called)
    .with(calls(call, 'test'))
  named('scan', 'find out what each server accepts, by handshakes alone')
    .with(called)
    .with(calls(call, 'scan'))
}

const called = (command: TfeCommand): TfeCommand =>
  command
    .option('--server <HOST:PORT>', 'that server of the upstream alone')
    .option('--applied', 'with what is applied (default: the draft, where it says something else)')

const draftOptions = (command: TfeCommand): TfeCommand =>
  command
    .choice('--mode <MODE>', 'follow the default, or use what is selected', ['default', 'custom'])
    .option('--protocols <LIST>', 'protocols, with commas between them')
    .option('--suites <LIST>', 'cipher suites, preferred first')
    .option('--groups <LIST>', 'key exchange groups, preferred first')
    .choice('--strict <SWITCH>', 'refuse servers whose certificate does not hold', SWITCH)
    .choice(
      '--allow-and-log <SWITCH>',
      'allow and log servers that no trust store vouches for',
      SWITCH,
    )
    .choice('--default-store <STORE>', 'the CAs of Node, of the system, or none', DEFAULT_STORES)
    .option('--custom-store <FILE>', 'CAs in PEM to trust; or on or off, to keep those there are')
    .option('--sni <NAME>', 'the name that is sent; or on or off')

const SWITCH = ['on', 'off'] as const
