/**
 * Configuration file → compiled configuration, or every fault in one list: what stands in the file and what the files it
 * names turn out to hold.
 */
import type { LoadedConfig } from '../config/config.ts'
import type { ContentReader } from '../config/secret-reader.ts'
import { diskReader } from '../config/reading/files.ts'
import { loadConfig } from '../config/load.ts'
import { openUpstream } from '../forward/balance/upstream.ts'
import { fail, type Fault, type Instant, ok, type Result } from '../kernel/types.ts'
import type { KeptCrls } from '../revoke/registry.ts'
import { compileConfig, type CompiledConfig } from '../state/compiled-config.ts'
import { LOOKED_AT } from '../serve/store-sync/stored-secrets.ts'
import { readStoredRules } from '../serve/store-sync/read-stored-rules.ts'
import { EXIT, type ExitCode } from './exit-code.ts'
import { replaceControlCharacters } from './text-layout.ts'
import type { Terminal } from './terminal.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** A configuration that could be served, and what the operator should know about it. */
export interface CompiledResult {
  readonly compiled: CompiledConfig
  readonly warnings: readonly Fault[]
}

/** The same beside the store that the configuration names. */
export interface BesideStore extends CompiledResult {
  readonly store: StoreReading
  /** The revocation lists that a start would go on with. */
  readonly keptCrls: readonly KeptCrls[]
}

/** Loads without opening a port. */
export async function loadCompiled(
  file: string,
  env: Environment,
): Promise<Result<CompiledResult, readonly Fault[]>> {
  const loaded = await loadConfig(file, env, LOOKED_AT)
  if (!loaded.ok) return loaded
  const now = Date.now() as Instant
  const compiled = compileConfig(loaded.value.config, now, { sealed: 'left-out' })
  if (!compiled.ok) return fail(compiled.failure)
  return ok({
    compiled: compiled.value,
    warnings: [...loaded.value.warnings, ...compiled.value.warnings],
  })
}

/** The same under the rules of its store, where that can be read; it stays as it is. */
export async function loadBesideStore(
  file: string,
  env: Environment,
): Promise<Result<BesideStore, readonly Fault[]>> {
  const loaded = await loadConfig(file, env, LOOKED_AT)
  if (!loaded.ok) return loaded
  const { config } = loaded.value
  const now = Date.now() as Instant
  const sealed = 'left-out'
  const alone = compileConfig(config, now, { sealed })
  if (!alone.ok) return alone
  const unopened = upstreamFaults(alone.value)
  if (unopened.length > 0) return fail(unopened)
  const hasStore = config.store !== undefined && config.store.kind !== 'dangerous-none'
  const stored = hasStore ? await readStoredRules(config) : undefined
  const store: StoreReading =
    stored === undefined
      ? { kind: 'none' }
      : stored.ok
        ? { kind: 'read' }
        : { kind: 'unread', faults: stored.failure }
  const read = stored?.ok === true ? stored.value : undefined
  const compiled =
    read === undefined ? alone : compileConfig(config, now, { rules: read.rules, sealed })
  if (!compiled.ok) return compiled
  const warnings = [...loaded.value.warnings, ...compiled.value.warnings]
  return ok({ compiled: compiled.value, warnings, store, keptCrls: read?.keptCrls ?? [] })
}

/** What keeps the settings of upstreams from being used; the start says the same, because it opens them as well. */
function upstreamFaults({ upstreams }: CompiledConfig): readonly Fault[] {
  return [...upstreams.values()].flatMap(({ config, identity }) => {
    const opened = openUpstream(config, { identity, onUntrusted: () => {} })
    return opened.ok ? [] : opened.failure
  })
}

/** Whether the store was read; `none`: the configuration names none. */
export type StoreReading =
  | { readonly kind: 'none' }
  | { readonly kind: 'read' }
  | { readonly kind: 'unread'; readonly faults: readonly Fault[] }

/**
 * The configuration as it would be if every file and variable it names were there; undefined when more than that
 * is wrong with it. To be read aloud, never to be served.
 */
export async function loadWithoutFiles(
  file: string,
  env: Environment,
): Promise<LoadedConfig | undefined> {
  const files: ContentReader = {
    read: async (path) => {
      const read = await diskReader.read(path)
      return read.ok || path === file
        ? read
        : ok({ bytes: PLACEHOLDER, exposure: undefined, stamp: undefined })
    },
    openKeystore: async () => ok({ keyPem: 'stand-in', certificatePems: [], unused: [] }),
    secrets: {
      unread: 'refused',
      read: async (_, names) => ({
        kind: 'read',
        secrets: new Map(names.map((name) => [name, { kind: 'opened', bytes: PLACEHOLDER }])),
      }),
    },
  }
  const placeholderEnv = new Proxy(env, {
    get: (real, name) => (typeof name === 'string' ? (real[name] ?? 'stand-in') : undefined),
    has: () => true,
    getOwnPropertyDescriptor: (real, name) =>
      Object.getOwnPropertyDescriptor(real, name) ?? { configurable: true, value: 'stand-in' },
  })
  const loaded = await loadConfig(file, placeholderEnv, files)
  return loaded.ok ? loaded.value : undefined
}

const PLACEHOLDER = Buffer.from('stand-in')

/** `file:line:column path: found, wanted, what to do` */
export const faultLine = ({ at, message }: Fault): string =>
  replaceControlCharacters(`${at}: ${message}`)

/** Prints every fault on a line of its own. */
export function printFaults(faults: readonly Fault[], { err }: Pick<Terminal, 'err'>): ExitCode {
  for (const fault of faults) err(`${faultLine(fault)}\n`)
  return EXIT.no
}
