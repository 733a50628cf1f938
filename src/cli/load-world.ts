/**
 * Configuration file → world, or every fault in one list: what stands in the file and what the files it names
 * turn out to hold.
 */
import { loadConfig } from '../config/load.ts'
import { fail, type Fault, type Instant, ok, type Result } from '../kernel/types.ts'
import { buildWorld, type World } from '../state/world.ts'

/** A configuration that could be served, and what the operator should know about it. */
export interface LoadedWorld {
  readonly world: World
  readonly warnings: readonly Fault[]
}

/** Loads without opening a port. */
export async function loadWorld(
  file: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Result<LoadedWorld, readonly Fault[]>> {
  const loaded = await loadConfig(file, env)
  if (!loaded.ok) return loaded
  const world = buildWorld(loaded.value.config, Date.now() as Instant)
  if (!world.ok) return fail(world.failure)
  return ok({ world: world.value, warnings: [...loaded.value.warnings, ...world.value.warnings] })
}

/** `file:line:column path: found, wanted, what to do` */
export const faultLine = ({ at, message }: Fault): string => `${at}: ${message}`
