/**
 * `tfe check`: what a configuration would do, in words, or everything that keeps it from doing it.
 */
import type { Instant } from '../kernel/types.ts'
import { dangers } from './check/dangers.ts'
import { listeners } from './check/listeners.ts'
import { routes } from './check/routes.ts'
import { trust } from './check/trust.ts'
import { upstreams } from './check/upstreams.ts'
import { EXIT, type ExitCode } from './exit-code.ts'
import { faultLine, loadWorld } from './load-world.ts'
import { counted } from './spans.ts'
import type { Terminal } from './terminal.ts'

/** Prints every fault, or warnings and a summary. */
export async function check(
  file: string,
  {
    terminal,
    env,
  }: {
    readonly terminal: Terminal
    readonly env: Readonly<Record<string, string | undefined>>
  },
): Promise<ExitCode> {
  const { out, paint, signs } = terminal
  const loaded = await loadWorld(file, env)
  if (!loaded.ok) {
    const faults = loaded.failure
    out(faults.map((fault) => `${faultLine(fault)}\n`).join(''))
    out(`${paint('bad', signs.no)} ${counted(faults.length, 'fault')}: nothing would be served\n`)
    return EXIT.no
  }
  const { world, warnings } = loaded.value
  const now = Date.now() as Instant
  const sections: readonly (readonly [string, readonly string[]])[] = [
    ['Warnings', warnings.map((warning) => `  ${faultLine(warning)}`)],
    ['Listeners', listeners(world, now)],
    ['Who is trusted', trust(world, now)],
    ...routes(world, terminal),
    ['Upstreams', upstreams(world)],
    ['What is dangerous', dangers(world)],
  ]
  out(
    sections
      .filter(([, lines]) => lines.length > 0)
      .map(([title, lines]) => `${paint('bold', title)}\n${lines.join('\n')}\n\n`)
      .join(''),
  )
  const warned = warnings.length === 0 ? '' : `, ${counted(warnings.length, 'warning')}`
  out(`${paint('good', signs.yes)} ${file}: no faults${warned}\n`)
  return EXIT.fine
}
