/** A command line against a real admin API, as an administrator of some role. */
import type { Role } from '../../../src/admin/auth/principal.ts'
import type { TestAdminApi } from '../admin/admin-api.ts'
import { tfe, type CommandOutput, type Shown } from './run-command.ts'

/** Who types, what they answer when asked, and what is piped in. */
export interface Typist {
  readonly as?: Role
  readonly answers?: readonly string[]
  readonly stdin?: string
  /** What the terminal is like. */
  readonly shown?: Shown
}

/** Runs one command; a line is split at its spaces. */
export async function typed(
  adminApi: TestAdminApi,
  words: string | readonly string[],
  { as = 'administrator', answers, stdin, shown }: Typist = {},
): Promise<CommandOutput> {
  const env = { TFE_ADMIN_URL: adminApi.url, TFE_ADMIN_TOKEN: await adminApi.tokenOf(as) }
  return await tfe(typeof words === 'string' ? words.split(' ') : words, env, answers, stdin, shown)
}
