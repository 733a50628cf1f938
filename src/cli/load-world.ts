/**
 * Configuration file → world, or every fault in one list: what stands in the file and what the files it names
 * turn out to hold.
 */
import type { Loaded } from '../config/config.ts'
import { diskFiles, type Files } from '../config/reading/files.ts'
import { loadConfig } from '../config/load.ts'
import { fail, type Fault, type Instant, ok, type Result } from '../kernel/types.ts'
import { buildWorld, type World } from '../state/world.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** A configuration that could be served, and what the operator should know about it. */
export interface LoadedWorld {
  readonly world: World
  readonly warnings: readonly Fault[]
}

/** Loads without opening a port. */
export async function loadWorld(
  file: string,
  env: Environment,
): Promise<Result<LoadedWorld, readonly Fault[]>> {
  const loaded = await loadConfig(file, env)
  if (!loaded.ok) return loaded
  const world = buildWorld(loaded.value.config, Date.now() as Instant)
  if (!world.ok) return fail(world.failure)
  return ok({ world: world.value, warnings: [...loaded.value.warnings, ...world.value.warnings] })
}

/**
 * The configuration as it would be if every file and variable it names were there; undefined when more than that
 * is wrong with it. To be read aloud, never to be served.
 */
export async function loadWithoutFiles(
  file: string,
  env: Environment,
): Promise<Loaded | undefined> {
  const files: Files = {
    read: async (path) => {
      const read = await diskFiles.read(path)
      return read.ok || path === file ? read : ok({ bytes: STAND_IN, shared: false })
    },
  }
  const anything = new Proxy(env, {
    get: (real, name) => (typeof name === 'string' ? (real[name] ?? 'stand-in') : undefined),
    has: () => true,
    getOwnPropertyDescriptor: (real, name) =>
      Object.getOwnPropertyDescriptor(real, name) ?? { configurable: true, value: 'stand-in' },
  })
  const loaded = await loadConfig(file, anything, files)
  return loaded.ok ? loaded.value : undefined
}

const STAND_IN = Buffer.from('stand-in')

/** `file:line:column path: found, wanted, what to do` */
export const faultLine = ({ at, message }: Fault): string => `${at}: ${message}`
