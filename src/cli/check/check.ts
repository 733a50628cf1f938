/**
 * `tfe check`: what a configuration would do, in words, or everything that keeps it from doing it.
 */
import type { Config } from '../../config/config.ts'
import type { Fault, Instant } from '../../kernel/types.ts'
import type { World } from '../../state/world.ts'
import { approval } from './approval.ts'
import { dangers } from './dangers.ts'
import { listeners } from './listeners.ts'
import { routes } from './routes.ts'
import { storage } from './store.ts'
import { trust } from './trust.ts'
import { upstreams } from './upstreams.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { faultLine, loadWithoutFiles, loadWorld } from '../load-world.ts'
import { counted } from '../format-time.ts'
import type { Terminal } from '../terminal.ts'

interface Room {
  readonly terminal: Terminal
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Prints every fault, or warnings and a summary. */
export async function check(file: string, room: Room): Promise<ExitCode> {
  const { out, paint, signs } = room.terminal
  const loaded = await loadWorld(file, room.env)
  if (!loaded.ok) return faulty(file, loaded.failure, room)
  const { world, warnings } = loaded.value
  out(summary({ config: world.config, world, warnings }, room))
  const warned = warnings.length === 0 ? '' : `, ${counted(warnings.length, 'warning')}`
  out(`${paint('good', signs.yes)} ${file}: no faults${warned}\n`)
  return EXIT.fine
}

async function faulty(file: string, faults: readonly Fault[], room: Room): Promise<ExitCode> {
  const { out, paint, signs } = room.terminal
  out(faults.map((fault) => `${faultLine(fault)}\n`).join(''))
  out(`${paint('bad', signs.no)} ${counted(faults.length, 'fault')}: nothing would be served\n`)
  // Only files and variables of this machine are missing: the configuration itself can still be read aloud.
  const without = await loadWithoutFiles(file, room.env)
  if (without !== undefined) {
    out(`\nWith the missing files and variables in place it would do this.\n\n`)
    out(summary({ ...without, world: undefined }, room))
  }
  return EXIT.no
}

interface Material {
  readonly config: Config
  /** Undefined where the files are missing that say more. */
  readonly world: World | undefined
  readonly warnings: readonly Fault[]
}

function summary({ config, world, warnings }: Material, { terminal }: Room): string {
  const now = Date.now() as Instant
  const sections: readonly (readonly [string, readonly string[]])[] = [
    ['Warnings', notDangers(warnings, config).map((warning) => `  ${faultLine(warning)}`)],
    ['Listeners', listeners(config, world, now)],
    ['Who is trusted', trust(config, world, now)],
    ['Who has to be approved', approval(config)],
    ...routes(config, terminal),
    ['Upstreams', upstreams(config, world)],
    ['What changes while serving', storage(config)],
    ['What is dangerous', dangers(config)],
  ]
  return sections
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) => `${terminal.paint('bold', title)}\n${lines.join('\n')}\n\n`)
    .join('')
}

/** What is dangerous has a section of its own. */
const notDangers = (warnings: readonly Fault[], { dangers }: Config): readonly Fault[] =>
  warnings.filter(({ at, message }) =>
    dangers.every((danger) => danger.at !== at || danger.sentence !== message),
  )
