/**
 * What a reload cannot change, because it is bound, opened or counted: the reload is refused rather than half applied.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Config } from '../../config/config.ts'
import type { Fault } from '../../kernel/types.ts'

/** One fault for each thing that differs and must not; what it names is in the new configuration. */
export function fixedFaults(before: Config, after: Config): readonly Fault[] {
  const faults: Fault[] = []
  if (!isDeepStrictEqual(before.workers, after.workers)) {
    faults.push({
      at: 'workers',
      message: `found ${after.workers}, wanted ${before.workers} as at the start: restart to change it`,
    })
  }
  if (before.log.level !== after.log.level) {
    faults.push({
      at: 'log.level',
      message: `found ${after.log.level}, wanted ${before.log.level} as at the start: restart to change it`,
    })
  }
  const { address, port } = before.metrics
  if (address !== after.metrics.address || port !== after.metrics.port) {
    faults.push({
      at: after.metrics.at,
      message: `found ${after.metrics.address}:${after.metrics.port}, wanted ${address}:${port} as bound: restart to change it`,
    })
  }
  if (!isDeepStrictEqual(before.metrics.allow, after.metrics.allow)) {
    const message = 'found other networks than at the start, wanted those: restart to change them'
    faults.push({ at: 'metrics.allow', message })
  }
  const other = 'found other settings than at the start, wanted those: restart to change them'
  const [opened, wanted] = [openedSettings(before), openedSettings(after)]
  for (const key of ['store', 'admin', 'instance'] as const) {
    if (isDeepStrictEqual(withoutPlaces(opened[key]), withoutPlaces(wanted[key]))) continue
    faults.push({ at: key, message: other })
  }
  return faults
}

/** Of the admin API it is fixed whether it speaks TLS; the certificate itself is renewed. */
const openedSettings = ({ store, instance, admin }: Config) => ({
  store,
  instance,
  admin: admin && { ...admin, certificate: admin.certificate !== undefined },
})

/** Without where it stands in the file: a line more above it is no other setting. */
const withoutPlaces = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value ?? null, (key, part: unknown) => (key === 'at' ? undefined : part)),
  )
