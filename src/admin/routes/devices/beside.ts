/**
 * What devices are shown with besides their own rows: what clients without a certificate said to be them, and the marks
 * of known hosts.
 */
import { ok, type Instant, type Result } from '../../../kernel/types.ts'
import type { SilentDevice } from '../../../store/callers/silent-devices.ts'
import type { Device } from '../../../store/devices/device.ts'
import type { StoreTrouble } from '../../../store/failure.ts'
import type { AdminContext } from '../../context.ts'

interface ShownBeside {
  readonly calledWithout: Instant | undefined
  readonly silent: SilentDevice | undefined
}

/** Reads it for a page of devices; a device that has shown a certificate is told by that alone. */
export async function besideOf(
  { store }: Pick<AdminContext, 'store'>,
  devices: readonly Device[],
): Promise<Result<(device: Device) => ShownBeside, StoreTrouble>> {
  const ids = devices.flatMap(({ inventory }) => inventory?.id ?? [])
  const said = await store.unknownCallers.saidOf(ids)
  if (!said.ok) return said
  const silent = await store.silentDevices.among(devices.map(({ id }) => id))
  if (!silent.ok) return silent
  return ok(({ id, inventory, notAfter }) => ({
    calledWithout:
      inventory === undefined || notAfter !== undefined
        ? undefined
        : said.value.get(inventory.id)?.lastSeen,
    silent: silent.value.get(id),
  }))
}
