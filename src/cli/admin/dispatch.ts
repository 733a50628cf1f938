/**
 * The commands that call the admin API: which action does what, and where to call.
 */
import type { Invocation } from '../parse.ts'
import type { ExitCode } from '../exit-code.ts'
import type { Terminal } from '../terminal.ts'
import { CA } from './ca.ts'
import type { OfficeCommand } from './command-specs.ts'
import { readReach } from './client.ts'
import { Desk } from './command-context.ts'
import { DEVICES } from './devices.ts'
import { INVENTORY } from './inventory.ts'
import { audit, DENY, TOKEN } from './audit-deny-token.ts'
import { ENFORCE, OAUTH, PORT } from './enforce-oauth-port.ts'

type Act = (desk: Desk) => Promise<ExitCode | string>

/** By command and action; the command line lets no other action through. */
const ACTS: Readonly<Record<OfficeCommand, Act | Readonly<Record<string, Act>>>> = {
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
export async function office(
  command: OfficeCommand,
  { takes, options }: Pick<Invocation, 'takes' | 'options'>,
  { terminal, env }: { terminal: Terminal; env: Readonly<Record<string, string | undefined>> },
): Promise<ExitCode | string> {
  const acts = ACTS[command]
  const [action = ''] = takes
  const act = typeof acts === 'function' ? acts : acts[action]
  if (act === undefined) return `there is no action '${action}'`
  const reach = readReach(options, env)
  if (!reach.ok) return reach.failure
  const rest = typeof acts === 'function' ? takes : takes.slice(1)
  return await act(new Desk({ takes: rest, options }, terminal, reach.value))
}
