/** `tfe upstream-tls apply`: the draft is used by new connections once its warnings were read. */
import { countText } from '../../../kernel/count-text.ts'
import type { CommandResult } from '../../command-environment.ts'
import type { CommandContext } from '../command-context.ts'
import { upstreamPath, type TlsSettings } from './settings.ts'
import { changeLines } from './show.ts'

/** Shows what would change and what that gives up, has it confirmed, and applies the version that was shown. */
export async function apply(context: CommandContext): Promise<CommandResult> {
  const found = await context.get<TlsSettings>(upstreamPath(context, '/tls'))
  if (!found.ok) return found.failure
  const { body: settings, etag: match } = found.value
  context.printNotice(changeLines(settings, context.terminal))
  const may = await confirmApply(context, settings)
  if (may !== true) return may
  const path = upstreamPath(context, '/tls/apply')
  const acknowledged = settings.warnings.map(({ code }) => code)
  const request = { method: 'POST', path, match, body: { acknowledged } } as const
  return await context.run<TlsSettings>(request, ({ upstream }) => [
    `applied: new connections to ${upstream} use it, those under way finish`,
  ])
}

/** By `yes` on a terminal, or by the code of each warning on the command line. */
async function confirmApply(
  context: CommandContext,
  { warnings, changed }: TlsSettings,
): Promise<true | CommandResult> {
  const { terminal, options } = context
  const given = options.get('acknowledge')?.split(',') ?? []
  const missing = warnings.filter(({ code }) => !given.includes(code))
  // The API says why there is nothing to apply.
  if (!changed || (missing.length === 0 && given.length > 0)) return true
  if (terminal.ask !== undefined) {
    const what =
      missing.length === 0 ? '' : `acknowledge ${countText(missing.length, 'warning')} and `
    const answer = await terminal.ask(`type yes to ${what}apply this: `)
    return answer.trim() === 'yes' ? true : context.printUnchanged()
  }
  if (missing.length === 0) return true
  const flags = missing.map(({ code }) => `--acknowledge ${code}`).join(' ')
  return `the warnings have to be acknowledged, and there is no terminal to ask at: add ${flags}`
}
