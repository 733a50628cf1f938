/**
 * What may be asked of a store and changed in it. Modules that need less ask for less
 * (`Pick<Store, 'feed'>`, or an interface of their own), which these types satisfy structurally.
 *
 * Every change takes who makes it first, is one transaction with its audit row, and is durable when its promise
 * resolves. Where a thing has a version, the change says which version it was decided on and fails as `stale`
 * otherwise. Nothing here throws for anything but a bug.
 */
import type { Admins } from './access/admins.ts'
import type { Approvals } from './devices/approvals.ts'
import type { AttemptCounts } from './devices/attempt-counts.ts'
import type { AttemptResults } from './callers/attempt-results.ts'
import type { Audit } from './access/audit.ts'
import type { Credentials } from './access/credentials.ts'
import type { Denials } from './devices/denials.ts'
import type { DeviceLinks } from './devices/device-links.ts'
import type { Devices } from './devices/devices.ts'
import type { Documents } from './settings/documents.ts'
import type { Enforcement } from './settings/enforcement.ts'
import type { Enrollment } from './settings/enrollment.ts'
import type { Feed } from './feed.ts'
import type { History } from './history/history.ts'
import type { Inventory } from './devices/inventory.ts'
import type { Oauth } from './settings/oauth.ts'
import type { Ports } from './settings/ports.ts'
import type { Refusals } from './refusals/refusals.ts'
import type { RevocationLists } from './settings/revocation-lists.ts'
import type { SavedQueries } from './settings/saved-queries.ts'
import type { Secrets } from './secrets/secrets.ts'
import type { Sightings } from './devices/sightings.ts'
import type { SilentDevices } from './callers/silent-devices.ts'
import type { SyncPortCallers } from './callers/sync-port-callers.ts'
import type { Transfer } from './transfer/transfer.ts'
import type { UnknownCallers } from './callers/unknown-callers.ts'

/** The port; its public members are the promise, and both backends keep it (`test/store/contract.ts`). */
export interface Store {
  /** Names this store among others, for ever. */
  readonly id: string
  /** Whether it was made by this opening. */
  readonly created: boolean
  /** The schema that it had when it was opened, which upgrades it unless it is only read; 0 for one that was made. */
  readonly schemaFound: number
  /** Where the copy lies that was made before this opening upgraded it: a path, or a schema. */
  readonly copy: string | undefined
  /** For people: a path, or an address without its password. */
  readonly where: string
  readonly admins: Public<Admins>
  readonly approvals: Public<Approvals>
  readonly attemptCounts: Public<AttemptCounts>
  readonly attemptResults: Public<AttemptResults>
  readonly audit: Public<Audit>
  readonly credentials: Public<Credentials>
  readonly denials: Public<Denials>
  readonly devices: Public<Devices>
  readonly documents: Public<Documents>
  readonly enforcement: Public<Enforcement>
  readonly enrollment: Public<Enrollment>
  readonly feed: Public<Feed>
  readonly history: Public<History>
  readonly inventory: Public<Inventory>
  readonly links: Public<DeviceLinks>
  readonly oauth: Public<Oauth>
  readonly ports: Public<Ports>
  readonly queries: Public<SavedQueries>
  readonly refusals: Public<Refusals>
  readonly revocationLists: Public<RevocationLists>
  readonly secrets: Public<Secrets>
  readonly sightings: Public<Sightings>
  readonly silentDevices: Public<SilentDevices>
  readonly syncPortCallers: Public<SyncPortCallers>
  readonly transfer: Public<Transfer>
  readonly unknownCallers: Public<UnknownCallers>
  /** Ends every connection; whatever is asked afterwards fails as `store-closed`. */
  close(): Promise<void>
}

/** A class without its private parts, so that anything of the same shape is one. */
type Public<Class> = { readonly [Member in keyof Class]: Class[Member] }
