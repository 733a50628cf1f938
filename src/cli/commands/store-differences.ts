/** In what a store that was used differs from the one that its configuration would make. */
import { isDeepStrictEqual } from 'node:util'
import type { LoadedConfig } from '../../config/config.ts'
import { ok, type Fault, type Result } from '../../kernel/types.ts'
import { readRules } from '../../serve/store-sync/read-rules.ts'
import { storeFault, type ConfiguredStore } from '../../serve/store-sync/configured-store.ts'
import { SYSTEM_CLOCK } from '../../serve/process/system-clock.ts'
import { compileConfig, type CompiledConfig } from '../../state/compiled-config.ts'
import type { StoreRules } from '../../state/store-rules.ts'
import type { StoredCrl, StoredEnrollmentSetting } from '../../state/stored-setting.ts'
import type { StoreFailure } from '../../store/failure.ts'
import type { Store } from '../../store/port.ts'
import { placeOf } from '../../trust/list-source.ts'
import { replaceControlCharacters } from '../text-layout.ts'

/** Returns each difference that a device may notice, in a few words; nothing of a store that is as it was made. */
export async function storeDifferences(
  store: Store,
  { config }: LoadedConfig,
  configured: ConfiguredStore,
): Promise<Result<readonly string[], readonly Fault[]>> {
  const compiled = compileConfig(config, SYSTEM_CLOCK.now())
  if (!compiled.ok) return compiled
  const failed = (failure: StoreFailure): Result<never, readonly Fault[]> => ({
    ok: false,
    failure: [storeFault(configured, failure)],
  })
  const rules = await readRules(store, config, 0)
  if (!rules.ok) return failed(rules.failure)
  const blocked = await store.approvals.keys('blocked', { limit: 1 })
  if (!blocked.ok) return failed(blocked.failure)
  const denials = await store.denials.list()
  if (!denials.ok) return failed(denials.failure)
  const differences = [
    ...settingDifferences(rules.value, compiled.value),
    ...fleetDifferences(rules.value, compiled.value),
    ...(blocked.value.items.length > 0 ? ['a device is blocked'] : []),
    ...(denials.value.length > 0 ? ['the deny list has entries'] : []),
  ]
  return ok(differences.map(replaceControlCharacters))
}

function settingDifferences(
  { enrollmentSettings: stored }: StoreRules,
  { config, chains }: CompiledConfig,
): readonly string[] {
  const written = config.trust.enrollmentSettings.map(({ name, source, standing, crl }) => ({
    name,
    source,
    standing,
    crl,
    chain: (chains.get(name) ?? []).map(({ der }) => der),
  }))
  const names = new Set([...written, ...stored].map(({ name }) => name))
  return [...names].flatMap((name) => {
    const [before, now] = [written, stored].map((all) => all.find((one) => one.name === name))
    const difference = settingDifference(before, now)
    return difference === undefined ? [] : [`${name} ${difference}`]
  })
}

function settingDifference(
  before: StoredEnrollmentSetting | undefined,
  now: StoredEnrollmentSetting | undefined,
): string | undefined {
  if (before === undefined) return 'was added'
  if (now === undefined) return 'was removed'
  if (before.standing.kind !== now.standing.kind) {
    return `is ${now.standing.kind.replaceAll('-', ' ')}`
  }
  if (!isDeepStrictEqual(before.standing, now.standing)) return 'was retired on other terms'
  const isSameChain = Buffer.concat(before.chain).equals(Buffer.concat(now.chain))
  if (!isSameChain) return 'has other certificates'
  const isSameLists = isDeepStrictEqual(listsText(before.crl), listsText(now.crl))
  return isSameLists ? undefined : 'has other revocation lists'
}

const listsText = (crl: StoredCrl | undefined) =>
  crl && { ...crl, lists: crl.lists.map((one) => `${one.kind} ${placeOf(one)}`) }

/** What is for the whole fleet at once. */
function fleetDifferences(
  { latch, approvalModel, upstreamTls }: StoreRules,
  { config }: CompiledConfig,
): readonly string[] {
  return [
    ...(latch === config.enforcement ? [] : [`enforcement is ${latch}`]),
    ...(config.approval.modelStated ||
    approvalModel === undefined ||
    approvalModel === config.approval.model
      ? []
      : [`the approval model is ${approvalModel}`]),
    ...(upstreamTls.length > 0 ? ['upstream TLS was changed'] : []),
  ]
}
