/**
 * The commands that call the admin API: which action does what, and where to call.
 */
import type { Invocation } from '../parse.ts'
import type { ExitCode } from '../exit-code.ts'
import type { Terminal } from '../terminal.ts'
import { CA } from './ca.ts'
import type { AdminCommand } from './command-specs.ts'
import { readAdminEndpoint } from './client.ts'
import { CommandContext } from './command-context.ts'
import { DEVICES } from './devices.ts'
import { INVENTORY } from './inventory.ts'
import { audit, DENY, TOKEN } from './audit-deny-token.ts'
import { ENFORCE, OAUTH, PORT } from './enforce-oauth-port.ts'

type AdminAction = (context: CommandContext) => Promise<ExitCode | string>

/** By command and action; the command line lets no other action through. */
const ADMIN_ACTIONS: Readonly<
  Record<AdminCommand, AdminAction | Readonly<Record<string, AdminAction>>>
> = {
  devices: DEVICES,
  ca: CA,
  enforce: ENFORCE,
  oauth: OAUTH,
  port: PORT,
  audit,
  deny: DENY,
  token: TOKEN,
  inventory: INVENTORY,
}

/** Does one thing; a string says what was wrong with the question. */
export async function runAdminCommand(
  command: AdminCommand,
  { takes, options }: Pick<Invocation, 'takes' | 'options'>,
  { terminal, env }: { terminal: Terminal; env: Readonly<Record<string, string | undefined>> },
): Promise<ExitCode | string> {
  const actions = ADMIN_ACTIONS[command]
  const [action = ''] = takes
  const act = typeof actions === 'function' ? actions : actions[action]
  if (act === undefined) return `there is no action '${action}'`
  const endpoint = readAdminEndpoint(options, env)
  if (!endpoint.ok) return endpoint.failure
  const rest = typeof actions === 'function' ? takes : takes.slice(1)
  return await act(new CommandContext({ takes: rest, options }, terminal, endpoint.value))
}
