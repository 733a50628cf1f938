/**
 * Reads the lists of one place once, as the running front end would take them: verified by the CAs of the setting, and held
 * against what was taken there before.
 */
import type { Crl } from '../x509/crl.ts'
import type { CrlFailure } from './crl-failure.ts'
import { CrlRefresher, type ConfiguredCrl, type RefreshPorts } from './crl-refresher.ts'

/** What a place came to. */
export interface ReadPlace {
  readonly configured: ConfiguredCrl
  /** Why nothing new was taken; undefined where it was, or where it is the same as before. */
  readonly failure: CrlFailure | undefined
  /** The lists that are in force there now, and those by which the next are judged: of before, where nothing was taken. */
  readonly kept: readonly Crl[]
}

/** Reads it; `before` is what was taken there last. */
export async function readOnce(
  configured: ConfiguredCrl,
  before: readonly Crl[],
  ports: RefreshPorts,
): Promise<ReadPlace> {
  const refresher = new CrlRefresher(configured, ports, () => {})
  refresher.resume(before)
  await refresher.refresh()
  refresher.close()
  return { configured, failure: refresher.failure, kept: refresher.kept }
}
