/** What is asked of a real product, and how one is started. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { IdentityFormat, IdentitySettings } from '../../../src/message/encode/settings.ts'
import { claimPort, isListenedOn } from '../../support/ports/claim-port.ts'
import { Program, quietEnvironment } from '../../support/programs/program.ts'
import type { Material } from '../cases.ts'
import type { Debian13 } from '../../support/programs/debian13.ts'

export interface Product {
  /** One word or two, unlike all others. */
  readonly name: string
  /** Its path in Debian. */
  readonly program: string
  /** The option that prints its version. */
  readonly versionOption: string
  /** What it sends, by lower-case field name: the expression of its own configuration. */
  readonly fields: Readonly<Record<string, string>>
  /** What of ours is held against it. */
  readonly ours: Ours
  readonly start: (place: Place) => Promise<Running>
}

export type Ours =
  | {
      readonly kind: 'fields'
      readonly format: IdentityFormat
      /** Facts that we send only where they have a name. */
      readonly named: IdentitySettings['fields']
    }
  | { readonly kind: 'proxy-header' }

export interface Place {
  readonly debian: Debian13
  readonly folder: string
  readonly material: Material
  /** The port of the upstream, which speaks no TLS. */
  readonly upstream: number
}

export interface Running {
  readonly port: number
  readonly program: Program
}

/** Starts a program of Debian with a configuration file of its own, and waits until it listens. */
export async function started(
  { debian, folder }: Place,
  program: string,
  config: (port: number) => string,
  args: (file: string) => readonly string[],
): Promise<Running> {
  const port = await claimPort()
  const file = join(folder, 'config')
  writeFileSync(file, config(port))
  const command = debian.command(program, args(file))
  const running = new Program(command.file, command.args, {
    env: command.env,
    logFile: join(folder, 'log'),
  })
  await running.until(() => isListenedOn(port))
  return { port, program: running }
}

/** The first line that it says of itself; nginx prints it on standard error. */
export function versionOf({ program, versionOption }: Product, debian: Debian13): string {
  const { file, args, env } = debian.command(program, [versionOption])
  const { stdout, stderr } = spawnSync(file, args, {
    encoding: 'utf8',
    env: { ...quietEnvironment(), ...env },
  })
  return `${stdout}${stderr}`.split('\n')[0] ?? ''
}
