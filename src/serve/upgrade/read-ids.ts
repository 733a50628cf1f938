/** Reads, page by page, whom the ids of blocked devices reach, and which certificates may have too many ids. */
import { ok, type Result } from '../../kernel/types.ts'
import type { BlockedDevice, IdCertificate } from '../../store/devices/ids-by-device.ts'
import type { StoreFailure } from '../../store/failure.ts'
import type { Store } from '../../store/port.ts'
import { FORMER_ID_LIMIT, type BlockedNaming, type IdFacts } from './id-changes.ts'

/** Keeps of what it reads the devices that a rule about ids touches. */
export async function readIds({
  devices,
}: Pick<Store, 'devices'>): Promise<Result<IdFacts, StoreFailure>> {
  const blocked: BlockedDevice[] = []
  const blockedBy = new Map<string, BlockedDevice>()
  for (let after = ''; ;) {
    const page = await devices.blocked({ after, limit: PAGE })
    if (!page.ok) return page
    for (const one of page.value) {
      if (one.ids.length > 0) blocked.push(one)
      for (const id of one.ids) blockedBy.set(id, one)
    }
    after = page.value.at(-1)?.device ?? after
    if (page.value.length < PAGE) break
  }
  const namings: BlockedNaming[] = []
  const manyIds: IdCertificate[] = []
  for (let after = ''; ;) {
    const page = await devices.certificatesWithIds({ after, limit: PAGE })
    if (!page.ok) return page
    for (const certificate of page.value) {
      const id = certificate.ids.find((one) => blockedBy.has(one))
      const by = id === undefined ? undefined : blockedBy.get(id)
      if (id !== undefined && by !== undefined) namings.push({ certificate, id, blocked: by })
      if (certificate.ids.length >= FORMER_ID_LIMIT) manyIds.push(certificate)
    }
    after = page.value.at(-1)?.fingerprint ?? after
    if (page.value.length < PAGE) return ok({ blocked, namings, manyIds })
  }
}

/** Some milliseconds of the store's time. */
const PAGE = 1000
