/** The list of devices, by the names that the test gave them. */
import type { FrontEnd } from '../cases/front-end.ts'
import { until } from '../support/until.ts'

/** A row of the list, as far as it is compared. */
export interface ListedDevice {
  readonly id: string
  readonly version: number
  readonly subject: string | null
  readonly inventory: { readonly id: string } | null
  readonly listener: string | null
  readonly sightings: number
  readonly verdict: string | null
  readonly code: string | null
  readonly setting: string | null
  readonly approval: string
  readonly called_without_certificate: string | null
}

/** Rows by the common name of the certificate, or by the id in the inventory; `more` narrows the list. */
export async function listedDevices(
  on: FrontEnd,
  more = '',
): Promise<ReadonlyMap<string, ListedDevice>> {
  const { status, body } = await on.call('GET', `/api/devices?limit=100${more}`)
  if (status !== 200) throw new Error(JSON.stringify(body))
  const { items } = body as { readonly items: readonly ListedDevice[] }
  return new Map(
    items.map((one) => [one.subject?.replace('CN=', '') ?? one.inventory?.id ?? one.id, one]),
  )
}

/** Settles once all that was met is in the store. */
export async function allWritten(on: FrontEnd): Promise<void> {
  await on.text('/metrics')
  await until(
    () => on.text('/metrics'),
    (text) => /^tfe_sightings_buffered 0$/mu.test(text),
  )
}
