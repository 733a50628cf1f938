/** Reads the devices and upstreams that changed rules touch, page by page. */
import type { Config } from '../../config/config.ts'
import { parseTlsSettingsDocument } from '../../config/upstream/stored-document.ts'
import { caWord } from '../../fleet/evidence.ts'
import { ok, type Result } from '../../kernel/types.ts'
import type { StoreFailure } from '../../store/failure.ts'
import type { Store } from '../../store/port.ts'
import { documentName } from '../../upstream-tls/document.ts'
import { SYSTEM_CLOCK } from '../process/system-clock.ts'
import type { UnapprovedDevice } from './approval-changes.ts'
import type { UpgradeFacts } from './rule-changes.ts'

/** Reads, of a configuration as it is in force, the devices that are not approved and pass otherwise. */
export async function readUnapproved(
  { devices }: Pick<Store, 'devices'>,
  { trust }: Pick<Config, 'trust'>,
): Promise<Result<UpgradeFacts['unapproved'], StoreFailure>> {
  const trusted = new Set(
    trust.enrollmentSettings
      .filter(({ standing: { kind } }) => kind === 'current' || kind === 'previously-trusted')
      .map(({ name }) => name),
  )
  const validAt = SYSTEM_CLOCK.now()
  const unapproved: UnapprovedDevice[] = []
  let after: string | undefined
  do {
    const page = await devices.list({
      filter: { approval: 'unapproved', validAt },
      order: 'first-seen',
      minimums: [],
      limit: PAGE,
      after,
    })
    if (!page.ok) return page
    const fit = page.value.items.filter(
      ({ setting = '', verdict, code = '' }) =>
        trusted.has(setting) && verdict !== undefined && caWord(verdict, code) === 'accepted',
    )
    const subjects = await devices.subjects(fit.map(({ id }) => id))
    if (!subjects.ok) return subjects
    for (const { id, inventory } of fit) {
      unapproved.push({ device: id, name: inventory?.name ?? subjects.value.get(id) })
    }
    after = page.value.next
  } while (after !== undefined)
  return ok(unapproved)
}

/** Reads which upstreams had Allow and Log as it was among their settings in the store. */
export async function readFormerAllowAndLog(
  { documents }: Pick<Store, 'documents'>,
  upstreams: Config['upstreams'],
): Promise<Result<UpgradeFacts['formerAllowAndLog'], StoreFailure>> {
  const former: UpgradeFacts['formerAllowAndLog'][number][] = []
  for (const { name } of upstreams) {
    const found = await documents.find(documentName(name))
    if (!found.ok) return found
    if (found.value === undefined) continue
    // One that cannot be read keeps the front end from starting, and says so there.
    const document = parseTlsSettingsDocument(found.value.body)
    if (document.ok) former.push({ upstream: name, stored: document.value.dropped })
  }
  return ok(former)
}

/** Some milliseconds of the store's time. */
const PAGE = 1000
