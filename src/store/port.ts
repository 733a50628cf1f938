/**
 * What may be asked of a store and changed in it. Rooms that need less state less (`Pick<Store, 'feed'>`, or an
 * interface of their own); these types satisfy them structurally.
 *
 * Every change takes who makes it first, is one transaction with its audit row, and is durable when its promise
 * resolves. Where a thing has a version, the change says which version it was decided on and fails as `stale`
 * otherwise. Nothing here throws for anything but a bug.
 */
import type { Admins } from './admins.ts'
import type { Approvals } from './approvals.ts'
import type { Attempts } from './attempts.ts'
import type { Audit } from './audit.ts'
import type { Credentials } from './credentials.ts'
import type { Denials } from './denials.ts'
import type { Devices } from './devices.ts'
import type { Documents } from './documents.ts'
import type { Enforcement } from './enforcement.ts'
import type { Enrollment } from './enrollment.ts'
import type { Feed } from './feed.ts'
import type { Inventory } from './inventory.ts'
import type { Oauth } from './oauth.ts'
import type { Ports } from './ports.ts'
import type { SavedQueries } from './saved-queries.ts'
import type { Secrets } from './secrets.ts'
import type { Sightings } from './sightings.ts'
import type { Transfer } from './transfer.ts'

/** The port; its public members are the promise, and both backends keep it (`test/store/contract.ts`). */
export interface Store {
  /** Names this store among others, for ever. */
  readonly id: string
  /** Whether it was made by this opening. */
  readonly created: boolean
  /** For people: a path, or an address without its password. */
  readonly where: string
  readonly admins: Public<Admins>
  readonly approvals: Public<Approvals>
  readonly attempts: Public<Attempts>
  readonly audit: Public<Audit>
  readonly credentials: Public<Credentials>
  readonly denials: Public<Denials>
  readonly devices: Public<Devices>
  readonly documents: Public<Documents>
  readonly enforcement: Public<Enforcement>
  readonly enrollment: Public<Enrollment>
  readonly feed: Public<Feed>
  readonly inventory: Public<Inventory>
  readonly oauth: Public<Oauth>
  readonly ports: Public<Ports>
  readonly queries: Public<SavedQueries>
  readonly secrets: Public<Secrets>
  readonly sightings: Public<Sightings>
  readonly transfer: Public<Transfer>
  /** Ends every connection; whatever is asked afterwards fails as `store-closed`. */
  close(): Promise<void>
}

/** A class without its private parts, so that anything of the same shape is one. */
type Public<Class> = { readonly [Member in keyof Class]: Class[Member] }
