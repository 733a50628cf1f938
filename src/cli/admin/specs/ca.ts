/** `tfe ca`. */
import type { TfeCommand } from '../../command.ts'
import { calls, CONFIRM, FORCE, wide, CONFIRM_COST } from './common-options.ts'

/** What a preview can be of: the API's closed list. */
const CHANGES = ['promote', 'amend', 'remove', 'distrust'] as const

/** Adds the commands about CA chains. */
export function addCa(program: TfeCommand): void {
  const ca = program
    .command('ca')
    .summary('manage the CA chains that certificates of devices come from')
    .description(
      'An enrollment setting is uploaded, made current, retired, amended, removed or distrusted.',
    )
  const module = () => import('../ca.ts')
  const action = (name: string, description: string): TfeCommand =>
    ca
      .command(name)
      .description(description)
      .argument('<NAME>', 'the name of an enrollment setting')
  const retirement = (command: TfeCommand): TfeCommand =>
    command
      .choice(
        '--cut-off <RULE>',
        'what the retired CA issued too late: by its notBefore, or unless its key is known',
        ['not-before', 'known-devices'],
      )
      .time(
        '--sunset <TIME>',
        'from when on the retired CA admits no device (2027-06-01 or 2027-06-01T12:00:00Z), or never',
        { word: 'never' },
      )
  ca.command('list')
    .description('list all settings with their standing')
    .with(wide)
    .with(calls(module, 'list'))
  ca.command('subject')
    .description(
      'say what the server makes of the subject of a certificate template: it knows five attributes, and replaces any other',
    )
    .argument('<TEMPLATE>', "the subject, in single quotes: the shell has its own use for '$'")
    .examples("tfe ca subject 'CN=$USERID$,OU=$RANDOM_32$'")
    .with(calls(module, 'subject'))
  action('show', 'show one with its chain, and how many devices depend on it')
    .with(wide)
    .with(calls(module, 'show'))
  action('upload', 'upload a CA chain; staged, it admits no device')
    .argument('<FILE>', 'the chain: PEM, PKCS#7 or DER')
    .choice('--source <SOURCE>', 'who issues (default: other)', ['local', 'scep', 'other'])
    .examples('tfe ca upload new-ca chain.pem --source scep')
    .with(calls(module, 'upload'))
  action(
    'preview',
    'say which devices would meet another verdict, by the rules that requests are judged by; changes nothing',
  )
    .choiceArgument('<CHANGE>', 'what would be done to it', CHANGES)
    .with(retirement)
    .time('--at <TIME>', 'judge as of this time, written like a sunset (default: now)')
    .examples('tfe ca preview new-ca promote')
    .with(wide)
    .with(calls(module, 'preview'))
  action(
    'promote',
    'Makes it current; the current one becomes previously trusted. Says which verdicts on known devices change, and asks where a device that is admitted would be refused.',
  )
    .with(retirement)
    .counted('--confirm', CONFIRM_COST)
    .examples('tfe ca promote new-ca --sunset 2027-06-01')
    .with(calls(module, 'promote'))
  action(
    'amend',
    'Changes a retirement; says which verdicts on known devices change, and asks where a device that is admitted would be refused.',
  )
    .with(retirement)
    .counted('--confirm', CONFIRM_COST)
    .with(calls(module, 'amend'))
  action('remove', 'end its life')
    .option(...FORCE)
    .with(calls(module, 'remove'))
  action('distrust', 'distrust it now: for a stolen CA key; ends live connections')
    .counted('--confirm', CONFIRM)
    .with(calls(module, 'distrust'))
}
