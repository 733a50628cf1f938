/** The revocation lists that a configuration names, opened as the running front end opens them. */
import { PROCESS_LOOKUPS } from '../../forward/connect/name-lookups.ts'
import type { Fault, Instant } from '../../kernel/types.ts'
import { explainCrlFailure } from '../../revoke/crl-failure.ts'
import { readOnce, type ReadPlace } from '../../revoke/read-once.ts'
import type { KeptCrls } from '../../revoke/registry.ts'
import { afterUnref, SYSTEM_CLOCK } from '../../serve/process/system-clock.ts'
import { listWarnings } from '../../state/list-warnings.ts'
import {
  configuredCrls,
  LoadedCrls,
  revocationPolicy,
  type CompiledTrust,
} from '../../state/revocation-policy.ts'
import { placeOf, placeText, type ListSource } from '../../trust/list-source.ts'

/** Where lists were read. */
export interface ReadLists {
  readonly places: readonly ReadPlace[]
  /** URLs that nothing was asked of. */
  readonly notAsked: readonly string[]
  readonly warnings: readonly Fault[]
}

export interface ReadListsOptions {
  /** What a start would go on with. */
  readonly kept: readonly KeptCrls[]
  /** Whether the servers of URLs are asked. */
  readonly deep: boolean
  /** Told before a server is asked. */
  readonly asking: (what: string) => void
}

/** Reads files and uploads, and URLs where that is wanted; each is judged as while serving. */
export async function readLists(
  compiled: CompiledTrust,
  { kept, deep, asking }: ReadListsOptions,
): Promise<ReadLists> {
  const loaded = new LoadedCrls()
  const places: ReadPlace[] = []
  const notAsked: string[] = []
  const unknown = new Set<string>()
  for (const { name, lists, ...rest } of configuredCrls(compiled)) {
    for (const [index, source] of lists.entries()) {
      const place = placeOf(source)
      const before = kept.find((one) => one.setting === name && one.place === place)?.crls ?? []
      if (source.kind === 'url' && !deep) {
        notAsked.push(`revocation list of ${name}: ${source.url}`)
        if (before.length === 0) unknown.add(name)
        loaded.set(name, place, before)
        continue
      }
      if (source.kind === 'url') asking(source.url)
      const configured = { setting: name, number: index + 1, source, ...rest }
      const read = await readOnce(configured, before, PORTS)
      loaded.set(name, place, read.kept)
      places.push(read)
    }
  }
  const policy = revocationPolicy(compiled, loaded)
  const known = compiled.config.trust.enrollmentSettings.filter(({ name }) => !unknown.has(name))
  const trust = { ...compiled.config.trust, enrollmentSettings: known }
  const config = { ...compiled.config, trust }
  const now = SYSTEM_CLOCK.now()
  const warnings = [
    ...places.flatMap((one) => failureOf(one, atOf(compiled, one.configured.source))),
    ...listWarnings({ config, chains: compiled.chains }, policy, now),
  ]
  return { places, notAsked, warnings }
}

/** What stands between a place and us, as the log of a front end says it. */
function failureOf({ configured, failure, kept }: ReadPlace, at: string): readonly Fault[] {
  if (failure === undefined) return []
  const { sentence, nextStep } = explainCrlFailure(failure)
  const rest =
    kept.length === 0 ? 'nothing is in force from there' : 'the one taken before stays in force'
  const where = `${configured.setting}: revocation list ${placeText(configured.source)}`
  return [{ at, message: `${where}: ${sentence}; ${rest} (${failure.kind}): ${nextStep}` }]
}

const atOf = ({ config }: CompiledTrust, source: ListSource): string =>
  config.trust.enrollmentSettings
    .flatMap(({ crl }) => crl?.lists ?? [])
    .find((one) => placeOf(one) === placeOf(source))?.at ?? config.file

const PORTS = {
  clock: { now: () => Date.now() as Instant },
  chance: () => 0,
  after: afterUnref,
  lookup: PROCESS_LOOKUPS.lookup,
}
