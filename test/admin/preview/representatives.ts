/**
 * Real certificates for the classes of devices that were never met, by the words that a preview has for each class.
 */
import { plus, type Millis } from '../../../src/kernel/types.ts'
import type { StoredSetting } from '../../../src/store/settings/enrollment-setting.ts'
import { DAY, NOW, unmet, type SettingName, type Shown } from './fleet-cas.ts'

/** Returns one of each class; undefined stands for no certificate. */
export function representatives(
  before: readonly StoredSetting[],
  after: readonly StoredSetting[],
): ReadonlyMap<string, Shown | undefined> {
  const found = new Map<string, Shown | undefined>([['a client without a certificate', undefined]])
  for (const { name, standing } of before) {
    const next = after.find((one) => one.name === name)?.standing ?? standing
    if (standing.kind === 'removed' && next.kind === 'removed') continue
    const label = `a device of ${name} that was not met before`
    const retired = [standing, next].find((one) => one.kind === 'previously-trusted')
    if (retired?.kind !== 'previously-trusted') {
      found.set(label, unmet(name as SettingName, NOW))
      continue
    }
    const issued = (ms: number): Shown =>
      unmet(name as SettingName, plus(retired.retiredAt, ms as Millis))
    found.set(`${label}, issued before it retired`, issued(-DAY))
    found.set(`${label}, issued after it retired`, issued(SECOND))
  }
  return found
}

/** Certificates count whole seconds. */
const SECOND = 1000
